/* test_conv_bwd_weights.c: the gradients of a convolution with respect to its filter and bias, against the reference.
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "conv_checks.h"

static void run_with(harness_device *device, const conv_case *c, const conv_values *values, bool exact) {
    convcl_conv_plan *plan = conv_plan(device, c);
    conv_tensors tensors = conv_upload(device, c, plan, values);
    assert_ok(conv_enqueue(c, plan, device->queue, &tensors, 0, NULL, NULL));
    conv_expect(c, values, &tensors, exact);
}

static void test_conv_bwd_weights__no_bias(harness_device *device, const void *data) {
    conv_case c = *(const conv_case *)data;
    c.desc.has_bias = 0;
    conv_values values = conv_random_values(&c.desc);
    run_with(device, &c, &values, false);
}

/* Without a bias, a db that is given all the same is left alone. */
static void test_conv_bwd_weights__no_bias_leaves_db_alone(harness_device *device, const void *data) {
    conv_case c = *(const conv_case *)data;
    c.desc.has_bias = 0;
    convcl_conv_plan *plan = conv_plan(device, &c);
    conv_values values = conv_random_values(&c.desc);
    conv_tensors t = conv_upload(device, &c, plan, &values);
    harness_tensor *db = harness_output(device, "db", conv_shape_b(&c.desc));
    assert_ok(convcl_conv_bwd_weights_enqueue(plan, device->queue, t.x->buffer, t.dy->buffer, t.dw->buffer, db->buffer, t.workspace, 0,
                                              NULL, NULL));
    conv_expect(&c, &values, &t, false);
    assert_true(harness_is_poisoned(db));
}

static void test_conv_bwd_weights__activation_and_mask_are_not_read(harness_device *device, const void *data) {
    conv_case c = *(const conv_case *)data;
    c.desc.activation = CONVCL_ACTIVATION_RELU;
    c.desc.relu_mask = 1;
    conv_values values = conv_random_values(&c.desc);
    run_with(device, &c, &values, false);
}

/* A NaN in dy spoils its output channel only. */
static void test_conv_bwd_weights__nan_stays_in_its_channel(harness_device *device, const void *data) {
    conv_case c = *(const conv_case *)data;
    c.desc.pad_top = c.desc.pad_bottom = c.desc.pad_left = c.desc.pad_right = 0;
    conv_values values = conv_random_values(&c.desc);
    values.dy[0] = NAN;
    run_with(device, &c, &values, false);
}

/* A filter place that lies in the padding for every output pixel has a gradient of 0, and it is written. */
static void test_conv_bwd_weights__places_that_meet_only_padding_get_zero(harness_device *device, const void *data) {
    conv_case c = *(const conv_case *)data;
    c.desc.ih = c.desc.iw = 1;
    c.desc.fh = c.desc.fw = 5;
    c.desc.pad_top = c.desc.pad_bottom = c.desc.pad_left = c.desc.pad_right = 2;
    conv_values values = conv_integer_values(&c.desc);
    run_with(device, &c, &values, true);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        harness_device_fn test;
    } tests[] = {
        {"test_conv_bwd_weights__no_bias", test_conv_bwd_weights__no_bias},
        {"test_conv_bwd_weights__no_bias_leaves_db_alone", test_conv_bwd_weights__no_bias_leaves_db_alone},
        {"test_conv_bwd_weights__activation_and_mask_are_not_read", test_conv_bwd_weights__activation_and_mask_are_not_read},
        {"test_conv_bwd_weights__nan_stays_in_its_channel", test_conv_bwd_weights__nan_stays_in_its_channel},
        {"test_conv_bwd_weights__places_that_meet_only_padding_get_zero", test_conv_bwd_weights__places_that_meet_only_padding_get_zero},
    };
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        conv_add_for_gemms(tests[i].name, tests[i].test, "n2ih7iw6ic3oc21f3p1", CONVCL_CONV_BWD_WEIGHTS);
    conv_add_checks(CONVCL_CONV_BWD_WEIGHTS);
    conv_add_table(CONVCL_CONV_BWD_WEIGHTS);
    return harness_main(argc, argv);
}
