/* results.h: everything that a run on one device found out.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_RESULTS_H
#define CONVCL_BENCH_RESULTS_H

#include "ceilings.h"
#include "phase.h"
#include "session.h"
#include "verify.h"

typedef struct bench_results {
    bench_session session; /* open as long as the results live */
    bench_ceilings ceilings;
    bool shapes; /* the activations are known */
    convcl_shape activations[CONVCL_MODEL_ACTIVATIONS];
    bench_phase phases[BENCH_PHASES];
    int phase_count; /* those that have at least one step */
    bench_verification verification;
    const char *partial; /* NULL: all that was asked for; "interrupted", "time budget" or "failed" */
} bench_results;

#endif
