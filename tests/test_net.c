/* test_net.c: the network's rules: builder errors that stick, what compile refuses, memory. Running is in test_net_run.c, values in test_net_values.c.
 * SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "net/net_internal.h"

static const convcl_net_conv conv3x3 = {.oc = 4, .fh = 3, .fw = 3, .padding = CONVCL_PADDING_SAME};
static const convcl_net_maxpool pool2x2 = {.window_h = 2, .window_w = 2};

static convcl_net *empty(harness_device *device) {
    convcl_net *net = NULL;
    assert_ok(convcl_net_create(device->context, NULL, &net));
    return net;
}

static convcl_net *with_input(harness_device *device) {
    convcl_net *net = empty(device);
    assert_ok(convcl_net_add_input(net, "in", 2, 8, 8, 3));
    return net;
}

/* in -> conv -> relu -> pool -> loss */
static convcl_net *small(harness_device *device) {
    convcl_net *net = with_input(device);
    assert_ok(convcl_net_add_conv(net, "conv", "in", &conv3x3));
    assert_ok(convcl_net_add_relu(net, "relu", "conv"));
    assert_ok(convcl_net_add_maxpool(net, "pool", "relu", &pool2x2));
    assert_ok(convcl_net_add_l2_loss(net, "loss", "pool"));
    return net;
}

/* ---- building ---- */

static void test_net__first_error_sticks(harness_device *device, const void *data) {
    (void)data;
    convcl_net *net = with_input(device);
    assert_fails(convcl_net_add_conv(net, "conv", "nowhere", &conv3x3), CONVCL_INVALID, "conv|nowhere|no value");
    assert_fails(convcl_net_add_relu(net, "in", "in"), CONVCL_INVALID, "conv|nowhere|no value");
    assert_fails(convcl_net_keep(net, "x"), CONVCL_INVALID, "nowhere");
    assert_status(convcl_net_create(NULL, NULL, &(convcl_net *){NULL}), CONVCL_INVALID); /* replaces the thread's text */
    assert_fails(convcl_net_compile(net, CONVCL_NET_INFERENCE), CONVCL_INVALID, "conv|nowhere|no value");
    assert_fails(convcl_net_compile(net, CONVCL_NET_INFERENCE), CONVCL_INVALID, "conv|nowhere|no value");
    convcl_shape shape;
    assert_ok(convcl_net_shape(net, "in", &shape));
    assert_status(convcl_net_shape(net, "conv", &shape), CONVCL_INVALID);
    convcl_net_destroy(net);
}

#define EXPECT_BUILD_ERROR(call, words)                                                                                                    \
    do {                                                                                                                                   \
        convcl_net *net = with_input(device);                                                                                              \
        assert_fails(call, CONVCL_INVALID, words);                                                                                         \
        convcl_net_destroy(net);                                                                                                           \
    } while (0)

