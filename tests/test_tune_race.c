/* test_tune_race.c: races of made-up candidates.
 * SPDX-License-Identifier: MIT */
#include <time.h>

#include "harness.h"
#include "opencl/context_internal.h"
#include "temporary.h"
#include "tune/tune.h"

/* Candidates that take so many milliseconds, and what is wrong with them. */
typedef struct made_up {
    int milliseconds[6];
    bool fails_to_build[6], fails_to_run[6], is_wrong[6];
    int runs[6], prepared[6], dropped[6], checks;
} made_up;

static convcl_status prepare(void *user, int candidate) {
    made_up *m = user;
    ++m->prepared[candidate];
    return m->fails_to_build[candidate] ? CONVCL_NO_DEVICE_MEMORY : CONVCL_OK;
}

static convcl_status run(void *user, int candidate) {
    made_up *m = user;
    ++m->runs[candidate];
    nanosleep(&(struct timespec){.tv_nsec = m->milliseconds[candidate] * 1000000L}, NULL);
    return m->fails_to_run[candidate] ? CONVCL_CL_ERROR : CONVCL_OK;
}

static convcl_status check(void *user, int candidate, bool *right_out) {
    made_up *m = user;
    ++m->checks;
    *right_out = !m->is_wrong[candidate];
    return CONVCL_OK;
}

static void drop(void *user, int candidate) {
    ++((made_up *)user)->dropped[candidate];
}

static const char *describe(void *user, int candidate) {
    (void)user;
    static const char *const names[] = {"a", "b", "c", "d", "e", "f"};
    return names[candidate];
}

/* Races them all; 3% must be gained. Every candidate that was prepared must have been dropped once. */
static int race(convcl_context *context, made_up *m, int count) {
    const convcl_tune_problem problem = {"made up", m, prepare, run, check, drop, describe};
    convcl_tune_race race;
    assert_true(convcl_tune__begin(&race, context, &problem, count));
    for (int i = 0; i < count; ++i)
        convcl_tune__enter(&race, i);
    const int winner = convcl_tune__winner(&race, 0.03);
    convcl_tune__end(&race);
    for (int i = 0; i < count; ++i)
        assert_int_equal(m->prepared[i], m->dropped[i]);
    return winner;
}

static void test_tune_race__fastest_right_one_wins(harness_device *device, const void *data) {
    (void)data;
    temporary_log log = {0};
    convcl_context *context = harness_context(
        device,
        &(convcl_context_options){.tuning = CONVCL_TUNING_QUICK, .tuning_seconds = 300, .log = temporary_log_line, .log_user = &log});
    made_up m = {
        .milliseconds = {24, 12, 4, 60, 2, 2}, .is_wrong = {[2] = true}, .fails_to_build = {[4] = true}, .fails_to_run = {[5] = true}};
    assert_int_equal(race(context, &m, 6), 1);
    assert_int_equal(m.runs[3], 2); /* hopeless: warmed up, and timed once */
    assert_int_equal(m.runs[4], 0);
    assert_int_equal(m.runs[5], 1);
    assert_int_equal(m.runs[2], 2);
    assert_int_equal(m.checks, 3); /* of each that took the lead */
    assert_int_equal(log.warnings, 1);
    assert_string_equal(log.first, "tune made up: the result of c is wrong, it is not used");
    assert_int_equal(convcl_context_candidates_tuned(context), 4);
    assert_true(convcl_context_tune_seconds(context) > 0.1);
}

static void test_tune_race__nobody_is_right(harness_device *device, const void *data) {
    (void)data;
    convcl_context *context = harness_context(device, &(convcl_context_options){.tuning = CONVCL_TUNING_QUICK, .tuning_seconds = 300});
    made_up m = {.milliseconds = {4, 4}, .is_wrong = {true, true}};
    assert_int_equal(race(context, &m, 2), -1);
    made_up none = {.fails_to_build = {true, true}};
    assert_int_equal(race(context, &none, 2), -1);
}

static void test_tune_race__small_gain_does_not_win(harness_device *device, const void *data) {
    (void)data;
    convcl_context *context = harness_context(device, &(convcl_context_options){.tuning = CONVCL_TUNING_QUICK, .tuning_seconds = 300});
    made_up m = {.milliseconds = {30, 30}};
    assert_int_equal(race(context, &m, 2), 0);
}

static void test_tune_race__budget_is_respected(harness_device *device, const void *data) {
    (void)data;
    convcl_context *context = harness_context(device, &(convcl_context_options){.tuning = CONVCL_TUNING_QUICK, .tuning_seconds = 0.1});
    made_up m = {.milliseconds = {60, 50, 40, 30, 20, 10}};
    assert_true(race(context, &m, 6) >= 0);
    assert_int_equal(m.prepared[5], 0);
    convcl_tune_race second;
    const convcl_tune_problem problem = {"made up", &m, prepare, run, check, drop, describe};
    assert_false(convcl_tune__begin(&second, context, &problem, 6));
    convcl_context *off = harness_context(device, &(convcl_context_options){0});
    assert_false(convcl_tune__begin(&second, off, &problem, 6));
}

/* Stops after so many questions. */
static int stop_after(void *user) {
    int *questions = user;
    return --*questions < 0;
}

/* Whenever the caller stops, a race begins nothing more and decides nothing, and no other begins. */
static void test_tune_race__caller_stops_a_race(harness_device *device, const void *data) {
    (void)data;
    const convcl_tune_problem problem = {"made up", NULL, prepare, run, check, drop, describe};
    for (int patience = 1; patience <= 8; ++patience) {
        int questions = patience;
        convcl_tune_race second;
        convcl_context *context = harness_context(
            device, &(convcl_context_options){
                        .tuning = CONVCL_TUNING_QUICK, .tuning_seconds = 300, .stop_tuning = stop_after, .stop_user = &questions});
        made_up m = {.milliseconds = {4, 2, 1, 1, 1, 1}};
        assert_int_equal(race(context, &m, 6), -1);
        assert_true(m.prepared[5] == 0 || patience > 6);
        assert_false(convcl_tune__begin(&second, context, &problem, 6));
        assert_int_equal(questions, -1); /* it is not asked again */
    }
}

/* A budget replaces the mode's, however large; none leaves the mode its own. */
static void test_tune_race__budget_may_be_huge(harness_device *device, const void *data) {
    (void)data;
    const convcl_tune_problem problem = {"made up", NULL, prepare, run, check, drop, describe};
    convcl_tune_race race;
    convcl_context *huge = harness_context(device, &(convcl_context_options){.tuning = CONVCL_TUNING_QUICK, .tuning_seconds = 1e10});
    assert_true(convcl_tune__begin(&race, huge, &problem, 1));
    convcl_tune__end(&race);
    assert_true(race.seconds > 9e9);
    convcl_context *none = harness_context(device, &(convcl_context_options){.tuning = CONVCL_TUNING_QUICK});
    assert_true(convcl_tune__begin(&race, none, &problem, 1));
    convcl_tune__end(&race);
    assert_true(race.seconds > 0 && race.seconds < 70);
}

int main(int argc, char **argv) {
    HARNESS_DEVICE(test_tune_race__fastest_right_one_wins);
    HARNESS_DEVICE(test_tune_race__nobody_is_right);
    HARNESS_DEVICE(test_tune_race__small_gain_does_not_win);
    HARNESS_DEVICE(test_tune_race__budget_is_respected);
    HARNESS_DEVICE(test_tune_race__caller_stops_a_race);
    HARNESS_DEVICE(test_tune_race__budget_may_be_huge);
    return harness_main(argc, argv);
}
