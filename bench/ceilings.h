/* ceilings.h: what a device can do at most, measured by kernels that do nothing else.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_CEILINGS_H
#define CONVCL_BENCH_CEILINGS_H

#include <stddef.h>

#include "opencl/kernel.h"
#include "session.h"

/* The best of several runs each. */
typedef struct bench_ceilings {
    bool measured;
    double fma_flops;           /* float operations a second in fused multiply-adds, two each */
    double fma_flops_after;     /* the same when the run was over; 0 until then */
    double copy_bytes;          /* bytes read and written a second, both counted, in a copy too large for any cache */
    double launch_s;            /* a launch of nearly nothing, one of many in a queue */
    double round_trip_s;        /* the same alone, until the host knows that it is done */
    double upload_bytes;        /* bytes a second from the host */
    double download_bytes;      /* and to it */
    size_t copy_size;           /* bytes that were copied at a time */
    int fma_vector, fma_chains; /* how the loop was built */
} bench_ceilings;

/* Measures all of it; takes about a second. */
bench_status bench_ceilings_measure(bench_session *session, bench_ceilings *ceilings_out);

/* Measures the multiply-adds once more, into fma_flops_after: a processor that was throttled meanwhile shows there. Nothing happens where nothing was measured. */
bench_status bench_ceilings_again(bench_session *session, bench_ceilings *ceilings);

/* ---- the loop of multiply-adds, for whoever measures it by another clock ---------------------------------------------------------------- */

typedef struct bench_fma {
    convcl_context *context; /* borrowed */
    convcl_kernel *kernel;
    cl_mem sums;
    size_t items, group;
    int vector, chains;
} bench_fma;

/* fma_out  to be destroyed by the caller in any case */
bench_status bench_fma_create(convcl_context *context, bench_fma *fma_out);
void bench_fma_destroy(bench_fma *fma);

/* Runs the loop and waits for its end. */
bench_status bench_fma_run(const bench_fma *fma, cl_command_queue queue, int rounds);

/* Float operations of such a run. */
double bench_fma_operations(const bench_fma *fma, int rounds);

/* How many rounds take about `seconds`. */
bench_status bench_fma_calibrate(const bench_fma *fma, cl_command_queue queue, double seconds, int *rounds_out);

#endif
