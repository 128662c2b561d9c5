/* test_maxpool.c: max-pooling and its gradient over tests/cases/maxpool.txt, in every form of the kernels.
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "harness.h"
#include "layer_forms.h"
#include "pool_rules.h"
#include "reference/ref_maxpool.h"

typedef struct pool_test {
    convcl_maxpool_desc desc;
    const layer_form *form;
} pool_test;

static convcl_maxpool_plan *plan_of(harness_device *device, const convcl_maxpool_desc *desc) {
    convcl_maxpool_plan *plan = NULL;
    assert_ok(convcl_maxpool_plan_create(device->context, desc, &plan));
    return plan;
}

static harness_shape x_shape(const convcl_maxpool_desc *d) {
    return HARNESS_SHAPE(d->n, d->ih, d->iw, d->c);
}

static harness_shape y_shape(const convcl_maxpool_desc *d) {
    int oh = 0, ow = 0, ref_oh = 0, ref_ow = 0;
    assert_ok(convcl_maxpool_output_size(d, &oh, &ow));
    convcl_ref_maxpool_output_size(d, &ref_oh, &ref_ow);
    assert_int_equal(oh, ref_oh);
    assert_int_equal(ow, ref_ow);
    return HARNESS_SHAPE(d->n, oh, ow, d->c);
}

/* Compares y and index of x, and y alone, with the reference. */
static void check_fwd(harness_device *device, const convcl_maxpool_desc *desc, const float *x) {
    const size_t count = harness_shape_count(y_shape(desc));
    double *expected = harness_doubles(count);
    uint16_t *expected_index = harness_alloc(count, sizeof *expected_index);
    harness_tensor *tx = harness_input(device, "x", x_shape(desc), x);
    harness_tensor *ty = harness_output(device, "y", y_shape(desc)), *alone = harness_output(device, "y alone", y_shape(desc));
    harness_tensor *tindex = harness_output_uint16(device, "index", y_shape(desc));
    convcl_maxpool_plan *plan = plan_of(device, desc);
    assert_ok(convcl_maxpool_fwd_enqueue(plan, device->queue, tx->buffer, ty->buffer, tindex->buffer, 0, NULL, NULL));
    assert_ok(convcl_maxpool_fwd_enqueue(plan, device->queue, tx->buffer, alone->buffer, HARNESS_NO_BUFFER, 0, NULL, NULL));
    convcl_maxpool_plan_destroy(plan);
    convcl_ref_maxpool_fwd(desc, harness_to_doubles(x, harness_shape_count(x_shape(desc))), expected, expected_index);
    harness_expect(ty, expected, HARNESS_EXACT);
    harness_expect(alone, expected, HARNESS_EXACT);
    const uint16_t *index = harness_read_uint16(tindex);
    for (size_t i = 0; i < count; ++i)
        if (index[i] != expected_index[i])
            fail_msg("index[%zu] is %u, must be %u", i, index[i], expected_index[i]);
}

/* Small integers, so that windows have several maxima and the first must be found. */
static void test_fwd(harness_device *device, const void *data) {
    const pool_test *test = data;
    const size_t count = harness_shape_count(x_shape(&test->desc));
    float *x = harness_floats(count);
    layer_form_use(device, test->form);
    harness_integers(x, count, -3, 3);
    check_fwd(device, &test->desc, x);
    harness_uniform(x, count, -2, -1);
    check_fwd(device, &test->desc, x);
}

