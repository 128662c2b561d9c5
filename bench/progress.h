/* progress.h: one line on standard error that says how far a run is; only where standard error is a terminal.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_PROGRESS_H
#define CONVCL_BENCH_PROGRESS_H

#include <stdbool.h>

/* Shows "<what> <done>/<total>" in place of what was shown before; not more often than ten times a second. */
void bench_progress(const char *what, int done, int total);

/* Asks for it also where standard error is no terminal: as lines, each new one below the other. */
void bench_progress_lines(bool wanted);

/* Takes the line away, before anything else is printed. */
void bench_progress_clear(void);

#endif
