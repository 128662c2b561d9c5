/* test_tune.c: plans of convolutions that tuning chose. Races by themselves are in test_tune_race.c.
 * SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdio.h>

#include "conv/conv_choose.h"
#include "harness.h"
#include "opencl/context_internal.h"
#include "reference/ref_conv.h"
#include "temporary.h"

/* Stops after so many questions. */
static int stop_after(void *user) {
    int *questions = user;
    return --*questions < 0;
}

static convcl_conv_desc desc_of(int images) {
    convcl_conv_desc desc;
    convcl_conv_desc_init(&desc);
    desc.n = images, desc.ih = 9, desc.iw = 10, desc.ic = desc.oc = 64, desc.fh = desc.fw = 3;
    desc.pad_top = desc.pad_bottom = desc.pad_left = desc.pad_right = 1;
    return desc;
}

static void destroy_plan(void *plan) {
    convcl_conv_plan_destroy(plan);
}

/* A plan without options of its own, destroyed when the test ends. */
static convcl_conv_plan *plan_in(convcl_context *context, convcl_conv_dir dir, int images) {
    convcl_conv_plan *plan = NULL;
    const convcl_conv_desc desc = desc_of(images);
    assert_ok(convcl_conv_plan_create(context, &desc, dir, NULL, &plan));
    harness_defer(destroy_plan, plan);
    return plan;
}

static harness_tensor *random_input(harness_device *device, const char *name, harness_shape shape) {
    float *values = harness_floats(harness_shape_count(shape));
    harness_uniform(values, harness_shape_count(shape), -1, 1);
    return harness_input(device, name, shape, values);
}

static const double *doubles_of(const harness_tensor *tensor) {
    return harness_to_doubles(tensor->before, tensor->count);
}

/* Plans of all directions give what the reference gives. */
static void expect_right_results(harness_device *device, convcl_context *context, int images) {
    const convcl_conv_desc d = desc_of(images);
    const harness_shape sx = HARNESS_SHAPE(d.n, d.ih, d.iw, d.ic), sy = HARNESS_SHAPE(d.n, d.ih, d.iw, d.oc);
    const harness_shape sw = HARNESS_SHAPE(3, 3, d.ic, d.oc), sb = HARNESS_VECTOR(d.oc);
    harness_tensor *x = random_input(device, "x", sx), *w = random_input(device, "w", sw), *b = random_input(device, "b", sb);
    harness_tensor *dy = random_input(device, "dy", sy), *y = harness_output(device, "y", sy), *dx = harness_output(device, "dx", sx);
    harness_tensor *dw = harness_output(device, "dw", sw), *db = harness_output(device, "db", sb);
    double *ry = harness_doubles(y->count), *rx = harness_doubles(x->count), *rw = harness_doubles(w->count),
           *rb = harness_doubles(b->count);
    const convcl_conv_plan *fwd = plan_in(context, CONVCL_CONV_FWD, images), *data = plan_in(context, CONVCL_CONV_BWD_DATA, images);
    const convcl_conv_plan *weights = plan_in(context, CONVCL_CONV_BWD_WEIGHTS, images);
    assert_ok(convcl_conv_fwd_enqueue(fwd, device->queue, x->buffer, w->buffer, b->buffer, y->buffer,
                                      harness_workspace(device, convcl_conv_plan_workspace(fwd)), 0, NULL, NULL));
    assert_ok(convcl_conv_bwd_data_enqueue(data, device->queue, dy->buffer, w->buffer, HARNESS_NO_BUFFER, dx->buffer,
                                           harness_workspace(device, convcl_conv_plan_workspace(data)), 0, NULL, NULL));
    assert_ok(convcl_conv_bwd_weights_enqueue(weights, device->queue, x->buffer, dy->buffer, dw->buffer, db->buffer,
                                              harness_workspace(device, convcl_conv_plan_workspace(weights)), 0, NULL, NULL));
    convcl_ref_conv_fwd(&d, doubles_of(x), doubles_of(w), doubles_of(b), ry);
    convcl_ref_conv_bwd_data(&d, doubles_of(dy), doubles_of(w), doubles_of(x), rx);
    convcl_ref_conv_bwd_weights(&d, doubles_of(x), doubles_of(dy), rw, rb);
    harness_expect(y, ry, HARNESS_WITHIN_RMS(1e-5));
    harness_expect(dx, rx, HARNESS_WITHIN_RMS(1e-5));
    harness_expect(dw, rw, HARNESS_WITHIN_RMS(1e-5));
    harness_expect(db, rb, HARNESS_WITHIN_RMS(1e-5));
}

