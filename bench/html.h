/* html.h: runs as one self-contained page with charts, which needs no network and no script.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_HTML_H
#define CONVCL_BENCH_HTML_H

#include "compare_rows.h"

/* Checks, before anything is timed, that `path` can be written. BENCH_USAGE when it cannot. */
bench_status html_check_path(const char *path);

/* Writes the page of a run, or of "runs", as `bench --json` writes them. */
bench_status html_write(const char *path, json_t *document);

/* Writes the page of a comparison. */
bench_status html_write_rows(const char *path, const compare_rows *rows);

#endif
