/* overfeat.c: OverFeat's fast model, as a user would write it.
 * SPDX-License-Identifier: MIT
 * Source: Sermanet et al., "OverFeat: integrated recognition, localization and detection using convolutional networks", ICLR 2014, table 1. */
#include "models/models_internal.h"

static const convcl_model_activation activations[] = {
    {"conv1", "relu1"}, {"pool1", "pool1"}, {"conv2", "relu2"}, {"pool2", "pool2"}, {"conv3", "relu3"}, {"conv4", "relu4"},
    {"conv5", "relu5"}, {"pool5", "pool5"}, {"fc6", "relu6"},   {"fc7", "relu7"},   {"fc8", "fc8"},
};

static convcl_status build(convcl_net *net, int batch) {
    const convcl_net_conv conv1 = {.oc = 96, .fh = 11, .fw = 11, .stride_h = 4, .stride_w = 4};
    const convcl_net_conv conv2 = {.oc = 256, .fh = 5, .fw = 5};
    const convcl_net_conv conv3 = {.oc = 512, .fh = 3, .fw = 3, .padding = CONVCL_PADDING_SAME};
    const convcl_net_conv conv4 = {.oc = 1024, .fh = 3, .fw = 3, .padding = CONVCL_PADDING_SAME};
    const convcl_net_maxpool pool = {.window_h = 2, .window_w = 2};

    convcl_net_add_input(net, "images", batch, 231, 231, 3);
    convcl_models__add_conv_relu(net, "conv1", "relu1", "images", &conv1);
    convcl_net_add_maxpool(net, "pool1", "relu1", &pool);
    convcl_models__add_conv_relu(net, "conv2", "relu2", "pool1", &conv2);
    convcl_net_add_maxpool(net, "pool2", "relu2", &pool);
    convcl_models__add_conv_relu(net, "conv3", "relu3", "pool2", &conv3);
    convcl_models__add_conv_relu(net, "conv4", "relu4", "relu3", &conv4);
    convcl_models__add_conv_relu(net, "conv5", "relu5", "relu4", &conv4);
    convcl_net_add_maxpool(net, "pool5", "relu5", &pool);
    return convcl_models__add_classifier(net, "pool5", 3072, 4096);
}

const convcl_model convcl_model_overfeat = {.name = "overfeat",
                                            .height = 231,
                                            .width = 231,
                                            .channels = 3,
                                            .activations = activations,
                                            .activation_count = sizeof activations / sizeof *activations,
                                            .build = build};
