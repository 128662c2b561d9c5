/* statistics.h: what a list of times is summed up to.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_STATISTICS_H
#define CONVCL_BENCH_STATISTICS_H

#include "options.h"

/* All in the unit of the samples. sd is the root of the mean of squares less the square of the mean, as TensorFlow's script has it. */
typedef struct bench_statistics {
    double mean, sd, median, min;
} bench_statistics;

/* count must be at least 1. BENCH_FAILED when there is no memory for a sorted copy. */
bench_status bench_statistics_of(const double *samples, int count, bench_statistics *statistics_out);

#endif
