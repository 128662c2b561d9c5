/* micro_report.h: the rows of `bench conv` and `bench gemm` in every format.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_MICRO_REPORT_H
#define CONVCL_BENCH_MICRO_REPORT_H

#include "micro.h"

/* Prints them as the options ask for, and writes the JSON file. */
bench_status bench_micro_report(const bench_micro_options *options, const bench_row *rows, int count);

#endif
