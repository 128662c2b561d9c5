/* processor.h: what the operating system gave this process of the processors, and what it kept it waiting for.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_PROCESSOR_H
#define CONVCL_BENCH_PROCESSOR_H

#include <stdbool.h>

/* A moment, or after bench_processor_since the time between two. */
typedef struct bench_processor {
    bool known; /* false where the system does not tell */
    double wall_s;
    double cpu_s;   /* user and system time of all threads */
    double wait_s;  /* all threads: ready to run, but another had the processor */
    int processors; /* that this process may run on */
} bench_processor;

bench_processor bench_processor_now(void);

bench_processor bench_processor_since(const bench_processor *begin);

#endif
