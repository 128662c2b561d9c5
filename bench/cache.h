/* cache.h: `bench cache`: what the store holds, emptied, carried to another machine.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_CACHE_H
#define CONVCL_BENCH_CACHE_H

#include "options.h"

/* Does what the words behind "bench cache" say: show, clear, export FILE or import FILE. The store is that of the environment, as in a run. */
bench_status bench_cache_run(int count, char *const *words);

#endif
