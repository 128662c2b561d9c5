/* compare_options.h: the command line of `bench compare`.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_COMPARE_OPTIONS_H
#define CONVCL_BENCH_COMPARE_OPTIONS_H

#include "options.h"

/* Strings point into argv. */
typedef struct compare_options {
    bool help;
    bench_format format;
    const char *plot;   /* NULL: none */
    const char *html;   /* NULL: none */
    const char *labels; /* NULL: made from the devices */
    double drift;       /* relative standard deviation between runs, assumed where there are no repeats; negative: by the kind of device */
    double margin;      /* relative difference that counts as none */
    bool check;         /* exit 3 when something is slower */
    char *const *operands;
    int operand_count;
} compare_options;

/* Reads the command line, of which argv[0] is "compare". On BENCH_USAGE the fault is on standard error already. */
bench_status compare_options_parse(int argc, char **argv, compare_options *options_out);

/* Prints the help to standard output. */
void compare_options_print_help(void);

#endif
