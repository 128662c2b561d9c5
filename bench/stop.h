/* stop.h: why a run should end early: Ctrl-C, or a time budget that is used up.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_STOP_H
#define CONVCL_BENCH_STOP_H

#include <stdbool.h>

/* From now on the first SIGINT is remembered; a second one ends the process as usual. */
void bench_stop_on_interrupt(void);

/* True once there was one. */
bool bench_stop_interrupted(void);

/* The time on bench_now's clock at which work should end; 0: none. */
void bench_stop_set_deadline(double deadline);

/* True when interrupted, or behind the deadline. Asked between steps. */
bool bench_stop_now(void);

#endif