static void test_net__builder_names_the_rule(harness_device *device, const void *data) {
    (void)data;
    EXPECT_BUILD_ERROR(convcl_net_add_input(net, "in", 1, 1, 1, 1), "in|taken");
    EXPECT_BUILD_ERROR(convcl_net_add_input(net, "", 1, 1, 1, 1), "empty");
    EXPECT_BUILD_ERROR(convcl_net_add_input(net, NULL, 1, 1, 1, 1), "name is NULL");
    EXPECT_BUILD_ERROR(convcl_net_add_input(net, "b", 0, 1, 1, 1), "n is 0|at least 1");
    EXPECT_BUILD_ERROR(convcl_net_add_input(net, "b", 1, -1, 1, 1), "h is -1|at least 1");
    EXPECT_BUILD_ERROR(convcl_net_add_input(net, "b", 1, 1, 0, 1), "w is 0|at least 1");
    EXPECT_BUILD_ERROR(convcl_net_add_input(net, "b", 1, 1, 1, 0), "c is 0|at least 1");
    EXPECT_BUILD_ERROR(convcl_net_add_input(net, "b", INT_MAX, INT_MAX, INT_MAX, 1), "b|2147483647|more elements");
    EXPECT_BUILD_ERROR(convcl_net_add_relu(net, "r", NULL), "r|input is NULL");
    EXPECT_BUILD_ERROR(convcl_net_add_relu(net, "r", "r"), "r|no value");
    EXPECT_BUILD_ERROR(convcl_net_add_conv(net, "c", "in", NULL), "c|conv is NULL");
    EXPECT_BUILD_ERROR(convcl_net_add_conv(net, "c", "in", &(convcl_net_conv){.fh = 3, .fw = 3}), "\"c\"|oc|0|at least 1");
    EXPECT_BUILD_ERROR(convcl_net_add_conv(net, "c", "in", &(convcl_net_conv){.oc = 1, .fh = 9, .fw = 9}), "\"c\"|9");
    EXPECT_BUILD_ERROR(convcl_net_add_conv(net, "c", "in", &(convcl_net_conv){.oc = 1, .fh = 1, .fw = 1, .stride_h = -1}),
                       "\"c\"|stride_h|-1");
    EXPECT_BUILD_ERROR(convcl_net_add_conv(net, "c", "in", &(convcl_net_conv){.oc = 1, .fh = 1, .fw = 1, .padding = (convcl_padding)2}),
                       "\"c\"|padding is 2");
    EXPECT_BUILD_ERROR(convcl_net_add_lrn(net, "l", "in", NULL), "l|lrn is NULL");
    EXPECT_BUILD_ERROR(convcl_net_add_lrn(net, "l", "in", &(convcl_net_lrn){-1, 1, 1, 1}), "\"l\"|radius is -1");
    EXPECT_BUILD_ERROR(convcl_net_add_lrn(net, "l", "in", &(convcl_net_lrn){1, 0, 1, 1}), "\"l\"|bias is 0");
    EXPECT_BUILD_ERROR(convcl_net_add_lrn(net, "l", "in", &(convcl_net_lrn){1, 1, -1, 1}), "\"l\"|alpha is -1");
    EXPECT_BUILD_ERROR(convcl_net_add_lrn(net, "l", "in", &(convcl_net_lrn){1, 1, 1, -1}), "\"l\"|beta is -1");
    EXPECT_BUILD_ERROR(convcl_net_add_maxpool(net, "p", "in", NULL), "p|maxpool is NULL");
    EXPECT_BUILD_ERROR(convcl_net_add_maxpool(net, "p", "in", &(convcl_net_maxpool){0}), "\"p\"|window_h|0");
    EXPECT_BUILD_ERROR(convcl_net_add_maxpool(net, "p", "in", &(convcl_net_maxpool){.window_h = 9, .window_w = 9}), "\"p\"|9");
    EXPECT_BUILD_ERROR(
        convcl_net_add_maxpool(net, "p", "in", &(convcl_net_maxpool){.window_h = 0, .window_w = 2, .padding = CONVCL_PADDING_SAME}),
        "\"p\"|window_h|0");
    EXPECT_BUILD_ERROR(convcl_net_add_avgpool(net, "p", "in", NULL), "p|avgpool is NULL");
    EXPECT_BUILD_ERROR(convcl_net_add_avgpool(net, "p", "in", &(convcl_net_avgpool){0}), "\"p\"|window_h|0");
    EXPECT_BUILD_ERROR(convcl_net_add_avgpool(net, "p", "in", &(convcl_net_avgpool){.window_h = 9, .window_w = 9}), "\"p\"|9");
    EXPECT_BUILD_ERROR(convcl_net_add_avgpool(net, "p", "in", &(convcl_net_avgpool){2, 2, 0, 0, (convcl_padding)2, 0}),
                       "\"p\"|padding is 2");
    EXPECT_BUILD_ERROR(convcl_net_add_avgpool(net, "p", "in", &(convcl_net_avgpool){2, 2, 0, 0, CONVCL_PADDING_VALID, 3}),
                       "\"p\"|count_padding is 3");
    EXPECT_BUILD_ERROR(convcl_net_add_dense(net, "d", "in", NULL), "d|dense is NULL");
    EXPECT_BUILD_ERROR(convcl_net_add_dense(net, "d", "none", &(convcl_net_dense){4, 0}), "d|none|no value");
    EXPECT_BUILD_ERROR(convcl_net_add_dense(net, "d", "in", &(convcl_net_dense){0}), "\"d\"|outputs is 0|at least 1");
    EXPECT_BUILD_ERROR(convcl_net_add_dense(net, "d", "in", &(convcl_net_dense){4, 2}), "\"d\"|no_bias is 2");
    EXPECT_BUILD_ERROR(convcl_net_add_dropout(net, "o", "in", NULL), "o|dropout is NULL");
    EXPECT_BUILD_ERROR(convcl_net_add_dropout(net, "o", "in", &(convcl_net_dropout){.rate = 1}), "\"o\"|rate is 1|less than 1");
    EXPECT_BUILD_ERROR(convcl_net_add_l2_loss(net, "loss", "out"), "loss|out|no value");
    EXPECT_BUILD_ERROR(convcl_net_keep(net, "out"), "out|no value");
    EXPECT_BUILD_ERROR(convcl_net_keep(net, NULL), "name is NULL");
}