/* Both gradients in one plan, or the answer that two are better. */
static void create_both(convcl_context *context, int images) {
    convcl_conv_plan *plan = NULL;
    const convcl_conv_desc desc = desc_of(images);
    const convcl_status status = convcl_conv_plan_create(context, &desc, CONVCL_CONV_BWD, NULL, &plan);
    convcl_conv_plan_destroy(plan);
    if (status != CONVCL_OK)
        assert_fails(status, CONVCL_UNSUPPORTED, "two plans, bwd_data and bwd_weights");
}

static void test_tune__second_run_tunes_nothing(harness_device *device, const void *data) {
    (void)data;
    const char *folder = temporary_lasting_folder();
    char first[3][256];
    static const convcl_conv_dir dirs[3] = {CONVCL_CONV_FWD, CONVCL_CONV_BWD_DATA, CONVCL_CONV_BWD_WEIGHTS};
    convcl_context *context =
        harness_context(device, &(convcl_context_options){.cache_dir = folder, .tuning = CONVCL_TUNING_QUICK, .tuning_seconds = 300});
    expect_right_results(device, context, 16);
    create_both(context, 16);
    const int tuned = convcl_context_candidates_tuned(context);
    assert_true(tuned >= 6);
    for (int i = 0; i < 3; ++i)
        snprintf(first[i], sizeof first[i], "%s", convcl_conv_plan_describe(plan_in(context, dirs[i], 16)));
    assert_int_equal(convcl_context_candidates_tuned(context), tuned);
    for (int mode = CONVCL_TUNING_OFF; mode <= CONVCL_TUNING_QUICK; ++mode) {
        convcl_context *later = harness_context(device, &(convcl_context_options){.cache_dir = folder, .tuning = (convcl_tuning)mode});
        for (int i = 0; i < 3; ++i)
            assert_string_equal(convcl_conv_plan_describe(plan_in(later, dirs[i], 16)), first[i]);
        create_both(later, 16);
        assert_int_equal(convcl_context_candidates_tuned(later), 0);
    }
}

/* A plan whose race was stopped is made as without tuning, and a later run races again. */
static void test_tune__stopped_race_is_not_remembered(harness_device *device, const void *data) {
    (void)data;
    const char *folder = temporary_folder();
    for (int patience = 0; patience <= 2; ++patience) {
        int questions = patience;
        convcl_context *off = harness_context(device, &(convcl_context_options){.cache_dir = folder});
        convcl_context *stopped = harness_context(device, &(convcl_context_options){.cache_dir = folder,
                                                                                    .tuning = CONVCL_TUNING_QUICK,
                                                                                    .tuning_seconds = 300,
                                                                                    .stop_tuning = stop_after,
                                                                                    .stop_user = &questions});
        const char *usual = convcl_conv_plan_describe(plan_in(off, CONVCL_CONV_FWD, 16));
        assert_string_equal(convcl_conv_plan_describe(plan_in(stopped, CONVCL_CONV_FWD, 16)), usual);
        plan_in(stopped, CONVCL_CONV_BWD_DATA, 16);
        const int tuned = convcl_context_candidates_tuned(stopped);
        assert_true(tuned <= patience && (tuned > 0) == (patience > 0));
    }
    convcl_context *later =
        harness_context(device, &(convcl_context_options){.cache_dir = folder, .tuning = CONVCL_TUNING_QUICK, .tuning_seconds = 300});
    plan_in(later, CONVCL_CONV_FWD, 16);
    assert_true(convcl_context_candidates_tuned(later) > 0);
}

static void test_tune__full_is_right_and_replaces_quick(harness_device *device, const void *data) {
    (void)data;
    const char *folder = temporary_lasting_folder();
    convcl_context *quick =
        harness_context(device, &(convcl_context_options){.cache_dir = folder, .tuning = CONVCL_TUNING_QUICK, .tuning_seconds = 300});
    plan_in(quick, CONVCL_CONV_FWD, 12);
    const double seconds = 10 + convcl_context_tune_seconds(quick); /* enough for more candidates, also on a slow device */
    convcl_context *full =
        harness_context(device, &(convcl_context_options){.cache_dir = folder, .tuning = CONVCL_TUNING_FULL, .tuning_seconds = seconds});
    plan_in(full, CONVCL_CONV_FWD, 12);
    assert_true(convcl_context_candidates_tuned(full) > convcl_context_candidates_tuned(quick));
    convcl_context *later = harness_context(device, &(convcl_context_options){.cache_dir = folder, .tuning = CONVCL_TUNING_FULL});
    plan_in(later, CONVCL_CONV_FWD, 12);
    assert_int_equal(convcl_context_candidates_tuned(later), 0);
    expect_right_results(device, full, 12);
}

