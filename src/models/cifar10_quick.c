/* cifar10_quick.c: the small network for CIFAR-10, as a user would write it.
 * SPDX-License-Identifier: MIT
 * Source: Krizhevsky's cuda-convnet, as Caffe's examples/cifar10/cifar10_quick_train_test.prototxt writes it. Caffe rounds the size of a pooling's output up and
 * averages over the places inside the image: at these sizes that is SAME. */
#include "models/models_internal.h"

static const convcl_model_activation activations[] = {
    {"conv1", "conv1"}, {"pool1", "relu1"}, {"conv2", "relu2"}, {"pool2", "pool2"},
    {"conv3", "relu3"}, {"pool3", "pool3"}, {"ip1", "ip1"},     {"ip2", "ip2"},
};

static convcl_status build(convcl_net *net, int batch) {
    const convcl_net_conv conv1 = {.oc = 32, .fh = 5, .fw = 5, .padding = CONVCL_PADDING_SAME};
    const convcl_net_conv conv3 = {.oc = 64, .fh = 5, .fw = 5, .padding = CONVCL_PADDING_SAME};
    const convcl_net_maxpool max = {.window_h = 3, .window_w = 3, .stride_h = 2, .stride_w = 2, .padding = CONVCL_PADDING_SAME};
    const convcl_net_avgpool average = {.window_h = 3, .window_w = 3, .stride_h = 2, .stride_w = 2, .padding = CONVCL_PADDING_SAME};

    convcl_net_add_input(net, "images", batch, 32, 32, 3);
    convcl_net_add_conv(net, "conv1", "images", &conv1);
    convcl_net_add_maxpool(net, "pool1", "conv1", &max);
    convcl_net_add_relu(net, "relu1", "pool1");
    convcl_models__add_conv_relu(net, "conv2", "relu2", "relu1", &conv1);
    convcl_net_add_avgpool(net, "pool2", "relu2", &average);
    convcl_models__add_conv_relu(net, "conv3", "relu3", "pool2", &conv3);
    convcl_net_add_avgpool(net, "pool3", "relu3", &average);
    convcl_net_add_dense(net, "ip1", "pool3", &(convcl_net_dense){.outputs = 64});
    convcl_net_add_dense(net, "ip2", "ip1", &(convcl_net_dense){.outputs = 10});
    return convcl_net_add_l2_loss(net, "objective", "ip2");
}

const convcl_model convcl_model_cifar10_quick = {.name = "cifar10-quick",
                                                 .height = 32,
                                                 .width = 32,
                                                 .channels = 3,
                                                 .activations = activations,
                                                 .activation_count = sizeof activations / sizeof *activations,
                                                 .build = build};
