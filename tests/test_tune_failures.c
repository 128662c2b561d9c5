/* test_tune_failures.c: races of a convolution's candidates on a device that has too little memory, cannot launch some kernels, or is lost.
 * SPDX-License-Identifier: MIT
 *
 * Each test runs a race without failures first, to learn when candidate 0 was through and what that took. OpenCL objects and bytes of buffers are counted here;
 * host memory is what the address sanitizer's leak check sees (preset asan). */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "conv/conv_choose.h"
#include "fake_cl.h"
#include "harness.h"
#include "opencl/context_internal.h"
#include "store/store.h"
#include "temporary.h"

/* What became of a race. */
typedef struct outcome {
    convcl_status status;            /* of the plan */
    int tuned;                       /* candidates that were timed */
    char winner[CONVCL_CONV_WINNER]; /* what the context remembers; "": nothing */
    char warning[512];               /* the first; "": none */
    fake_report first;               /* once candidate 0 was timed and checked */
    size_t most;                     /* bytes of buffers after any of the others */
    fake_report end;
} outcome;

static void watch(convcl_log_level level, const char *message, void *user) {
    outcome *o = user;
    const fake_report now = fake_so_far();
    if (level == CONVCL_LOG_WARNING && !o->warning[0] && !temporary_is_of_device(message))
        snprintf(o->warning, sizeof o->warning, "%s", message);
    if (strstr(message, ": 1 of "))
        o->first = now;
    if (now.held > o->most)
        o->most = now.held;
}

/* STRICT math leaves only direct sums. */
typedef struct problem {
    convcl_conv_dir dir;
    convcl_math math;
} problem;

static convcl_conv_desc desc_of(const problem *which) {
    convcl_conv_desc desc;
    harness_parse_conv("ih9iw10ic64oc64f3p1n16", &desc);
    desc.math = which->math;
    return desc;
}

static void recall(convcl_context *context, const problem *which, char winner[CONVCL_CONV_WINNER]) {
    char name[CONVCL_CONV_PROBLEM], *text = NULL;
    convcl_conv_shape shape;
    const convcl_conv_desc desc = desc_of(which);
    assert_ok(convcl_conv_shape__make(&desc, &shape));
    convcl_conv_winner__problem(&shape, which->dir, name);
    assert_ok(convcl_context__recall(context, name, &text));
    snprintf(winner, CONVCL_CONV_WINNER, "%s", text ? text : "");
    free(text);
}

static bool copy_key(void *user, const convcl_store_entry *entry) {
    assert_true(strlen(entry->key) < 4096);
    strcpy(user, entry->key);
    return true;
}

/* Takes what was tuned out of the store, and leaves the programs, so that another race finds them built. How much that was. */
static int forget(const char *folder) {
    char key[4096] = "";
    int64_t entries = 0, bytes = 0;
    convcl_store *store = NULL;
    assert_ok(convcl_store__open(folder, NULL, NULL, &store));
    assert_true(convcl_store__count(store, CONVCL_STORE_TUNING, &entries, &bytes));
    assert_true(convcl_store__each(store, CONVCL_STORE_TUNING, copy_key, key));
    convcl_store__remove(store, CONVCL_STORE_TUNING, key);
    convcl_store__close(store);
    return (int)entries;
}

/* Tunes in a context of its own while calls fail. Whatever fails, nothing is kept. */
static outcome tune(harness_device *device, const char *folder, const problem *which, fake_kind kind, int n) {
    outcome o = {0};
    convcl_context *context = NULL;
    convcl_conv_plan *plan = NULL;
    const convcl_conv_desc desc = desc_of(which);
    const convcl_context_options options = {
        .cache_dir = folder, .tuning = CONVCL_TUNING_QUICK, .tuning_seconds = 300, .log = watch, .log_user = &o};
    convcl_context__finish_loading(device->context); /* what it makes is not counted */
    fake_begin(kind, n);
    o.status = convcl_context_create_from_cl(convcl_context_cl(device->context), device->info.device, &options, &context);
    if (o.status == CONVCL_OK) {
        o.status = convcl_conv_plan_create(context, &desc, which->dir, NULL, &plan);
        o.tuned = convcl_context_candidates_tuned(context);
        recall(context, which, o.winner);
    }
    convcl_conv_plan_destroy(plan);
    convcl_context_release(context);
    o.end = fake_end();
    assert_int_equal(o.end.kept, 0);
    assert_int_equal(o.end.held, 0);
    assert_int_equal(forget(folder), o.winner[0] != '\0');
    return o;
}

