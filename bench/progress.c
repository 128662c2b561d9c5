/* progress.c: draws the line of progress over itself.
 * SPDX-License-Identifier: MIT */
#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "session.h"

#define INTERVAL 0.1

static bool shown;
static bool as_lines; /* was asked for */
static double last;   /* when it was drawn */

/* A terminal that cannot go back in a line (TERM=dumb) counts as none. */
static bool on_terminal(void) {
    static int known = -1;
    if (known < 0) {
        const char *terminal = getenv("TERM");
        known = isatty(STDERR_FILENO) && terminal && strcmp(terminal, "dumb") != 0;
    }
    return known;
}

void bench_progress_lines(bool wanted) {
    as_lines = wanted;
}

/* Where lines cannot be taken away, only what is told without a count is worth one: a count would fill pages. */
static void print_line(const char *what, int total) {
    if (as_lines && total == 0)
        fprintf(stderr, "%s\n", what);
}

void bench_progress(const char *what, int done, int total) {
    if (!on_terminal()) {
        print_line(what, total);
        return;
    }
    if (shown && bench_now() - last < INTERVAL && done < total)
        return;
    if (total > 0)
        fprintf(stderr, "\r\033[K%s %d/%d", what, done, total);
    else
        fprintf(stderr, "\r\033[K%s", what);
    fflush(stderr);
    shown = true;
    last = bench_now();
}

void bench_progress_clear(void) {
    if (!shown)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    shown = false;
}
