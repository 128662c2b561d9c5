/* message.h: what the functions of bench return, and how faults are told.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_MESSAGE_H
#define CONVCL_BENCH_MESSAGE_H

/* The exit statuses of bench, and what its functions return. */
typedef enum bench_status {
    BENCH_OK = 0,
    BENCH_FAILED = 1,       /* the run or a check failed */
    BENCH_USAGE = 2,        /* the command line cannot be followed; nothing was run */
    BENCH_INTERRUPTED = 130 /* Ctrl-C; what there was is printed */
} bench_status;

/* Prints "bench: " and one line to standard error. */
void bench_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same with "warning: ": something that does not stop the run. */
void bench_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* As bench_error, followed by the line that says how the command is used; returns BENCH_USAGE. */
bench_status bench_usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The command that bench_usage_error speaks of: "bench [options]", which it is at first, or "bench conv CASE... [options]", and how its help is called. Strings
 * are kept, not copied. */
void bench_usage_is(const char *usage, const char *help);

#endif
