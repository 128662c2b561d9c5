/* test_conv_desc.c: the description of a convolution: defaults, TensorFlow's SAME, output sizes, and every rule that create checks.
 * SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdio.h>

#include "harness.h"

static convcl_conv_desc parsed(const char *text) {
    convcl_conv_desc desc;
    if (!harness_parse_conv(text, &desc))
        fail_msg("%s is no convolution", text);
    return desc;
}

static void test_conv_desc__defaults(void **state) {
    (void)state;
    convcl_conv_desc d;
    memset(&d, 0x5A, sizeof d);
    convcl_conv_desc_init(&d);
    assert_true(d.n == 0 && d.ih == 0 && d.iw == 0 && d.ic == 0 && d.oc == 0 && d.fh == 0 && d.fw == 0);
    assert_true(d.stride_h == 1 && d.stride_w == 1 && d.dilation_h == 1 && d.dilation_w == 1 && d.groups == 1 && d.has_bias == 1);
    assert_true(d.pad_top == 0 && d.pad_bottom == 0 && d.pad_left == 0 && d.pad_right == 0 && d.relu_mask == 0);
    assert_int_equal(d.activation, CONVCL_ACTIVATION_NONE);
    assert_int_equal(d.layout, CONVCL_LAYOUT_NHWC);
    assert_int_equal(d.filter_layout, CONVCL_FILTER_LAYOUT_HWIO);
    assert_int_equal(d.math, CONVCL_MATH_DEFAULT);
}

static void test_conv_desc__direction_names(void **state) {
    (void)state;
    assert_string_equal(convcl_conv_dir_name(CONVCL_CONV_FWD), "fwd");
    assert_string_equal(convcl_conv_dir_name(CONVCL_CONV_BWD_DATA), "bwd_data");
    assert_string_equal(convcl_conv_dir_name(CONVCL_CONV_BWD_WEIGHTS), "bwd_weights");
    assert_string_equal(convcl_conv_dir_name(CONVCL_CONV_BWD), "bwd");
    assert_string_equal(convcl_conv_dir_name((convcl_conv_dir)4), "unknown");
}

static void test_conv_desc__case_words(void **state) {
    (void)state;
    convcl_conv_desc d = parsed("n2ic64ih13iw14oc96fh3fw5sh2sw1pt1pb2pl3pr4dh2dw3g4");
    assert_true(d.n == 2 && d.ic == 64 && d.ih == 13 && d.iw == 14 && d.oc == 96 && d.fh == 3 && d.fw == 5 && d.stride_h == 2 &&
                d.stride_w == 1);
    assert_true(d.pad_top == 1 && d.pad_bottom == 2 && d.pad_left == 3 && d.pad_right == 4 && d.dilation_h == 2 && d.dilation_w == 3 &&
                d.groups == 4);
    static const char *const wrong[] = {
        "", "n1", "n1ih1iw1ic1oc1", "n1ih1iw1ic1oc1f", "n1ih1iw1ic1oc1f1z2", "alexnet:conv6", "n1ih1iw1ic1oc1f1 ", "n-1ih1iw1ic1oc1f1"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(harness_parse_conv(wrong[i], &d));
}

/* ---- sizes ---- */

static void expect_size(const char *text, int oh, int ow) {
    convcl_conv_desc d = parsed(text);
    int got_h = -1, got_w = -1;
    assert_ok(convcl_conv_output_size(&d, &got_h, &got_w));
    if (got_h != oh || got_w != ow)
        fail_msg("%s gives %d x %d, expected %d x %d", text, got_h, got_w, oh, ow);
}

static void test_conv_desc__output_size(void **state) {
    (void)state;
    expect_size("n1ih1iw1ic1oc1f1", 1, 1);
    expect_size("alexnet:conv1", 56, 56);
    expect_size("alexnet:conv2", 27, 27);
    expect_size("n1ih10iw11ic1oc1f3s2", 4, 5);
    expect_size("n1ih10iw10ic1oc1f1s3", 4, 4);
    expect_size("n1ih9iw9ic1oc1f3d4", 1, 1);
    expect_size("n1ih5iw6ic1oc1f3pt0pb2pl1pr3", 5, 8);
    expect_size("n1ih1iw1ic1oc1f1s1000000", 1, 1);
}