static void test_net__parameters_share_the_names(harness_device *device, const void *data) {
    (void)data;
    convcl_net *net = with_input(device);
    assert_ok(convcl_net_add_conv(net, "conv", "in", &conv3x3));
    assert_fails(convcl_net_add_relu(net, "conv.weights", "conv"), CONVCL_INVALID, "conv.weights|taken");
    convcl_net_destroy(net);
    net = with_input(device);
    assert_ok(convcl_net_add_relu(net, "conv.biases", "in"));
    assert_fails(convcl_net_add_conv(net, "conv", "in", &conv3x3), CONVCL_INVALID, "conv.biases|taken");
    convcl_net_destroy(net);
}

static void test_net__null_arguments(harness_device *device, const void *data) {
    (void)data;
    convcl_net *net = NULL;
    convcl_shape shape;
    assert_fails(convcl_net_create(device->context, NULL, NULL), CONVCL_INVALID, "net_out");
    assert_fails(convcl_net_create(NULL, NULL, &net), CONVCL_INVALID, "context");
    assert_status(convcl_net_add_relu(NULL, "a", "b"), CONVCL_INVALID);
    assert_status(convcl_net_compile(NULL, CONVCL_NET_INFERENCE), CONVCL_INVALID);
    assert_status(convcl_net_forward(NULL, device->queue, 0, NULL, NULL), CONVCL_INVALID);
    assert_status(convcl_net_forward_backward(NULL, device->queue, 0, NULL, NULL), CONVCL_INVALID);
    assert_status(convcl_net_shape(NULL, "a", &shape), CONVCL_INVALID);
    assert_status(convcl_net_buffer(NULL, "a", &(convcl_buffer){0}), CONVCL_INVALID);
    assert_int_equal(convcl_net_parameter_count(NULL), 0);
    assert_null(convcl_net_parameter_name(NULL, 0));
    assert_int_equal(convcl_net_memory(NULL), 0);
    assert_string_equal(convcl_net_describe(NULL), "");
    convcl_net_destroy(NULL);
}

static void expect_shape(const convcl_net *net, const char *name, int a, int b, int c, int d) {
    convcl_shape s;
    assert_ok(convcl_net_shape(net, name, &s));
    if (s.dim[0] != a || s.dim[1] != b || s.dim[2] != c || s.dim[3] != d)
        fail_msg("%s is [%d, %d, %d, %d], must be [%d, %d, %d, %d]", name, s.dim[0], s.dim[1], s.dim[2], s.dim[3], a, b, c, d);
}

