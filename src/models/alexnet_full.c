/* alexnet_full.c: AlexNet with its three dense layers, as a user would write it.
 * SPDX-License-Identifier: MIT
 * Source: Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014. */
#include "models/models_internal.h"

static const convcl_model_activation activations[] = {
    {"conv1", "relu1"}, {"pool1", "pool1"}, {"conv2", "relu2"}, {"pool2", "pool2"}, {"conv3", "relu3"}, {"conv4", "relu4"},
    {"conv5", "relu5"}, {"pool5", "pool5"}, {"fc6", "relu6"},   {"fc7", "relu7"},   {"fc8", "fc8"},
};

static convcl_status build(convcl_net *net, int batch) {
    convcl_alexnet__add_convolutions(net, batch);
    return convcl_models__add_classifier(net, "pool5", 4096, 4096);
}

const convcl_model convcl_model_alexnet_full = {.name = "alexnet-full",
                                                .height = 224,
                                                .width = 224,
                                                .channels = 3,
                                                .activations = activations,
                                                .activation_count = sizeof activations / sizeof *activations,
                                                .build = build};
