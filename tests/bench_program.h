/* bench_program.h: runs the program bench as a user does, and checks what it says.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_TESTS_BENCH_PROGRAM_H
#define CONVCL_TESTS_BENCH_PROGRAM_H

#include <jansson.h>

#include "harness.h"

#define BENCH_OUTPUT_SIZE 65536

typedef struct bench_run {
    char folder[64]; /* where it ran; empty but for what bench left there */
    char out[BENCH_OUTPUT_SIZE], err[BENCH_OUTPUT_SIZE];
    int status; /* -1 when a signal ended it */
} bench_run;

/* Runs a line of shell in a new folder, with "$BENCH" as the program. End it with bench_finish. */
bench_run *bench_start_line(const char *line);

/* Runs bench with the arguments, as a shell reads them. */
bench_run *bench_start(const char *arguments);

/* Removes the folder, which must hold nothing any more. */
void bench_finish(const bench_run *run);

/* Reads a JSON file that a run left behind, and removes it. Fails the test when there is none. */
json_t *bench_take_json(const bench_run *run, const char *name);

/* True when the extended regular expression is found in the text. */
int bench_matches(const char *pattern, const char *text);

/* What is typed, and words that the first line of standard error must hold. */
typedef struct bench_mistake {
    const char *arguments;
    const char *words[2];
    int usage; /* 1: a second line says how bench is used */
} bench_mistake;

/* Runs it: exit status 2, nothing on standard output, the words on standard error. */
void bench_expect_mistake(const bench_mistake *typed);

#endif
