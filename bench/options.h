/* options.h: the command line of bench without a command; conv and gemm have micro_options.h.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_OPTIONS_H
#define CONVCL_BENCH_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "convcl/context.h"
#include "convcl/models.h"
#include "convcl/tensor.h"
#include "message.h"

typedef enum bench_command {
    BENCH_COMMAND_TIME = 0,
    BENCH_COMMAND_LIST_DEVICES = 1,
    BENCH_COMMAND_VERSION = 2,
    BENCH_COMMAND_HELP = 3,
    BENCH_COMMAND_LIST_LAYERS = 4
} bench_command;

typedef enum bench_format { BENCH_FORMAT_TEXT = 0, BENCH_FORMAT_MARKDOWN = 1, BENCH_FORMAT_CSV = 2, BENCH_FORMAT_JSON = 3 } bench_format;

/* Strings point into argv. */
typedef struct bench_options {
    bench_command command;
    const char *device;        /* as in bench_devices_choose */
    const convcl_model *model; /* the network */
    int batch;                 /* images */
    int steps;                 /* timed steps of a phase, at least 1 */
    int burn_in;               /* steps before them, at least 0 */
    double time_budget;        /* seconds for a device; 0: none */
    bool forward, forward_backward;
    convcl_math math;
    convcl_tuning tuning; /* OFF for bench conv and bench gemm */
    bool progress;        /* also where standard error is no terminal */
    uint64_t seed;
    bool verify;
    bool layers, launches;
    bench_format format;
    const char *html; /* NULL: none */
    const char *json; /* NULL: none */
    const char *algo; /* NULL: chosen by the library */
    const char *gemm; /* NULL: chosen by the library */
} bench_options;

/* Reads the command line. On BENCH_USAGE the fault is on standard error already. */
bench_status bench_options_parse(int argc, char **argv, bench_options *options_out);

/* "off", "quick" or "full". */
const char *bench_tuning_name(convcl_tuning tuning);

/* Prints the help to standard output. */
void bench_options_print_help(void);

#endif
