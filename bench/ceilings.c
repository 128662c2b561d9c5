/* ceilings.c: measures multiply-adds, copies, launches and transfers of a device.
 * SPDX-License-Identifier: MIT */
#include "ceilings.h"

#include <stdio.h>
#include <stdlib.h>

#include "opencl/context_internal.h"
#include "processor.h"

#define REPEATS 10

/* ---- multiply-adds --------------------------------------------------------------------------------------------------------------------- */

/* Seconds of one run: long against a launch and against the start of the processor's threads, short against the turns that other programs take. The best
 * run counts, and they end when it has not improved for a while: for 16 runs, or up to 64 whose threads had to wait for processors, as they do where the system has
 * put two of them on one, or where other programs work. */
#define FMA_SECONDS   0.01
#define FMA_PATIENCE  64
#define FMA_CALM      4    /* what a calm run takes of the patience */
#define FMA_DISTURBED 0.05 /* of the processors' time */
#define FMA_MOST      0.7  /* seconds of all runs */

#define FMA_UNROLL 8 /* D_UNROLL of the kernel */

/* Work-items: on a CPU a few for each unit, so that none waits long for the last; on a GPU enough to hide every latency. */
#define FMA_ITEMS_OF_CPU  128
#define FMA_GROUP_OF_GPU  256
#define FMA_GROUPS_OF_GPU 16

/* Chains of a CPU: latency times multiply-adds a cycle is 8 to 10 on today's; 16 registers of AVX2 hold 12 and two constants, 32 of AVX-512 hold 16. */
static int chains_of(int vector) {
    return vector == 16 ? 16 : vector == 1 ? 8 : 12;
}

bench_status bench_fma_create(convcl_context *context, bench_fma *fma_out) {
    const bool cpu = convcl_context__prefers_registers(context);
    const size_t units = convcl_context_device(context)->compute_units;
    bench_fma fma = {.context = context, .vector = convcl_context__vector_width(context), .group = cpu ? 1 : FMA_GROUP_OF_GPU};
    char options[96];
    if (fma.group > convcl_context_device(context)->max_work_group_size)
        fma.group = convcl_context_device(context)->max_work_group_size;
    fma.chains = chains_of(fma.vector);
    fma.items = units * (cpu ? FMA_ITEMS_OF_CPU : FMA_GROUPS_OF_GPU * fma.group);
    snprintf(options, sizeof options, "-DT_VW=%d -DT_CHAINS=%d -DT_GROUP=%zu", fma.vector, fma.chains, fma.group);
    bench_status status = bench_check(convcl_kernel__create(context, "ceiling_fma", "ceiling_fma", options, &fma.kernel));
    if (status == BENCH_OK)
        status = bench_check(convcl_context__alloc_buffer(context, "ceilings: sums", fma.items * sizeof(float), &fma.sums));
    *fma_out = fma;
    return status;
}

void bench_fma_destroy(bench_fma *fma) {
    convcl_kernel__destroy(fma->kernel);
    convcl_context__free_buffer(fma->sums);
    *fma = (bench_fma){0};
}

/* Enqueues a launch `times` times and waits for the last. */
static convcl_status launch(convcl_context *context, cl_command_queue queue, convcl_kernel *kernel, const convcl_arg *args, int arg_count,
                            const convcl_range *range, int times) {
    convcl_stream stream;
    convcl_status status = convcl_stream__begin(&stream, "ceilings", context, queue, 0, NULL, NULL);
    if (status != CONVCL_OK)
        return status;
    for (int i = 0; i < times && status == CONVCL_OK; ++i)
        status = convcl_stream__launch(&stream, kernel, args, arg_count, range);
    status = convcl_stream__end(&stream, status);
    return status == CONVCL_OK ? convcl_context__finish(context, queue) : status;
}

bench_status bench_fma_run(const bench_fma *fma, cl_command_queue queue, int rounds) {
    const convcl_arg args[] = {convcl_arg_tensor((convcl_buffer){fma->sums, 0}), convcl_arg_int(rounds)};
    const convcl_range range = {{fma->items, 1, 1}, {fma->group, 1, 1}};
    return bench_check(launch(fma->context, queue, fma->kernel, args, 2, &range, 1));
}

double bench_fma_operations(const bench_fma *fma, int rounds) {
    return 2.0 * fma->vector * fma->chains * FMA_UNROLL * (double)fma->items * rounds;
}

