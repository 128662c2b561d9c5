/* profile.h: the launches of a step with the time that each took, by OpenCL's own profiling.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_PROFILE_H
#define CONVCL_BENCH_PROFILE_H

#include "options.h"
#include "session.h"

/* One launch. Every step makes the same launches in the same order. */
typedef struct bench_launch {
    char layer[64], direction[16], kernel[64];
    double seconds; /* of the last step */
    double total;   /* of all steps together */
} bench_launch;

/* Zero-initialise it. Events are read, and released, when the step is done. */
typedef struct bench_profile {
    bench_launch *launches;
    cl_event *events;
    size_t count, capacity; /* launches of the step so far */
    bool failed;
} bench_profile;

/* Takes down one launch; matches convcl_net_profile_fn, `user` is the bench_profile. */
void bench_profile_add(void *user, const char *layer, const char *direction, const char *kernel, cl_event event);

/* The same for convcl_profile_fn, where only the kernel is known. */
void bench_profile_add_kernel(void *user, const char *kernel, cl_event event);

/* Begins a step. */
void bench_profile_begin(bench_profile *profile);

/* Reads the times of the step that has ended. BENCH_FAILED, with a reason that begins with `what`, when the device does not tell them. */
bench_status bench_profile_end(bench_profile *profile, const char *what);

/* Frees what it holds. */
void bench_profile_clear(bench_profile *profile);

#endif
