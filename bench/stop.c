/* stop.c: the handler of SIGINT and the deadline.
 * SPDX-License-Identifier: MIT */
#include "stop.h"

#include <signal.h>
#include <stddef.h>

#include "session.h"

static volatile sig_atomic_t interrupted;
static double end; /* 0: none */

static void on_interrupt(int signal_number) {
    (void)signal_number;
    interrupted = 1;
}

void bench_stop_on_interrupt(void) {
    struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = SA_RESETHAND | SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
}

bool bench_stop_interrupted(void) {
    return interrupted;
}

void bench_stop_set_deadline(double deadline) {
    end = deadline;
}

bool bench_stop_now(void) {
    return interrupted || (end > 0 && bench_now() >= end);
}
