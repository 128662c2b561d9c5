/* harness_internal.h: what the files of the harness share with each other.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_TESTS_HARNESS_INTERNAL_H
#define CONVCL_TESTS_HARNESS_INTERNAL_H

#include "harness.h"

/* The test that runs now. */
typedef struct harness_current {
    const char *name;       /* with the device */
    const char *case_name;  /* without it */
    const char *program;    /* argv[0] */
    harness_device *device; /* NULL in a host test */
    char note[512];
    char repeat[768]; /* arguments with which bench repeats it; empty: none */
} harness_current;

extern harness_current harness_now;

/* guard.c: at the start of a test, and at its end. */
void harness_memory_begin(void);
void harness_memory_end(void);

/* Starts the test's generator anew. */
void harness_random_begin(void);

/* compare.c: prints the last lines of a failure: device, note, seed, command. */
void harness_print_repeat(void);

/* Fails the test when an OpenCL call of the harness itself failed. */
void harness_cl(cl_int code, const char *call);

#endif
