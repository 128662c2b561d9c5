/* test_avgpool.c: average pooling and its gradient over tests/cases/avgpool.txt, in every form of the kernels.
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "harness.h"
#include "layer_forms.h"
#include "pool_rules.h"
#include "reference/ref_avgpool.h"

/* A few additions and one division a value. */
#define BOUND HARNESS_WITHIN_RMS(2e-7)

typedef struct pool_test {
    convcl_avgpool_desc desc;
    const layer_form *form;
} pool_test;

static convcl_avgpool_plan *plan_of(harness_device *device, const convcl_avgpool_desc *desc) {
    convcl_avgpool_plan *plan = NULL;
    assert_ok(convcl_avgpool_plan_create(device->context, desc, &plan));
    return plan;
}

static harness_shape x_shape(const convcl_avgpool_desc *d) {
    return HARNESS_SHAPE(d->n, d->ih, d->iw, d->c);
}

static harness_shape y_shape(const convcl_avgpool_desc *d) {
    int oh = 0, ow = 0, ref_oh = 0, ref_ow = 0;
    assert_ok(convcl_avgpool_output_size(d, &oh, &ow));
    convcl_ref_avgpool_output_size(d, &ref_oh, &ref_ow);
    assert_int_equal(oh, ref_oh);
    assert_int_equal(ow, ref_ow);
    return HARNESS_SHAPE(d->n, oh, ow, d->c);
}

static void test_fwd(harness_device *device, const void *data) {
    const pool_test *test = data;
    const size_t x_count = harness_shape_count(x_shape(&test->desc)), y_count = harness_shape_count(y_shape(&test->desc));
    float *x = harness_floats(x_count);
    double *expected = harness_doubles(y_count);
    layer_form_use(device, test->form);
    harness_uniform(x, x_count, -1, 2);
    harness_tensor *tx = harness_input(device, "x", x_shape(&test->desc), x);
    harness_tensor *ty = harness_output(device, "y", y_shape(&test->desc));
    convcl_avgpool_plan *plan = plan_of(device, &test->desc);
    assert_ok(convcl_avgpool_fwd_enqueue(plan, device->queue, tx->buffer, ty->buffer, 0, NULL, NULL));
    convcl_avgpool_plan_destroy(plan);
    convcl_ref_avgpool_fwd(&test->desc, harness_to_doubles(x, x_count), expected);
    harness_expect(ty, expected, BOUND);
}

static void test_bwd(harness_device *device, const void *data) {
    const pool_test *test = data;
    const convcl_avgpool_desc *desc = &test->desc;
    const size_t x_count = harness_shape_count(x_shape(desc)), y_count = harness_shape_count(y_shape(desc));
    float *x = harness_floats(x_count), *dy = harness_floats(y_count);
    double *expected = harness_doubles(x_count);
    layer_form_use(device, test->form);
    harness_uniform(x, x_count, -1, 2);
    harness_uniform(dy, y_count, 0.5f, 2);
    x[0] = 1; /* so that not all is masked */
    harness_tensor *tx = harness_input(device, "x", x_shape(desc), x), *tdy = harness_input(device, "dy", y_shape(desc), dy);
    harness_tensor *tdx = harness_output(device, "dx", x_shape(desc));
    convcl_avgpool_plan *plan = plan_of(device, desc);
    assert_ok(convcl_avgpool_bwd_enqueue(plan, device->queue, tdy->buffer, desc->relu_mask ? tx->buffer : HARNESS_NO_BUFFER, tdx->buffer, 0,
                                         NULL, NULL));
    convcl_avgpool_plan_destroy(plan);
    convcl_ref_avgpool_bwd(desc, harness_to_doubles(dy, y_count), harness_to_doubles(x, x_count), expected);
    harness_expect(tdx, expected, BOUND);
}

/* The gradient of sum(g * y) with respect to one x is the difference that x makes; y is linear in x, so the step may be large. */
static void test_avgpool__finite_differences(harness_device *device, const void *data) {
    (void)data;
    const convcl_avgpool_desc desc = {
        .n = 1, .ih = 5, .iw = 4, .c = 2, .window_h = 3, .window_w = 3, .stride_h = 2, .stride_w = 1, .pad_bottom = 1, .pad_left = 1};
    const size_t x_count = harness_shape_count(x_shape(&desc)), y_count = harness_shape_count(y_shape(&desc));
    float *x = harness_floats(x_count), *dy = harness_floats(y_count);
    harness_uniform(x, x_count, -1, 1);
    harness_uniform(dy, y_count, -1, 1);
    convcl_avgpool_plan *plan = plan_of(device, &desc);
    harness_tensor *tdy = harness_input(device, "dy", y_shape(&desc), dy), *tdx = harness_output(device, "dx", x_shape(&desc));
    assert_ok(convcl_avgpool_bwd_enqueue(plan, device->queue, tdy->buffer, HARNESS_NO_BUFFER, tdx->buffer, 0, NULL, NULL));
    const float *dx = harness_read(tdx);
    for (size_t i = 0; i < x_count; ++i) {
        double sides[2] = {0};
        const float before = x[i];
        for (int side = 0; side < 2; ++side) {
            x[i] = side ? before + 1 : before - 1;
            harness_tensor *tx = harness_input(device, "x", x_shape(&desc), x), *ty = harness_output(device, "y", y_shape(&desc));
            assert_ok(convcl_avgpool_fwd_enqueue(plan, device->queue, tx->buffer, ty->buffer, 0, NULL, NULL));
            const float *y = harness_read(ty);
            for (size_t j = 0; j < y_count; ++j)
                sides[side] += (double)y[j] * (double)dy[j];
        }
        x[i] = before;
        if (!(fabs((sides[1] - sides[0]) / 2 - (double)dx[i]) <= 1e-5))
            fail_msg("dx[%zu] is %g, x makes a difference of %g", i, (double)dx[i], (sides[1] - sides[0]) / 2);
    }
    convcl_avgpool_plan_destroy(plan);
}

