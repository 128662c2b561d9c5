/* compare_statistics.c: estimates of times in logarithms, and verdicts on their ratios.
 * SPDX-License-Identifier: MIT
 *
 * Two runs of the same device differ for two reasons. Steps differ within a run: the variance of a run's median is taken by a bootstrap that draws blocks of
 * neighbouring steps, as neighbours resemble each other. And runs differ as a whole: other work on the machine, the clock, where memory came to lie. Nothing in a
 * single run shows that, so a drift is assumed for it, worth PRIOR_FREEDOM degrees of freedom; repeats correct the assumption by what they show. Only where the operating system
 * counted how long threads waited for a processor is a disturbed run known as one, and reaches down by what it lost. The ratio's interval is Student's, with the degrees of freedom after Welch and Satterthwaite. */
#include "compare_statistics.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define RESAMPLES     400
#define MOST_VALUES   1000 /* longer runs are condensed to that many medians first */
#define PRIOR_FREEDOM 4
#define FEW_STEPS     5         /* fewer than this say nothing about their own noise: */
#define FEW_STEPS_SD  0.10      /* this is assumed at least */
#define LOST_SD       (1.0 / 3) /* further deviation of a run for each share of the processors that it lost */

static int compare_doubles(const void *left, const void *right) {
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* The quantile q of sorted values, between neighbours linearly. */
static double quantile(const double *sorted, int count, double q) {
    const double place = q * (count - 1);
    const int below = (int)place;
    const int above = below + 1 < count ? below + 1 : below;
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}

static double *sorted_copy(const double *samples, int count) {
    double *sorted = malloc((size_t)count * sizeof *sorted);
    if (!sorted) {
        bench_error("no memory for %d samples", count);
        return NULL;
    }
    memcpy(sorted, samples, (size_t)count * sizeof *sorted);
    qsort(sorted, (size_t)count, sizeof *sorted, compare_doubles);
    return sorted;
}

bench_status compare_spread_of(const double *samples, int count, compare_spread *spread_out) {
    double *sorted = sorted_copy(samples, count);
    if (!sorted)
        return BENCH_FAILED;
    double sum = 0, squares = 0;
    for (int i = 0; i < count; ++i)
        sum += samples[i];
    const double mean = sum / count;
    for (int i = 0; i < count; ++i)
        squares += (samples[i] - mean) * (samples[i] - mean);
    *spread_out = (compare_spread){.mean = mean,
                                   .sd = sqrt(squares / count),
                                   .min = sorted[0],
                                   .p10 = quantile(sorted, count, 0.1),
                                   .median = quantile(sorted, count, 0.5),
                                   .p90 = quantile(sorted, count, 0.9),
                                   .max = sorted[count - 1]};
    free(sorted);
    return BENCH_OK;
}

/* splitmix64, from a fixed seed: the same files give the same verdict. */
static uint64_t next_random(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* Replaces groups of neighbours by their medians until at most MOST_VALUES are left; returns how many. */
static int condense(double *values, int count) {
    const int group = (count + MOST_VALUES - 1) / MOST_VALUES;
    if (group == 1)
        return count;
    int kept = 0;
    for (int begin = 0; begin < count; begin += group) {
        const int length = begin + group < count ? group : count - begin;
        qsort(values + begin, (size_t)length, sizeof *values, compare_doubles);
        values[kept++] = quantile(values + begin, length, 0.5);
    }
    return kept;
}

/* The variance of the logarithm of the median, by drawing blocks of neighbours. `draw` has room for as many values as there are. */
static double variance_of_median(const double *values, int count, double *draw) {
    const int block = (int)lround(sqrt(count));
    double sum = 0, squares = 0;
    uint64_t state = 1;
    for (int i = 0; i < RESAMPLES; ++i) {
        for (int filled = 0; filled < count;) {
            const int begin = (int)(next_random(&state) % (uint64_t)(count - block + 1));
            for (int j = 0; j < block && filled < count; ++j)
                draw[filled++] = values[begin + j];
        }
        qsort(draw, (size_t)count, sizeof *draw, compare_doubles);
        const double centre = log(quantile(draw, count, 0.5));
        sum += centre;
        squares += centre * centre;
    }
    const double mean = sum / RESAMPLES, variance = squares / RESAMPLES - mean * mean;
    return variance > 0 ? variance : 0;
}

/* Of one run: logarithms of median and 10th percentile, and the variance of the median. */
static bench_status estimate_run(const double *samples, int count, compare_estimate *estimate) {
    compare_spread spread;
    bench_status status = compare_spread_of(samples, count, &spread);
    double *values = status == BENCH_OK ? malloc(2 * (size_t)count * sizeof *values) : NULL;
    if (!values) {
        if (status == BENCH_OK)
            bench_error("no memory for %d samples", count);
        return BENCH_FAILED;
    }
    memcpy(values, samples, (size_t)count * sizeof *values);
    const int kept = condense(values, count);
    double variance = variance_of_median(values, kept, values + count);
    const double least = count < FEW_STEPS ? FEW_STEPS_SD * FEW_STEPS_SD / count : 0;
    if (variance < least)
        variance = least;
    *estimate = (compare_estimate){.centre = log(spread.median), .low = log(spread.p10), .variance = variance};
    free(values);
    return status;
}

/* Sets variance and freedom of a mean over runs, from the mean variance within them and the squares of their deviations from it. */
static void combine(compare_estimate *estimate, int runs, double within, double squares, double drift) {
    const double freedom = PRIOR_FREEDOM + runs - 1;
    const double between = (PRIOR_FREEDOM * drift * drift + squares) / freedom;
    /* The deviations between runs hold the noise within them, too: once as much of it as was seen is not added again. */
    const double seen = squares / freedom;
    estimate->variance = (between + (within > seen ? within - seen : 0)) / runs;
    estimate->freedom = freedom;
}

bench_status compare_estimate_of(const double *samples, const int *ends, int runs, double drift, compare_estimate *estimate_out) {
    double sum = 0, sum_of_squares = 0, low = 0, within = 0;
    for (int i = 0; i < runs; ++i) {
        const int begin = i ? ends[i - 1] : 0;
        compare_estimate run;
        const bench_status status = estimate_run(samples + begin, ends[i] - begin, &run);
        if (status != BENCH_OK)
            return status;
        sum += run.centre;
        sum_of_squares += run.centre * run.centre;
        low += run.low / runs;
        within += run.variance / runs;
    }
    const double squares = sum_of_squares - sum * sum / runs;
    *estimate_out = (compare_estimate){.centre = sum / runs, .low = low};
    combine(estimate_out, runs, within, squares > 0 ? squares : 0, drift);
    return BENCH_OK;
}

compare_estimate compare_estimate_value(double seconds, int runs, double sd, double drift) {
    compare_estimate estimate = {.centre = log(seconds), .low = log(seconds)};
    combine(&estimate, runs, sd * sd, 0, drift);
    estimate.freedom = PRIOR_FREEDOM;
    return estimate;
}

/* Student's quantile of 97.5% by its expansion about the normal one; within 0.3% from four degrees of freedom on. */
static double student(double freedom) {
    const double z = 1.959964, z3 = z * z * z, z5 = z3 * z * z, z7 = z5 * z * z;
    return z + (z3 + z) / (4 * freedom) + (5 * z5 + 16 * z3 + 3 * z) / (96 * freedom * freedom) +
           (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * freedom * freedom * freedom);
}

static compare_verdict judge(const compare_ratio *ratio, double low_ratio, double margin) {
    const double most = 1 + margin, blur = 1 + (margin > COMPARE_BLUR ? margin : COMPARE_BLUR);
    const bool slower = ratio->low > 1 && ratio->ratio > most, faster = ratio->high < 1 && ratio->ratio < 1 / most;
    /* When the fast steps say otherwise, something took time now and then that is not the device's own. */
    if (slower)
        return low_ratio > 1 ? COMPARE_SLOWER : COMPARE_UNCERTAIN;
    if (faster)
        return low_ratio < 1 ? COMPARE_FASTER : COMPARE_UNCERTAIN;
    return ratio->high / ratio->ratio < blur && ratio->ratio / ratio->low < blur ? COMPARE_SAME : COMPARE_UNCERTAIN;
}

compare_ratio compare_ratio_of(const compare_estimate *base, const compare_estimate *other, double margin) {
    const double difference = other->centre - base->centre;
    /* What took processors took caches and memory bandwidth as well, which nobody counts. */
    const double left = base->variance + base->lost * base->lost * LOST_SD * LOST_SD;
    const double right = other->variance + other->lost * other->lost * LOST_SD * LOST_SD;
    const double variance = left + right;
    double reach = 0;
    if (variance > 0) {
        const double freedom = variance * variance / (left * left / base->freedom + right * right / other->freedom);
        reach = student(freedom) * sqrt(variance);
    }
    compare_ratio ratio = {
        .ratio = exp(difference), .low = exp(difference - reach) * (1 - other->lost), .high = exp(difference + reach) / (1 - base->lost)};
    ratio.verdict = judge(&ratio, exp(other->low - base->low), margin);
    return ratio;
}

const char *compare_verdict_name(compare_verdict verdict) {
    static const char *const names[] = {"same", "faster", "slower", "uncertain"};
    return names[verdict];
}
