/* options.h: the command line of bench.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_OPTIONS_H
#define CONVCL_BENCH_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* The exit statuses of bench, and what its functions return. */
typedef enum bench_status {
    BENCH_OK = 0,
    BENCH_FAILED = 1, /* the run or a check failed */
    BENCH_USAGE = 2   /* the command line cannot be followed; nothing was run */
} bench_status;

typedef enum bench_command {
    BENCH_COMMAND_TIME = 0,
    BENCH_COMMAND_LIST_DEVICES = 1,
    BENCH_COMMAND_VERSION = 2,
    BENCH_COMMAND_HELP = 3
} bench_command;

/* Strings point into argv. */
typedef struct bench_options {
    bench_command command;
    const char *device; /* as in convcl_device_choose */
    int batch;          /* images */
    int steps;          /* timed steps of a phase, at least 1 */
    int burn_in;        /* steps before them, at least 0 */
    bool forward, forward_backward;
    uint64_t seed;
    bool verify;
    bool layers;
    const char *json; /* NULL: none */
    const char *algo; /* NULL: chosen by the library */
    const char *gemm; /* NULL: chosen by the library */
} bench_options;

/* Reads the command line. On BENCH_USAGE the fault is on standard error already. */
bench_status bench_options_parse(int argc, char **argv, bench_options *options_out);

/* Prints the help to standard output. */
void bench_options_print_help(void);

/* Prints "bench: " and one line to standard error. */
void bench_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* As bench_error, followed by the line that says how bench is used; returns BENCH_USAGE. */
bench_status bench_usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