/* A NaN reaches the windows that hold it, and no other. */
static void test_avgpool__nan_stays_in_its_windows(harness_device *device, const void *form) {
    const convcl_avgpool_desc desc = {.n = 1, .ih = 5, .iw = 7, .c = 3, .window_h = 3, .window_w = 3, .stride_h = 2, .stride_w = 2};
    const size_t x_count = harness_shape_count(x_shape(&desc)), y_count = harness_shape_count(y_shape(&desc));
    float *x = harness_floats(x_count);
    double *expected = harness_doubles(y_count);
    layer_form_use(device, form);
    harness_integers(x, x_count, 9, 9);
    x[4] = NAN;
    x[x_count - 1] = INFINITY;
    harness_tensor *tx = harness_input(device, "x", x_shape(&desc), x), *ty = harness_output(device, "y", y_shape(&desc));
    convcl_avgpool_plan *plan = plan_of(device, &desc);
    assert_ok(convcl_avgpool_fwd_enqueue(plan, device->queue, tx->buffer, ty->buffer, 0, NULL, NULL));
    convcl_avgpool_plan_destroy(plan);
    convcl_ref_avgpool_fwd(&desc, harness_to_doubles(x, x_count), expected);
    harness_expect(ty, expected, HARNESS_EXACT);
}

static const convcl_avgpool_desc good = {.n = 1, .ih = 5, .iw = 5, .c = 8, .window_h = 3, .window_w = 3, .stride_h = 2, .stride_w = 2};

static convcl_status size_of(const pool_window *window, int *oh_out, int *ow_out) {
    convcl_avgpool_desc desc = {0};
    POOL_FILL(&desc, window);
    return convcl_avgpool_output_size(&desc, oh_out, ow_out);
}

static void test_avgpool__output_size_checks_its_arguments(void **state) {
    (void)state;
    int oh = 0, ow = 0;
    pool_rules_check("avgpool", size_of);
    assert_fails(convcl_avgpool_output_size(NULL, &oh, &ow), CONVCL_INVALID, "avgpool: desc|NULL");
    assert_fails(convcl_avgpool_output_size(&good, NULL, &ow), CONVCL_INVALID, "avgpool: oh_out|NULL");
    assert_fails(convcl_avgpool_output_size(&good, &oh, NULL), CONVCL_INVALID, "avgpool: ow_out|NULL");
}

static void test_avgpool__create_checks_its_arguments(harness_device *device, const void *data) {
    (void)data;
    convcl_avgpool_plan *plan = NULL;
#define REFUSES(status, words, ...)                                                                                                        \
    do {                                                                                                                                   \
        convcl_avgpool_desc desc = good;                                                                                                   \
        __VA_ARGS__;                                                                                                                       \
        plan = (convcl_avgpool_plan *)device;                                                                                              \
        assert_fails(convcl_avgpool_plan_create(device->context, &desc, &plan), status, words);                                            \
        assert_null(plan);                                                                                                                 \
    } while (0)
    REFUSES(CONVCL_INVALID, "avgpool: stride_h is 0, must be at least 1", desc.stride_h = 0);
    REFUSES(CONVCL_INVALID, "avgpool: count_padding is 2, must be 0 or 1", desc.count_padding = 2);
    REFUSES(CONVCL_INVALID, "avgpool: relu_mask is -1, must be 0 or 1", desc.relu_mask = -1);
    REFUSES(CONVCL_INVALID, "avgpool: layout is 2", desc.layout = (convcl_layout)2);
    REFUSES(CONVCL_UNSUPPORTED, "avgpool: layout is NCHW", desc.layout = CONVCL_LAYOUT_NCHW);
    REFUSES(CONVCL_INVALID, "avgpool: n * ih * iw * c", desc.n = desc.ih = desc.iw = desc.c = 2000000000);
#undef REFUSES
    assert_fails(convcl_avgpool_plan_create(NULL, &good, &plan), CONVCL_INVALID, "avgpool: context|NULL");
    assert_fails(convcl_avgpool_plan_create(device->context, NULL, &plan), CONVCL_INVALID, "avgpool: desc|NULL");
    assert_fails(convcl_avgpool_plan_create(device->context, &good, NULL), CONVCL_INVALID, "avgpool: plan_out|NULL");
    convcl_avgpool_plan_destroy(NULL);
}