/* dx of the index that the reference found; integers, so that the sums are exact. */
static void test_bwd(harness_device *device, const void *data) {
    const pool_test *test = data;
    const convcl_maxpool_desc *desc = &test->desc;
    const size_t x_count = harness_shape_count(x_shape(desc)), y_count = harness_shape_count(y_shape(desc));
    float *x = harness_floats(x_count), *dy = harness_floats(y_count);
    double *x_doubles, *y = harness_doubles(y_count), *expected = harness_doubles(x_count);
    uint16_t *index = harness_alloc(y_count, sizeof *index);
    layer_form_use(device, test->form);
    harness_integers(x, x_count, -3, 3);
    harness_integers(dy, y_count, 1, 9);
    x_doubles = harness_to_doubles(x, x_count);
    convcl_ref_maxpool_fwd(desc, x_doubles, y, index);
    convcl_ref_maxpool_bwd(desc, harness_to_doubles(dy, y_count), index, x_doubles, expected);
    harness_tensor *tx = harness_input(device, "x", x_shape(desc), x), *tdy = harness_input(device, "dy", y_shape(desc), dy);
    harness_tensor *tindex = harness_input_uint16(device, "index", y_shape(desc), index);
    harness_tensor *tdx = harness_output(device, "dx", x_shape(desc));
    convcl_maxpool_plan *plan = plan_of(device, desc);
    assert_ok(convcl_maxpool_bwd_enqueue(plan, device->queue, tdy->buffer, tindex->buffer, desc->relu_mask ? tx->buffer : HARNESS_NO_BUFFER,
                                         tdx->buffer, 0, NULL, NULL));
    convcl_maxpool_plan_destroy(plan);
    harness_expect(tdx, expected, HARNESS_EXACT);
}

/* The first NaN of a window wins over everything; a window of -inf has its maximum in its first place; +inf is a maximum. */
static void test_maxpool__nan_and_inf(harness_device *device, const void *form) {
    const float kinds[] = {NAN, -INFINITY, -INFINITY, INFINITY, 0.0f, -0.0f, -1e38f};
    const convcl_maxpool_desc descs[] = {{.n = 2, .ih = 12, .iw = 13, .c = 35, .window_h = 3, .window_w = 2, .stride_h = 2, .stride_w = 1},
                                         {.n = 1,
                                          .ih = 6,
                                          .iw = 5,
                                          .c = 5,
                                          .window_h = 3,
                                          .window_w = 3,
                                          .stride_h = 1,
                                          .stride_w = 2,
                                          .pad_top = 2,
                                          .pad_left = 1,
                                          .pad_right = 2}};
    layer_form_use(device, form);
    for (int i = 0; i < 2; ++i) {
        const size_t count = harness_shape_count(x_shape(&descs[i]));
        float *x = harness_floats(count);
        for (size_t j = 0; j < count; ++j) {
            const uint32_t draw = harness_random() % 40;
            x[j] = draw < 7 ? kinds[draw] : -INFINITY;
        }
        check_fwd(device, &descs[i], x);
        for (size_t j = 0; j < count; ++j)
            x[j] = -INFINITY;
        check_fwd(device, &descs[i], x);
    }
}

/* A NaN or inf in dy reaches its own place only. */
static void test_maxpool__bwd_keeps_nan_in_place(harness_device *device, const void *form) {
    const convcl_maxpool_desc desc = {.n = 1, .ih = 3, .iw = 5, .c = 3, .window_h = 3, .window_w = 3, .stride_h = 2, .stride_w = 2};
    const float dy[6] = {NAN, 1, 2, 3, INFINITY, 5};
    const uint16_t index[6] = {8, 0, 5, 0, 0, 6};
    double expected[45], dy_doubles[6];
    layer_form_use(device, form);
    for (int i = 0; i < 6; ++i)
        dy_doubles[i] = (double)dy[i];
    convcl_ref_maxpool_bwd(&desc, dy_doubles, index, NULL, expected);
    harness_tensor *tdy = harness_input(device, "dy", y_shape(&desc), dy);
    harness_tensor *tindex = harness_input_uint16(device, "index", y_shape(&desc), index);
    harness_tensor *tdx = harness_output(device, "dx", x_shape(&desc));
    convcl_maxpool_plan *plan = plan_of(device, &desc);
    assert_ok(convcl_maxpool_bwd_enqueue(plan, device->queue, tdy->buffer, tindex->buffer, HARNESS_NO_BUFFER, tdx->buffer, 0, NULL, NULL));
    convcl_maxpool_plan_destroy(plan);
    harness_expect(tdx, expected, HARNESS_EXACT);
}

static const convcl_maxpool_desc good = {.n = 1, .ih = 5, .iw = 5, .c = 8, .window_h = 3, .window_w = 3, .stride_h = 2, .stride_w = 2};