/* A thread that tunes in a context of its own. */
typedef struct tuning_thread {
    char device[16];
    const char *folder;
    convcl_status status;
    int tuned;
    char text[256];
} tuning_thread;

static void *tune_in_thread(void *argument) {
    tuning_thread *t = argument;
    const convcl_context_options options = {.cache_dir = t->folder, .tuning = CONVCL_TUNING_QUICK, .tuning_seconds = 300};
    const convcl_conv_desc desc = desc_of(8);
    convcl_context *context = NULL;
    convcl_conv_plan *plan = NULL;
    t->status = convcl_context_create(t->device, &options, &context);
    if (t->status == CONVCL_OK)
        t->status = convcl_conv_plan_create(context, &desc, CONVCL_CONV_FWD, NULL, &plan);
    if (t->status == CONVCL_OK) {
        t->tuned = convcl_context_candidates_tuned(context);
        snprintf(t->text, sizeof t->text, "%s", convcl_conv_plan_describe(plan));
    }
    convcl_conv_plan_destroy(plan);
    convcl_context_release(context);
    return NULL;
}

/* Runs two at once, on devices of those numbers, with one store. */
static void tune_both(int first, int second, tuning_thread threads[2]) {
    const char *folder = temporary_folder();
    pthread_t ids[2];
    for (int i = 0; i < 2; ++i) {
        threads[i] = (tuning_thread){.folder = folder};
        snprintf(threads[i].device, sizeof threads[i].device, "%d", i == 0 ? first : second);
        assert_int_equal(pthread_create(&ids[i], NULL, tune_in_thread, &threads[i]), 0);
    }
    for (int i = 0; i < 2; ++i)
        assert_int_equal(pthread_join(ids[i], NULL), 0);
    for (int i = 0; i < 2; ++i)
        assert_int_equal(threads[i].status, CONVCL_OK);
}

/* Of two contexts of one device, one races and the other finds its winner; those of two devices both race, one after the other. */
static void test_tune__two_contexts_at_once(harness_device *device, const void *data) {
    (void)data;
    tuning_thread threads[2];
    tune_both(device->info.index, device->info.index, threads);
    assert_true((threads[0].tuned > 0) != (threads[1].tuned > 0));
    assert_string_equal(threads[0].text, threads[1].text);
    int count = 0, other = -1;
    assert_ok(convcl_device_count(&count));
    for (int i = 0; i < count && other < 0; ++i) {
        convcl_device_info info;
        assert_ok(convcl_device_get(i, &info));
        if (strcmp(info.platform_name, device->info.platform_name) != 0 && info.type == CL_DEVICE_TYPE_CPU)
            other = i;
    }
    if (other < 0)
        return;
    tune_both(device->info.index, other, threads);
    assert_true(threads[0].tuned > 0 && threads[1].tuned > 0);
}

static void test_tune__without_a_store_a_context_remembers(harness_device *device, const void *data) {
    (void)data;
    convcl_context *context =
        harness_context(device, &(convcl_context_options){.cache_dir = "off", .tuning = CONVCL_TUNING_QUICK, .tuning_seconds = 300});
    plan_in(context, CONVCL_CONV_FWD, 4);
    const int tuned = convcl_context_candidates_tuned(context);
    assert_true(tuned >= 2);
    plan_in(context, CONVCL_CONV_FWD, 4);
    assert_int_equal(convcl_context_candidates_tuned(context), tuned);
}

/* Below four images it is a rule that sums are direct, also against what a store says. */
static void test_tune__few_images_stay_with_direct_sums(harness_device *device, const void *data) {
    (void)data;
    convcl_context *context =
        harness_context(device, &(convcl_context_options){.cache_dir = "off", .tuning = CONVCL_TUNING_QUICK, .tuning_seconds = 300});
    assert_non_null(strstr(convcl_conv_plan_describe(plan_in(context, CONVCL_CONV_FWD, 3)), "gather"));
    assert_true(convcl_context_candidates_tuned(context) > 0);
    expect_right_results(device, context, 3);
}