static void test_conv_desc__output_size_refuses_a_filter_larger_than_the_input(void **state) {
    (void)state;
    int oh = -5, ow = -6;
    convcl_conv_desc d = parsed("n1ih4iw9ic1oc1fh5fw3");
    assert_fails(convcl_conv_output_size(&d, &oh, &ow), CONVCL_INVALID, "conv|fh|5|4");
    d = parsed("n1ih9iw4ic1oc1fh3fw3dw2");
    assert_fails(convcl_conv_output_size(&d, &oh, &ow), CONVCL_INVALID, "conv|fw|3|4");
    assert_true(oh == -5 && ow == -6);
}

static void test_conv_desc__output_size_refuses_null(void **state) {
    (void)state;
    int oh = -5, ow = -6;
    convcl_conv_desc d = parsed("n1ih4iw4ic1oc1f1");
    assert_fails(convcl_conv_output_size(NULL, &oh, &ow), CONVCL_INVALID, "desc|NULL");
    assert_fails(convcl_conv_output_size(&d, NULL, &ow), CONVCL_INVALID, "oh_out|NULL");
    assert_fails(convcl_conv_output_size(&d, &oh, NULL), CONVCL_INVALID, "ow_out|NULL");
    assert_fails(convcl_conv_desc_same(NULL), CONVCL_INVALID, "desc|NULL");
    assert_true(oh == -5 && ow == -6);
}

/* Pads in the order top, bottom, left, right, as TensorFlow computes them. */
static void expect_same(const char *text, int top, int bottom, int left, int right, int oh, int ow) {
    convcl_conv_desc d = parsed(text);
    int got_h = 0, got_w = 0;
    assert_ok(convcl_conv_desc_same(&d));
    if (d.pad_top != top || d.pad_bottom != bottom || d.pad_left != left || d.pad_right != right)
        fail_msg("%s pads %d %d %d %d, expected %d %d %d %d", text, d.pad_top, d.pad_bottom, d.pad_left, d.pad_right, top, bottom, left,
                 right);
    assert_ok(convcl_conv_output_size(&d, &got_h, &got_w));
    assert_int_equal(got_h, oh);
    assert_int_equal(got_w, ow);
}

static void test_conv_desc__same_is_tensorflows(void **state) {
    (void)state;
    expect_same("n1ih224iw224ic3oc64f11s4", 3, 4, 3, 4, 56, 56);
    expect_same("n1ih27iw27ic1oc1f5", 2, 2, 2, 2, 27, 27);
    expect_same("n1ih4iw5ic1oc1f2", 0, 1, 0, 1, 4, 5);
    expect_same("n1ih5iw6ic1oc1f3s2", 1, 1, 0, 1, 3, 3);
    expect_same("n1ih10iw10ic1oc1f1s3", 0, 0, 0, 0, 4, 4); /* stride > filter: nothing to pad */
    expect_same("n1ih7iw9ic1oc1f3d2", 2, 2, 2, 2, 7, 9);
    expect_same("n1ih1iw1ic1oc1f6", 2, 3, 2, 3, 1, 1);
    expect_same("n1ih8iw8ic1oc1fh1fw4sh1sw3p9", 0, 0, 1, 1, 8, 3); /* pads that were set are replaced */
}

static void test_conv_desc__same_refuses_broken_fields(void **state) {
    (void)state;
    convcl_conv_desc d = parsed("n1ih4iw4ic1oc1f3");
    d.stride_w = 0;
    convcl_conv_desc before = d;
    assert_fails(convcl_conv_desc_same(&d), CONVCL_INVALID, "stride_w|0|at least 1");
    assert_memory_equal(&d, &before, sizeof d);
}

static void test_conv_desc__huge_sizes_do_not_overflow(void **state) {
    (void)state;
    int oh, ow;
    convcl_conv_desc d = parsed("n1ih4iw4ic1oc1f3");
    d.pad_top = d.pad_bottom = INT_MAX;
    assert_fails(convcl_conv_output_size(&d, &oh, &ow), CONVCL_INVALID, "pad_top|2147483647");
    d = parsed("n1ih4iw4ic1oc1f3");
    d.fh = d.dilation_h = 1 << 24;
    assert_fails(convcl_conv_output_size(&d, &oh, &ow), CONVCL_INVALID, "fh|16777216");
    assert_fails(convcl_conv_desc_same(&d), CONVCL_INVALID, "fh|16777216");
    d.ih = INT_MIN;
    assert_fails(convcl_conv_output_size(&d, &oh, &ow), CONVCL_INVALID, "ih|-2147483648|at least 1");
}

/* ---- the rules of create ---- */

typedef struct broken_rule {
    const char *name; /* of the field */
    size_t offset;
    int value;
    convcl_status status;
    const char *words;
} broken_rule;