static outcome tune_undisturbed(harness_device *device, const char *folder, const problem *which) {
    const outcome o = tune(device, folder, which, FAKE_LOST, INT_MAX);
    assert_ok(o.status);
    assert_false(o.end.fired);
    assert_true(o.tuned >= 2);
    assert_true(o.first.enqueued > 0);
    assert_true(o.winner[0] != '\0');
    return o;
}

/* The same with failures; the plan comes out well all the same, and no result is called wrong. */
static outcome tune_well(harness_device *device, const char *folder, const problem *which, fake_kind kind, int n) {
    const outcome o = tune(device, folder, which, kind, n);
    assert_true(o.end.fired);
    assert_ok(o.status);
    assert_string_equal(o.warning, "");
    return o;
}

/* ---- too little memory, noticed when a buffer is made or only at a launch -------------------------------------------------------------------------------- */

static const problem problems[] = {{.dir = CONVCL_CONV_FWD}, {.dir = CONVCL_CONV_BWD_DATA}, {.dir = CONVCL_CONV_BWD}};
static const fake_kind kinds[] = {FAKE_MEMORY, FAKE_LAZY_MEMORY};

/* Enough for candidate 0 and not for all the others: those take no part, and leave it its workspace. Both plans of BWD need no more than the one, which leaves nobody out. */
static void test_tune_failures__who_lacks_memory_takes_no_part(harness_device *device, const void *data) {
    (void)data;
    const char *folder = temporary_lasting_folder();
    for (size_t d = 0; d < 2; ++d) {
        const outcome all = tune_undisturbed(device, folder, &problems[d]);
        const size_t enough = all.first.held + (all.most - all.first.held) / 8; /* which candidates run depends on times, too */
        assert_true(enough > all.first.held + 8192);
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; ++k) {
            const outcome o = tune_well(device, folder, &problems[d], kinds[k], (int)enough);
            assert_true(o.tuned >= 2 && o.tuned < all.tuned);
            assert_non_null(strstr(o.winner, "quick winograd"));
        }
    }
}

/* Bytes of the tensors of the direction, and of the workspace of direct sums. */
static size_t bytes_of_direct_sums(harness_device *device, const problem *which) {
    convcl_conv_plan *plan = NULL;
    convcl_conv_shape shape;
    const convcl_conv_desc desc = desc_of(which);
    assert_ok(convcl_conv_shape__make(&desc, &shape));
    assert_ok(convcl_conv_plan_create(device->context, &desc, which->dir, &(convcl_conv_options){.algo = "gather"}, &plan));
    const size_t workspace = convcl_conv_plan_workspace(plan);
    convcl_conv_plan_destroy(plan);
    return (shape.x + shape.w + shape.b + shape.y + (which->dir == CONVCL_CONV_BWD_DATA ? shape.x : 0) + workspace) * sizeof(float);
}

static void test_tune_failures__candidate_0_lacks_memory(harness_device *device, const void *data) {
    (void)data;
    const char *folder = temporary_lasting_folder();
    for (size_t d = 0; d < 2; ++d) {
        const size_t direct = bytes_of_direct_sums(device, &problems[d]) + 65536; /* and what a GEMM holds of its own */
        const outcome all = tune_undisturbed(device, folder, &problems[d]);
        assert_true(direct < all.first.held);
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; ++k) {
            const outcome o = tune_well(device, folder, &problems[d], kinds[k], (int)direct);
            assert_true(o.tuned >= 1 && o.tuned < all.tuned);
            assert_non_null(strstr(o.winner, "quick gather"));
        }
    }
}

/* The plan is the cost model's, and a later run races again. */
static void test_tune_failures__nobody_has_memory(harness_device *device, const void *data) {
    (void)data;
    const char *folder = temporary_lasting_folder();
    for (size_t d = 0; d < 2; ++d)
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; ++k) {
            const outcome o = tune_well(device, folder, &problems[d], kinds[k], 300000);
            assert_int_equal(o.tuned, 0);
            assert_string_equal(o.winner, "");
        }
}