/* Puts a winner into a new context. */
static convcl_context *context_that_remembers(harness_device *device, convcl_conv_dir dir, const char *winner, int images) {
    char problem[CONVCL_CONV_PROBLEM];
    convcl_conv_shape shape;
    const convcl_conv_desc desc = desc_of(images);
    convcl_context *context = harness_context(device, &(convcl_context_options){.cache_dir = "off"});
    assert_ok(convcl_conv_shape__make(&desc, &shape));
    convcl_conv_winner__problem(&shape, dir, problem);
    assert_ok(convcl_context__remember(context, problem, winner));
    return context;
}

static void test_tune__off_takes_what_is_known_or_the_cost_model(harness_device *device, const void *data) {
    (void)data;
    convcl_context *plain = harness_context(device, &(convcl_context_options){.cache_dir = "off"});
    assert_non_null(strstr(convcl_conv_plan_describe(plan_in(plain, CONVCL_CONV_FWD, 16)), "winograd"));
    assert_int_equal(convcl_context_candidates_tuned(plain), 0);
    convcl_context *knows =
        context_that_remembers(device, CONVCL_CONV_FWD, "quick winograd tile 2 chunk 3 rows 0 prefetch 0 space 0 gemm auto", 16);
    const char *text = convcl_conv_plan_describe(plan_in(knows, CONVCL_CONV_FWD, 16));
    assert_non_null(strstr(text, "F(2x2, 3x3)"));
    assert_non_null(strstr(text, "3 images a chunk"));
    expect_right_results(device, knows, 16);
}

/* Candidates that a race of direct sums has in the direction. */
static int direct_candidates(harness_device *device, convcl_conv_dir dir) {
    convcl_context *context = harness_context(
        device, &(convcl_context_options){.cache_dir = temporary_folder(), .tuning = CONVCL_TUNING_QUICK, .tuning_seconds = 300});
    convcl_conv_desc desc = desc_of(16);
    convcl_conv_plan *plan = NULL;
    desc.math = CONVCL_MATH_STRICT;
    assert_ok(convcl_conv_plan_create(context, &desc, dir, NULL, &plan));
    convcl_conv_plan_destroy(plan);
    return convcl_context_candidates_tuned(context);
}

/* Chunks of direct sums: bwd_weights, whose sums they cut, has half its 16 images for one more candidate; fwd without a copy has none. */
static void test_tune__direct_sums_have_chunks(harness_device *device, const void *data) {
    (void)data;
    assert_int_equal(direct_candidates(device, CONVCL_CONV_BWD_WEIGHTS), direct_candidates(device, CONVCL_CONV_FWD) + 1);
    convcl_context *knows =
        context_that_remembers(device, CONVCL_CONV_BWD_WEIGHTS, "quick gather tile 0 chunk 3 rows 0 prefetch 0 space 0 gemm auto", 16);
    assert_non_null(strstr(convcl_conv_plan_describe(plan_in(knows, CONVCL_CONV_BWD_WEIGHTS, 16)), "3 images a chunk"));
    expect_right_results(device, knows, 16);
}

static void test_tune__damaged_winner_is_ignored(harness_device *device, const void *data) {
    (void)data;
    static const char *const texts[] = {
        "",
        "quick",
        "separate",
        "quick separate",
        "quick gather",
        "slow gather tile 0 chunk 0 rows 0 prefetch 0 space 0 gemm auto",
        "quick fft tile 0 chunk 0 rows 0 prefetch 0 space 0 gemm auto",
        "quick gather tile 4 chunk 0 rows 0 prefetch 0 space 0 gemm auto",
        "quick gather tile 0 chunk 0 rows 0 prefetch 0 space 0 gemm none",
        "quick gather tile 0 chunk 0 rows 0 prefetch 0 space 0 gemm auto x",
        "quick gather tile 0 chunk 0 rows 17 prefetch 0 space 0 gemm auto",
        "quick gather tile 0 chunk -1 rows 0 prefetch 0 space 0 gemm auto",
        "quick gather tile 0 chunk 17 rows 0 prefetch 0 space 0 gemm auto",
        "quick gather tile 0 chunk 0 rows 0 prefetch 2 space 0 gemm auto",
        "quick gather tile 0 chunk 0 rows 0 prefetch 0 space 99 gemm auto",
        "quick gather tile 0 chunk 0 rows 0 prefetch 0 space 0",
    };
    convcl_context *plain = harness_context(device, &(convcl_context_options){.cache_dir = "off"});
    const char *expected = convcl_conv_plan_describe(plan_in(plain, CONVCL_CONV_FWD, 16));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; ++i)
        assert_string_equal(
            convcl_conv_plan_describe(plan_in(context_that_remembers(device, CONVCL_CONV_FWD, texts[i], 16), CONVCL_CONV_FWD, 16)),
            expected);
    convcl_context *few =
        context_that_remembers(device, CONVCL_CONV_FWD, "full winograd tile 0 chunk 0 rows 0 prefetch 0 space 0 gemm auto", 3);
    assert_non_null(strstr(convcl_conv_plan_describe(plan_in(few, CONVCL_CONV_FWD, 3)), "gather"));
}