#define RULE(field, value, status, words)                                                                                                  \
    { #field, offsetof(convcl_conv_desc, field), (value), (status), (words) }
#define AT_LEAST_1(field)                                                                                                                  \
    RULE(field, 0, CONVCL_INVALID, "conv|" #field "|0|at least 1"), RULE(field, -1, CONVCL_INVALID, "conv|" #field "|-1|at least 1"),      \
        RULE(field, INT_MAX, CONVCL_INVALID, "conv|" #field "|2147483647"),                                                                \
        RULE(field, INT_MIN, CONVCL_INVALID, "conv|" #field "|-2147483648")
#define AT_LEAST_0(field)                                                                                                                  \
    RULE(field, -1, CONVCL_INVALID, "conv|" #field "|-1|at least 0"), RULE(field, INT_MAX, CONVCL_INVALID, "conv|" #field "|2147483647")

static const broken_rule rules[] = {
    AT_LEAST_1(n),
    AT_LEAST_1(ih),
    AT_LEAST_1(iw),
    AT_LEAST_1(ic),
    AT_LEAST_1(oc),
    AT_LEAST_1(fh),
    AT_LEAST_1(fw),
    AT_LEAST_1(stride_h),
    AT_LEAST_1(stride_w),
    AT_LEAST_1(dilation_h),
    AT_LEAST_1(dilation_w),
    AT_LEAST_1(groups),
    AT_LEAST_0(pad_top),
    AT_LEAST_0(pad_bottom),
    AT_LEAST_0(pad_left),
    AT_LEAST_0(pad_right),
    RULE(groups, 3, CONVCL_INVALID, "conv|groups|3|ic|4"),
    RULE(groups, 4, CONVCL_INVALID, "conv|groups|4|oc|6"),
    RULE(fh, 9, CONVCL_INVALID, "conv|fh|9|8"),
    RULE(fw, 10, CONVCL_INVALID, "conv|fw|10|9"),
    RULE(has_bias, 2, CONVCL_INVALID, "conv|has_bias|2"),
    RULE(relu_mask, -1, CONVCL_INVALID, "conv|relu_mask|-1"),
    RULE(activation, 2, CONVCL_INVALID, "conv|activation|2"),
    RULE(layout, 2, CONVCL_INVALID, "conv|layout|2"),
    RULE(filter_layout, 2, CONVCL_INVALID, "conv|filter_layout|2"),
    RULE(math, 3, CONVCL_INVALID, "conv|math|3"),
    RULE(layout, CONVCL_LAYOUT_NCHW, CONVCL_UNSUPPORTED, "conv|layout|NCHW|NHWC"),
    RULE(filter_layout, CONVCL_FILTER_LAYOUT_OIHW, CONVCL_UNSUPPORTED, "conv|filter_layout|OIHW|HWIO"),
};

static void test_conv_desc__broken_rule(harness_device *device, const void *data) {
    const broken_rule *rule = data;
    for (int dir = 0; dir < 3; dir++) {
        convcl_conv_desc desc = parsed("n2ih8iw9ic4oc6f3");
        memcpy((char *)&desc + rule->offset, &rule->value, sizeof rule->value);
        convcl_conv_plan *plan = (convcl_conv_plan *)&desc;
        assert_fails(convcl_conv_plan_create(device->context, &desc, (convcl_conv_dir)dir, NULL, &plan), rule->status, rule->words);
        assert_null(plan);
    }
}

static void test_conv_desc__create_refuses_null_and_unknown_directions(harness_device *device, const void *data) {
    (void)data;
    convcl_conv_desc desc = parsed("n1ih4iw4ic1oc1f3");
    convcl_conv_plan *plan = (convcl_conv_plan *)&desc;
    assert_fails(convcl_conv_plan_create(NULL, &desc, CONVCL_CONV_FWD, NULL, &plan), CONVCL_INVALID, "conv|context|NULL");
    assert_null(plan);
    plan = (convcl_conv_plan *)&desc;
    assert_fails(convcl_conv_plan_create(device->context, NULL, CONVCL_CONV_FWD, NULL, &plan), CONVCL_INVALID, "conv|desc|NULL");
    assert_null(plan);
    assert_fails(convcl_conv_plan_create(device->context, &desc, CONVCL_CONV_FWD, NULL, NULL), CONVCL_INVALID, "conv|plan_out|NULL");
    plan = (convcl_conv_plan *)&desc;
    assert_fails(convcl_conv_plan_create(device->context, &desc, (convcl_conv_dir)4, NULL, &plan), CONVCL_INVALID, "conv|dir|4");
    assert_null(plan);
}

static void test_conv_desc__unknown_algorithms_are_unsupported(harness_device *device, const void *data) {
    (void)data;
    convcl_conv_desc desc = parsed("n1ih4iw4ic1oc1f3");
    for (int dir = 0; dir < 3; dir++) {
        const convcl_conv_options algo = {.algo = "guesswork"}, gemm = {.gemm = "abacus"};
        convcl_conv_plan *plan = (convcl_conv_plan *)&desc;
        assert_fails(convcl_conv_plan_create(device->context, &desc, (convcl_conv_dir)dir, &algo, &plan), CONVCL_UNSUPPORTED,
                     "conv|algo|guesswork");
        assert_null(plan);
        plan = (convcl_conv_plan *)&desc;
        assert_fails(convcl_conv_plan_create(device->context, &desc, (convcl_conv_dir)dir, &gemm, &plan), CONVCL_UNSUPPORTED,
                     "abacus|register|local");
        assert_null(plan);
    }
}

static void test_conv_desc__auto_means_chosen(harness_device *device, const void *data) {
    (void)data;
    convcl_conv_desc desc = parsed("n1ih4iw4ic1oc1f3");
    const convcl_conv_options by_name = {.algo = "auto", .gemm = "auto"};
    convcl_conv_plan *plans[2] = {NULL, NULL};
    assert_ok(convcl_conv_plan_create(device->context, &desc, CONVCL_CONV_FWD, &by_name, &plans[0]));
    convcl_status status = convcl_conv_plan_create(device->context, &desc, CONVCL_CONV_FWD, NULL, &plans[1]);
    bool same = status == CONVCL_OK && strcmp(convcl_conv_plan_describe(plans[0]), convcl_conv_plan_describe(plans[1])) == 0;
    bool has_words = strstr(convcl_conv_plan_describe(plans[0]), "fwd") && strstr(convcl_conv_plan_describe(plans[0]), "gather");
    convcl_conv_plan_destroy(plans[0]);
    convcl_conv_plan_destroy(plans[1]);
    assert_ok(status);
    assert_true(same);
    assert_true(has_words);
}

static void test_conv_desc__tensors_beyond_the_machine_are_refused(harness_device *device, const void *data) {
    (void)data;
    convcl_conv_desc desc = parsed("n1ih16000iw16000ic1oc1f3p1");
    desc.n = desc.ic = desc.oc = 1 << 24;
    convcl_conv_plan *plan = (convcl_conv_plan *)&desc;
    for (int dir = 0; dir < 3; dir++) {
        assert_fails(convcl_conv_plan_create(device->context, &desc, (convcl_conv_dir)dir, NULL, &plan), CONVCL_INVALID, "conv|16777216");
        assert_null(plan);
    }
}

static void test_conv_desc__destroy_accepts_null(void **state) {
    (void)state;
    convcl_conv_plan_destroy(NULL);
}

int main(int argc, char **argv) {
    HARNESS_HOST(test_conv_desc__defaults);
    HARNESS_HOST(test_conv_desc__direction_names);
    HARNESS_HOST(test_conv_desc__case_words);
    HARNESS_HOST(test_conv_desc__output_size);
    HARNESS_HOST(test_conv_desc__output_size_refuses_a_filter_larger_than_the_input);
    HARNESS_HOST(test_conv_desc__output_size_refuses_null);
    HARNESS_HOST(test_conv_desc__same_is_tensorflows);
    HARNESS_HOST(test_conv_desc__same_refuses_broken_fields);
    HARNESS_HOST(test_conv_desc__huge_sizes_do_not_overflow);
    HARNESS_HOST(test_conv_desc__destroy_accepts_null);
    HARNESS_DEVICE(test_conv_desc__create_refuses_null_and_unknown_directions);
    HARNESS_DEVICE(test_conv_desc__unknown_algorithms_are_unsupported);
    HARNESS_DEVICE(test_conv_desc__auto_means_chosen);
    HARNESS_DEVICE(test_conv_desc__tensors_beyond_the_machine_are_refused);
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        char name[128];
        snprintf(name, sizeof name, "test_conv_desc__broken_rule %s %d", rules[i].name, rules[i].value);
        harness_add_device_test(name, test_conv_desc__broken_rule, &rules[i]);
    }
    return harness_main(argc, argv);
}
