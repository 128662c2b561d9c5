/* alexnet.c: AlexNet's convolution stack as a user would write it, and the values that the benchmark fills it with.
 * SPDX-License-Identifier: MIT */
#include "convcl/alexnet.h"

#include <string.h>

#include "convcl/fill.h"
#include "net/net_internal.h"
#include "opencl/context_internal.h"

const convcl_alexnet_activation convcl_alexnet_activations[CONVCL_ALEXNET_ACTIVATIONS] = {
    {"conv1", "relu1"}, {"pool1", "pool1"}, {"conv2", "relu2"}, {"pool2", "pool2"},
    {"conv3", "relu3"}, {"conv4", "relu4"}, {"conv5", "relu5"}, {"pool5", "pool5"},
};

#define PARAMETERS 10

static const char *const parameter_names[PARAMETERS] = {"conv1.weights", "conv1.biases",  "conv2.weights", "conv2.biases",  "conv3.weights",
                                                        "conv3.biases",  "conv4.weights", "conv4.biases",  "conv5.weights", "conv5.biases"};

/* The builder's errors stick, so they are checked once, by the last call. */
static convcl_status build(convcl_net *net, int batch) {
    const convcl_net_conv conv1 = {.oc = 64, .fh = 11, .fw = 11, .stride_h = 4, .stride_w = 4, .padding = CONVCL_PADDING_SAME};
    const convcl_net_conv conv2 = {.oc = 192, .fh = 5, .fw = 5, .padding = CONVCL_PADDING_SAME};
    const convcl_net_conv conv3 = {.oc = 384, .fh = 3, .fw = 3, .padding = CONVCL_PADDING_SAME};
    const convcl_net_conv conv4 = {.oc = 256, .fh = 3, .fw = 3, .padding = CONVCL_PADDING_SAME};
    const convcl_net_conv conv5 = conv4;
    const convcl_net_lrn lrn = {.radius = 4, .bias = 1.0f, .alpha = 0.001f / 9.0f, .beta = 0.75f};
    const convcl_net_maxpool pool = {.window_h = 3, .window_w = 3, .stride_h = 2, .stride_w = 2};

    convcl_net_add_input(net, "images", batch, 224, 224, 3);
    convcl_net_add_conv(net, "conv1", "images", &conv1);
    convcl_net_add_relu(net, "relu1", "conv1");
    convcl_net_add_lrn(net, "lrn1", "relu1", &lrn);
    convcl_net_add_maxpool(net, "pool1", "lrn1", &pool);
    convcl_net_add_conv(net, "conv2", "pool1", &conv2);
    convcl_net_add_relu(net, "relu2", "conv2");
    convcl_net_add_lrn(net, "lrn2", "relu2", &lrn);
    convcl_net_add_maxpool(net, "pool2", "lrn2", &pool);
    convcl_net_add_conv(net, "conv3", "pool2", &conv3);
    convcl_net_add_relu(net, "relu3", "conv3");
    convcl_net_add_conv(net, "conv4", "relu3", &conv4);
    convcl_net_add_relu(net, "relu4", "conv4");
    convcl_net_add_conv(net, "conv5", "relu4", &conv5);
    convcl_net_add_relu(net, "relu5", "conv5");
    convcl_net_add_maxpool(net, "pool5", "relu5", &pool);
    return convcl_net_add_l2_loss(net, "objective", "pool5");
}

convcl_status convcl_alexnet_create(convcl_context *context, const convcl_net_options *options, int batch, convcl_net **net_out) {
    CONVCL_REQUIRE(net_out, "alexnet: net_out is NULL");
    *net_out = NULL;
    CONVCL_REQUIRE(batch >= 1, "alexnet: batch is %d, must be at least 1", batch);
    convcl_status status = CONVCL_OK;
    convcl_net *net = NULL;
    CONVCL_TRY(convcl_net_create(context, options, &net));
    CONVCL_TRY(build(net, batch));
    *net_out = net;
    net = NULL;
cleanup:
    convcl_net_destroy(net);
    return status;
}

static convcl_status fill(convcl_net *net, convcl_context *context, cl_command_queue queue, const char *name, convcl_fill_desc desc) {
    convcl_status status = CONVCL_OK;
    convcl_fill_plan *plan = NULL;
    convcl_buffer buffer = {0};
    convcl_shape shape;
    CONVCL_TRY(convcl_net_shape(net, name, &shape));
    CONVCL_TRY(convcl_net__buffer(net, name, &buffer));
    desc.count = (size_t)shape.dim[0] * (size_t)shape.dim[1] * (size_t)shape.dim[2] * (size_t)shape.dim[3];
    CONVCL_TRY(convcl_fill_plan_create(context, &desc, &plan));
    CONVCL_TRY(convcl_fill_enqueue(plan, queue, buffer, 0, NULL, NULL));
    CONVCL_TRY(convcl_context__finish(context, queue));
cleanup:
    convcl_fill_plan_destroy(plan);
    return status;
}

static convcl_status check(const convcl_net *net, const convcl_context *context, cl_command_queue queue) {
    CONVCL_REQUIRE(net, "alexnet: net is NULL");
    CONVCL_REQUIRE(context, "alexnet: context is NULL");
    CONVCL_REQUIRE(queue, "alexnet: queue is NULL");
    CONVCL_REQUIRE(net->context == context, "alexnet: context is not the one that the network was made with");
    CONVCL_REQUIRE(net->compiled, "alexnet: the network is not compiled, call convcl_net_compile first");
    bool is_alexnet = convcl_net_parameter_count(net) == PARAMETERS && convcl_net__find_layer(net, "images") == 0;
    for (int i = 0; is_alexnet && i < PARAMETERS; i++)
        is_alexnet = strcmp(convcl_net_parameter_name(net, i), parameter_names[i]) == 0;
    CONVCL_REQUIRE(is_alexnet, "alexnet: the network was not made by convcl_alexnet_create");
    return CONVCL_OK;
}

convcl_status convcl_alexnet_fill(convcl_net *net, convcl_context *context, cl_command_queue queue, uint64_t seed) {
    convcl_status status = CONVCL_OK;
    CONVCL_TRY(check(net, context, queue));
    CONVCL_TRY(convcl_net__finish(net)); /* on an out-of-order queue the fills would overtake the last run */
    CONVCL_TRY(
        fill(net, context, queue, "images", (convcl_fill_desc){.kind = CONVCL_FILL_NORMAL, .stddev = 0.1f, .seed = seed, .stream = 0}));
    convcl_net__parameters_changed(net);
    for (int i = 0; i < PARAMETERS; i++) {
        const bool weights = i % 2 == 0;
        const convcl_fill_kind kind = weights ? CONVCL_FILL_TRUNCATED_NORMAL : CONVCL_FILL_CONSTANT;
        const convcl_fill_desc desc = {.kind = kind, .stddev = weights ? 0.1f : 0.0f, .seed = seed, .stream = (uint32_t)i + 1};
        CONVCL_TRY(fill(net, context, queue, parameter_names[i], desc));
    }
cleanup:
    return status;
}
