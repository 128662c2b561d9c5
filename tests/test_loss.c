/* test_loss.c: the l2 loss and its gradient, in every form of the kernels.
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "harness.h"
#include "layer_forms.h"
#include "reference/ref_loss.h"

static const size_t counts[] = {1, 3, 16, 17, 127, 128, 129, 1000, 8192, 8193, 8192 + 130, 100003};

static convcl_l2_loss_plan *plan_of(harness_device *device, size_t count) {
    convcl_l2_loss_plan *plan = NULL;
    assert_ok(convcl_l2_loss_plan_create(device->context, count, &plan));
    return plan;
}

/* The loss of x by the device. */
static float loss_of(harness_device *device, size_t count, const float *x) {
    harness_tensor *tx = harness_input(device, "x", HARNESS_VECTOR(count), x);
    harness_tensor *tloss = harness_output(device, "loss", HARNESS_VECTOR(1));
    convcl_l2_loss_plan *plan = plan_of(device, count);
    const convcl_buffer workspace = harness_workspace(device, convcl_l2_loss_plan_workspace(plan));
    assert_ok(convcl_l2_loss_fwd_enqueue(plan, device->queue, tx->buffer, tloss->buffer, workspace, 0, NULL, NULL));
    convcl_l2_loss_plan_destroy(plan);
    harness_check_memory(device);
    return *harness_read(tloss);
}

static void test_loss__fwd_of_integers_is_exact(harness_device *device, const void *form) {
    layer_form_use(device, form);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; ++i) {
        const size_t count = counts[i];
        float *x = harness_floats(count);
        harness_integers(x, count, -4, 4);
        x[count - 1] = 3;
        const double expected = convcl_ref_l2_loss_fwd(count, harness_to_doubles(x, count));
        const float got = loss_of(device, count, x);
        harness_expect_values("loss", HARNESS_VECTOR(1), &expected, &got, HARNESS_EXACT);
    }
}

static void test_loss__fwd_stays_exact_over_ten_million(harness_device *device, const void *form) {
    layer_form_use(device, form);
    const size_t count = 10000019;
    float *x = harness_floats(count);
    harness_uniform(x, count, 0.5f, 1);
    const double expected = convcl_ref_l2_loss_fwd(count, harness_to_doubles(x, count));
    const float first = loss_of(device, count, x), second = loss_of(device, count, x);
    harness_expect_values("loss", HARNESS_VECTOR(1), &expected, &first, HARNESS_WITHIN_EACH(2e-7));
    assert_memory_equal(&first, &second, sizeof first);
}

static void test_loss__fwd_of_nan_and_inf(harness_device *device, const void *form) {
    layer_form_use(device, form);
    const size_t count = 20000;
    float *x = harness_floats(count);
    harness_uniform(x, count, -1, 1);
    x[count - 1] = NAN;
    assert_true(isnan(loss_of(device, count, x)));
    x[count - 1] = 0;
    x[7] = NAN;
    assert_true(isnan(loss_of(device, count, x)));
    x[7] = -INFINITY;
    assert_true(loss_of(device, count, x) == INFINITY);
    x[7] = 1e30f;
    assert_true(loss_of(device, count, x) == INFINITY);
}

static void test_loss__bwd(harness_device *device, const void *form) {
    layer_form_use(device, form);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; ++i) {
        const size_t count = counts[i];
        float *x = harness_floats(count);
        harness_uniform(x, count, -1, 1);
        double *expected = harness_to_doubles(x, count);
        harness_tensor *tx = harness_input(device, "x", HARNESS_VECTOR(count), x);
        harness_tensor *tdx = harness_output(device, "dx", HARNESS_VECTOR(count));
        convcl_l2_loss_plan *plan = plan_of(device, count);
        assert_ok(convcl_l2_loss_bwd_enqueue(plan, device->queue, tx->buffer, 0.25f, tdx->buffer, 0, NULL, NULL));
        convcl_l2_loss_plan_destroy(plan);
        convcl_ref_l2_loss_bwd(count, expected, 0.25, expected);
        harness_expect(tdx, expected, HARNESS_EXACT);
    }
}

static void test_loss__bwd_in_place(harness_device *device, const void *form) {
    layer_form_use(device, form);
    const size_t count = 9001;
    float *x = harness_floats(count);
    harness_uniform(x, count, -1, 1);
    double *expected = harness_to_doubles(x, count);
    harness_tensor *tx = harness_inout(device, "x", HARNESS_VECTOR(count), x);
    convcl_l2_loss_plan *plan = plan_of(device, count);
    assert_ok(convcl_l2_loss_bwd_enqueue(plan, device->queue, tx->buffer, -3.0f, tx->buffer, 0, NULL, NULL));
    convcl_l2_loss_plan_destroy(plan);
    convcl_ref_l2_loss_bwd(count, expected, -3.0, expected);
    harness_expect(tx, expected, HARNESS_WITHIN_EACH(6e-8));
}

/* The gradient is the slope of the loss. */
static void test_loss__bwd_by_finite_differences(harness_device *device, const void *data) {
    (void)data;
    const float x[4] = {0.5f, -2.0f, 1.0f, 4.0f};
    for (int i = 0; i < 4; ++i) {
        float above[4], below[4];
        memcpy(above, x, sizeof x);
        memcpy(below, x, sizeof x);
        above[i] += 0.125f;
        below[i] -= 0.125f;
        assert_true(loss_of(device, 4, above) - loss_of(device, 4, below) == 0.25f * x[i]);
    }
}

