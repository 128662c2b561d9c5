/* message.c: lines on standard error.
 * SPDX-License-Identifier: MIT */
#include "message.h"

#include <stdarg.h>
#include <stdio.h>

#include "progress.h"

static const char *current_usage = "bench [options]", *current_help = "bench --help";

__attribute__((format(printf, 2, 0))) static void print(const char *before, const char *format, va_list arguments) {
    bench_progress_clear();
    fputs(before, stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

void bench_error(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print("bench: ", format, arguments);
    va_end(arguments);
}

void bench_warning(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print("bench: warning: ", format, arguments);
    va_end(arguments);
}

bench_status bench_usage_error(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print("bench: ", format, arguments);
    va_end(arguments);
    fprintf(stderr, "usage: %s; `%s` lists them\n", current_usage, current_help);
    return BENCH_USAGE;
}

void bench_usage_is(const char *usage, const char *help) {
    current_usage = usage;
    current_help = help;
}
