/* fma_loop.h: multiply-adds written by hand with the processor's own vector instructions, to hold the measured FMA peak against.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_TESTS_FMA_LOOP_H
#define CONVCL_TESTS_FMA_LOOP_H

#include <stdbool.h>

/* The widest instructions that this processor has and this file knows: "AVX-512", "AVX2"; NULL when it has neither. */
const char *fma_loop_instructions(void);

/* Runs `rounds` rounds on the calling thread; returns the float operations done, two for each lane of a multiply-add. */
double fma_loop_run(long rounds);

/* The same on `threads` threads at once; 0 when a thread could not be started. */
double fma_loop_run_threads(long rounds, int threads);

#endif
