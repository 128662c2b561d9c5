/* tune.c: a race of candidates over one problem.
 * SPDX-License-Identifier: MIT */
#include "tune/tune.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A first time that many times the best ends a candidate's race, and later a median. */
#define HOPELESS 1.5
#define BEHIND   1.12

/* A sample is at least that long, but of no more runs than these. */
#define SAMPLE_SECONDS 0.002
#define SAMPLE_RUNS    8

/* What one race and all races of a context may take unless the context has a budget; seconds. A race of `quick` takes about one, and what compiling takes. */
#define QUICK_RACE    5.0
#define QUICK_CONTEXT 70.0
#define FULL_RACE     240.0
#define FULL_CONTEXT  3600.0

/* Samples that decide. */
#define QUICK_SAMPLES 5
#define FULL_SAMPLES  CONVCL_TUNE_SAMPLES

/* Those that everybody gets, even when time is up: one sample says nothing. */
#define LEAST_SAMPLES 3

static pthread_mutex_t one_race = PTHREAD_MUTEX_INITIALIZER;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static bool is_full(const convcl_tune_race *race) {
    return convcl_context__tuning(race->context) == CONVCL_TUNING_FULL;
}

bool convcl_tune__begin(convcl_tune_race *race, convcl_context *context, const convcl_tune_problem *problem, int expected) {
    *race = (convcl_tune_race){.context = context, .problem = problem, .expected = expected, .repeats = 1};
    if (convcl_context__tuning(context) == CONVCL_TUNING_OFF)
        return false;
    pthread_mutex_lock(&one_race);
    const double budget = convcl_context__stops_tuning(context) ? 0 : convcl_context__tuning_budget(context);
    const double own = (is_full(race) ? FULL_CONTEXT : QUICK_CONTEXT) - convcl_context_tune_seconds(context);
    const double most = is_full(race) ? FULL_RACE : QUICK_RACE;
    /* A budget that was given replaces the mode's. */
    const double seconds = budget < HUGE_VAL ? budget : own < most ? own : most;
    if (seconds <= 0) {
        pthread_mutex_unlock(&one_race);
        return false;
    }
    race->begin = now();
    race->seconds = seconds;
    race->deadline = race->begin + seconds;
    return true;
}

double convcl_tune__left(convcl_tune_race *race) {
    race->stopped = race->stopped || convcl_context__stops_tuning(race->context);
    return race->stopped ? 0 : race->deadline - now();
}

static int compare_seconds(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const convcl_tune_entry *entry) {
    double sorted[CONVCL_TUNE_SAMPLES];
    memcpy(sorted, entry->seconds, sizeof sorted);
    qsort(sorted, (size_t)entry->samples, sizeof *sorted, compare_seconds);
    const int middle = entry->samples / 2;
    return entry->samples % 2 ? sorted[middle] : 0.5 * (sorted[middle - 1] + sorted[middle]);
}

static double least(const convcl_tune_entry *entry) {
    double best = entry->seconds[0];
    for (int i = 1; i < entry->samples; ++i)
        if (entry->seconds[i] < best)
            best = entry->seconds[i];
    return best;
}

/* True when the challenger is faster by that share, in the median and at its best: other work on the machine only ever adds time. */
static bool beats(const convcl_tune_entry *challenger, const convcl_tune_entry *first, double margin) {
    return median(challenger) <= (1.0 - margin) * median(first) && least(challenger) <= (1.0 - margin) * least(first);
}

/* The one with the least median; NULL when nobody is left. */
static convcl_tune_entry *best_of(convcl_tune_race *race) {
    convcl_tune_entry *best = NULL;
    for (int i = 0; i < race->count; ++i) {
        convcl_tune_entry *entry = &race->entries[i];
        if (entry->running && entry->samples > 0 && (!best || median(entry) < median(best)))
            best = entry;
    }
    return best;
}

static void report(convcl_tune_race *race) {
    const convcl_tune_entry *best = best_of(race);
    const int total = race->expected > race->entered ? race->expected : race->entered;
    const double left = convcl_tune__left(race);
    if (best)
        convcl_context__log(race->context, CONVCL_LOG_INFO, "tune %s: %d of %d candidates, best %.3g ms (%s), %.0f s left",
                            race->problem->label, race->entered, total, 1e3 * median(best),
                            race->problem->describe(race->problem->user, best->candidate), left > 0 ? left : 0.0);
}

static void give_up(convcl_tune_race *race, convcl_tune_entry *entry) {
    entry->running = false;
    race->problem->drop(race->problem->user, entry->candidate);
}

/* It takes no part: no memory, refused by the driver, or a device that is lost. */
static void fail(convcl_tune_race *race, convcl_tune_entry *entry) {
    race->failures = true;
    give_up(race, entry);
}

/* Checks a result, once; drops a candidate whose result is wrong, and says so. */
static bool is_right(convcl_tune_race *race, convcl_tune_entry *entry) {
    bool right = entry->checked;
    if (right)
        return true;
    const convcl_status status = race->problem->check(race->problem->user, entry->candidate, &right);
    entry->checked = status == CONVCL_OK && right;
    if (entry->checked)
        return true;
    race->failures = race->failures || status != CONVCL_OK;
    if (status == CONVCL_OK) {
        ++race->wrong;
        convcl_context__log(race->context, CONVCL_LOG_WARNING, "tune %s: the result of %s is wrong, it is not used", race->problem->label,
                            race->problem->describe(race->problem->user, entry->candidate));
    }
    give_up(race, entry);
    return false;
}

