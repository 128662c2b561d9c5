/* run.h: the benchmark itself: a network on the devices of the options.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_RUN_H
#define CONVCL_BENCH_RUN_H

#include "options.h"

/* Runs every device, goes on to the next when one fails, and reports as the options ask for. BENCH_INTERRUPTED after Ctrl-C. */
bench_status bench_run(const bench_options *options);

#endif