static void test_net__shapes_and_parameters(harness_device *device, const void *data) {
    (void)data;
    convcl_net *net = empty(device);
    assert_ok(convcl_net_add_input(net, "in", 2, 9, 10, 3));
    assert_ok(convcl_net_add_conv(net, "a", "in", &(convcl_net_conv){.oc = 5, .fh = 2, .fw = 3, .stride_h = 2}));
    assert_ok(convcl_net_add_conv(
        net, "b", "a", &(convcl_net_conv){.oc = 6, .fh = 3, .fw = 3, .stride_w = 3, .padding = CONVCL_PADDING_SAME, .no_bias = 1}));
    assert_ok(convcl_net_add_maxpool(net, "p", "b", &(convcl_net_maxpool){.window_h = 3, .window_w = 2, .padding = CONVCL_PADDING_SAME}));
    assert_ok(convcl_net_add_l2_loss(net, "loss", "p"));
    expect_shape(net, "a", 2, 4, 8, 5);
    expect_shape(net, "b", 2, 4, 3, 6);
    expect_shape(net, "p", 2, 2, 2, 6);
    assert_ok(convcl_net_add_avgpool(net, "q", "b", &(convcl_net_avgpool){.window_h = 2, .window_w = 3, .stride_w = 1}));
    assert_ok(convcl_net_add_dense(net, "d", "p", &(convcl_net_dense){.outputs = 7}));
    assert_ok(convcl_net_add_dropout(net, "o", "d", &(convcl_net_dropout){.rate = 0.5f}));
    expect_shape(net, "loss", 1, 1, 1, 1);
    expect_shape(net, "q", 2, 2, 1, 6);
    expect_shape(net, "d", 2, 1, 1, 7);
    expect_shape(net, "o", 2, 1, 1, 7);
    expect_shape(net, "d.weights", 1, 1, 24, 7);
    expect_shape(net, "d.biases", 1, 1, 1, 7);
    expect_shape(net, "a.weights", 2, 3, 3, 5);
    expect_shape(net, "a.biases", 1, 1, 1, 5);
    expect_shape(net, "b.weights", 3, 3, 5, 6);
    assert_status(convcl_net_shape(net, "b.biases", &(convcl_shape){{0}}), CONVCL_INVALID);
    assert_int_equal(convcl_net_parameter_count(net), 5);
    assert_string_equal(convcl_net_parameter_name(net, 0), "a.weights");
    assert_string_equal(convcl_net_parameter_name(net, 2), "b.weights");
    assert_null(convcl_net_parameter_name(net, 5));
    assert_null(convcl_net_parameter_name(net, -1));
    convcl_net_destroy(net);
}

/* ---- compiling ---- */

static void test_net__compiled_network_is_fixed(harness_device *device, const void *data) {
    (void)data;
    convcl_net *net = small(device);
    assert_int_equal(convcl_net_memory(net), 0);
    assert_string_equal(convcl_net_describe(net), "");
    assert_fails(convcl_net_compile(net, (convcl_net_mode)5), CONVCL_INVALID, "mode is 5");
    assert_ok(convcl_net_compile(net, CONVCL_NET_TRAINING));
    assert_fails(convcl_net_compile(net, CONVCL_NET_TRAINING), CONVCL_INVALID, "compiled already");
    assert_fails(convcl_net_add_relu(net, "late", "pool"), CONVCL_INVALID, "cannot change");
    assert_fails(convcl_net_keep(net, "pool"), CONVCL_INVALID, "cannot change");
    assert_ok(convcl_net_forward(net, device->queue, 0, NULL, NULL)); /* the refusals did no harm */
    assert_true(convcl_net_memory(net) > 0);
    assert_non_null(strstr(convcl_net_describe(net), "conv       bwd_weights"));
    convcl_net_destroy(net);
}

