/* context_struct.h: what a context holds; for src/opencl alone.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_OPENCL_CONTEXT_STRUCT_H
#define CONVCL_OPENCL_CONTEXT_STRUCT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/sha256.h"
#include "convcl/context.h"
#include "opencl/context_internal.h"
#include "opencl/device_traits.h"
#include "opencl/program.h"
#include "store/store.h"

/* What won a race, or was recalled, in this context. */
typedef struct convcl_winner {
    char *problem, *text;
} convcl_winner;

struct convcl_context {
    convcl_device_info info;
    cl_context cl;
    bool device_retained;
    convcl_log_fn log;
    void *log_user;
    const convcl_device_traits *form; /* the row that was asked for; NULL: the device's own */
    char *kernel_dir;                 /* NULL: the kernels built in */
    convcl_store *store;              /* NULL: none */
    char *identity;                   /* what the store's keys begin with; NULL without a store */
    convcl_tuning tuning;
    double tuning_budget; /* seconds; 0: no limit */
    convcl_stop_fn stop_tuning;
    void *stop_user;
    int build_threads; /* 0: by the driver */

    pthread_mutex_t log_lock; /* held during a call of log */

    pthread_mutex_t lock;        /* guards everything below; not held while a program is made */
    pthread_cond_t program_made; /* or another change of what the loader does */
    int references;
    convcl_probe probes[CONVCL_PROBES];
    convcl_program **programs;
    size_t program_count, program_capacity;
    convcl_winner *winners;
    size_t winner_count, winner_capacity;
    int programs_built, programs_loaded, candidates_tuned;
    double compile_seconds, tune_seconds;
    int builds_running;                       /* threads that are making programs */
    double builds_begin;                      /* when the first of them began; seconds of a clock that only goes on */
    convcl_program *queue_first, *queue_last; /* of programs that the loader takes */
    int launches_waiting;                     /* for programs; the loader lets them go first */
    bool loader_runs, loader_stops, loader_busy;
    pthread_t loader;
    convcl_context *next_with_loader;        /* guarded by a lock of program_loader.c */
    bool refusal_reported;                   /* of a stored program */
    bool tuning_stopped;                     /* by the caller */
    char kernels_digest[CONVCL_SHA256_TEXT]; /* of all kernels; empty while not made */
};

#endif
