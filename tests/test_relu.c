/* test_relu.c: the ReLU and its gradient, in every form of the kernels.
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "harness.h"
#include "layer_forms.h"
#include "reference/ref_relu.h"

static const size_t counts[] = {1, 3, 15, 16, 17, 1023, 8192, 8193, 20011};

static convcl_relu_plan *plan_of(harness_device *device, size_t count) {
    convcl_relu_plan *plan = NULL;
    assert_ok(convcl_relu_plan_create(device->context, count, &plan));
    return plan;
}

/* Random values with the ones that are easy to get wrong at both ends. */
static float *values_of(size_t count) {
    const float special[] = {0.0f, -0.0f, INFINITY, -INFINITY, NAN, 1e-40f, -1e-40f};
    float *values = harness_floats(count);
    harness_uniform(values, count, -1, 1);
    for (size_t i = 0; i < sizeof special / sizeof *special && i + 1 < count; ++i) {
        values[i] = special[i];
        values[count - 1 - i] = special[i];
    }
    return values;
}

static void test_relu__fwd(harness_device *device, const void *form) {
    layer_form_use(device, form);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; ++i) {
        const size_t count = counts[i];
        const float *x = values_of(count);
        double *expected = harness_to_doubles(x, count);
        harness_tensor *tx = harness_input(device, "x", HARNESS_VECTOR(count), x);
        harness_tensor *ty = harness_output(device, "y", HARNESS_VECTOR(count));
        convcl_relu_plan *plan = plan_of(device, count);
        assert_ok(convcl_relu_fwd_enqueue(plan, device->queue, tx->buffer, ty->buffer, 0, NULL, NULL));
        convcl_relu_plan_destroy(plan);
        convcl_ref_relu_fwd(count, expected, expected);
        harness_expect(ty, expected, HARNESS_EXACT);
    }
}

static void test_relu__bwd(harness_device *device, const void *form) {
    layer_form_use(device, form);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; ++i) {
        const size_t count = counts[i];
        const float *y = values_of(count);
        float *dy = harness_floats(count);
        harness_uniform(dy, count, -1, 1);
        double *expected = harness_doubles(count);
        harness_tensor *ty = harness_input(device, "y", HARNESS_VECTOR(count), y);
        harness_tensor *tdy = harness_input(device, "dy", HARNESS_VECTOR(count), dy);
        harness_tensor *tdx = harness_output(device, "dx", HARNESS_VECTOR(count));
        convcl_relu_plan *plan = plan_of(device, count);
        assert_ok(convcl_relu_bwd_enqueue(plan, device->queue, ty->buffer, tdy->buffer, tdx->buffer, 0, NULL, NULL));
        convcl_relu_plan_destroy(plan);
        convcl_ref_relu_bwd(count, harness_to_doubles(y, count), harness_to_doubles(dy, count), expected);
        harness_expect(tdx, expected, HARNESS_EXACT);
    }
}

static void test_relu__in_place(harness_device *device, const void *form) {
    layer_form_use(device, form);
    const size_t count = 10007;
    float *x = values_of(count), *dy = harness_floats(count);
    harness_uniform(dy, count, -1, 1);
    double *y = harness_to_doubles(x, count), *dx = harness_to_doubles(dy, count);
    harness_tensor *tx = harness_inout(device, "x", HARNESS_VECTOR(count), x);
    harness_tensor *tdy = harness_inout(device, "dy", HARNESS_VECTOR(count), dy);
    convcl_relu_plan *plan = plan_of(device, count);
    assert_ok(convcl_relu_fwd_enqueue(plan, device->queue, tx->buffer, tx->buffer, 0, NULL, NULL));
    assert_ok(convcl_relu_bwd_enqueue(plan, device->queue, tx->buffer, tdy->buffer, tdy->buffer, 0, NULL, NULL));
    convcl_relu_plan_destroy(plan);
    convcl_ref_relu_fwd(count, y, y);
    convcl_ref_relu_bwd(count, y, dx, dx);
    harness_expect(tx, y, HARNESS_EXACT);
    harness_expect(tdy, dx, HARNESS_EXACT);
}