static void test_net__no_layer(harness_device *device, const void *data) {
    (void)data;
    convcl_net *net = with_input(device);
    assert_fails(convcl_net_compile(net, CONVCL_NET_INFERENCE), CONVCL_INVALID, "no layer");
    convcl_net_destroy(net);
    net = empty(device);
    assert_fails(convcl_net_compile(net, CONVCL_NET_TRAINING), CONVCL_INVALID, "no layer");
    convcl_net_destroy(net);
}

static void test_net__training_needs_an_objective(harness_device *device, const void *data) {
    (void)data;
    convcl_net *net = with_input(device);
    assert_ok(convcl_net_add_conv(net, "conv", "in", &conv3x3));
    assert_fails(convcl_net_compile(net, CONVCL_NET_TRAINING), CONVCL_INVALID, "conv|objective");
    assert_ok(convcl_net_add_l2_loss(net, "loss", "conv")); /* which can be mended */
    assert_ok(convcl_net_compile(net, CONVCL_NET_TRAINING));
    assert_ok(convcl_net_forward_backward(net, device->queue, 0, NULL, NULL));
    convcl_net_destroy(net);
}

static void test_net__training_takes_one_chain(harness_device *device, const void *data) {
    (void)data;
    convcl_net *net = with_input(device);
    assert_ok(convcl_net_add_conv(net, "conv", "in", &conv3x3));
    assert_ok(convcl_net_add_relu(net, "relu", "conv"));
    assert_ok(convcl_net_add_l2_loss(net, "loss", "conv"));
    assert_fails(convcl_net_compile(net, CONVCL_NET_TRAINING), CONVCL_UNSUPPORTED, "2 layers|\"conv\"");
    assert_ok(convcl_net_compile(net, CONVCL_NET_INFERENCE));
    convcl_net_destroy(net);

    net = with_input(device);
    assert_ok(convcl_net_add_input(net, "other", 1, 4, 4, 1));
    assert_ok(convcl_net_add_conv(net, "stray", "other", &conv3x3));
    assert_ok(convcl_net_add_conv(net, "conv", "in", &conv3x3));
    assert_ok(convcl_net_add_l2_loss(net, "loss", "conv"));
    assert_fails(convcl_net_compile(net, CONVCL_NET_TRAINING), CONVCL_INVALID, "stray|no layer reads");
    convcl_net_destroy(net);

    net = with_input(device);
    assert_ok(convcl_net_add_conv(net, "conv", "in", &conv3x3));
    assert_ok(convcl_net_add_l2_loss(net, "first", "conv"));
    assert_ok(convcl_net_add_l2_loss(net, "second", "first"));
    assert_fails(convcl_net_compile(net, CONVCL_NET_TRAINING), CONVCL_INVALID, "first|second|one");
    convcl_net_destroy(net);

    net = with_input(device);
    assert_ok(convcl_net_add_l2_loss(net, "loss", "in"));
    assert_fails(convcl_net_compile(net, CONVCL_NET_TRAINING), CONVCL_INVALID, "no parameter");
    convcl_net_destroy(net);
}

static void test_net__unknown_algorithm_is_refused(harness_device *device, const void *data) {
    (void)data;
    const convcl_net_options options = {.conv.algo = "telepathy"};
    convcl_net *net = NULL;
    assert_ok(convcl_net_create(device->context, &options, &net));
    assert_ok(convcl_net_add_input(net, "in", 1, 4, 4, 1));
    assert_ok(convcl_net_add_conv(net, "conv", "in", &conv3x3));
    assert_fails(convcl_net_compile(net, CONVCL_NET_INFERENCE), CONVCL_UNSUPPORTED, "telepathy");
    assert_int_equal(convcl_net_memory(net), 0);
    convcl_net_destroy(net);
}