static convcl_status size_of(const pool_window *window, int *oh_out, int *ow_out) {
    convcl_maxpool_desc desc = {0};
    POOL_FILL(&desc, window);
    return convcl_maxpool_output_size(&desc, oh_out, ow_out);
}

static void test_maxpool__output_size_checks_its_arguments(void **state) {
    (void)state;
    int oh = 0, ow = 0;
    pool_rules_check("maxpool", size_of);
    assert_fails(convcl_maxpool_output_size(NULL, &oh, &ow), CONVCL_INVALID, "maxpool: desc|NULL");
    assert_fails(convcl_maxpool_output_size(&good, NULL, &ow), CONVCL_INVALID, "maxpool: oh_out|NULL");
    assert_fails(convcl_maxpool_output_size(&good, &oh, NULL), CONVCL_INVALID, "maxpool: ow_out|NULL");
}

static void test_maxpool__create_checks_its_arguments(harness_device *device, const void *data) {
    (void)data;
    convcl_maxpool_plan *plan = NULL;
#define REFUSES(status, words, ...)                                                                                                        \
    do {                                                                                                                                   \
        convcl_maxpool_desc desc = good;                                                                                                   \
        __VA_ARGS__;                                                                                                                       \
        plan = (convcl_maxpool_plan *)device;                                                                                              \
        assert_fails(convcl_maxpool_plan_create(device->context, &desc, &plan), status, words);                                            \
        assert_null(plan);                                                                                                                 \
    } while (0)
    REFUSES(CONVCL_INVALID, "maxpool: stride_h is 0, must be at least 1", desc.stride_h = 0);
    REFUSES(CONVCL_INVALID, "maxpool: relu_mask is -1, must be 0 or 1", desc.relu_mask = -1);
    REFUSES(CONVCL_INVALID, "maxpool: layout is 2", desc.layout = (convcl_layout)2);
    REFUSES(CONVCL_UNSUPPORTED, "maxpool: layout is NCHW", desc.layout = CONVCL_LAYOUT_NCHW);
    REFUSES(CONVCL_UNSUPPORTED, "maxpool: window_h|257 * 256|65536", desc.ih = desc.iw = 300, desc.window_h = 257, desc.window_w = 256);
    REFUSES(CONVCL_INVALID, "maxpool: n * ih * iw * c", desc.n = desc.ih = desc.iw = desc.c = 2000000000);
#undef REFUSES
    assert_fails(convcl_maxpool_plan_create(NULL, &good, &plan), CONVCL_INVALID, "maxpool: context|NULL");
    assert_fails(convcl_maxpool_plan_create(device->context, NULL, &plan), CONVCL_INVALID, "maxpool: desc|NULL");
    assert_fails(convcl_maxpool_plan_create(device->context, &good, NULL), CONVCL_INVALID, "maxpool: plan_out|NULL");
    convcl_maxpool_plan_destroy(NULL);
}

