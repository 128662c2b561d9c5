/* compare_check.h: whether a JSON is a run of bench, and whether two runs can be compared.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_COMPARE_CHECK_H
#define CONVCL_BENCH_COMPARE_CHECK_H

#include <jansson.h>

#include "message.h"

/* BENCH_USAGE, with the fault printed, where something is missing that comparing reads. bench/schema.json says it all. */
bench_status compare_check_run(const json_t *root, const char *path);

/* BENCH_USAGE, with the difference printed, when network, batch or math mode are not the same, or no phase is in both. Both runs have been checked. */
bench_status compare_check_same(const json_t *base, const char *base_path, const json_t *root, const char *path);

#endif
