/* alexnet.c: AlexNet's convolution stack as a user would write it.
 * SPDX-License-Identifier: MIT */
#include "convcl/alexnet.h"

#include "models/models_internal.h"

const convcl_alexnet_activation convcl_alexnet_activations[CONVCL_ALEXNET_ACTIVATIONS] = {
    {"conv1", "relu1"}, {"pool1", "pool1"}, {"conv2", "relu2"}, {"pool2", "pool2"},
    {"conv3", "relu3"}, {"conv4", "relu4"}, {"conv5", "relu5"}, {"pool5", "pool5"},
};

void convcl_alexnet__add_convolutions(convcl_net *net, int batch) {
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
}

/* The builder's errors stick, so they are checked once, by the last call. */
static convcl_status build(convcl_net *net, int batch) {
    convcl_alexnet__add_convolutions(net, batch);
    return convcl_net_add_l2_loss(net, "objective", "pool5");
}

const convcl_model convcl_model_alexnet = {.name = "alexnet",
                                           .height = 224,
                                           .width = 224,
                                           .channels = 3,
                                           .activations = convcl_alexnet_activations,
                                           .activation_count = CONVCL_ALEXNET_ACTIVATIONS,
                                           .weights_stddev = 0.1f,
                                           .build = build};

convcl_status convcl_alexnet_create(convcl_context *context, const convcl_net_options *options, int batch, convcl_net **net_out) {
    return convcl_model_create(&convcl_model_alexnet, context, options, batch, net_out);
}

convcl_status convcl_alexnet_fill(convcl_net *net, convcl_context *context, cl_command_queue queue, uint64_t seed) {
    return convcl_model_fill(&convcl_model_alexnet, net, context, queue, seed);
}
