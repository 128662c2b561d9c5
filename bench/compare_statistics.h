/* compare_statistics.h: how sure one can be of a time, and of the ratio of two.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_COMPARE_STATISTICS_H
#define CONVCL_BENCH_COMPARE_STATISTICS_H

#include <stdbool.h>

#include "message.h"

/* What a sample list looks like, in the unit of the samples. */
typedef struct compare_spread {
    double mean, sd, min, p10, median, p90, max;
} compare_spread;

/* The logarithm of a time, with its uncertainty. */
typedef struct compare_estimate {
    double centre;   /* ln seconds: the mean of the medians of the runs */
    double low;      /* ln seconds: the same of the 10th percentiles */
    double variance; /* of `centre`: of the steps and of the drift between runs */
    double freedom;  /* degrees of freedom of `variance` */
    double
        lost; /* the share of the processors that other work took: undisturbed, the time might be as short as 1 - lost of what it is, but not longer */
} compare_estimate;

typedef enum compare_verdict {
    COMPARE_SAME = 0,      /* no difference that noise does not explain, or one within the margin */
    COMPARE_FASTER = 1,    /* beyond both noise and margin */
    COMPARE_SLOWER = 2,    /* beyond both noise and margin */
    COMPARE_UNCERTAIN = 3, /* the noise could hide a large difference, or the steps contradict each other */
} compare_verdict;

/* A time over the time of the base: above 1, slower. */
typedef struct compare_ratio {
    double ratio, low, high; /* low to high: the interval of 95% */
    compare_verdict verdict;
} compare_ratio;

/* The drift that is assumed where it was not measured, as a standard deviation relative to the time: a CPU is shared with all that runs on the machine (runs on
 * two idle processors of a virtual machine differed by up to a fifth: bench --steps 20, on PoCL and on Intel's runtime), other
 * devices seldom are. Differences within the margin are "same"; noise of more than the blur to either side is "uncertain". */
#define COMPARE_DRIFT_CPU   0.07
#define COMPARE_DRIFT_OTHER 0.02
#define COMPARE_MARGIN      0.05
#define COMPARE_BLUR        0.40

bench_status compare_spread_of(const double *samples, int count, compare_spread *spread_out);

/* Estimates the time of a phase from one or several runs: samples of run i are those from ends[i - 1] to ends[i] - 1. */
bench_status compare_estimate_of(const double *samples, const int *ends, int runs, double drift, compare_estimate *estimate_out);

/* Estimates a time of which only one value a run is known, with the relative noise `sd` of such a value. */
compare_estimate compare_estimate_value(double seconds, int runs, double sd, double drift);

compare_ratio compare_ratio_of(const compare_estimate *base, const compare_estimate *other, double margin);

/* "same", "faster", "slower", "uncertain" */
const char *compare_verdict_name(compare_verdict verdict);

#endif
