/* test_conv_fwd.c: the forward convolution against the reference.
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "conv_checks.h"

static void run_pair(harness_device *device, const conv_case *c) {
    for (int exact = 0; exact < 2; exact++) {
        convcl_conv_plan *plan = conv_plan(device, c);
        conv_values values = exact ? conv_integer_values(&c->desc) : conv_random_values(&c->desc);
        conv_tensors tensors = conv_upload(device, c, plan, &values);
        assert_ok(conv_enqueue(c, plan, device->queue, &tensors, 0, NULL, NULL));
        conv_expect(c, &values, &tensors, exact);
    }
}

static void with_epilogue(harness_device *device, const void *data, int has_bias, convcl_activation activation) {
    conv_case c = *(const conv_case *)data;
    c.desc.has_bias = has_bias;
    c.desc.activation = activation;
    run_pair(device, &c);
}

static void test_conv_fwd__no_bias(harness_device *device, const void *data) {
    with_epilogue(device, data, 0, CONVCL_ACTIVATION_NONE);
}

static void test_conv_fwd__bias_and_relu(harness_device *device, const void *data) {
    with_epilogue(device, data, 1, CONVCL_ACTIVATION_RELU);
}

static void test_conv_fwd__relu_without_bias(harness_device *device, const void *data) {
    with_epilogue(device, data, 0, CONVCL_ACTIVATION_RELU);
}

/* Fields of other directions must not matter. */
static void test_conv_fwd__relu_mask_is_not_read(harness_device *device, const void *data) {
    conv_case c = *(const conv_case *)data;
    c.desc.relu_mask = 1;
    run_pair(device, &c);
}

static void test_conv_fwd__strict_and_fast_math(harness_device *device, const void *data) {
    conv_case c = *(const conv_case *)data;
    c.desc.math = CONVCL_MATH_STRICT;
    run_pair(device, &c);
    c.desc.math = CONVCL_MATH_FAST;
    run_pair(device, &c);
}

/* A NaN or inf in x reaches the outputs that read it, through the ReLU too, and no other. */
static void test_conv_fwd__nan_and_inf_reach_their_readers_only(harness_device *device, const void *data) {
    conv_case c = *(const conv_case *)data;
    c.desc.activation = CONVCL_ACTIVATION_RELU;
    convcl_conv_plan *plan = conv_plan(device, &c);
    conv_values values = conv_random_values(&c.desc);
    values.x[0] = NAN;
    values.x[harness_shape_count(conv_shape_x(&c.desc)) - 1] = INFINITY;
    conv_tensors tensors = conv_upload(device, &c, plan, &values);
    assert_ok(conv_enqueue(&c, plan, device->queue, &tensors, 0, NULL, NULL));
    conv_expect(&c, &values, &tensors, false);
}

static void test_conv_fwd__nan_in_a_bias_stays_in_its_channel(harness_device *device, const void *data) {
    conv_case c = *(const conv_case *)data;
    convcl_conv_plan *plan = conv_plan(device, &c);
    conv_values values = conv_random_values(&c.desc);
    values.b[c.desc.oc - 1] = NAN;
    values.b[0] = -INFINITY;
    conv_tensors tensors = conv_upload(device, &c, plan, &values);
    assert_ok(conv_enqueue(&c, plan, device->queue, &tensors, 0, NULL, NULL));
    conv_expect(&c, &values, &tensors, false);
}