/* Its two launches stay in order on a queue that could run them at once, and behind the event that they wait for. */
static void test_loss__waits_and_gives_an_event(harness_device *device, const void *data) {
    (void)data;
    const size_t count = 100000;
    float *x = harness_floats(count);
    harness_integers(x, count, -2, 2);
    const double expected = convcl_ref_l2_loss_fwd(count, harness_to_doubles(x, count));
    harness_tensor *tx = harness_input(device, "x", HARNESS_VECTOR(count), x);
    harness_tensor *tloss = harness_output(device, "loss", HARNESS_VECTOR(1));
    cl_command_queue queue = harness_out_of_order_queue(device);
    cl_int code = CL_SUCCESS;
    cl_event done = NULL, go = clCreateUserEvent(convcl_context_cl(device->context), &code);
    assert_int_equal(code, CL_SUCCESS);
    convcl_l2_loss_plan *plan = plan_of(device, count);
    const convcl_buffer workspace = harness_workspace(device, convcl_l2_loss_plan_workspace(plan));
    assert_ok(convcl_l2_loss_fwd_enqueue(plan, queue, tx->buffer, tloss->buffer, workspace, 1, &go, &done));
    convcl_l2_loss_plan_destroy(plan);
    clFlush(queue);
    const bool is_early = !harness_is_poisoned(tloss);
    clSetUserEventStatus(go, CL_COMPLETE);
    code = clWaitForEvents(1, &done);
    clReleaseEvent(go);
    clReleaseEvent(done);
    assert_false(is_early);
    assert_int_equal(code, CL_SUCCESS);
    harness_expect(tloss, &expected, HARNESS_EXACT);
}

static void test_loss__create_checks_its_arguments(harness_device *device, const void *data) {
    (void)data;
    convcl_l2_loss_plan *plan = (convcl_l2_loss_plan *)device;
    assert_fails(convcl_l2_loss_plan_create(NULL, 1, &plan), CONVCL_INVALID, "l2_loss: context|NULL");
    assert_null(plan);
    plan = (convcl_l2_loss_plan *)device;
    assert_fails(convcl_l2_loss_plan_create(device->context, 0, &plan), CONVCL_INVALID, "l2_loss: count|0|at least 1");
    assert_null(plan);
    assert_fails(convcl_l2_loss_plan_create(device->context, 1, NULL), CONVCL_INVALID, "l2_loss: plan_out|NULL");
    convcl_l2_loss_plan_destroy(NULL);
}

static void test_loss__enqueue_checks_its_arguments(harness_device *device, const void *data) {
    (void)data;
    const float x[10] = {0};
    harness_tensor *tx = harness_input(device, "x", HARNESS_VECTOR(10), x);
    harness_tensor *ty = harness_output(device, "loss", HARNESS_VECTOR(10));
    convcl_buffer a = tx->buffer, b = ty->buffer, none = HARNESS_NO_BUFFER, far = ty->buffer;
    far.offset = 1000000;
    cl_command_queue queue = device->queue;
    convcl_l2_loss_plan *plan = plan_of(device, 10);
    const convcl_buffer work = harness_workspace(device, convcl_l2_loss_plan_workspace(plan));
    assert_fails(convcl_l2_loss_fwd_enqueue(NULL, queue, a, b, work, 0, NULL, NULL), CONVCL_INVALID, "l2_loss: plan|NULL");
    assert_fails(convcl_l2_loss_fwd_enqueue(plan, NULL, a, b, work, 0, NULL, NULL), CONVCL_INVALID, "l2_loss: queue|NULL");
    assert_fails(convcl_l2_loss_fwd_enqueue(plan, queue, none, b, work, 0, NULL, NULL), CONVCL_INVALID, "l2_loss: x|NULL");
    assert_fails(convcl_l2_loss_fwd_enqueue(plan, queue, a, none, work, 0, NULL, NULL), CONVCL_INVALID, "l2_loss: loss|NULL");
    assert_fails(convcl_l2_loss_fwd_enqueue(plan, queue, a, b, none, 0, NULL, NULL), CONVCL_INVALID, "l2_loss: workspace|NULL");
    assert_fails(convcl_l2_loss_fwd_enqueue(plan, queue, a, far, work, 0, NULL, NULL), CONVCL_INVALID, "l2_loss: loss|1000000");
    assert_fails(convcl_l2_loss_bwd_enqueue(NULL, queue, a, 1, b, 0, NULL, NULL), CONVCL_INVALID, "l2_loss: plan|NULL");
    assert_fails(convcl_l2_loss_bwd_enqueue(plan, queue, none, 1, b, 0, NULL, NULL), CONVCL_INVALID, "l2_loss: x|NULL");
    assert_fails(convcl_l2_loss_bwd_enqueue(plan, queue, a, 1, none, 0, NULL, NULL), CONVCL_INVALID, "l2_loss: dx|NULL");
    convcl_l2_loss_plan_destroy(plan);
    assert_true(harness_is_poisoned(ty));
}

int main(int argc, char **argv) {
    LAYER_FORM_TESTS(test_loss__fwd_of_integers_is_exact);
    LAYER_FORM_TESTS(test_loss__fwd_stays_exact_over_ten_million);
    LAYER_FORM_TESTS(test_loss__fwd_of_nan_and_inf);
    LAYER_FORM_TESTS(test_loss__bwd);
    LAYER_FORM_TESTS(test_loss__bwd_in_place);
    HARNESS_DEVICE(test_loss__bwd_by_finite_differences);
    HARNESS_DEVICE(test_loss__waits_and_gives_an_event);
    HARNESS_DEVICE(test_loss__create_checks_its_arguments);
    HARNESS_DEVICE(test_loss__enqueue_checks_its_arguments);
    return harness_main(argc, argv);
}
