/* micro_options.h: the command line of `bench conv` and `bench gemm`.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_MICRO_OPTIONS_H
#define CONVCL_BENCH_MICRO_OPTIONS_H

#include "convcl/conv.h"
#include "options.h"

#define BENCH_DIRECTIONS 3

/* Strings point into argv, or into `file_text`. */
typedef struct bench_micro_options {
    bench_options common;              /* batch 0: the case's own */
    bool gemm;                         /* products; otherwise convolutions */
    bool directions[BENCH_DIRECTIONS]; /* by convcl_conv_dir */
    const char **cases;                /* as typed; a direction and a blank may stand before a convolution */
    int case_count;
    const char *cases_file; /* NULL: none */
    char *file_text;
} bench_micro_options;

/* True when the command line begins with "conv" or "gemm". */
bool bench_micro_options_apply(int argc, char **argv);

/* Reads it. On BENCH_USAGE the fault is on standard error already. Clear it in any case. */
bench_status bench_micro_options_parse(int argc, char **argv, bench_micro_options *options_out);

/* Prints the help of both to standard output. */
void bench_micro_options_print_help(void);

void bench_micro_options_clear(bench_micro_options *options);

#endif
