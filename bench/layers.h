/* layers.h: where the time of a step goes, launch by launch.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_LAYERS_H
#define CONVCL_BENCH_LAYERS_H

#include "phase.h"

/* Runs some more steps of the phase on a queue that profiles, and prints the mean time of every launch as the device measured it. */
bench_status bench_layers_run(bench_session *session, convcl_net *net, const bench_phase *phase);

#endif
