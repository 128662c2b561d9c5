/* test_dense.c: the dense layer and its gradients over odd sizes, on both of convcl's own GEMM variants.
 * SPDX-License-Identifier: MIT */
#include <limits.h>
#include <math.h>
#include <stdio.h>

#include "harness.h"
#include "reference/ref_dense.h"

static const convcl_dense_desc descs[] = {
    {.n = 1, .inputs = 1, .outputs = 1},
    {.n = 1, .inputs = 37, .outputs = 10},
    {.n = 3, .inputs = 1, .outputs = 65, .relu_mask = 1},
    {.n = 7, .inputs = 129, .outputs = 33, .activation = CONVCL_ACTIVATION_RELU},
    {.n = 13, .inputs = 64, .outputs = 1, .no_bias = 1},
    {.n = 32, .inputs = 300, .outputs = 200, .relu_mask = 1},
    {.n = 2, .inputs = 1024, .outputs = 64, .no_bias = 1, .activation = CONVCL_ACTIVATION_RELU, .relu_mask = 1},
};

static const char *const gemms[] = {"register", "local"};

typedef struct dense_test {
    const convcl_dense_desc *desc;
    const char *gemm;
} dense_test;

/* Twice what the rounding of a running sum predicts, as for convolutions by direct summation. */
static harness_bound bound_of(int terms) {
    return HARNESS_WITHIN_RMS(1e-7 + 4e-8 * sqrt((double)terms));
}

static convcl_dense_plan *plan_of(harness_device *device, const dense_test *test, convcl_conv_dir dir) {
    convcl_dense_plan *plan = NULL;
    assert_ok(convcl_dense_plan_create(device->context, test->desc, dir, &(convcl_dense_options){.gemm = test->gemm}, &plan));
    harness_note("%s", convcl_dense_plan_describe(plan));
    return plan;
}

static float *values_of(size_t count) {
    float *values = harness_floats(count);
    harness_uniform(values, count, -1, 1);
    if (count == 1)
        values[0] = 0.75f;
    return values;
}

static void test_fwd(harness_device *device, const void *data) {
    const dense_test *test = data;
    const convcl_dense_desc *d = test->desc;
    const size_t nx = (size_t)d->n * d->inputs, nw = (size_t)d->inputs * d->outputs, ny = (size_t)d->n * d->outputs;
    const float *x = values_of(nx), *w = values_of(nw), *b = values_of((size_t)d->outputs);
    double *expected = harness_doubles(ny);
    harness_tensor *tx = harness_input(device, "x", HARNESS_SHAPE(1, 1, d->n, d->inputs), x);
    harness_tensor *tw = harness_input(device, "w", HARNESS_SHAPE(1, 1, d->inputs, d->outputs), w);
    harness_tensor *tb = harness_input(device, "b", HARNESS_VECTOR(d->outputs), b);
    harness_tensor *ty = harness_output(device, "y", HARNESS_SHAPE(1, 1, d->n, d->outputs));
    convcl_dense_plan *plan = plan_of(device, test, CONVCL_CONV_FWD);
    const convcl_buffer workspace = harness_workspace(device, convcl_dense_plan_workspace(plan));
    assert_ok(convcl_dense_fwd_enqueue(plan, device->queue, tx->buffer, tw->buffer, d->no_bias ? HARNESS_NO_BUFFER : tb->buffer, ty->buffer,
                                       workspace, 0, NULL, NULL));
    convcl_ref_dense_fwd(d, harness_to_doubles(x, nx), harness_to_doubles(w, nw), harness_to_doubles(b, (size_t)d->outputs), expected);
    harness_expect(ty, expected, bound_of(d->inputs));
    convcl_dense_plan_destroy(plan);
}

static void test_bwd_data(harness_device *device, const void *data) {
    const dense_test *test = data;
    const convcl_dense_desc *d = test->desc;
    const size_t nx = (size_t)d->n * d->inputs, nw = (size_t)d->inputs * d->outputs, ny = (size_t)d->n * d->outputs;
    const float *x = values_of(nx), *w = values_of(nw), *dy = values_of(ny);
    double *expected = harness_doubles(nx);
    harness_tensor *tx = harness_input(device, "x", HARNESS_SHAPE(1, 1, d->n, d->inputs), x);
    harness_tensor *tw = harness_input(device, "w", HARNESS_SHAPE(1, 1, d->inputs, d->outputs), w);
    harness_tensor *tdy = harness_input(device, "dy", HARNESS_SHAPE(1, 1, d->n, d->outputs), dy);
    harness_tensor *tdx = harness_output(device, "dx", HARNESS_SHAPE(1, 1, d->n, d->inputs));
    convcl_dense_plan *plan = plan_of(device, test, CONVCL_CONV_BWD_DATA);
    const convcl_buffer workspace = harness_workspace(device, convcl_dense_plan_workspace(plan));
    assert_ok(convcl_dense_bwd_data_enqueue(plan, device->queue, tdy->buffer, tw->buffer, d->relu_mask ? tx->buffer : HARNESS_NO_BUFFER,
                                            tdx->buffer, workspace, 0, NULL, NULL));
    convcl_ref_dense_bwd_data(d, harness_to_doubles(dy, ny), harness_to_doubles(w, nw), harness_to_doubles(x, nx), expected);
    harness_expect(tdx, expected, bound_of(d->outputs));
    convcl_dense_plan_destroy(plan);
}

