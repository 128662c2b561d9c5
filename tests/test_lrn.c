/* test_lrn.c: local response normalization and its gradient over tests/cases/lrn.txt, in every form of the kernels.
 * SPDX-License-Identifier: MIT */
#include <limits.h>
#include <math.h>

#include "harness.h"
#include "layer_forms.h"
#include "reference/ref_lrn.h"

#define FWD_LIMIT 5e-7
#define BWD_LIMIT 1e-6

typedef struct lrn_test {
    convcl_lrn_desc desc;
    const layer_form *form;
    float range; /* of x */
} lrn_test;

static convcl_lrn_plan *plan_of(harness_device *device, const convcl_lrn_desc *desc) {
    convcl_lrn_plan *plan = NULL;
    assert_ok(convcl_lrn_plan_create(device->context, desc, &plan));
    return plan;
}

static harness_shape shape_of(const convcl_lrn_desc *d) {
    return HARNESS_SHAPE(d->n, d->h, d->w, d->c);
}

/* y of x, on the device. */
static harness_tensor *run_fwd(harness_device *device, const convcl_lrn_desc *desc, const float *x) {
    harness_tensor *tx = harness_input(device, "x", shape_of(desc), x);
    harness_tensor *ty = harness_output(device, "y", shape_of(desc));
    convcl_lrn_plan *plan = plan_of(device, desc);
    assert_ok(convcl_lrn_fwd_enqueue(plan, device->queue, tx->buffer, ty->buffer, 0, NULL, NULL));
    convcl_lrn_plan_destroy(plan);
    return ty;
}

/* dx of x and dy, on the device. */
static harness_tensor *run_bwd(harness_device *device, const convcl_lrn_desc *desc, const float *x, const float *dy) {
    harness_tensor *tx = harness_input(device, "x", shape_of(desc), x);
    harness_tensor *tdy = harness_input(device, "dy", shape_of(desc), dy);
    harness_tensor *tdx = harness_output(device, "dx", shape_of(desc));
    convcl_lrn_plan *plan = plan_of(device, desc);
    assert_ok(convcl_lrn_bwd_enqueue(plan, device->queue, tx->buffer, tdy->buffer, tdx->buffer, 0, NULL, NULL));
    convcl_lrn_plan_destroy(plan);
    return tdx;
}

static float *values_of(const convcl_lrn_desc *desc, float range) {
    const size_t count = harness_shape_count(shape_of(desc));
    float *values = harness_floats(count);
    harness_uniform(values, count, -range, range);
    return values;
}

static void test_fwd(harness_device *device, const void *data) {
    const lrn_test *test = data;
    layer_form_use(device, test->form);
    const size_t count = harness_shape_count(shape_of(&test->desc));
    const float *x = values_of(&test->desc, test->range);
    double *expected = harness_doubles(count);
    harness_tensor *ty = run_fwd(device, &test->desc, x);
    convcl_ref_lrn_fwd(&test->desc, harness_to_doubles(x, count), expected);
    harness_expect(ty, expected, HARNESS_WITHIN_RMS(FWD_LIMIT));
}

static void test_bwd(harness_device *device, const void *data) {
    const lrn_test *test = data;
    layer_form_use(device, test->form);
    const size_t count = harness_shape_count(shape_of(&test->desc));
    const float *x = values_of(&test->desc, test->range), *dy = values_of(&test->desc, 1);
    double *expected = harness_doubles(count);
    harness_tensor *first = run_bwd(device, &test->desc, x, dy), *second = run_bwd(device, &test->desc, x, dy);
    convcl_ref_lrn_bwd(&test->desc, harness_to_doubles(x, count), harness_to_doubles(dy, count), expected);
    harness_expect(first, expected, HARNESS_WITHIN_RMS(BWD_LIMIT));
    assert_memory_equal(harness_read(first), harness_read(second), count * sizeof(float));
}

