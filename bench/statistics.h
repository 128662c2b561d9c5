/* statistics.h: what a list of times is summed up to.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_STATISTICS_H
#define CONVCL_BENCH_STATISTICS_H

#include "options.h"

/* All in the unit of the samples. sd is the root of the mean of squares less the square of the mean, as TensorFlow's script has it. Percentiles are interpolated
 * between the two nearest samples. */
typedef struct bench_statistics {
    double mean, sd, median, min, max;
    double p05, p25, p75, p95;
    int outliers; /* samples beyond p75 + 3 * (p75 - p25), or below p25 by as much */
    double drift; /* median of the last third over that of the first third, less 1; 0 below nine samples */
    bool noisy;   /* see BENCH_NOISE_* */
} bench_statistics;

/* A list of at least five samples is noisy when its middle half is wider than this share of the median, when more than this share are outliers, or when
 * it drifts by more than this. */
#define BENCH_NOISE_SPREAD   0.05
#define BENCH_NOISE_OUTLIERS 0.1
#define BENCH_NOISE_DRIFT    0.05

/* count must be at least 1. BENCH_FAILED when there is no memory for a sorted copy. */
bench_status bench_statistics_of(const double *samples, int count, bench_statistics *statistics_out);

/* Only the median. */
bench_status bench_statistics_median(const double *samples, int count, double *median_out);

#endif
