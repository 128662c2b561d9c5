/* layers.h: how long each layer of a network takes in each direction, and against what it can take at least.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_LAYERS_H
#define CONVCL_BENCH_LAYERS_H

#include "profile.h"
#include "work.h"

/* Profiled steps of a phase, behind its timed ones; fewer where fewer were asked for. */
#define BENCH_LAYER_STEPS 10

/* A layer in one direction: all its kernels, summed over the chunks of the batch. Times are in seconds: the median over the steps, and the parts of
 * the step nearest to it. */
typedef struct bench_layer_row {
    char layer[64], direction[16];
    char algorithm[32]; /* "gather", "winograd"; for other layers the first kernel */
    char describe[256]; /* the plan's words, without direction and algorithm; may be empty */
    bool convolution;   /* the parts below hold */
    double seconds;
    double parts[BENCH_PARTS];
    double samples[BENCH_LAYER_STEPS];
    bench_work work;
    double roofline;   /* shortest time by the ceilings, 0 without them */
    const char *bound; /* "arithmetic", "memory", or "" without ceilings */
} bench_layer_row;

/* Zero-initialise it. */
typedef struct bench_layers {
    bench_layer_row *rows;
    int count, steps;
    bench_profile profile; /* its totals: each launch over all steps */
} bench_layers;

struct bench_phase;

/* Repeats steps of the phase with OpenCL's profiling. Called again it adds nothing. Stops between steps when the run is to stop. */
bench_status bench_layers_run(bench_session *session, convcl_net *net, const struct bench_phase *phase, const bench_ceilings *ceilings,
                              bench_layers *layers);

/* Operations a second, by the direct method's operations. */
double bench_layer_flops(const bench_layer_row *row);

/* The same as a share of the device's multiply-adds; NAN without ceilings. Beyond 1 an algorithm multiplies less often than the direct method. */
double bench_layer_share(const bench_layer_row *row, const bench_ceilings *ceilings);

void bench_layers_clear(bench_layers *layers);

#endif
