/* report_json.h: the results as a JSON file.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_REPORT_JSON_H
#define CONVCL_BENCH_REPORT_JSON_H

#include "phase.h"
#include "session.h"
#include "verify.h"

/* Checks, before anything is timed, that `path` can be written; leaves no file behind. BENCH_USAGE when it cannot. */
bench_status bench_json_check_path(const char *path);

/* Everything that the file holds. */
typedef struct bench_results {
    const bench_session *session;
    convcl_shape activations[CONVCL_ALEXNET_ACTIVATIONS];
    bench_phase phases[BENCH_PHASES];
    int phase_count;
    bench_verification verification;
} bench_results;

/* Writes the file under a temporary name beside `path` and renames it, so that a reader never sees half of it; a path that is no regular file
 * (/dev/stdout) is written directly. On failure nothing is left behind and an older file is untouched. */
bench_status bench_json_write(const char *path, const bench_results *results);

#endif