/* Takes one sample. */
static convcl_status sample(convcl_tune_race *race, convcl_tune_entry *entry) {
    if (entry->samples == CONVCL_TUNE_SAMPLES)
        return CONVCL_OK;
    const double begin = now();
    for (int i = 0; i < race->repeats; ++i) {
        const convcl_status status = race->problem->run(race->problem->user, entry->candidate);
        if (status != CONVCL_OK)
            return status;
    }
    entry->seconds[entry->samples++] = (now() - begin) / race->repeats;
    return CONVCL_OK;
}

/* The first candidate says how many runs make a sample. */
static void choose_repeats(convcl_tune_race *race, double seconds) {
    const double runs = SAMPLE_SECONDS / (seconds > 0 ? seconds : 1e-9);
    race->repeats = runs > SAMPLE_RUNS ? SAMPLE_RUNS : runs < 1 ? 1 : (int)runs + 1;
}

void convcl_tune__enter(convcl_tune_race *race, int candidate) {
    if (race->count == CONVCL_TUNE_CANDIDATES || (race->count > 0 && convcl_tune__left(race) <= 0))
        return;
    convcl_tune_entry *entry = &race->entries[race->count++];
    *entry = (convcl_tune_entry){.candidate = candidate, .running = true};
    convcl_status status = race->problem->prepare(race->problem->user, candidate);
    convcl_context__finish_loading(race->context); /* nobody is timed beside the loader */
    /* Drivers compile at the first run, and memory is touched for the first time. */
    if (status == CONVCL_OK)
        status = race->problem->run(race->problem->user, candidate);
    if (status == CONVCL_OK && race->entered == 0) {
        const double begin = now();
        status = race->problem->run(race->problem->user, candidate);
        choose_repeats(race, now() - begin);
    }
    if (status == CONVCL_OK)
        status = sample(race, entry);
    if (status != CONVCL_OK) {
        fail(race, entry);
        return;
    }
    if (++race->entered == 1) /* building candidate 0 is no cost of tuning: without it that would be the plan */
        race->deadline = now() + race->seconds;
    const convcl_tune_entry *best = best_of(race);
    if (best == entry && !is_right(race, entry))
        return;
    report(race);
    if (entry->candidate != 0 && entry->seconds[0] > HOPELESS * median(best))
        give_up(race, entry);
}

/* One sample of everybody. */
static void round_of(convcl_tune_race *race) {
    for (int i = 0; i < race->count; ++i)
        if (race->entries[i].running && sample(race, &race->entries[i]) != CONVCL_OK)
            fail(race, &race->entries[i]);
    const convcl_tune_entry *best = best_of(race);
    for (int i = 0; best && i < race->count; ++i) {
        convcl_tune_entry *entry = &race->entries[i];
        /* Candidate 0 stays: the winner is measured against it. */
        if (entry->running && entry->candidate != 0 && entry->samples >= 2 && median(entry) > BEHIND * median(best))
            give_up(race, entry);
    }
}

int convcl_tune__leader(convcl_tune_race *race) {
    const int samples = is_full(race) ? FULL_SAMPLES : QUICK_SAMPLES;
    for (int i = 1; i < samples; ++i) {
        int missing = 0, running = 0;
        for (int e = 0; e < race->count; ++e) {
            running += race->entries[e].running;
            missing += race->entries[e].running && race->entries[e].samples < samples;
        }
        const bool is_late = convcl_tune__left(race) <= 0;
        if (running < 2 || missing == 0 || race->stopped || (i >= LEAST_SAMPLES && is_late))
            break;
        round_of(race);
    }
    const convcl_tune_entry *best = best_of(race);
    return best ? best->candidate : -1;
}

/* The entry of candidate 0, as long as it runs. */
static convcl_tune_entry *first_of(convcl_tune_race *race) {
    return race->count > 0 && race->entries[0].running && race->entries[0].candidate == 0 ? &race->entries[0] : NULL;
}

/* Where others failed, whoever is left must run once more: a device that was lost fails all, but those first who came last. */
static bool is_there(convcl_tune_race *race, convcl_tune_entry *entry) {
    if (!race->failures || race->problem->run(race->problem->user, entry->candidate) == CONVCL_OK)
        return true;
    give_up(race, entry);
    return false;
}

int convcl_tune__winner(convcl_tune_race *race, double margin) {
    convcl_tune__leader(race);
    for (convcl_tune_entry *best = best_of(race); best && !race->stopped; best = best_of(race)) {
        convcl_tune_entry *first = first_of(race);
        convcl_tune_entry *chosen = first && best != first && !beats(best, first, margin) ? first : best;
        if (is_right(race, chosen) && is_there(race, chosen)) {
            convcl_context__log(race->context, CONVCL_LOG_INFO, "tune %s: %s, %.3g ms, of %d candidates", race->problem->label,
                                race->problem->describe(race->problem->user, chosen->candidate), 1e3 * median(chosen), race->entered);
            return chosen->candidate;
        }
    }
    return -1;
}

void convcl_tune__end(convcl_tune_race *race) {
    for (int i = 0; i < race->count; ++i)
        if (race->entries[i].running)
            give_up(race, &race->entries[i]);
    convcl_context__count_tuning(race->context, now() - race->begin, race->entered);
    pthread_mutex_unlock(&one_race);
}
