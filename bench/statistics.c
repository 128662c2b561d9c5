/* statistics.c: mean, deviation, median and minimum of a list of times.
 * SPDX-License-Identifier: MIT */
#include "statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *left, const void *right) {
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

bench_status bench_statistics_of(const double *samples, int count, bench_statistics *statistics_out) {
    const size_t n = (size_t)count;
    double *sorted = malloc(n * sizeof *sorted);
    if (!sorted) {
        bench_error("no memory for %d samples", count);
        return BENCH_FAILED;
    }
    memcpy(sorted, samples, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, compare);
    double sum = 0, sum_of_squares = 0;
    for (size_t i = 0; i < n; ++i) {
        sum += samples[i];
        sum_of_squares += samples[i] * samples[i];
    }
    const double mean = sum / (double)n;
    const double variance = sum_of_squares / (double)n - mean * mean;
    statistics_out->mean = mean;
    statistics_out->sd = variance > 0 ? sqrt(variance) : 0; /* rounding can leave a variance of 0 just below it */
    statistics_out->median = n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
    statistics_out->min = sorted[0];
    free(sorted);
    return BENCH_OK;
}