static void test_maxpool__enqueue_checks_its_arguments(harness_device *device, const void *data) {
    (void)data;
    convcl_maxpool_desc desc = good;
    desc.relu_mask = 1;
    const float values[5 * 5 * 8] = {0};
    harness_tensor *tx = harness_input(device, "x", x_shape(&desc), values);
    harness_tensor *ty = harness_output(device, "y", x_shape(&desc)), *tindex = harness_output_uint16(device, "index", x_shape(&desc));
    convcl_buffer a = tx->buffer, b = ty->buffer, index = tindex->buffer, none = HARNESS_NO_BUFFER, far = ty->buffer;
    far.offset = 1000000;
    cl_command_queue queue = device->queue;
    convcl_maxpool_plan *plan = plan_of(device, &desc);
    assert_fails(convcl_maxpool_fwd_enqueue(NULL, queue, a, b, index, 0, NULL, NULL), CONVCL_INVALID, "maxpool: plan|NULL");
    assert_fails(convcl_maxpool_fwd_enqueue(plan, NULL, a, b, index, 0, NULL, NULL), CONVCL_INVALID, "maxpool: queue|NULL");
    assert_fails(convcl_maxpool_fwd_enqueue(plan, queue, none, b, index, 0, NULL, NULL), CONVCL_INVALID, "maxpool: x|NULL");
    assert_fails(convcl_maxpool_fwd_enqueue(plan, queue, a, none, index, 0, NULL, NULL), CONVCL_INVALID, "maxpool: y|NULL");
    assert_fails(convcl_maxpool_fwd_enqueue(plan, queue, a, b, far, 0, NULL, NULL), CONVCL_INVALID, "maxpool: index|1000000");
    assert_fails(convcl_maxpool_bwd_enqueue(NULL, queue, a, index, a, b, 0, NULL, NULL), CONVCL_INVALID, "maxpool: plan|NULL");
    assert_fails(convcl_maxpool_bwd_enqueue(plan, queue, none, index, a, b, 0, NULL, NULL), CONVCL_INVALID, "maxpool: dy|NULL");
    assert_fails(convcl_maxpool_bwd_enqueue(plan, queue, a, none, a, b, 0, NULL, NULL), CONVCL_INVALID, "maxpool: index|NULL");
    assert_fails(convcl_maxpool_bwd_enqueue(plan, queue, a, index, none, b, 0, NULL, NULL), CONVCL_INVALID, "maxpool: x|NULL");
    assert_fails(convcl_maxpool_bwd_enqueue(plan, queue, a, index, a, far, 0, NULL, NULL), CONVCL_INVALID, "maxpool: dx|1000000");
    convcl_maxpool_plan_destroy(plan);
    assert_true(harness_is_poisoned(ty));
    assert_true(harness_is_poisoned(tindex));
}

/* Reads one line of the table; false when it is none. */
static bool parse(const harness_case *row, convcl_maxpool_desc *d) {
    pool_window window;
    *d = (convcl_maxpool_desc){.n = 1, .window_h = 3, .window_w = 3, .stride_h = 2, .stride_w = 2};
    if (strcmp(row->name, "alexnet:pool1") == 0)
        d->ih = d->iw = 56, d->c = 64;
    else if (strcmp(row->name, "alexnet:pool2") == 0)
        d->ih = d->iw = 27, d->c = 192;
    else if (strcmp(row->name, "alexnet:pool5") == 0)
        d->ih = d->iw = 13, d->c = 256;
    else if (pool_window_read(row->name, &window))
        POOL_FILL(d, &window);
    else
        return false;
    return sscanf(row->flags, "%d", &d->relu_mask) == 1;
}

static int add_cases(pool_test *tests, const harness_case *rows, int count) {
    for (int i = 0; i < count; ++i)
        for (int f = 0; f < LAYER_FORMS; ++f) {
            pool_test *test = &tests[i * LAYER_FORMS + f];
            char name[200];
            if (!parse(&rows[i], &test->desc)) {
                fprintf(stderr, "maxpool.txt: %s %s is no case\n", rows[i].name, rows[i].flags);
                return 1;
            }
            test->form = &layer_forms[f];
            snprintf(name, sizeof name, "maxpool fwd %s %s", rows[i].name, test->form->name);
            harness_add_device_test(name, test_fwd, test);
            snprintf(name, sizeof name, "maxpool bwd %s %s", rows[i].name, test->form->name);
            harness_add_device_test(name, test_bwd, test);
        }
    return 0;
}

int main(int argc, char **argv) {
    int count = 0;
    const harness_case *rows = harness_cases("maxpool.txt", &count);
    pool_test *tests = calloc((size_t)count * LAYER_FORMS, sizeof *tests);
    if (!tests || add_cases(tests, rows, count) != 0)
        return 1;
    HARNESS_HOST(test_maxpool__output_size_checks_its_arguments);
    LAYER_FORM_TESTS(test_maxpool__nan_and_inf);
    LAYER_FORM_TESTS(test_maxpool__bwd_keeps_nan_in_place);
    HARNESS_DEVICE(test_maxpool__create_checks_its_arguments);
    HARNESS_DEVICE(test_maxpool__enqueue_checks_its_arguments);
    const int result = harness_main(argc, argv);
    free(tests);
    return result;
}