/* ---- launches that fail --------------------------------------------------------------------------------------------------------------------------------- */

/* Kernels are shared: half the chunk and direct sums have theirs by then, other tiles and rows do not. */
static void test_tune_failures__who_cannot_be_launched_takes_no_part(harness_device *device, const void *data) {
    (void)data;
    const char *folder = temporary_lasting_folder();
    for (size_t d = 0; d < 2; ++d) {
        const outcome all = tune_undisturbed(device, folder, &problems[d]);
        const outcome o = tune_well(device, folder, &problems[d], FAKE_KERNELS, all.first.kernels + 1);
        assert_true(o.tuned >= 1 && o.tuned < all.tuned);
        assert_non_null(strstr(o.winner, "tile 0"));
        assert_non_null(strstr(o.winner, "rows 0"));
    }
}

/* Of direct sums all others have other rows. */
static void test_tune_failures__only_candidate_0_can_be_launched(harness_device *device, const void *data) {
    (void)data;
    const char *folder = temporary_lasting_folder();
    for (size_t d = 0; d < 2; ++d) {
        const problem strict = {problems[d].dir, CONVCL_MATH_STRICT};
        const outcome all = tune_undisturbed(device, folder, &strict);
        const outcome o = tune_well(device, folder, &strict, FAKE_KERNELS, all.first.kernels + 1);
        assert_int_equal(o.tuned, 1);
        assert_string_equal(o.winner, "quick gather tile 0 chunk 0 rows 0 prefetch 0 space 0 gemm auto");
    }
}

/* Nobody is left, and no result was called wrong. */
static void test_tune_failures__no_kernel_can_be_launched(harness_device *device, const void *data) {
    (void)data;
    const char *folder = temporary_lasting_folder();
    for (size_t d = 0; d < 2; ++d) {
        const outcome o = tune_well(device, folder, &problems[d], FAKE_KERNELS, 1);
        assert_int_equal(o.tuned, 0);
        assert_string_equal(o.winner, "");
    }
}

/* Wherever it happens before candidate 0 has all its samples, nothing is remembered, and no result is called wrong. */
static void test_tune_failures__device_is_lost(harness_device *device, const void *data) {
    (void)data;
    const char *folder = temporary_lasting_folder();
    for (size_t d = 0; d < sizeof problems / sizeof *problems; ++d) {
        const outcome all = tune_undisturbed(device, folder, &problems[d]);
        const int points[] = {1, all.first.enqueued / 2, all.first.enqueued, all.first.enqueued + 2};
        for (size_t i = 0; i < sizeof points / sizeof *points; ++i) {
            const outcome o = tune_well(device, folder, &problems[d], FAKE_LOST, points[i]);
            assert_string_equal(o.winner, "");
        }
    }
}

/* One call fails, once, anywhere in the race. */
static void test_tune_failures__any_call_fails_once(harness_device *device, const void *data) {
    (void)data;
    const char *folder = temporary_lasting_folder();
    bool fired = true;
    for (int n = 1; fired; n = n < 64 ? n * 2 : n * 3 / 2) {
        const outcome o = tune(device, folder, &problems[0], FAKE_CL, n);
        fired = o.end.fired;
        assert_null(strstr(o.warning, "is wrong")); /* a stored program that cannot be loaded is a warning */
        if (o.status != CONVCL_OK)
            assert_non_null(strstr(convcl_last_error(), o.end.call));
        else /* without a race nothing is remembered */
            assert_true((o.winner[0] != '\0') == (o.tuned > 0));
    }
}

int main(int argc, char **argv) {
    HARNESS_DEVICE(test_tune_failures__who_lacks_memory_takes_no_part);
    HARNESS_DEVICE(test_tune_failures__candidate_0_lacks_memory);
    HARNESS_DEVICE(test_tune_failures__nobody_has_memory);
    HARNESS_DEVICE(test_tune_failures__who_cannot_be_launched_takes_no_part);
    HARNESS_DEVICE(test_tune_failures__only_candidate_0_can_be_launched);
    HARNESS_DEVICE(test_tune_failures__no_kernel_can_be_launched);
    HARNESS_DEVICE(test_tune_failures__device_is_lost);
    HARNESS_DEVICE(test_tune_failures__any_call_fails_once);
    return harness_main(argc, argv);
}
