/* vgg_a.c: VGG's configuration A, eleven weight layers, as a user would write it.
 * SPDX-License-Identifier: MIT
 * Source: Simonyan, Zisserman, "Very deep convolutional networks for large-scale image recognition", arXiv 1409.1556, 2014, table 1. */
#include "models/models_internal.h"

static const convcl_model_activation activations[] = {
    {"conv1_1", "relu1_1"}, {"pool1", "pool1"},     {"conv2_1", "relu2_1"}, {"pool2", "pool2"},
    {"conv3_1", "relu3_1"}, {"conv3_2", "relu3_2"}, {"pool3", "pool3"},     {"conv4_1", "relu4_1"},
    {"conv4_2", "relu4_2"}, {"pool4", "pool4"},     {"conv5_1", "relu5_1"}, {"conv5_2", "relu5_2"},
    {"pool5", "pool5"},     {"fc6", "relu6"},       {"fc7", "relu7"},       {"fc8", "fc8"},
};

static convcl_net_conv conv3x3(int oc) {
    return (convcl_net_conv){.oc = oc, .fh = 3, .fw = 3, .padding = CONVCL_PADDING_SAME};
}

static convcl_status build(convcl_net *net, int batch) {
    const convcl_net_conv conv1 = conv3x3(64), conv2 = conv3x3(128), conv3 = conv3x3(256), conv4 = conv3x3(512);
    const convcl_net_maxpool pool = {.window_h = 2, .window_w = 2};

    convcl_net_add_input(net, "images", batch, 224, 224, 3);
    convcl_models__add_conv_relu(net, "conv1_1", "relu1_1", "images", &conv1);
    convcl_net_add_maxpool(net, "pool1", "relu1_1", &pool);
    convcl_models__add_conv_relu(net, "conv2_1", "relu2_1", "pool1", &conv2);
    convcl_net_add_maxpool(net, "pool2", "relu2_1", &pool);
    convcl_models__add_conv_relu(net, "conv3_1", "relu3_1", "pool2", &conv3);
    convcl_models__add_conv_relu(net, "conv3_2", "relu3_2", "relu3_1", &conv3);
    convcl_net_add_maxpool(net, "pool3", "relu3_2", &pool);
    convcl_models__add_conv_relu(net, "conv4_1", "relu4_1", "pool3", &conv4);
    convcl_models__add_conv_relu(net, "conv4_2", "relu4_2", "relu4_1", &conv4);
    convcl_net_add_maxpool(net, "pool4", "relu4_2", &pool);
    convcl_models__add_conv_relu(net, "conv5_1", "relu5_1", "pool4", &conv4);
    convcl_models__add_conv_relu(net, "conv5_2", "relu5_2", "relu5_1", &conv4);
    convcl_net_add_maxpool(net, "pool5", "relu5_2", &pool);
    return convcl_models__add_classifier(net, "pool5", 4096, 4096);
}

const convcl_model convcl_model_vgg_a = {.name = "vgg-a",
                                         .height = 224,
                                         .width = 224,
                                         .channels = 3,
                                         .activations = activations,
                                         .activation_count = sizeof activations / sizeof *activations,
                                         .build = build};
