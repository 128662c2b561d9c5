/* profile.c: gathers the events of a step's launches.
 * SPDX-License-Identifier: MIT */
#include "profile.h"

#include <stdio.h>
#include <stdlib.h>

static bool grow(bench_profile *profile) {
    const size_t capacity = profile->capacity ? 2 * profile->capacity : 64;
    bench_launch *launches = realloc(profile->launches, capacity * sizeof *launches);
    if (launches)
        profile->launches = launches;
    cl_event *events = realloc(profile->events, capacity * sizeof(cl_event));
    if (events)
        profile->events = events;
    if (!launches || !events)
        return false;
    for (size_t i = profile->capacity; i < capacity; ++i)
        profile->launches[i].total = 0;
    profile->capacity = capacity;
    return true;
}

void bench_profile_add(void *user, const char *layer, const char *direction, const char *kernel, cl_event event) {
    bench_profile *profile = user;
    if (profile->failed || (profile->count == profile->capacity && !grow(profile)) || clRetainEvent(event) != CL_SUCCESS) {
        profile->failed = true;
        return;
    }
    bench_launch *launch = &profile->launches[profile->count];
    snprintf(launch->layer, sizeof launch->layer, "%s", layer);
    snprintf(launch->direction, sizeof launch->direction, "%s", direction);
    snprintf(launch->kernel, sizeof launch->kernel, "%s", kernel);
    profile->events[profile->count++] = event;
}

void bench_profile_add_kernel(void *user, const char *kernel, cl_event event) {
    bench_profile_add(user, "", "", kernel, event);
}

void bench_profile_begin(bench_profile *profile) {
    profile->count = 0;
}

bench_status bench_profile_end(bench_profile *profile, const char *what) {
    for (size_t i = 0; i < profile->count; ++i) {
        cl_ulong begin = 0, end = 0;
        if (clGetEventProfilingInfo(profile->events[i], CL_PROFILING_COMMAND_START, sizeof begin, &begin, NULL) != CL_SUCCESS ||
            clGetEventProfilingInfo(profile->events[i], CL_PROFILING_COMMAND_END, sizeof end, &end, NULL) != CL_SUCCESS)
            profile->failed = true;
        profile->launches[i].seconds = 1e-9 * (double)(end - begin);
        profile->launches[i].total += profile->launches[i].seconds;
        clReleaseEvent(profile->events[i]);
    }
    if (!profile->failed)
        return BENCH_OK;
    bench_error("%s: the device did not say how long its kernels took", what);
    return BENCH_FAILED;
}

void bench_profile_clear(bench_profile *profile) {
    free(profile->launches);
    free(profile->events);
    *profile = (bench_profile){0};
}