static void test_bwd_weights(harness_device *device, const void *data) {
    const dense_test *test = data;
    const convcl_dense_desc *d = test->desc;
    const size_t nx = (size_t)d->n * d->inputs, nw = (size_t)d->inputs * d->outputs, ny = (size_t)d->n * d->outputs;
    const float *x = values_of(nx), *dy = values_of(ny);
    double *dw = harness_doubles(nw), *db = harness_doubles((size_t)d->outputs);
    harness_tensor *tx = harness_input(device, "x", HARNESS_SHAPE(1, 1, d->n, d->inputs), x);
    harness_tensor *tdy = harness_input(device, "dy", HARNESS_SHAPE(1, 1, d->n, d->outputs), dy);
    harness_tensor *tdw = harness_output(device, "dw", HARNESS_SHAPE(1, 1, d->inputs, d->outputs));
    harness_tensor *tdb = harness_output(device, "db", HARNESS_VECTOR(d->outputs));
    convcl_dense_plan *plan = plan_of(device, test, CONVCL_CONV_BWD_WEIGHTS);
    const convcl_buffer workspace = harness_workspace(device, convcl_dense_plan_workspace(plan));
    assert_ok(convcl_dense_bwd_weights_enqueue(plan, device->queue, tx->buffer, tdy->buffer, tdw->buffer,
                                               d->no_bias ? HARNESS_NO_BUFFER : tdb->buffer, workspace, 0, NULL, NULL));
    convcl_ref_dense_bwd_weights(d, harness_to_doubles(x, nx), harness_to_doubles(dy, ny), dw, db);
    harness_expect(tdw, dw, bound_of(d->n));
    if (d->no_bias)
        assert_true(harness_is_poisoned(tdb));
    else
        harness_expect(tdb, db, bound_of(d->n));
    convcl_dense_plan_destroy(plan);
}

/* sum(g * y) is linear in w and in x: a large step in one value changes it by that value's gradient. */
static void test_dense__finite_differences(harness_device *device, const void *data) {
    (void)data;
    const convcl_dense_desc desc = {.n = 3, .inputs = 5, .outputs = 4};
    const dense_test test = {&desc, NULL};
    float *x = values_of(15), *w = values_of(20), *b = values_of(4), *dy = values_of(12);
    const harness_shape sx = HARNESS_SHAPE(1, 1, 3, 5), sw = HARNESS_SHAPE(1, 1, 5, 4), sy = HARNESS_SHAPE(1, 1, 3, 4);
    convcl_dense_plan *fwd = plan_of(device, &test, CONVCL_CONV_FWD), *bwd_data = plan_of(device, &test, CONVCL_CONV_BWD_DATA);
    convcl_dense_plan *bwd_weights = plan_of(device, &test, CONVCL_CONV_BWD_WEIGHTS);
    harness_tensor *tx = harness_input(device, "x", sx, x), *tw = harness_input(device, "w", sw, w);
    harness_tensor *tdy = harness_input(device, "dy", sy, dy);
    harness_tensor *tdx = harness_output(device, "dx", sx), *tdw = harness_output(device, "dw", sw);
    harness_tensor *tdb = harness_output(device, "db", HARNESS_VECTOR(4));
    assert_ok(convcl_dense_bwd_data_enqueue(bwd_data, device->queue, tdy->buffer, tw->buffer, HARNESS_NO_BUFFER, tdx->buffer,
                                            harness_workspace(device, convcl_dense_plan_workspace(bwd_data)), 0, NULL, NULL));
    assert_ok(convcl_dense_bwd_weights_enqueue(bwd_weights, device->queue, tx->buffer, tdy->buffer, tdw->buffer, tdb->buffer,
                                               harness_workspace(device, convcl_dense_plan_workspace(bwd_weights)), 0, NULL, NULL));
    const float *dx = harness_read(tdx), *dw = harness_read(tdw), *db = harness_read(tdb);
    for (int i = 0; i < 15 + 20 + 4; ++i) {
        float *moved = i < 15 ? &x[i] : i < 35 ? &w[i - 15] : &b[i - 35];
        const double gradient = (double)(i < 15 ? dx[i] : i < 35 ? dw[i - 15] : db[i - 35]);
        const float before = *moved;
        double sides[2] = {0};
        for (int side = 0; side < 2; ++side) {
            *moved = side ? before + 1 : before - 1;
            harness_tensor *sides_x = harness_input(device, "x", sx, x), *sides_w = harness_input(device, "w", sw, w);
            harness_tensor *sides_b = harness_input(device, "b", HARNESS_VECTOR(4), b), *ty = harness_output(device, "y", sy);
            assert_ok(convcl_dense_fwd_enqueue(fwd, device->queue, sides_x->buffer, sides_w->buffer, sides_b->buffer, ty->buffer,
                                               harness_workspace(device, convcl_dense_plan_workspace(fwd)), 0, NULL, NULL));
            const float *y = harness_read(ty);
            for (int j = 0; j < 12; ++j)
                sides[side] += (double)y[j] * (double)dy[j];
        }
        *moved = before;
        if (!(fabs((sides[1] - sides[0]) / 2 - gradient) <= 1e-5))
            fail_msg("gradient %d is %g, its value makes a difference of %g", i, gradient, (sides[1] - sides[0]) / 2);
    }
    convcl_dense_plan_destroy(fwd);
    convcl_dense_plan_destroy(bwd_data);
    convcl_dense_plan_destroy(bwd_weights);
}