/* in -> conv of 3x3 -> conv of 1x1 -> loss, or with the second alone, by "winograd", which takes no 1x1. */
static convcl_net *by_winograd(harness_device *device, bool with_3x3) {
    const convcl_net_options options = {.conv.algo = "winograd"};
    const convcl_net_conv conv1x1 = {.oc = 4, .fh = 1, .fw = 1};
    convcl_net *net = NULL;
    assert_ok(convcl_net_create(device->context, &options, &net));
    assert_ok(convcl_net_add_input(net, "in", 2, 8, 8, 3));
    if (with_3x3)
        assert_ok(convcl_net_add_conv(net, "wide", "in", &conv3x3));
    assert_ok(convcl_net_add_conv(net, "point", with_3x3 ? "wide" : "in", &conv1x1));
    assert_ok(convcl_net_add_l2_loss(net, "loss", "point"));
    return net;
}

static void test_net__algorithm_where_it_applies(harness_device *device, const void *data) {
    static const char *const words[] = {"wide       fwd         conv fwd winograd", "wide       bwd_weights conv bwd_weights winograd",
                                        "point      fwd         conv fwd gather", "point      bwd_weights conv bwd_weights gather",
                                        "point      bwd_data    conv bwd_data gather"};
    (void)data;
    convcl_net *net = by_winograd(device, true);
    assert_ok(convcl_net_compile(net, CONVCL_NET_TRAINING));
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strstr(convcl_net_describe(net), words[i]))
            fail_msg("\"%s\" is not in\n%s", words[i], convcl_net_describe(net));
    convcl_net_destroy(net);
    net = by_winograd(device, false);
    assert_fails(convcl_net_compile(net, CONVCL_NET_TRAINING), CONVCL_UNSUPPORTED, "winograd|does not apply|taps");
    assert_int_equal(convcl_net_memory(net), 0);
    convcl_net_destroy(net);
}

/* The text names the value that does not fit, at the first attempt as well. */
static void test_net__value_too_large_is_named(harness_device *device, const void *data) {
    (void)data;
    convcl_net *net = empty(device);
    assert_ok(convcl_net_add_input(net, "images", 512, 2048, 2048, 64));
    assert_ok(convcl_net_add_relu(net, "relu", "images"));
    for (int i = 0; i < 2; i++)
        assert_fails(convcl_net_compile(net, CONVCL_NET_INFERENCE), CONVCL_NO_DEVICE_MEMORY, "value \"images\" needs 512.0 GiB");
    convcl_net_destroy(net);
}

/* Values that fit one by one but not together. */
static void test_net__too_large_together(harness_device *device, const void *data) {
    (void)data;
    convcl_context *context = NULL;
    assert_ok(convcl_context_create_from_cl(convcl_context_cl(device->context), device->info.device, NULL, &context));
    convcl_net *net = NULL;
    assert_ok(convcl_net_create(context, NULL, &net));
    const uint64_t bytes =
        device->info.max_allocation < device->info.global_memory ? device->info.max_allocation : device->info.global_memory;
    const int images = (int)(bytes / 10 * 9 / ((uint64_t)4 << 20));
    char name[16], before[16] = "v0";
    assert_ok(convcl_net_add_input(net, before, images, 1024, 1024, 1));
    for (uint64_t i = 1; i <= device->info.global_memory / (bytes / 10 * 9) + 1; i++) {
        snprintf(name, sizeof name, "v%d", (int)i);
        assert_ok(convcl_net_add_relu(net, name, before));
        assert_ok(convcl_net_keep(net, name));
        snprintf(before, sizeof before, "%s", name);
    }
    assert_fails(convcl_net_compile(net, CONVCL_NET_INFERENCE), CONVCL_NO_DEVICE_MEMORY, "inference needs|iB| has ");
    assert_int_equal(convcl_context_programs_built(context), 0);
    convcl_net_destroy(net);
    convcl_context_release(context);
}

/* ---- memory ---- */

