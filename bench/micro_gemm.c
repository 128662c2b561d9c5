/* micro_gemm.c: the row of one product.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "gemm/gemm.h"
#include "micro.h"
#include "reference/ref_case.h"
#include "reference/ref_random.h"

/* Matrices on the host: a[gb][gm][gk], b[gb][gk][gn], c[gb][gm][gn + x]. */
typedef struct host_matrices {
    float *a, *b, *bias, *mask, *c;
} host_matrices;

typedef struct gemm_run {
    convcl_ref_case_gemm g;
    convcl_gemm *gemm;
    convcl_gemm_call call;
    bench_buffers buffers;
    convcl_ref_random random;
} gemm_run;

static convcl_status enqueue(void *user, convcl_stream *stream) {
    const gemm_run *run = user;
    return convcl_gemm__enqueue(run->gemm, stream, &run->call);
}

static size_t count_of(int a, int b, int c) {
    return (size_t)a * (size_t)b * (size_t)c;
}

static size_t c_count(const gemm_run *run) {
    return count_of(run->g.gb, run->g.gm, run->g.gn + run->g.x);
}

/* ---- values ---------------------------------------------------------------------------------------------------------------------------- */

static float *allocate(size_t count, bench_row *row) {
    float *values = calloc(count > 0 ? count : 1, sizeof *values);
    if (!values)
        bench_row_no_memory(row, count);
    return values;
}

static float *make(gemm_run *run, size_t count, bool whole, bench_row *row) {
    float *values = allocate(count, row);
    if (values && whole)
        convcl_ref_random_integers(&run->random, values, count > 0 ? count : 1, -4, 4);
    else if (values)
        convcl_ref_random_uniform(&run->random, values, count > 0 ? count : 1, -1, 1);
    return values;
}

/* What the product must write starts as NaN, so that a value that is left out, or read, is found. */
static void poison(const gemm_run *run, float *c) {
    const convcl_ref_case_gemm *g = &run->g;
    for (size_t i = 0; i < c_count(run) && !g->acc; ++i)
        if (i % (size_t)(g->gn + g->x) < (size_t)g->gn)
            c[i] = NAN;
}

/* In the order of tests/test_gemm.c. */
static host_matrices make_matrices(gemm_run *run, bool whole, bench_row *row) {
    const convcl_ref_case_gemm *g = &run->g;
    host_matrices m = {0};
    m.a = make(run, count_of(g->gb, g->gm, g->gk), whole, row);
    m.b = make(run, count_of(g->gb, g->gk, g->gn), whole, row);
    m.bias = make(run, (size_t)g->gn, whole, row);
    m.mask = make(run, c_count(run), whole, row);
    m.c = make(run, c_count(run), whole, row);
    if (m.c)
        poison(run, m.c);
    return m;
}

static void free_matrices(host_matrices *m) {
    free(m->a);
    free(m->b);
    free(m->bias);
    free(m->mask);
    free(m->c);
}

/* Panels [gb][size / width][gk][width] of a matrix whose element (i, k) of batch e is plain[e*size*gk + i*step + k*step_k]. NULL without memory. */
static float *pack(const float *plain, int gb, int size, int gk, int width, size_t step, size_t step_k, size_t *count_out, bench_row *row) {
    const int panels = (size + width - 1) / width;
    *count_out = count_of(gb, panels, gk) * (size_t)width;
    float *packed = allocate(*count_out, row);
    for (int e = 0; e < gb && packed; ++e)
        for (int i = 0; i < size; ++i)
            for (int k = 0; k < gk; ++k)
                packed[((count_of(e, panels, 1) + (size_t)(i / width)) * (size_t)gk + (size_t)k) * (size_t)width + (size_t)(i % width)] =
                    plain[count_of(e, size, gk) + (size_t)i * step + (size_t)k * step_k];
    return packed;
}

/* A as the case has it. */
static convcl_buffer upload_a(bench_micro *micro, gemm_run *run, const host_matrices *m, bench_row *row) {
    const convcl_ref_case_gemm *g = &run->g;
    size_t count = count_of(g->gb, g->gm, g->gk);
    float *copy = NULL;
    if (g->turned) { /* panels as wide as the matrix are the matrix turned */
        copy = pack(m->a, g->gb, g->gm, g->gk, g->gm, (size_t)g->gk, 1, &count, row);
        run->call.lda = g->gm;
    } else if (!g->plain) {
        copy = pack(m->a, g->gb, g->gm, g->gk, convcl_gemm__panel_rows(run->gemm, g->gm), (size_t)g->gk, 1, &count, row);
    } else {
        run->call.lda = g->gk;
    }
    const convcl_buffer a = bench_buffers_add(&run->buffers, micro, "a", copy ? copy : m->a, count > 0 ? count : 1, row);
    free(copy);
    return a;
}

