/* report_json.h: the results as JSON. The format is described in README.md and only ever grows.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_REPORT_JSON_H
#define CONVCL_BENCH_REPORT_JSON_H

#include <jansson.h>

#include "results.h"

/* Checks, before anything is timed, that `path` can be written; leaves no file behind. BENCH_USAGE when it cannot. */
bench_status bench_json_check_path(const char *path);

/* The tree of one run, or for several devices {"convcl", "runs": [...]}. NULL without memory; released with json_decref. */
json_t *bench_json_make(const bench_results *results, int count);

/* A device as the tree has it. NULL without memory. */
json_t *bench_json_device(const convcl_device_info *device);

/* A string of a driver: jansson takes UTF-8 only, other bytes become question marks. NULL without memory. */
json_t *bench_json_text(const char *string);

/* Writes the tree, and releases it, under a temporary name beside `path` and renames it, so that a reader never sees half of it; a path that is no regular file
 * (/dev/stdout) is written directly. On failure nothing is left behind and an older file is untouched. A NULL root is a lack of memory. */
bench_status bench_json_write(const char *path, json_t *root);

/* Prints the tree to standard output, and releases it. */
bench_status bench_json_print(json_t *root);

#endif
