/* options_read.h: reads the values of options; every fault names the option, the value and the rule it breaks.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_OPTIONS_READ_H
#define CONVCL_BENCH_OPTIONS_READ_H

#include <getopt.h>

#include "methods.h"
#include "options.h"

#define BENCH_MAX_BATCH 65536
#define BENCH_MAX_STEPS 1000000

/* Each sets its value and returns BENCH_OK, or leaves it alone and returns BENCH_USAGE. */

/* A whole decimal number; signs other than a leading minus, blanks and anything behind it are refused. */
bench_status bench_read_int(const char *name, const char *text, int least, int most, int *value_out);
bench_status bench_read_seed(const char *name, const char *text, uint64_t *value_out);

/* Seconds above 0, with a decimal point or without. */
bench_status bench_read_seconds(const char *name, const char *text, double *value_out);

/* Text that is not empty. */
bench_status bench_read_text(const char *name, const char *text, const char **value_out);

/* A name that the library's tables know. */
bench_status bench_read_method(const char *name, bench_methods methods, const char *text, const char **value_out);

/* A network by name; NAME of the list that bench_models_list makes. */
bench_status bench_read_model(const char *name, const char *text, const convcl_model **value_out);

bench_status bench_read_tuning(const char *name, const char *text, convcl_tuning *value_out);
bench_status bench_read_math(const char *name, const char *text, convcl_math *value_out);
bench_status bench_read_format(const char *name, const char *text, bench_format *value_out);

/* The option that getopt_long has just refused with `result`, '?' or ':', as it was typed. Options without a letter must have numbers from BENCH_FIRST_OPTION on. */
#define BENCH_FIRST_OPTION 256
bench_status bench_read_refuse(int result, char *const *argv);

#endif
