/* phase.h: one phase of the benchmark: the same step many times, each timed.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_PHASE_H
#define CONVCL_BENCH_PHASE_H

#include "layers.h"
#include "processor.h"
#include "session.h"
#include "statistics.h"

typedef struct bench_phase {
    const char *name;  /* "forward", "forward-backward" */
    const char *title; /* as TensorFlow's script prints it */
    bool backward;
    int steps;       /* timed, which may be fewer than were asked for */
    double *samples; /* seconds, one a step; freed by bench_phase_clear */
    bench_statistics statistics;
    bench_processor processor; /* during the timed steps */
    bench_layers layers;       /* empty unless they were measured */
} bench_phase;

#define BENCH_PHASES 2

/* The phases that the options ask for, in the order they run; returns how many. */
int bench_phases_of(const bench_options *options, bench_phase phases[BENCH_PHASES]);

/* Runs the phase on a network that was compiled for it: burn-in, then the timed steps, each from its first enqueue until the device is done. Prints as it goes.
 * Burn-in takes a third of the time until the deadline at most; one step is timed whatever the deadline. An interrupted phase may have no step: steps is 0 then.
 *
 * deadline  as in bench_stop_set_deadline, which this sets */
bench_status bench_phase_run(bench_session *session, convcl_net *net, double deadline, bench_phase *phase);

/* Enqueues one step of the phase. */
bench_status bench_phase_enqueue(bench_session *session, convcl_net *net, const bench_phase *phase);

/* Frees what the phase holds. */
void bench_phase_clear(bench_phase *phase);

#endif
