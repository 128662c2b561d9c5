/* temporary.h: a temporary folder that is gone, with all that is in it, when its test ends; and a log that counts.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_TESTS_TEMPORARY_H
#define CONVCL_TESTS_TEMPORARY_H

#include <stdbool.h>

#include "convcl/context.h"

/* Makes the folder; the path is freed when the test ends. */
const char *temporary_folder(void);

/* The same folder for all tests of the program, gone when that ends: for a store of programs that need not be built for each test. */
const char *temporary_lasting_folder(void);

/* "<folder>/<name>", freed when the test ends. */
const char *temporary_path(const char *folder, const char *name);

/* What a log received. */
typedef struct temporary_log {
    int warnings, errors;
    char first[1024]; /* the first warning */
} temporary_log;

/* True for the warning that a context gives of a faulty driver. */
bool temporary_is_of_device(const char *message);

/* A convcl_log_fn; `user` is a temporary_log. What a context says of a faulty driver is not counted: it comes with the device, whatever the test does. */
void temporary_log_line(convcl_log_level level, const char *message, void *user);

#endif
