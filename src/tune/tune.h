/* tune.h: a race of candidates over one problem: which of several ways to compute the same thing is fastest here, found by timing them.
 * SPDX-License-Identifier: MIT
 *
 * Whoever has a problem numbers its candidates from 0, the one that would be taken without tuning, and lets them in one after the other. A race builds and
 * times each, drops what is far behind at once, times the rest in turns, and takes medians, so that a disturbance meets all alike. Who takes the lead is checked
 * first, so that nonsense, however fast, neither wins nor drives out others. Races follow one another, also those of other contexts in the process: two at once would time each other. */
#ifndef CONVCL_TUNE_TUNE_H
#define CONVCL_TUNE_TUNE_H

#include "opencl/context_internal.h"

/* Candidates of a race at most, and samples of one. */
#define CONVCL_TUNE_CANDIDATES 48
#define CONVCL_TUNE_SAMPLES    9

/* What a race asks of the problem's owner. A status other than OK means that the candidate takes no part; it ends nothing. */
typedef struct convcl_tune_problem {
    const char *label; /* for people: "conv3 fwd" */
    void *user;
    /* Builds the candidate and allocates what it needs. */
    convcl_status (*prepare)(void *user, int candidate);
    /* Computes the problem once, and returns when that is done. */
    convcl_status (*run)(void *user, int candidate);
    /* Computes it and compares with the plain way: *right_out. */
    convcl_status (*check)(void *user, int candidate, bool *right_out);
    /* Frees what prepare made, also of one that failed half way. */
    void (*drop)(void *user, int candidate);
    /* Words about a candidate that was prepared. */
    const char *(*describe)(void *user, int candidate);
} convcl_tune_problem;

typedef struct convcl_tune_entry {
    int candidate;
    bool running; /* still in the race */
    bool checked; /* its result is right */
    int samples;
    double seconds[CONVCL_TUNE_SAMPLES];
} convcl_tune_entry;

typedef struct convcl_tune_race {
    convcl_context *context;
    const convcl_tune_problem *problem;
    double seconds;         /* for all candidates but the first */
    double begin, deadline; /* of a clock that only goes forward; the deadline bounds what begins, not what is under way */
    int expected;           /* candidates, for the progress */
    int entered;            /* those that were timed */
    int wrong;              /* those whose result was wrong */
    bool failures;          /* of some to build or to run */
    bool stopped;           /* by the caller, before it was decided */
    int repeats;            /* runs of a sample, so that one lasts long enough for the clock */
    convcl_tune_entry entries[CONVCL_TUNE_CANDIDATES];
    int count;
} convcl_tune_race;

/* Waits until no other race runs, and begins. False, without one, when the context's tuning is OFF or stopped or its time is used up. End a race that was begun. */
bool convcl_tune__begin(convcl_tune_race *race, convcl_context *context, const convcl_tune_problem *problem, int expected);

/* Seconds that are left to this race; 0 or below when they are used up, or when the caller stops the tuning. */
double convcl_tune__left(convcl_tune_race *race);

/* Builds and times a candidate, and drops it when its first time is hopeless. The first one is let in whatever the time; others not when it is used up. */
void convcl_tune__enter(convcl_tune_race *race, int candidate);

/* Times those that are left in turns, drops who falls behind, and says who leads; -1 when nobody is left. */
int convcl_tune__leader(convcl_tune_race *race);

/* Ends the contest: the leader whose result is right. One that is not candidate 0 must be faster than that by the share `margin`, or candidate 0 wins. -1 when
 * nobody's result is right, nobody is left for lack of memory or device, or the race was stopped. Candidates whose result is wrong are named in a warning. */
int convcl_tune__winner(convcl_tune_race *race, double margin);

/* Drops all candidates, counts the time, and lets the next race begin. */
void convcl_tune__end(convcl_tune_race *race);

#endif