/* NaN and inf spoil the channels of their own window and nothing else: neither other pixels nor what lies outside the tensor. */
static void test_lrn__nan_and_inf_stay_in_their_window(harness_device *device, const void *form) {
    layer_form_use(device, form);
    const convcl_lrn_desc desc = {.n = 1, .h = 2, .w = 4, .c = 35, .radius = 4, .bias = 1, .alpha = 0.1f, .beta = 0.75f};
    const size_t count = harness_shape_count(shape_of(&desc));
    float *x = values_of(&desc, 2), *dy = values_of(&desc, 1);
    double *expected = harness_doubles(count);
    x[0] = NAN;                 /* first channel of the first pixel */
    x[35 + 34] = NAN;           /* last channel of the second pixel */
    x[3 * 35] = INFINITY;       /* first channel of the fourth pixel */
    x[5 * 35 + 17] = -INFINITY; /* in the middle */
    dy[7 * 35 + 34] = NAN;      /* the last element */
    dy[6 * 35 + 20] = INFINITY;
    harness_tensor *ty = run_fwd(device, &desc, x), *tdx = run_bwd(device, &desc, x, dy);
    convcl_ref_lrn_fwd(&desc, harness_to_doubles(x, count), expected);
    harness_expect(ty, expected, HARNESS_WITHIN_EACH(2e-6));
    convcl_ref_lrn_bwd(&desc, harness_to_doubles(x, count), harness_to_doubles(dy, count), expected);
    harness_expect(tdx, expected, HARNESS_WITHIN_MAX(2e-6));
}

/* Sums as large and as small as float32 has them. */
static void test_lrn__far_from_one(harness_device *device, const void *form) {
    layer_form_use(device, form);
    for (int i = 0; i < 2; ++i) {
        const convcl_lrn_desc desc = {
            .n = 1, .h = 1, .w = 3, .c = 20, .radius = 2, .bias = i ? 1e-12f : 1e12f, .alpha = i ? 1e-9f : 1, .beta = 0.75f};
        const size_t count = harness_shape_count(shape_of(&desc));
        const float *x = values_of(&desc, i ? 1e-3f : 1e12f), *dy = values_of(&desc, 1);
        double *expected = harness_doubles(count);
        convcl_ref_lrn_fwd(&desc, harness_to_doubles(x, count), expected);
        harness_expect(run_fwd(device, &desc, x), expected, HARNESS_WITHIN_EACH(2e-6));
        convcl_ref_lrn_bwd(&desc, harness_to_doubles(x, count), harness_to_doubles(dy, count), expected);
        harness_expect(run_bwd(device, &desc, x, dy), expected, HARNESS_WITHIN_MAX(2e-6));
    }
}

/* The gradient is the slope of sum(y * dy), measured with the reference's forward pass in double. */
static void test_lrn__bwd_by_finite_differences(harness_device *device, const void *form) {
    layer_form_use(device, form);
    const convcl_lrn_desc desc = {.n = 1, .h = 1, .w = 2, .c = 18, .radius = 4, .bias = 1, .alpha = 0.2f, .beta = 0.75f};
    const size_t count = harness_shape_count(shape_of(&desc));
    const float *x = values_of(&desc, 2), *dy = values_of(&desc, 1);
    double *slope = harness_doubles(count), *y = harness_doubles(count), *moved = harness_to_doubles(x, count);
    const double step = 1e-5;
    for (size_t i = 0; i < count; ++i) {
        for (int side = -1; side <= 1; side += 2) {
            moved[i] = (double)x[i] + side * step;
            convcl_ref_lrn_fwd(&desc, moved, y);
            for (size_t j = 0; j < count; ++j)
                slope[i] += side * y[j] * (double)dy[j] / (2 * step);
        }
        moved[i] = (double)x[i];
    }
    harness_expect(run_bwd(device, &desc, x, dy), slope, HARNESS_WITHIN_RMS(2e-6));
}