static void test_dense__create_checks_its_arguments(harness_device *device, const void *data) {
    (void)data;
    convcl_dense_plan *plan = NULL;
#define REFUSES(words, ...)                                                                                                                \
    do {                                                                                                                                   \
        convcl_dense_desc desc = descs[1];                                                                                                 \
        __VA_ARGS__;                                                                                                                       \
        plan = (convcl_dense_plan *)device;                                                                                                \
        assert_fails(convcl_dense_plan_create(device->context, &desc, CONVCL_CONV_FWD, NULL, &plan), CONVCL_INVALID, words);               \
        assert_null(plan);                                                                                                                 \
    } while (0)
    REFUSES("dense: n is 0, must be at least 1", desc.n = 0);
    REFUSES("dense: inputs is -1, must be at least 1", desc.inputs = -1);
    REFUSES("dense: outputs is 0, must be at least 1", desc.outputs = 0);
    REFUSES("dense: inputs is 16777217, must be at most 16777216", desc.inputs = (1 << 24) + 1);
    REFUSES("dense: inputs * outputs is 100000 * 100000, must be at most", desc.inputs = desc.outputs = 100000);
    REFUSES("dense: no_bias is 2, must be 0 or 1", desc.no_bias = 2);
    REFUSES("dense: activation is 9, must be NONE or RELU", desc.activation = (convcl_activation)9);
    REFUSES("dense: relu_mask is -1, must be 0 or 1", desc.relu_mask = -1);
    REFUSES("dense: math is 7, must be DEFAULT, STRICT or FAST", desc.math = (convcl_math)7);
#undef REFUSES
    const convcl_dense_desc *good = &descs[1];
    assert_fails(convcl_dense_plan_create(NULL, good, CONVCL_CONV_FWD, NULL, &plan), CONVCL_INVALID, "dense: context|NULL");
    assert_fails(convcl_dense_plan_create(device->context, NULL, CONVCL_CONV_FWD, NULL, &plan), CONVCL_INVALID, "dense: desc|NULL");
    assert_fails(convcl_dense_plan_create(device->context, good, CONVCL_CONV_BWD, NULL, &plan), CONVCL_INVALID, "dense: dir is 3|BWD_DATA");
    assert_fails(convcl_dense_plan_create(device->context, good, CONVCL_CONV_FWD, NULL, NULL), CONVCL_INVALID, "dense: plan_out|NULL");
    assert_fails(convcl_dense_plan_create(device->context, good, CONVCL_CONV_FWD, &(convcl_dense_options){.gemm = "fastest"}, &plan),
                 CONVCL_UNSUPPORTED, "fastest");
    assert_null(plan);
    convcl_dense_plan_destroy(NULL);
}