bench_status bench_fma_calibrate(const bench_fma *fma, cl_command_queue queue, double seconds, int *rounds_out) {
    int rounds = 64;
    bench_status status = bench_fma_run(fma, queue, rounds); /* some implementations compile at the first launch */
    for (;;) {
        const double begin = bench_now();
        if (status == BENCH_OK)
            status = bench_fma_run(fma, queue, rounds);
        const double took = bench_now() - begin;
        if (status != BENCH_OK)
            return status;
        if (took > seconds / 4 || rounds > (1 << 28)) {
            const double wanted = rounds * seconds / took;
            *rounds_out = wanted < 1 ? 1 : wanted > (1 << 30) ? 1 << 30 : (int)wanted;
            return BENCH_OK;
        }
        rounds *= 4;
    }
}

static bench_status measure_fma(bench_session *session, double *flops_out, bench_ceilings *ceilings) {
    bench_fma fma;
    int rounds = 0;
    double best = 0;
    bench_status status = bench_fma_create(session->context, &fma);
    if (status == BENCH_OK)
        status = bench_fma_calibrate(&fma, session->queue, FMA_SECONDS, &rounds);
    const double end = bench_now() + FMA_MOST;
    for (int stale = 0; stale <= FMA_PATIENCE && status == BENCH_OK && (best <= 0 || bench_now() < end);) {
        const bench_processor before = bench_processor_now();
        const double begin = bench_now();
        status = bench_fma_run(&fma, session->queue, rounds);
        const double flops = bench_fma_operations(&fma, rounds) / (bench_now() - begin);
        const bench_processor used = bench_processor_since(&before);
        const bool disturbed = used.known && used.wait_s > FMA_DISTURBED * used.wall_s * used.processors;
        stale = flops > best ? 0 : stale + (disturbed ? 1 : FMA_CALM);
        best = flops > best ? flops : best;
    }
    ceilings->fma_vector = fma.vector;
    ceilings->fma_chains = fma.chains;
    *flops_out = best;
    bench_fma_destroy(&fma);
    return status;
}

/* ---- copies and launches --------------------------------------------------------------------------------------------------------------- */

/* Bytes of each side of a copy: far more than caches hold, unless the device has little memory. */
#define COPY_BYTES ((uint64_t)256 << 20)
#define COPY_SHARE 16 /* of the device's memory at most a part of so many */

#define COPY_STEPS        16 /* T_STEPS of the kernel */
#define COPY_ROUNDS       64 /* blocks that a work-group of a CPU copies: 32 to 64 KiB, so that the cost of the group does not show */
#define COPY_GROUP_OF_GPU 256

#define LAUNCHES 200

/* Two buffers, and the kernel that copies one to the other. */
typedef struct copier {
    convcl_context *context;
    convcl_kernel *kernel;
    cl_mem x, y;
    size_t lanes, groups, block; /* block: floats of a work-group's round */
    int rounds;
} copier;

static void copier_destroy(copier *c) {
    convcl_kernel__destroy(c->kernel);
    convcl_context__free_buffer(c->x);
    convcl_context__free_buffer(c->y);
}

static size_t copier_bytes(const copier *c) {
    return c->groups * (size_t)c->rounds * c->block * sizeof(float);
}

static bench_status copier_create(convcl_context *context, copier *c) {
    const convcl_device_info *device = convcl_context_device(context);
    const bool cpu = convcl_context__prefers_registers(context);
    uint64_t bytes = COPY_BYTES;
    char options[64];
    if (bytes > device->global_memory / COPY_SHARE)
        bytes = device->global_memory / COPY_SHARE;
    if (bytes > device->max_allocation)
        bytes = device->max_allocation;
    const int vector = cpu ? convcl_context__vector_width(context) : 4;
    c->context = context;
    c->lanes = cpu ? 1 : COPY_GROUP_OF_GPU;
    if (c->lanes > device->max_work_group_size)
        c->lanes = device->max_work_group_size;
    c->rounds = cpu ? COPY_ROUNDS : 1;
    c->block = COPY_STEPS * c->lanes * (size_t)vector;
    c->groups = (size_t)bytes / (c->block * (size_t)c->rounds * sizeof(float));
    if (c->groups < 1)
        c->groups = 1;
    snprintf(options, sizeof options, "-DT_VW=%d -DT_STEPS=%d", vector, COPY_STEPS);
    bench_status status = bench_check(convcl_kernel__create(context, "ceiling_copy", "ceiling_copy", options, &c->kernel));
    if (status == BENCH_OK)
        status = bench_check(convcl_context__alloc_zeros(context, "ceilings: x", copier_bytes(c), &c->x));
    if (status == BENCH_OK)
        status = bench_check(convcl_context__alloc_buffer(context, "ceilings: y", copier_bytes(c), &c->y));
    return status;
}

