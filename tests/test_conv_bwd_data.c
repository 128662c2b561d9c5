/* test_conv_bwd_data.c: the gradient of a convolution with respect to its input, against the reference.
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "conv_checks.h"

static void run_with(harness_device *device, const conv_case *c, const conv_values *values, bool exact) {
    convcl_conv_plan *plan = conv_plan(device, c);
    conv_tensors tensors = conv_upload(device, c, plan, values);
    assert_ok(conv_enqueue(c, plan, device->queue, &tensors, 0, NULL, NULL));
    conv_expect(c, values, &tensors, exact);
}

static void run_pair(harness_device *device, const conv_case *c) {
    conv_values values = conv_random_values(&c->desc);
    run_with(device, c, &values, false);
    values = conv_integer_values(&c->desc);
    run_with(device, c, &values, true);
}

static void test_conv_bwd_data__relu_mask(harness_device *device, const void *data) {
    conv_case c = *(const conv_case *)data;
    c.desc.relu_mask = 1;
    run_pair(device, &c);
}

/* Where x is 0, -0, negative, -inf or NaN the masked gradient is 0; where it is inf it is kept. */
static void test_conv_bwd_data__relu_mask_of_special_values(harness_device *device, const void *data) {
    static const float special[] = {0.0f, -0.0f, -1e-30f, 1e-30f, -INFINITY, INFINITY, NAN};
    conv_case c = *(const conv_case *)data;
    c.desc.relu_mask = 1;
    conv_values values = conv_integer_values(&c.desc);
    size_t count = harness_shape_count(conv_shape_x(&c.desc));
    for (size_t i = 0; i < count; i++)
        values.x[i] = special[i % (sizeof special / sizeof *special)];
    run_with(device, &c, &values, true);
}

static void test_conv_bwd_data__bias_and_activation_are_not_read(harness_device *device, const void *data) {
    conv_case c = *(const conv_case *)data;
    c.desc.has_bias = 0;
    c.desc.activation = CONVCL_ACTIVATION_RELU;
    run_pair(device, &c);
}

static void test_conv_bwd_data__nan_and_inf_reach_their_readers_only(harness_device *device, const void *data) {
    const conv_case *c = data;
    conv_values values = conv_random_values(&c->desc);
    values.dy[0] = NAN;
    values.dy[harness_shape_count(conv_shape_y(&c->desc)) - 1] = INFINITY;
    run_with(device, c, &values, false);
}

/* With a stride beyond the filter most pixels are read by no window: their gradient is 0, and it is written. */
static void test_conv_bwd_data__pixels_without_a_reader_get_zero(harness_device *device, const void *data) {
    conv_case c = *(const conv_case *)data;
    c.desc.stride_h = 5;
    c.desc.stride_w = 4;
    c.desc.fh = c.desc.fw = 2;
    c.desc.pad_top = c.desc.pad_bottom = c.desc.pad_left = c.desc.pad_right = 0;
    run_pair(device, &c);
    c.desc.relu_mask = 1;
    run_pair(device, &c);
}

/* Taps along an axis that reach output pixels 0 to `out` - 1 from an input pixel. */
static int taps_of(int pixel, int filter, int pad, int out) {
    const int first = pixel + pad - (out - 1), last = pixel + pad;
    return (last < filter - 1 ? last : filter - 1) - (first > 0 ? first : 0) + 1;
}

/* More products than an int counts: of ones, so that each result is the number of taps inside. */
static void test_conv_bwd_data__many_pixels(harness_device *device, const void *data) {
    (void)data;
    enum { SIZE = 4096, FILTER = 12, PAD = 6, OUT = SIZE + 2 * PAD - FILTER + 1 };
    conv_case c = {.dir = CONVCL_CONV_BWD_DATA, .options = {.algo = "gather"}};
    harness_skip_where_slow(device, 5);
    convcl_conv_desc_init(&c.desc);
    c.desc.n = c.desc.ic = c.desc.oc = 1;
    c.desc.ih = c.desc.iw = SIZE;
    c.desc.fh = c.desc.fw = FILTER;
    c.desc.pad_top = c.desc.pad_bottom = c.desc.pad_left = c.desc.pad_right = PAD;
    conv_values values = conv_integer_values(&c.desc);
    for (size_t i = 0; i < (size_t)OUT * OUT; i++)
        values.dy[i] = 1;
    for (size_t i = 0; i < (size_t)FILTER * FILTER; i++)
        values.w[i] = 1;
    convcl_conv_plan *plan = conv_plan(device, &c);
    conv_tensors tensors = conv_upload(device, &c, plan, &values);
    assert_ok(conv_enqueue(&c, plan, device->queue, &tensors, 0, NULL, NULL));
    const float *dx = harness_read(tensors.dx);
    size_t wrong = 0;
    for (int h = 0; h < SIZE; h++)
        for (int w = 0; w < SIZE; w++)
            wrong += dx[(size_t)h * SIZE + w] != (float)(taps_of(h, FILTER, PAD, OUT) * taps_of(w, FILTER, PAD, OUT));
    assert_int_equal(wrong, 0);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        harness_device_fn test;
    } tests[] = {
        {"test_conv_bwd_data__relu_mask", test_conv_bwd_data__relu_mask},
        {"test_conv_bwd_data__relu_mask_of_special_values", test_conv_bwd_data__relu_mask_of_special_values},
        {"test_conv_bwd_data__bias_and_activation_are_not_read", test_conv_bwd_data__bias_and_activation_are_not_read},
        {"test_conv_bwd_data__nan_and_inf_reach_their_readers_only", test_conv_bwd_data__nan_and_inf_reach_their_readers_only},
        {"test_conv_bwd_data__pixels_without_a_reader_get_zero", test_conv_bwd_data__pixels_without_a_reader_get_zero},
    };
    HARNESS_DEVICE(test_conv_bwd_data__many_pixels);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        conv_add_for_gemms(tests[i].name, tests[i].test, "n2ih7iw6ic19oc5f3p1", CONVCL_CONV_BWD_DATA);
    conv_add_for_gemms("test_conv_bwd_data__relu_mask_with_stride", test_conv_bwd_data__relu_mask, "n2ih9iw8ic5oc7f3s2p1",
                       CONVCL_CONV_BWD_DATA);
    conv_add_for_gemms("test_conv_bwd_data__relu_mask_with_groups", test_conv_bwd_data__relu_mask, "n1ih9iw8ic6oc8f3s1p1g2",
                       CONVCL_CONV_BWD_DATA);
    conv_add_checks(CONVCL_CONV_BWD_DATA);
    conv_add_table(CONVCL_CONV_BWD_DATA);
    return harness_main(argc, argv);
}