static void test_dense__enqueue_checks_its_arguments(harness_device *device, const void *data) {
    (void)data;
    const convcl_dense_desc desc = {.n = 2, .inputs = 30, .outputs = 40, .relu_mask = 1};
    const dense_test test = {&desc, NULL};
    const float values[1200] = {0};
    cl_command_queue queue = device->queue;
    harness_tensor *ta = harness_input(device, "a", HARNESS_VECTOR(1200), values), *ty = harness_output(device, "y", HARNESS_VECTOR(1200));
    convcl_buffer a = ta->buffer, y = ty->buffer, none = HARNESS_NO_BUFFER, far = y;
    far.offset = 1000000;
    convcl_dense_plan *fwd = plan_of(device, &test, CONVCL_CONV_FWD), *bwd_data = plan_of(device, &test, CONVCL_CONV_BWD_DATA);
    convcl_dense_plan *bwd_weights = plan_of(device, &test, CONVCL_CONV_BWD_WEIGHTS);
    const convcl_buffer ws = harness_workspace(device, 1000000);
    assert_fails(convcl_dense_fwd_enqueue(NULL, queue, a, a, a, y, ws, 0, NULL, NULL), CONVCL_INVALID, "dense: plan|NULL");
    assert_fails(convcl_dense_fwd_enqueue(bwd_data, queue, a, a, a, y, ws, 0, NULL, NULL), CONVCL_INVALID, "dense: plan|bwd_data|fwd");
    assert_fails(convcl_dense_fwd_enqueue(fwd, NULL, a, a, a, y, ws, 0, NULL, NULL), CONVCL_INVALID, "dense: queue|NULL");
    assert_fails(convcl_dense_fwd_enqueue(fwd, queue, none, a, a, y, ws, 0, NULL, NULL), CONVCL_INVALID, "dense: x|NULL");
    assert_fails(convcl_dense_fwd_enqueue(fwd, queue, a, none, a, y, ws, 0, NULL, NULL), CONVCL_INVALID, "dense: w|NULL");
    assert_fails(convcl_dense_fwd_enqueue(fwd, queue, a, a, none, y, ws, 0, NULL, NULL), CONVCL_INVALID, "dense: b|NULL");
    assert_fails(convcl_dense_fwd_enqueue(fwd, queue, a, a, a, far, ws, 0, NULL, NULL), CONVCL_INVALID, "dense: y|1000000");
    if (convcl_dense_plan_workspace(fwd) > 0)
        assert_fails(convcl_dense_fwd_enqueue(fwd, queue, a, a, a, y, none, 0, NULL, NULL), CONVCL_INVALID, "dense: workspace|NULL");
    assert_fails(convcl_dense_bwd_data_enqueue(bwd_data, queue, none, a, a, y, ws, 0, NULL, NULL), CONVCL_INVALID, "dense: dy|NULL");
    assert_fails(convcl_dense_bwd_data_enqueue(bwd_data, queue, a, none, a, y, ws, 0, NULL, NULL), CONVCL_INVALID, "dense: w|NULL");
    assert_fails(convcl_dense_bwd_data_enqueue(bwd_data, queue, a, a, none, y, ws, 0, NULL, NULL), CONVCL_INVALID, "dense: x|NULL");
    assert_fails(convcl_dense_bwd_data_enqueue(bwd_data, queue, a, a, a, none, ws, 0, NULL, NULL), CONVCL_INVALID, "dense: dx|NULL");
    assert_fails(convcl_dense_bwd_weights_enqueue(bwd_weights, queue, none, a, y, y, ws, 0, NULL, NULL), CONVCL_INVALID, "dense: x|NULL");
    assert_fails(convcl_dense_bwd_weights_enqueue(bwd_weights, queue, a, none, y, y, ws, 0, NULL, NULL), CONVCL_INVALID, "dense: dy|NULL");
    assert_fails(convcl_dense_bwd_weights_enqueue(bwd_weights, queue, a, a, none, y, ws, 0, NULL, NULL), CONVCL_INVALID, "dense: dw|NULL");
    assert_fails(convcl_dense_bwd_weights_enqueue(bwd_weights, queue, a, a, y, far, ws, 0, NULL, NULL), CONVCL_INVALID,
                 "dense: db|1000000");
    convcl_dense_plan_destroy(fwd);
    convcl_dense_plan_destroy(bwd_data);
    convcl_dense_plan_destroy(bwd_weights);
    assert_true(harness_is_poisoned(ty));
}

int main(int argc, char **argv) {
    static dense_test tests[sizeof descs / sizeof *descs * 2];
    const struct {
        const char *name;
        harness_device_fn test;
    } dirs[] = {{"fwd", test_fwd}, {"bwd_data", test_bwd_data}, {"bwd_weights", test_bwd_weights}};
    for (size_t i = 0; i < sizeof tests / sizeof *tests; ++i) {
        tests[i] = (dense_test){&descs[i / 2], gemms[i % 2]};
        for (size_t d = 0; d < sizeof dirs / sizeof *dirs; ++d) {
            char name[200];
            snprintf(name, sizeof name, "dense %s %s n%d inputs%d outputs%d", dirs[d].name, tests[i].gemm, tests[i].desc->n,
                     tests[i].desc->inputs, tests[i].desc->outputs);
            harness_add_device_test(name, dirs[d].test, &tests[i]);
        }
    }
    HARNESS_DEVICE(test_dense__finite_differences);
    HARNESS_DEVICE(test_dense__create_checks_its_arguments);
    HARNESS_DEVICE(test_dense__enqueue_checks_its_arguments);
    return harness_main(argc, argv);
}