static void upload(bench_micro *micro, gemm_run *run, const host_matrices *m, bench_row *row) {
    const convcl_ref_case_gemm *g = &run->g;
    convcl_gemm_call *call = &run->call;
    size_t count = 0;
    bench_buffers_clear(&run->buffers);
    *call = (convcl_gemm_call){.gm = g->gm, .gn = g->gn, .gk = g->gk, .gb = g->gb, .ldc = g->gn + g->x, .accumulate = g->acc != 0};
    call->a = upload_a(micro, run, m, row);
    float *b = pack(m->b, g->gb, g->gn, g->gk, convcl_gemm__panel_columns(run->gemm, g->gn), 1, (size_t)g->gn, &count, row);
    if (b)
        call->b = bench_buffers_add(&run->buffers, micro, "b", b, count > 0 ? count : 1, row);
    free(b);
    if (g->bias)
        call->bias = bench_buffers_add(&run->buffers, micro, "bias", m->bias, (size_t)g->gn, row);
    if (g->mask)
        call->mask = bench_buffers_add(&run->buffers, micro, "mask", m->mask, c_count(run), row);
    call->c = bench_buffers_add(&run->buffers, micro, "c", m->c, c_count(run), row);
    call->workspace =
        bench_buffers_add(&run->buffers, micro, "workspace", NULL, convcl_gemm__workspace(run->gemm, g->gm, g->gn, g->gk), row);
}

/* ---- the check ------------------------------------------------------------------------------------------------------------------------- */

static double expected_value(const convcl_ref_case_gemm *g, const host_matrices *m, size_t row, int e, int column, size_t at) {
    double sum = 0;
    for (int k = 0; k < g->gk; ++k)
        sum += (double)m->a[row * (size_t)g->gk + (size_t)k] *
               (double)m->b[(count_of(e, g->gk, 1) + (size_t)k) * (size_t)g->gn + (size_t)column];
    if (g->acc)
        sum += (double)m->c[at];
    if (g->bias)
        sum += (double)m->bias[column];
    if (g->relu && sum <= 0)
        sum = 0;
    return g->mask && !(m->mask[at] > 0) ? 0 : sum;
}

static void compare(bench_micro *micro, gemm_run *run, const host_matrices *m, bool whole, bench_row *row) {
    const convcl_ref_case_gemm *g = &run->g;
    const size_t ldc = (size_t)(g->gn + g->x), rows = count_of(g->gb, g->gm, 1);
    double *expected = malloc(c_count(run) * sizeof *expected);
    if (!expected) {
        bench_row_no_memory(row, c_count(run));
        return;
    }
    for (size_t i = 0; i < rows; ++i)
        for (size_t column = 0; column < ldc; ++column) {
            const size_t at = i * ldc + column;
            expected[at] = column < (size_t)g->gn ? expected_value(g, m, i, (int)(i / (size_t)g->gm), (int)column, at) : (double)m->c[at];
        }
    row->limit = (1e-7 + 4e-8 * sqrt(g->gk + 1.0)) * (c_count(run) < 64 ? 8 : 1);
    bench_row_compare(micro, "c", run->call.c, expected, c_count(run), row->limit, whole, row);
    free(expected);
}

/* ---- the row --------------------------------------------------------------------------------------------------------------------------- */

static void run_values(bench_micro *micro, gemm_run *run, bench_row *row) {
    const bool verify = micro->options->common.verify;
    for (int whole = 0; whole < (verify ? 2 : 1) && row->status == BENCH_ROW_OK; ++whole) {
        host_matrices matrices = make_matrices(run, whole, row);
        if (row->status == BENCH_ROW_OK)
            upload(micro, run, &matrices, row);
        if (row->status == BENCH_ROW_OK && verify && bench_row_run_once(micro, enqueue, run, row))
            compare(micro, run, &matrices, whole, row);
        free_matrices(&matrices);
    }
    row->verified = verify && row->status == BENCH_ROW_OK;
}

/* Each matrix once; C twice when it is added to. */
static bench_work work_of(const gemm_run *run) {
    const convcl_ref_case_gemm *g = &run->g;
    const double a = (double)g->gm * g->gk, b = (double)g->gk * g->gn, c = (double)g->gm * g->gn;
    const double floats = g->gb * (a + b + c * (1 + g->acc + g->mask)) + (g->bias ? g->gn : 0);
    return (bench_work){.flops = 2 * a * g->gn * g->gb, .bytes = sizeof(float) * floats};
}

void bench_micro_gemm(bench_micro *micro, const convcl_ref_case_gemm *gemm_case, bench_row *row) {
    const bench_options *common = &micro->options->common;
    gemm_run run = {.g = *gemm_case, .random = convcl_ref_random_begin(common->seed)};
    snprintf(row->operation, sizeof row->operation, "gemm");
    snprintf(row->algorithm, sizeof row->algorithm, "%s", common->gemm ? common->gemm : "auto");
    const convcl_ref_case_gemm *g = &run.g;
    const convcl_gemm_request request = {.variant = common->gemm,
                                         .source = g->turned  ? CONVCL_GEMM_TURNED
                                                   : g->plain ? CONVCL_GEMM_PLAIN
                                                              : CONVCL_GEMM_PANELS,
                                         .bias = g->bias,
                                         .relu = g->relu,
                                         .mask = g->mask,
                                         .run = g->gm};
    const double compiled = convcl_context_compile_seconds(micro->session.context);
    if (!bench_row_check(row, convcl_gemm__create(micro->session.context, &request, &run.gemm)))
        return;
    row->compile_s = convcl_context_compile_seconds(micro->session.context) - compiled;
    snprintf(row->algorithm, sizeof row->algorithm, "%s", run.gemm->variant->name);
    snprintf(row->describe, sizeof row->describe, "%s", run.gemm->description);
    row->work = work_of(&run);
    if (bench_row_fits(micro, row->work.bytes / sizeof(float), row))
        run_values(micro, &run, row);
    if (row->status == BENCH_ROW_OK)
        bench_row_time(micro, enqueue, &run, row);
    bench_buffers_clear(&run.buffers);
    convcl_gemm__destroy(run.gemm);
}
