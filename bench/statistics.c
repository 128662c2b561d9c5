/* statistics.c: mean, deviation, percentiles and signs of noise in a list of times.
 * SPDX-License-Identifier: MIT */
#include "statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *left, const void *right) {
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static bench_status sorted_copy(const double *samples, int count, double **sorted_out) {
    *sorted_out = malloc((size_t)count * sizeof **sorted_out);
    if (!*sorted_out) {
        bench_error("no memory for %d samples", count);
        return BENCH_FAILED;
    }
    memcpy(*sorted_out, samples, (size_t)count * sizeof **sorted_out);
    qsort(*sorted_out, (size_t)count, sizeof **sorted_out, compare);
    return BENCH_OK;
}

/* Below which a share of the sorted samples lies. */
static double percentile(const double *sorted, int count, double share) {
    const double place = share * (count - 1);
    const int below = (int)place;
    if (below + 1 >= count)
        return sorted[count - 1];
    return sorted[below] + (place - below) * (sorted[below + 1] - sorted[below]);
}

bench_status bench_statistics_median(const double *samples, int count, double *median_out) {
    double *sorted = NULL;
    const bench_status status = sorted_copy(samples, count, &sorted);
    if (status == BENCH_OK)
        *median_out = percentile(sorted, count, 0.5);
    free(sorted);
    return status;
}

static bench_status find_drift(const double *samples, int count, double *drift_out) {
    double first = 0, last = 0;
    const int third = count / 3;
    *drift_out = 0;
    if (third < 3)
        return BENCH_OK;
    bench_status status = bench_statistics_median(samples, third, &first);
    if (status == BENCH_OK)
        status = bench_statistics_median(samples + count - third, third, &last);
    if (status == BENCH_OK && first > 0)
        *drift_out = last / first - 1;
    return status;
}

static int count_outliers(const double *sorted, int count, double p25, double p75) {
    const double margin = 3 * (p75 - p25);
    int outliers = 0;
    for (int i = 0; i < count; ++i)
        outliers += sorted[i] > p75 + margin || sorted[i] < p25 - margin;
    return outliers;
}

bench_status bench_statistics_of(const double *samples, int count, bench_statistics *statistics_out) {
    double *sorted = NULL, sum = 0, sum_of_squares = 0;
    bench_status status = sorted_copy(samples, count, &sorted);
    if (status != BENCH_OK)
        return status;
    for (int i = 0; i < count; ++i) {
        sum += samples[i];
        sum_of_squares += samples[i] * samples[i];
    }
    bench_statistics s = {.mean = sum / count, .min = sorted[0], .max = sorted[count - 1]};
    const double variance = sum_of_squares / count - s.mean * s.mean;
    s.sd = variance > 0 ? sqrt(variance) : 0; /* rounding can leave a variance of 0 just below it */
    s.median = percentile(sorted, count, 0.5);
    s.p05 = percentile(sorted, count, 0.05);
    s.p25 = percentile(sorted, count, 0.25);
    s.p75 = percentile(sorted, count, 0.75);
    s.p95 = percentile(sorted, count, 0.95);
    s.outliers = count_outliers(sorted, count, s.p25, s.p75);
    free(sorted);
    status = find_drift(samples, count, &s.drift);
    s.noisy = count >= 5 && (s.p75 - s.p25 > BENCH_NOISE_SPREAD * s.median || s.outliers > BENCH_NOISE_OUTLIERS * count ||
                             fabs(s.drift) > BENCH_NOISE_DRIFT);
    *statistics_out = s;
    return status;
}
