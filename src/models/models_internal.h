/* models_internal.h: what the models share. For src/models alone.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_MODELS_MODELS_INTERNAL_H
#define CONVCL_MODELS_MODELS_INTERNAL_H

#include "convcl/models.h"

/* One a file. */
extern const convcl_model convcl_model_alexnet, convcl_model_alexnet_full, convcl_model_overfeat, convcl_model_vgg_a,
    convcl_model_cifar10_quick;

/* AlexNet from "images" to "pool5". As all builders here it leaves the first error to whoever adds the last layer: builder errors stick. */
void convcl_alexnet__add_convolutions(convcl_net *net, int batch);

/* The three dense layers that end the networks for ImageNet: fc6 and fc7 with ReLU and dropout, fc8 with 1000 outputs, the objective. */
convcl_status convcl_models__add_classifier(convcl_net *net, const char *input, int fc6, int fc7);

/* A convolution and its ReLU. */
void convcl_models__add_conv_relu(convcl_net *net, const char *conv, const char *relu, const char *input, const convcl_net_conv *layer);

#endif