/* A filter packed once gives the bits of one packed at every enqueue. */
static void test_conv_fwd__packed_filter_gives_the_same_bits(harness_device *device, const void *data) {
    static const char *const algos[] = {"gather", "winograd"};
    for (int i = 0; i < 2; i++) {
        conv_case c = *(const conv_case *)data;
        c.options.algo = algos[i];
        convcl_conv_plan *plan = conv_plan(device, &c);
        conv_values values = conv_random_values(&c.desc);
        conv_tensors t = conv_upload(device, &c, plan, &values);
        assert_ok(conv_enqueue(&c, plan, device->queue, &t, 0, NULL, NULL));
        conv_expect(&c, &values, &t, false);
        const float *expected = harness_read(t.y);
        const convcl_buffer packed = harness_workspace(device, convcl_conv_plan_packed(plan));
        assert_ok(convcl_conv_pack_enqueue(plan, device->queue, t.w->buffer, packed, t.workspace, 0, NULL, NULL));
        for (int run = 0; run < 2; run++) {
            harness_poison(t.y);
            assert_ok(convcl_conv_fwd_packed_enqueue(plan, device->queue, t.x->buffer, packed, t.b->buffer, t.y->buffer, t.workspace, 0,
                                                     NULL, NULL));
            assert_memory_equal(harness_read(t.y), expected, t.y->count * sizeof(float));
        }
    }
}

static void test_conv_fwd__packed_arguments_are_checked(harness_device *device, const void *data) {
    const conv_case *c = data;
    convcl_conv_plan *plan = conv_plan(device, c);
    conv_values values = conv_random_values(&c->desc);
    conv_tensors t = conv_upload(device, c, plan, &values);
    assert_fails(convcl_conv_pack_enqueue(NULL, device->queue, t.w->buffer, t.workspace, t.workspace, 0, NULL, NULL), CONVCL_INVALID,
                 "conv|plan|NULL");
    assert_fails(convcl_conv_pack_enqueue(plan, device->queue, t.w->buffer, HARNESS_NO_BUFFER, t.workspace, 0, NULL, NULL), CONVCL_INVALID,
                 "conv|packed|NULL");
    assert_fails(convcl_conv_fwd_packed_enqueue(plan, device->queue, t.x->buffer, HARNESS_NO_BUFFER, t.b->buffer, t.y->buffer, t.workspace,
                                                0, NULL, NULL),
                 CONVCL_INVALID, "conv|packed|NULL");
    assert_true(harness_is_poisoned(t.y));
}

/* A result of zeros is right where zeros are expected. */
static void test_conv_fwd__zeros(harness_device *device, const void *data) {
    conv_case c = *(const conv_case *)data;
    convcl_conv_plan *plan = conv_plan(device, &c);
    conv_values values = conv_random_values(&c.desc);
    memset(values.x, 0, harness_shape_count(conv_shape_x(&c.desc)) * sizeof(float));
    memset(values.b, 0, harness_shape_count(conv_shape_b(&c.desc)) * sizeof(float));
    conv_tensors tensors = conv_upload(device, &c, plan, &values);
    assert_ok(conv_enqueue(&c, plan, device->queue, &tensors, 0, NULL, NULL));
    conv_expect(&c, &values, &tensors, true);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        harness_device_fn test;
    } tests[] = {
        {"test_conv_fwd__no_bias", test_conv_fwd__no_bias},
        {"test_conv_fwd__bias_and_relu", test_conv_fwd__bias_and_relu},
        {"test_conv_fwd__relu_without_bias", test_conv_fwd__relu_without_bias},
        {"test_conv_fwd__relu_mask_is_not_read", test_conv_fwd__relu_mask_is_not_read},
        {"test_conv_fwd__strict_and_fast_math", test_conv_fwd__strict_and_fast_math},
        {"test_conv_fwd__nan_and_inf_reach_their_readers_only", test_conv_fwd__nan_and_inf_reach_their_readers_only},
        {"test_conv_fwd__nan_in_a_bias_stays_in_its_channel", test_conv_fwd__nan_in_a_bias_stays_in_its_channel},
        {"test_conv_fwd__packed_filter_gives_the_same_bits", test_conv_fwd__packed_filter_gives_the_same_bits},
        {"test_conv_fwd__packed_arguments_are_checked", test_conv_fwd__packed_arguments_are_checked},
        {"test_conv_fwd__zeros", test_conv_fwd__zeros},
    };
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        conv_add_for_gemms(tests[i].name, tests[i].test, "n2ih7iw6ic3oc21f3p1", CONVCL_CONV_FWD);
    conv_add_checks(CONVCL_CONV_FWD);
    conv_add_table(CONVCL_CONV_FWD);
    return harness_main(argc, argv);
}
