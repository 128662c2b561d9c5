/* output_file.h: a file that is there whole or not at all.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_OUTPUT_FILE_H
#define CONVCL_BENCH_OUTPUT_FILE_H

#include <stdio.h>
#include <sys/types.h>

#include "message.h"

/* A file that is being written. Only `file` is for the writer. */
typedef struct bench_output {
    FILE *file;
    const char *option, *path; /* borrowed, for messages */
    char *final, *temporary;   /* through `temporary` to `final`, or straight to `final` when `temporary` is NULL */
    mode_t mode;
} bench_output;

/* Checks that `path` can be written, and leaves no file behind. BENCH_USAGE when it cannot; the message names `option`. */
bench_status bench_output_check(const char *option, const char *path);

/* Opens `path` under a temporary name beside it; a path that is no regular file (/dev/stdout) is opened itself. On BENCH_OK the caller ends it with
 * bench_output_close. */
bench_status bench_output_open(const char *option, const char *path, bench_output *output_out);

/* Closes the file and gives it its name. With an `error` (an errno) that the writer met, or one met here, the file is removed, an older one is untouched, and the
 * error is reported. */
bench_status bench_output_close(bench_output *output, int error);

#endif
