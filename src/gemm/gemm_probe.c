/* gemm_probe.c: a small product by a GEMM, compared with the same sums in double, before a path that needs the device's own instructions is used.
 * SPDX-License-Identifier: MIT */
#include "gemm/gemm_probe.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "gemm/gemm_variants.h"
#include "opencl/queue.h"

/* More than one fragment each way, less than a large tile, and several steps of k with a rest. */
#define PROBE_M 50
#define PROBE_N 40
#define PROBE_K 77

typedef struct probe {
    const convcl_gemm *gemm;
    cl_command_queue queue;
    cl_mem mem[3];    /* a, b, c */
    float *values[3]; /* panels of A and B, plain C */
    size_t counts[3];
} probe;

static int divide_up(int a, int b) {
    return (a + b - 1) / b;
}

/* Values in -1..1 that use all bits of a float, always the same. */
static void fill(float *values, size_t count, unsigned seed) {
    for (size_t i = 0; i < count; ++i) {
        seed = seed * 1664525u + 1013904223u;
        values[i] = (float)(seed >> 8) / 8388608.0f - 1.0f;
    }
}

static convcl_status prepare(convcl_context *context, probe *p) {
    convcl_status status = CONVCL_OK;
    p->counts[0] = (size_t)divide_up(PROBE_M, p->gemm->mr) * (size_t)p->gemm->mr * PROBE_K;
    p->counts[1] = (size_t)divide_up(PROBE_N, p->gemm->nr) * (size_t)p->gemm->nr * PROBE_K;
    p->counts[2] = (size_t)PROBE_M * PROBE_N;
    CONVCL_TRY(convcl_context_create_queue(context, 0, &p->queue));
    for (int i = 0; i < 3; ++i) {
        CONVCL_TRY(convcl_alloc(p->counts[i] * sizeof(float), &p->values[i]));
        fill(p->values[i], p->counts[i], 1u + (unsigned)i);
        CONVCL_TRY(convcl_context__alloc_buffer(context, "gemm: probe", p->counts[i] * sizeof(float), &p->mem[i]));
        CONVCL_TRY(convcl_context__write(context, p->queue, (convcl_buffer){p->mem[i], 0}, p->values[i], p->counts[i], sizeof(float)));
    }
cleanup:
    return status;
}

/* Compares C with the same sums in double. */
static bool is_right(const probe *p, double bound) {
    const int mr = p->gemm->mr, nr = p->gemm->nr;
    double squares = 0.0, errors = 0.0;
    for (int m = 0; m < PROBE_M; ++m)
        for (int n = 0; n < PROBE_N; ++n) {
            double sum = 0.0;
            for (int k = 0; k < PROBE_K; ++k)
                sum +=
                    (double)p->values[0][(m / mr * PROBE_K + k) * mr + m % mr] * (double)p->values[1][(n / nr * PROBE_K + k) * nr + n % nr];
            const double error = (double)p->values[2][m * PROBE_N + n] - sum;
            squares += sum * sum;
            errors += error * error;
        }
    return errors <= bound * bound * squares; /* false for NaN */
}

static convcl_status multiply(convcl_context *context, probe *p) {
    convcl_status status = CONVCL_OK;
    convcl_stream stream;
    const convcl_gemm_call call = {.a = {p->mem[0], 0},
                                   .b = {p->mem[1], 0},
                                   .c = {p->mem[2], 0},
                                   .gm = PROBE_M,
                                   .gn = PROBE_N,
                                   .gk = PROBE_K,
                                   .gb = 1,
                                   .ldc = PROBE_N};
    CONVCL_TRY(convcl_stream__begin(&stream, "gemm", context, p->queue, 0, NULL, NULL));
    CONVCL_TRY(convcl_stream__end(&stream, convcl_gemm_tile__enqueue(p->gemm, &stream, &call)));
    CONVCL_TRY(convcl_context__read(context, p->queue, call.c, p->values[2], p->counts[2], sizeof(float)));
cleanup:
    return status;
}

convcl_status convcl_gemm_probe__run(const convcl_gemm *gemm, double bound, bool *right_out) {
    convcl_status status = CONVCL_OK;
    probe p = {.gemm = gemm};
    *right_out = false;
    CONVCL_TRY(prepare(gemm->context, &p));
    CONVCL_TRY(multiply(gemm->context, &p));
    *right_out = is_right(&p, bound);
cleanup:
    for (int i = 0; i < 3; ++i) {
        convcl_context__free_buffer(p.mem[i]);
        free(p.values[i]);
    }
    convcl_queue__release(p.queue);
    return status;
}