static void test_lrn__create_checks_its_arguments(harness_device *device, const void *data) {
    (void)data;
    const convcl_lrn_desc good = {.n = 1, .h = 1, .w = 1, .c = 8, .radius = 2, .bias = 1, .alpha = 1, .beta = 1};
    convcl_lrn_plan *plan = (convcl_lrn_plan *)device;
#define REFUSES(status, words, ...)                                                                                                        \
    do {                                                                                                                                   \
        convcl_lrn_desc desc = good;                                                                                                       \
        __VA_ARGS__;                                                                                                                       \
        plan = (convcl_lrn_plan *)device;                                                                                                  \
        assert_fails(convcl_lrn_plan_create(device->context, &desc, &plan), status, words);                                                \
        assert_null(plan);                                                                                                                 \
    } while (0)
    REFUSES(CONVCL_INVALID, "lrn: n is 0, must be at least 1", desc.n = 0);
    REFUSES(CONVCL_INVALID, "lrn: h is -2, must be at least 1", desc.h = -2);
    REFUSES(CONVCL_INVALID, "lrn: w is 0, must be at least 1", desc.w = 0);
    REFUSES(CONVCL_INVALID, "lrn: c is 0, must be at least 1", desc.c = 0);
    REFUSES(CONVCL_INVALID, "lrn: c is 2147483647, must be at most 2147479551", desc.c = INT_MAX);
    REFUSES(CONVCL_INVALID, "lrn: radius is -1, must be at least 0", desc.radius = -1);
    REFUSES(CONVCL_INVALID, "lrn: bias is 0, must be", desc.bias = 0);
    REFUSES(CONVCL_INVALID, "lrn: bias is nan, must be", desc.bias = NAN);
    REFUSES(CONVCL_INVALID, "lrn: alpha is -1, must be", desc.alpha = -1);
    REFUSES(CONVCL_INVALID, "lrn: alpha is inf, must be", desc.alpha = INFINITY);
    REFUSES(CONVCL_INVALID, "lrn: beta is -0.5, must be", desc.beta = -0.5f);
    REFUSES(CONVCL_INVALID, "lrn: beta is nan, must be", desc.beta = NAN);
    REFUSES(CONVCL_INVALID, "lrn: relu_mask is 2, must be 0 or 1", desc.relu_mask = 2);
    REFUSES(CONVCL_INVALID, "lrn: layout is 7", desc.layout = (convcl_layout)7);
    REFUSES(CONVCL_UNSUPPORTED, "lrn: layout is NCHW", desc.layout = CONVCL_LAYOUT_NCHW);
    REFUSES(CONVCL_UNSUPPORTED, "lrn: radius is 1025, must be at most 1024", desc.c = 5000, desc.radius = 1025);
    REFUSES(CONVCL_INVALID, "lrn: n * h * w * c", desc.n = desc.h = desc.w = desc.c = 2000000000);
#undef REFUSES
    assert_fails(convcl_lrn_plan_create(NULL, &good, &plan), CONVCL_INVALID, "lrn: context|NULL");
    assert_fails(convcl_lrn_plan_create(device->context, NULL, &plan), CONVCL_INVALID, "lrn: desc|NULL");
    assert_fails(convcl_lrn_plan_create(device->context, &good, NULL), CONVCL_INVALID, "lrn: plan_out|NULL");
    convcl_lrn_plan_destroy(NULL);
}