/* Nothing runs before the event that it waits for, on a queue that could. */
static void test_relu__waits_and_gives_an_event(harness_device *device, const void *data) {
    (void)data;
    const size_t count = 1000;
    const float *x = values_of(count);
    double *expected = harness_to_doubles(x, count);
    harness_tensor *tx = harness_input(device, "x", HARNESS_VECTOR(count), x);
    harness_tensor *ty = harness_output(device, "y", HARNESS_VECTOR(count));
    cl_command_queue queue = harness_out_of_order_queue(device);
    cl_int code = CL_SUCCESS;
    cl_event done = NULL, go = clCreateUserEvent(convcl_context_cl(device->context), &code);
    assert_int_equal(code, CL_SUCCESS);
    convcl_relu_plan *plan = plan_of(device, count);
    assert_ok(convcl_relu_fwd_enqueue(plan, queue, tx->buffer, ty->buffer, 1, &go, &done));
    convcl_relu_plan_destroy(plan);
    clFlush(queue);
    const bool is_early = !harness_is_poisoned(ty);
    clSetUserEventStatus(go, CL_COMPLETE);
    code = clWaitForEvents(1, &done);
    clReleaseEvent(go);
    clReleaseEvent(done);
    assert_false(is_early);
    assert_int_equal(code, CL_SUCCESS);
    convcl_ref_relu_fwd(count, expected, expected);
    harness_expect(ty, expected, HARNESS_EXACT);
}

static void test_relu__create_checks_its_arguments(harness_device *device, const void *data) {
    (void)data;
    convcl_relu_plan *plan = (convcl_relu_plan *)device;
    assert_fails(convcl_relu_plan_create(NULL, 1, &plan), CONVCL_INVALID, "relu: context|NULL");
    assert_null(plan);
    plan = (convcl_relu_plan *)device;
    assert_fails(convcl_relu_plan_create(device->context, 0, &plan), CONVCL_INVALID, "relu: count|0|at least 1");
    assert_null(plan);
    assert_fails(convcl_relu_plan_create(device->context, 1, NULL), CONVCL_INVALID, "relu: plan_out|NULL");
    convcl_relu_plan_destroy(NULL);
}

static void test_relu__enqueue_checks_its_arguments(harness_device *device, const void *data) {
    (void)data;
    const float x[10] = {0};
    harness_tensor *tx = harness_input(device, "x", HARNESS_VECTOR(10), x);
    harness_tensor *ty = harness_output(device, "y", HARNESS_VECTOR(10));
    convcl_buffer a = tx->buffer, b = ty->buffer, none = HARNESS_NO_BUFFER, far = ty->buffer;
    far.offset = 1000000;
    cl_command_queue queue = device->queue;
    cl_event done = (cl_event)device;
    convcl_relu_plan *plan = plan_of(device, 10);
    assert_fails(convcl_relu_fwd_enqueue(NULL, queue, a, b, 0, NULL, NULL), CONVCL_INVALID, "relu: plan|NULL");
    assert_fails(convcl_relu_fwd_enqueue(plan, NULL, a, b, 0, NULL, NULL), CONVCL_INVALID, "relu: queue|NULL");
    assert_fails(convcl_relu_fwd_enqueue(plan, queue, none, b, 0, NULL, NULL), CONVCL_INVALID, "relu: x|NULL");
    assert_fails(convcl_relu_fwd_enqueue(plan, queue, a, none, 0, NULL, NULL), CONVCL_INVALID, "relu: y|NULL");
    assert_fails(convcl_relu_fwd_enqueue(plan, queue, a, far, 0, NULL, &done), CONVCL_INVALID, "relu: y|1000000|10");
    assert_null(done);
    assert_fails(convcl_relu_bwd_enqueue(NULL, queue, a, a, b, 0, NULL, NULL), CONVCL_INVALID, "relu: plan|NULL");
    assert_fails(convcl_relu_bwd_enqueue(plan, queue, none, a, b, 0, NULL, NULL), CONVCL_INVALID, "relu: y|NULL");
    assert_fails(convcl_relu_bwd_enqueue(plan, queue, a, none, b, 0, NULL, NULL), CONVCL_INVALID, "relu: dy|NULL");
    assert_fails(convcl_relu_bwd_enqueue(plan, queue, a, a, none, 0, NULL, NULL), CONVCL_INVALID, "relu: dx|NULL");
    convcl_relu_plan_destroy(plan);
    assert_true(harness_is_poisoned(ty));
}

int main(int argc, char **argv) {
    LAYER_FORM_TESTS(test_relu__fwd);
    LAYER_FORM_TESTS(test_relu__bwd);
    LAYER_FORM_TESTS(test_relu__in_place);
    HARNESS_DEVICE(test_relu__waits_and_gives_an_event);
    HARNESS_DEVICE(test_relu__create_checks_its_arguments);
    HARNESS_DEVICE(test_relu__enqueue_checks_its_arguments);
    return harness_main(argc, argv);
}