/* What Winograd's last kernel, in either form or fused, stores in place of its value, so that every such candidate is wrong by that. */
typedef struct wrong_value {
    const char *name, *expression;
    convcl_math math;
    bool is_refused;
} wrong_value;

/* What is further off than the math mode allows is refused, however fast. Where Winograd passes is said by the log alone: who wins then is a matter of time. */
static void test_tune__wrong_kernel_never_wins(harness_device *device, const void *data) {
    const wrong_value *wrong = data;
    char line[1024];
    temporary_log log = {0};
    const char *folder = temporary_folder();
    snprintf(line, sizeof line,
             "cd '%s' && cp '%s'/../kernels/* . && sed -i 's/    return value;/    return %s;/' unpack_winograd_pixels.cl "
             "unpack_winograd_pixels_group.cl && "
             "sed -i -e '1i static float wrong(float value) { return %s; }' -e 's/epilogue(out\\[j\\],/epilogue(wrong(out[j]),/' "
             "winograd_fused.cl && "
             "grep -q 'wrong(out' winograd_fused.cl",
             folder, CONVCL_TESTS_DIR, wrong->expression, wrong->expression);
    assert_int_equal(system(line), 0);
    convcl_context *context = harness_context(device, &(convcl_context_options){.cache_dir = "off",
                                                                                .kernel_dir = folder,
                                                                                .tuning_seconds = 300,
                                                                                .tuning = CONVCL_TUNING_QUICK,
                                                                                .log = temporary_log_line,
                                                                                .log_user = &log});
    convcl_conv_desc desc = desc_of(16);
    desc.math = wrong->math;
    convcl_conv_plan *plan = NULL;
    assert_ok(convcl_conv_plan_create(context, &desc, CONVCL_CONV_FWD, NULL, &plan));
    harness_defer(destroy_plan, plan);
    assert_true(convcl_context_candidates_tuned(context) >= 2);
    if (!wrong->is_refused) {
        assert_int_equal(log.warnings, 0);
        return;
    }
    assert_non_null(strstr(convcl_conv_plan_describe(plan), "gather"));
    assert_true(log.warnings > 0);
    assert_non_null(strstr(log.first, "winograd"));
    assert_non_null(strstr(log.first, "is wrong, it is not used"));
}

int main(int argc, char **argv) {
    static const wrong_value wrong[] = {
        {"off by 1e-3", "value * 1.001f", CONVCL_MATH_DEFAULT, true},
        {"off by 1e-3", "value * 1.001f", CONVCL_MATH_FAST, false},
        {"off by 0.1", "value * 1.1f", CONVCL_MATH_DEFAULT, true},
        {"off by 0.1", "value * 1.1f", CONVCL_MATH_FAST, true},
        /* A dozen of 92,160 values: 1e-2 as a whole. */
        {"off in a few values", "value > 30.0f ? value * 1.3f : value", CONVCL_MATH_FAST, true},
    };
    HARNESS_DEVICE(test_tune__second_run_tunes_nothing);
    HARNESS_DEVICE(test_tune__stopped_race_is_not_remembered);
    HARNESS_DEVICE(test_tune__full_is_right_and_replaces_quick);
    HARNESS_DEVICE(test_tune__two_contexts_at_once);
    HARNESS_DEVICE(test_tune__without_a_store_a_context_remembers);
    HARNESS_DEVICE(test_tune__few_images_stay_with_direct_sums);
    HARNESS_DEVICE(test_tune__off_takes_what_is_known_or_the_cost_model);
    HARNESS_DEVICE(test_tune__direct_sums_have_chunks);
    HARNESS_DEVICE(test_tune__damaged_winner_is_ignored);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; ++i) {
        char name[96];
        snprintf(name, sizeof name, "tune %s in math %s %s", wrong[i].name, convcl_math_name(wrong[i].math),
                 wrong[i].is_refused ? "never wins" : "may win");
        harness_add_device_test(name, test_tune__wrong_kernel_never_wins, &wrong[i]);
    }
    return harness_main(argc, argv);
}
