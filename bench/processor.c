/* processor.c: reads Linux's accounting of this process.
 * SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* sched_getaffinity */
#include "processor.h"

#include <ctype.h>
#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <sys/resource.h>

#include "session.h"

/* The second number of a thread's schedstat: nanoseconds in the queue of a processor. Threads that have ended are no longer there. */
static bool read_wait(double *seconds_out) {
    DIR *tasks = opendir("/proc/self/task");
    double nanoseconds = 0;
    bool found = false;
    for (const struct dirent *entry = tasks ? readdir(tasks) : NULL; entry; entry = readdir(tasks)) {
        char path[64];
        double running = 0, waiting = 0;
        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        snprintf(path, sizeof path, "/proc/self/task/%.20s/schedstat", entry->d_name);
        FILE *file = fopen(path, "r");
        if (!file)
            continue;
        if (fscanf(file, "%lf %lf", &running, &waiting) == 2) {
            nanoseconds += waiting;
            found = true;
        }
        fclose(file);
    }
    if (tasks)
        closedir(tasks);
    *seconds_out = 1e-9 * nanoseconds;
    return found;
}

bench_processor bench_processor_now(void) {
    bench_processor now = {0};
    struct rusage usage;
    cpu_set_t set;
    now.wall_s = bench_now();
    now.known = getrusage(RUSAGE_SELF, &usage) == 0 && sched_getaffinity(0, sizeof set, &set) == 0 && read_wait(&now.wait_s);
    if (!now.known)
        return now;
    now.cpu_s = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + 1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    now.processors = CPU_COUNT(&set);
    return now;
}

bench_processor bench_processor_since(const bench_processor *begin) {
    bench_processor span = bench_processor_now();
    span.known = span.known && begin->known;
    span.wall_s -= begin->wall_s;
    span.cpu_s -= begin->cpu_s;
    span.wait_s -= begin->wait_s;
    return span;
}
