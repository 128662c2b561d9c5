/* compare_plot.h: a comparison drawn by gnuplot, where that is installed.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_COMPARE_PLOT_H
#define CONVCL_BENCH_COMPARE_PLOT_H

#include "compare_rows.h"

/* Checks that gnuplot is there and that `path` can be written. BENCH_FAILED or BENCH_USAGE, with the reason printed, when not. */
bench_status compare_plot_check(const char *path);

/* Draws to `path`, which ends in .svg or .png. */
bench_status compare_plot_write(const char *path, const compare_rows *rows);

#endif