/* Runs `times` launches of `groups` work-groups; the best time of REPEATS such runs. The first, which touches the memory, does not count. */
static bench_status copier_time(const copier *c, cl_command_queue queue, size_t groups, int rounds, int times, double *seconds_out) {
    const convcl_arg args[] = {convcl_arg_tensor((convcl_buffer){c->x, 0}), convcl_arg_tensor((convcl_buffer){c->y, 0}),
                               convcl_arg_int(rounds)};
    const convcl_range range = {{groups * c->lanes, 1, 1}, {c->lanes, 1, 1}};
    bench_status status = bench_check(launch(c->context, queue, c->kernel, args, 3, &range, times));
    *seconds_out = 1e300;
    for (int i = 0; i < REPEATS && status == BENCH_OK; ++i) {
        const double begin = bench_now();
        status = bench_check(launch(c->context, queue, c->kernel, args, 3, &range, times));
        const double seconds = bench_now() - begin;
        *seconds_out = seconds < *seconds_out ? seconds : *seconds_out;
    }
    return status;
}

static bench_status measure_copies(bench_session *session, bench_ceilings *ceilings) {
    copier c = {0};
    double seconds = 0;
    bench_status status = copier_create(session->context, &c);
    if (status == BENCH_OK)
        status = copier_time(&c, session->queue, c.groups, c.rounds, 1, &seconds);
    ceilings->copy_size = copier_bytes(&c);
    ceilings->copy_bytes = 2.0 * (double)copier_bytes(&c) / seconds;
    if (status == BENCH_OK)
        status = copier_time(&c, session->queue, 1, 1, 1, &ceilings->round_trip_s);
    if (status == BENCH_OK)
        status = copier_time(&c, session->queue, 1, 1, LAUNCHES, &seconds);
    ceilings->launch_s = seconds / LAUNCHES;
    copier_destroy(&c);
    return status;
}

/* ---- transfers ------------------------------------------------------------------------------------------------------------------------- */

#define TRANSFER_BYTES ((size_t)32 << 20)
#define TRANSFERS      5

/* Best time of a transfer to or from `buffer`; the first one, which touches the memory, does not count. */
static bench_status time_transfers(bench_session *session, convcl_buffer buffer, float *host, bool upload, double *seconds_out) {
    const size_t count = TRANSFER_BYTES / sizeof *host;
    *seconds_out = 1e300;
    for (int i = 0; i <= TRANSFERS; ++i) {
        const double begin = bench_now();
        const bench_status status =
            bench_check(upload ? convcl_context__write(session->context, session->queue, buffer, host, count, sizeof *host)
                               : convcl_context__read(session->context, session->queue, buffer, host, count, sizeof *host));
        const double seconds = bench_now() - begin;
        if (status != BENCH_OK)
            return status;
        if (i > 0 && seconds < *seconds_out)
            *seconds_out = seconds;
    }
    return BENCH_OK;
}

static bench_status measure_transfers(bench_session *session, bench_ceilings *ceilings) {
    double up = 0, down = 0;
    cl_mem mem = NULL;
    float *host = calloc(1, TRANSFER_BYTES);
    if (!host) {
        bench_error("no memory for a transfer of %zu bytes", TRANSFER_BYTES);
        return BENCH_FAILED;
    }
    bench_status status = bench_check(convcl_context__alloc_buffer(session->context, "ceilings: transfer", TRANSFER_BYTES, &mem));
    if (status == BENCH_OK)
        status = time_transfers(session, (convcl_buffer){mem, 0}, host, true, &up);
    if (status == BENCH_OK)
        status = time_transfers(session, (convcl_buffer){mem, 0}, host, false, &down);
    if (status == BENCH_OK) {
        ceilings->upload_bytes = (double)TRANSFER_BYTES / up;
        ceilings->download_bytes = (double)TRANSFER_BYTES / down;
    }
    convcl_context__free_buffer(mem);
    free(host);
    return status;
}

/* ---- all of it ------------------------------------------------------------------------------------------------------------------------- */

bench_status bench_ceilings_measure(bench_session *session, bench_ceilings *ceilings_out) {
    bench_ceilings ceilings = {0};
    bench_status status = measure_fma(session, &ceilings.fma_flops, &ceilings);
    if (status == BENCH_OK)
        status = measure_copies(session, &ceilings);
    if (status == BENCH_OK)
        status = measure_transfers(session, &ceilings);
    ceilings.measured = status == BENCH_OK;
    *ceilings_out = ceilings;
    return status;
}

bench_status bench_ceilings_again(bench_session *session, bench_ceilings *ceilings) {
    return ceilings->measured ? measure_fma(session, &ceilings->fma_flops_after, ceilings) : BENCH_OK;
}
