/* micro.h: single convolutions and products, a row each.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_MICRO_H
#define CONVCL_BENCH_MICRO_H

#include "micro_options.h"
#include "reference/ref_case.h"
#include "statistics.h"
#include "work.h"

typedef enum bench_row_status {
    BENCH_ROW_OK = 0,
    BENCH_ROW_UNSUPPORTED = 1, /* the algorithm does not apply */
    BENCH_ROW_SKIPPED = 2,     /* not enough memory or time */
    BENCH_ROW_ERROR = 3        /* it failed, or was wrong */
} bench_row_status;

/* Times are in seconds. */
typedef struct bench_row {
    const convcl_device_info *device; /* borrowed */
    char operation[16];               /* "fwd", "bwd_data", "bwd_weights" or "gemm" */
    char text[256];                   /* the case */
    char algorithm[32];               /* "gather", "winograd"; of a product the variant */
    char describe[256];               /* the plan's own words */
    char reason[512];                 /* of any status but OK */
    bench_row_status status;
    double *samples; /* of whole steps, from enqueue until the device is done */
    int steps;
    bench_statistics statistics;
    double parts[BENCH_PARTS]; /* by OpenCL's profiling, of the fastest of some steps */
    bench_work work;
    double share; /* of the device's multiply-adds */
    double compile_s;
    bool verified;
    double error, limit; /* relative rms against double precision */
} bench_row;

/* What a row works with while it is made. */
typedef struct bench_micro {
    bench_session session;
    cl_command_queue profiling_queue;
    bench_ceilings ceilings;
    const bench_micro_options *options;
} bench_micro;

/* Runs all cases on all devices and prints them. */
bench_status bench_micro_run(const bench_micro_options *options);

/* micro_conv.c, micro_gemm.c: makes the row of one case. The row's status tells how it went. */
void bench_micro_conv(bench_micro *micro, const convcl_conv_desc *desc, convcl_conv_dir dir, bench_row *row);
void bench_micro_gemm(bench_micro *micro, const convcl_ref_case_gemm *gemm_case, bench_row *row);

/* ---- what these two share: micro_row.c -------------------------------------------------------------------------------------------------- */

/* Marks the row for a call of the library that failed: UNSUPPORTED, SKIPPED for a lack of memory, ERROR. Returns true when the call was fine. */
bool bench_row_check(bench_row *row, convcl_status status);

/* Marks the row as SKIPPED for want of the host's memory; or of the device's, unless `floats` fit there: then it returns true. */
void bench_row_no_memory(bench_row *row, size_t floats);
bool bench_row_fits(const bench_micro *micro, double floats, bench_row *row);

/* Marks the row as an ERROR with a reason. */
void bench_row_fail(bench_row *row, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Enqueues one run of whatever `user` is. */
typedef convcl_status (*bench_micro_fn)(void *user, convcl_stream *stream);

/* Runs it once and waits. */
bool bench_row_run_once(bench_micro *micro, bench_micro_fn enqueue, void *user, bench_row *row);

/* Times it, and profiles its parts. */
void bench_row_time(bench_micro *micro, bench_micro_fn enqueue, void *user, bench_row *row);

/* Device memory with values from the host, freed by bench_buffers_clear. */
#define BENCH_BUFFERS 12

typedef struct bench_buffers {
    cl_mem mems[BENCH_BUFFERS];
    int count;
} bench_buffers;

/* Makes one of `count` floats that holds `values`, NULL: NaN everywhere. {NULL, 0} when count is 0, or the row has failed or fails now. */
convcl_buffer bench_buffers_add(bench_buffers *buffers, bench_micro *micro, const char *name, const float *values, size_t count,
                                bench_row *row);
void bench_buffers_clear(bench_buffers *buffers);

/* Reads a result and compares it: the row fails when its relative rms error is beyond the limit, or, when `exact`, any value differs. */
void bench_row_compare(bench_micro *micro, const char *name, convcl_buffer got, const double *expected, size_t count, double limit,
                       bool exact, bench_row *row);

#endif