static void expect_no_overlap(const convcl_net *net) {
    for (size_t i = 0; i < net->tensor_count; i++) {
        const convcl_net_tensor *a = &net->tensors[i];
        if (a->block < 0)
            continue;
        assert_int_equal(a->offset % CONVCL_NET_ALIGNMENT, 0);
        assert_true(a->offset + a->bytes <= net->blocks[a->block].bytes);
        assert_int_equal(a->permanent, net->blocks[a->block].permanent);
        for (size_t j = 0; j < i; j++) {
            const convcl_net_tensor *b = &net->tensors[j];
            const bool same_time = b->block == a->block && a->first <= b->last && b->first <= a->last;
            assert_true(!same_time || a->offset + a->bytes <= b->offset || b->offset + b->bytes <= a->offset);
        }
    }
}

/* In one buffer, and in many that are hardly larger than the largest tensor. */
static void test_net__tensors_in_use_do_not_overlap(harness_device *device, const void *data) {
    (void)data;
    size_t largest = 0;
    for (int many = 0; many < 2; many++) {
        convcl_net *net = NULL;
        size_t sum = 0;
        assert_ok(convcl_alexnet_create(device->context, NULL, 2, &net));
        net->max_block = many ? largest + CONVCL_NET_ALIGNMENT : 0;
        assert_ok(convcl_net_compile(net, CONVCL_NET_TRAINING));
        expect_no_overlap(net);
        for (size_t i = 0; i < net->tensor_count; i++) {
            sum += net->tensors[i].bytes;
            largest = net->tensors[i].bytes > largest ? net->tensors[i].bytes : largest;
        }
        assert_true(convcl_net_memory(net) < sum);
        assert_true(many ? net->block_count > 2 : net->block_count == 2);
        convcl_net_destroy(net);
    }
}

static void test_net__memory_is_used_again(harness_device *device, const void *data) {
    (void)data;
    size_t memory[2] = {0};
    for (int keep = 0; keep < 2; keep++) {
        convcl_net *net = empty(device);
        char name[16], before[16] = "v0";
        assert_ok(convcl_net_add_input(net, before, 1, 64, 64, 16));
        for (int i = 1; i <= 8; i++) {
            snprintf(name, sizeof name, "v%d", i);
            assert_ok(convcl_net_add_relu(net, name, before));
            if (keep)
                assert_ok(convcl_net_keep(net, name));
            snprintf(before, sizeof before, "%s", name);
        }
        assert_ok(convcl_net_compile(net, CONVCL_NET_INFERENCE));
        expect_no_overlap(net);
        memory[keep] = convcl_net_memory(net);
        convcl_net_destroy(net);
    }
    const size_t value = (size_t)64 * 64 * 16 * 4;
    assert_int_equal(memory[0], 3 * value); /* the input stays, two values take turns */
    assert_int_equal(memory[1], 9 * value);
}

int main(int argc, char **argv) {
    HARNESS_DEVICE(test_net__first_error_sticks);
    HARNESS_DEVICE(test_net__builder_names_the_rule);
    HARNESS_DEVICE(test_net__parameters_share_the_names);
    HARNESS_DEVICE(test_net__null_arguments);
    HARNESS_DEVICE(test_net__shapes_and_parameters);
    HARNESS_DEVICE(test_net__compiled_network_is_fixed);
    HARNESS_DEVICE(test_net__no_layer);
    HARNESS_DEVICE(test_net__training_needs_an_objective);
    HARNESS_DEVICE(test_net__training_takes_one_chain);
    HARNESS_DEVICE(test_net__unknown_algorithm_is_refused);
    HARNESS_DEVICE(test_net__algorithm_where_it_applies);
    HARNESS_DEVICE(test_net__value_too_large_is_named);
    HARNESS_DEVICE(test_net__too_large_together);
    HARNESS_DEVICE(test_net__tensors_in_use_do_not_overlap);
    HARNESS_DEVICE(test_net__memory_is_used_again);
    return harness_main(argc, argv);
}