static void test_avgpool__enqueue_checks_its_arguments(harness_device *device, const void *data) {
    (void)data;
    convcl_avgpool_desc desc = good;
    desc.relu_mask = 1;
    const float values[5 * 5 * 8] = {0};
    harness_tensor *tx = harness_input(device, "x", x_shape(&desc), values), *ty = harness_output(device, "y", x_shape(&desc));
    convcl_buffer a = tx->buffer, b = ty->buffer, none = HARNESS_NO_BUFFER, far = ty->buffer;
    far.offset = 1000000;
    cl_command_queue queue = device->queue;
    convcl_avgpool_plan *plan = plan_of(device, &desc);
    assert_fails(convcl_avgpool_fwd_enqueue(NULL, queue, a, b, 0, NULL, NULL), CONVCL_INVALID, "avgpool: plan|NULL");
    assert_fails(convcl_avgpool_fwd_enqueue(plan, NULL, a, b, 0, NULL, NULL), CONVCL_INVALID, "avgpool: queue|NULL");
    assert_fails(convcl_avgpool_fwd_enqueue(plan, queue, none, b, 0, NULL, NULL), CONVCL_INVALID, "avgpool: x|NULL");
    assert_fails(convcl_avgpool_fwd_enqueue(plan, queue, a, none, 0, NULL, NULL), CONVCL_INVALID, "avgpool: y|NULL");
    assert_fails(convcl_avgpool_bwd_enqueue(NULL, queue, a, a, b, 0, NULL, NULL), CONVCL_INVALID, "avgpool: plan|NULL");
    assert_fails(convcl_avgpool_bwd_enqueue(plan, queue, none, a, b, 0, NULL, NULL), CONVCL_INVALID, "avgpool: dy|NULL");
    assert_fails(convcl_avgpool_bwd_enqueue(plan, queue, a, none, b, 0, NULL, NULL), CONVCL_INVALID, "avgpool: x|NULL");
    assert_fails(convcl_avgpool_bwd_enqueue(plan, queue, a, a, far, 0, NULL, NULL), CONVCL_INVALID, "avgpool: dx|1000000");
    convcl_avgpool_plan_destroy(plan);
    assert_true(harness_is_poisoned(ty));
}

/* Reads one line of the table; false when it is none. */
static bool parse(const harness_case *row, convcl_avgpool_desc *d) {
    pool_window window;
    *d = (convcl_avgpool_desc){.n = 1, .window_h = 3, .window_w = 3, .stride_h = 2, .stride_w = 2, .pad_bottom = 1, .pad_right = 1};
    if (strcmp(row->name, "cifar10-quick:pool2") == 0)
        d->ih = d->iw = 16, d->c = 32;
    else if (strcmp(row->name, "cifar10-quick:pool3") == 0)
        d->ih = d->iw = 8, d->c = 64;
    else if (pool_window_read(row->name, &window))
        POOL_FILL(d, &window);
    else
        return false;
    return sscanf(row->flags, "%d %d", &d->count_padding, &d->relu_mask) == 2;
}

static int add_cases(pool_test *tests, const harness_case *rows, int count) {
    for (int i = 0; i < count; ++i)
        for (int f = 0; f < LAYER_FORMS; ++f) {
            pool_test *test = &tests[i * LAYER_FORMS + f];
            char name[200];
            if (!parse(&rows[i], &test->desc)) {
                fprintf(stderr, "avgpool.txt: %s %s is no case\n", rows[i].name, rows[i].flags);
                return 1;
            }
            test->form = &layer_forms[f];
            snprintf(name, sizeof name, "avgpool fwd %s %d %s", rows[i].name, test->desc.count_padding, test->form->name);
            harness_add_device_test(name, test_fwd, test);
            snprintf(name, sizeof name, "avgpool bwd %s %d %s", rows[i].name, test->desc.count_padding, test->form->name);
            harness_add_device_test(name, test_bwd, test);
        }
    return 0;
}

int main(int argc, char **argv) {
    int count = 0;
    const harness_case *rows = harness_cases("avgpool.txt", &count);
    pool_test *tests = calloc((size_t)count * LAYER_FORMS, sizeof *tests);
    if (!tests || add_cases(tests, rows, count) != 0)
        return 1;
    HARNESS_HOST(test_avgpool__output_size_checks_its_arguments);
    HARNESS_DEVICE(test_avgpool__finite_differences);
    LAYER_FORM_TESTS(test_avgpool__nan_stays_in_its_windows);
    HARNESS_DEVICE(test_avgpool__create_checks_its_arguments);
    HARNESS_DEVICE(test_avgpool__enqueue_checks_its_arguments);
    const int result = harness_main(argc, argv);
    free(tests);
    return result;
}
