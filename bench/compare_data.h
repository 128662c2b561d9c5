/* compare_data.h: what `bench compare` and the HTML page know of the runs: sides, each a device (or a peer framework) with one run or repeats of it.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_COMPARE_DATA_H
#define CONVCL_BENCH_COMPARE_DATA_H

#include <jansson.h>

#include "compare_statistics.h"

#define COMPARE_SIDES  26 /* the letters from A to Z */
#define COMPARE_PHASES 8

/* Pointers to text are borrowed from the JSON. Values that a file does not give are NULL or NAN. */
typedef struct compare_phase {
    const char *name;
    int runs; /* how many of the side's runs have the phase */
    bool partial, noisy;
    int count;       /* of samples, all runs together */
    double *samples; /* seconds, in order, one run after the other */
    int *run_ends;   /* index behind the last sample of each run */
    double lost;     /* share of the processors that other work took from the steps, 0 where that is not known or plays no part */
    compare_spread spread;
    compare_estimate estimate;
} compare_phase;

/* One row of "layers". The time is the median, the mean of the runs where there are several. */
typedef struct compare_layer {
    const char *phase, *layer, *direction, *algorithm, *bound;
    int runs, samples;
    double time, gflops, share, pack, gemm, unpack, roofline; /* share of peak; roofline: the least time that the device's ceilings allow */
    compare_estimate estimate;
} compare_layer;

typedef struct compare_side {
    char letter[2];
    char label[160]; /* tells the side from the others */
    char place[96];  /* the files */
    const char *name, *platform, *driver, *type, *version;
    const json_t **roots; /* the runs, borrowed from the documents */
    int runs;
    double drift; /* that was assumed between its runs */
    compare_phase phases[COMPARE_PHASES];
    int phase_count;
    compare_layer *layers;
    int layer_count;
} compare_side;

/* The sides, and what all of them have in common. */
typedef struct compare_set {
    json_t **documents;
    int document_count;
    compare_side sides[COMPARE_SIDES];
    int count;
    const char *net, *math;
    int batch;
    bool labelled; /* by the user */
} compare_set;

/* Adds the runs of the files of one operand, "FILE" or "FILE,FILE,...": several files are repeats, and a run joins the side of the operand that has the same
 * device. A text that is the name of a file is that file, commas or not. BENCH_USAGE, with the reason printed, when a file cannot be read, is no run of bench, or is
 * not comparable with the first. Clear the set in any case. */
bench_status compare_set_read(compare_set *set, const char *operand);

/* Adds the run, or the "runs", of a document; takes a reference. `path` is for messages and labels. */
bench_status compare_set_add(compare_set *set, json_t *document, const char *path);

/* Makes labels, spreads and estimates, once all sides are there. `labels` are the user's own, separated by commas, or NULL. A negative `drift` is
 * chosen by the kind of device. */
bench_status compare_set_finish(compare_set *set, const char *labels, double drift);

void compare_set_clear(compare_set *set);

/* The phase of that name, or NULL. */
const compare_phase *compare_side_phase(const compare_side *side, const char *name);

/* The row that times the same as `like`, or NULL. */
const compare_layer *compare_side_layer(const compare_side *side, const compare_layer *like);

#endif