static void test_lrn__enqueue_checks_its_arguments(harness_device *device, const void *data) {
    (void)data;
    const convcl_lrn_desc desc = {.n = 1, .h = 1, .w = 1, .c = 8, .radius = 2, .bias = 1, .alpha = 1, .beta = 0.75f};
    const float x[8] = {0};
    harness_tensor *tx = harness_input(device, "x", shape_of(&desc), x);
    harness_tensor *ty = harness_output(device, "y", shape_of(&desc));
    convcl_buffer a = tx->buffer, b = ty->buffer, none = HARNESS_NO_BUFFER, far = ty->buffer;
    far.offset = 1000000;
    cl_command_queue queue = device->queue;
    convcl_lrn_plan *plan = plan_of(device, &desc);
    assert_fails(convcl_lrn_fwd_enqueue(NULL, queue, a, b, 0, NULL, NULL), CONVCL_INVALID, "lrn: plan|NULL");
    assert_fails(convcl_lrn_fwd_enqueue(plan, NULL, a, b, 0, NULL, NULL), CONVCL_INVALID, "lrn: queue|NULL");
    assert_fails(convcl_lrn_fwd_enqueue(plan, queue, none, b, 0, NULL, NULL), CONVCL_INVALID, "lrn: x|NULL");
    assert_fails(convcl_lrn_fwd_enqueue(plan, queue, a, none, 0, NULL, NULL), CONVCL_INVALID, "lrn: y|NULL");
    assert_fails(convcl_lrn_fwd_enqueue(plan, queue, a, far, 0, NULL, NULL), CONVCL_INVALID, "lrn: y|1000000|8");
    assert_fails(convcl_lrn_bwd_enqueue(NULL, queue, a, a, b, 0, NULL, NULL), CONVCL_INVALID, "lrn: plan|NULL");
    assert_fails(convcl_lrn_bwd_enqueue(plan, queue, none, a, b, 0, NULL, NULL), CONVCL_INVALID, "lrn: x|NULL");
    assert_fails(convcl_lrn_bwd_enqueue(plan, queue, a, none, b, 0, NULL, NULL), CONVCL_INVALID, "lrn: dy|NULL");
    assert_fails(convcl_lrn_bwd_enqueue(plan, queue, a, a, none, 0, NULL, NULL), CONVCL_INVALID, "lrn: dx|NULL");
    convcl_lrn_plan_destroy(plan);
    assert_true(harness_is_poisoned(ty));
}

/* Reads one line of the table; false when it is none. */
static bool parse(const harness_case *row, convcl_lrn_desc *d, float *range_out) {
    *d = (convcl_lrn_desc){0};
    *range_out = 3;
    if (strcmp(row->name, "alexnet:norm1") == 0)
        *d = (convcl_lrn_desc){.n = 1, .h = 56, .w = 56, .c = 64, .radius = 4};
    else if (strcmp(row->name, "alexnet:norm2") == 0)
        *d = (convcl_lrn_desc){.n = 1, .h = 27, .w = 27, .c = 192, .radius = 4};
    else if (sscanf(row->name, "n%dh%dw%dc%dr%d", &d->n, &d->h, &d->w, &d->c, &d->radius) != 5)
        return false;
    else
        return sscanf(row->flags, "%f %f %f %d", &d->bias, &d->alpha, &d->beta, &d->relu_mask) == 4;
    *range_out = 30;
    return sscanf(row->flags, "%f %f %f %d", &d->bias, &d->alpha, &d->beta, &d->relu_mask) == 4;
}

static int add_cases(lrn_test *tests, const harness_case *rows, int count) {
    for (int i = 0; i < count; ++i)
        for (int f = 0; f < LAYER_FORMS; ++f) {
            lrn_test *test = &tests[i * LAYER_FORMS + f];
            char name[200];
            if (!parse(&rows[i], &test->desc, &test->range)) {
                fprintf(stderr, "lrn.txt: %s %s is no case\n", rows[i].name, rows[i].flags);
                return 1;
            }
            test->form = &layer_forms[f];
            snprintf(name, sizeof name, "lrn fwd %s beta%g %s", rows[i].name, (double)test->desc.beta, test->form->name);
            harness_add_device_test(name, test_fwd, test);
            snprintf(name, sizeof name, "lrn bwd %s beta%g %s", rows[i].name, (double)test->desc.beta, test->form->name);
            harness_add_device_test(name, test_bwd, test);
        }
    return 0;
}

int main(int argc, char **argv) {
    int count = 0;
    const harness_case *rows = harness_cases("lrn.txt", &count);
    lrn_test *tests = calloc((size_t)count * LAYER_FORMS, sizeof *tests);
    if (!tests || add_cases(tests, rows, count) != 0)
        return 1;
    LAYER_FORM_TESTS(test_lrn__nan_and_inf_stay_in_their_window);
    LAYER_FORM_TESTS(test_lrn__far_from_one);
    LAYER_FORM_TESTS(test_lrn__bwd_by_finite_differences);
    HARNESS_DEVICE(test_lrn__create_checks_its_arguments);
    HARNESS_DEVICE(test_lrn__enqueue_checks_its_arguments);
    const int result = harness_main(argc, argv);
    free(tests);
    return result;
}
