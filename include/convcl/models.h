/* models.h: well-known networks by name, built from net.h, as the published benchmarks time them.
 * SPDX-License-Identifier: MIT
 *
 * alexnet        images [batch, 224, 224, 3]; the convolutions alone, see alexnet.h
 * alexnet-full   alexnet up to pool5 [batch, 6, 6, 256], then
 *                fc6 4096 -> relu6 -> drop6 0.5, fc7 4096 -> relu7 -> drop7 0.5, fc8 1000
 *                Source: Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014.
 * overfeat       images [batch, 231, 231, 3]; every convolution is followed by a ReLU, every pooling is 2x2 stride 2, padding VALID unless said
 *                conv1 11x11 stride 4 96 -> pool1, conv2 5x5 256 -> pool2, conv3 3x3 SAME 512, conv4 3x3 SAME 1024, conv5 3x3 SAME 1024 -> pool5 [batch, 6, 6, 1024],
 *                fc6 3072 -> relu6 -> drop6 0.5, fc7 4096 -> relu7 -> drop7 0.5, fc8 1000
 *                Source: Sermanet, Eigen, Zhang, Mathieu, Fergus, LeCun, "OverFeat: integrated recognition, localization and detection using convolutional networks",
 *                ICLR 2014, table 1, the fast model.
 * vgg-a          images [batch, 224, 224, 3]; every convolution is 3x3 SAME with a ReLU behind it, every pooling 2x2 stride 2
 *                conv1_1 64 -> pool1, conv2_1 128 -> pool2, conv3_1 conv3_2 256 -> pool3, conv4_1 conv4_2 512 -> pool4, conv5_1 conv5_2 512 -> pool5 [batch, 7, 7, 512],
 *                fc6 4096 -> relu6 -> drop6 0.5, fc7 4096 -> relu7 -> drop7 0.5, fc8 1000
 *                Source: Simonyan, Zisserman, "Very deep convolutional networks for large-scale image recognition", arXiv 1409.1556, 2014, table 1, configuration A.
 * cifar10-quick  images [batch, 32, 32, 3]; every pooling is 3x3 stride 2, rounded up, which is SAME here
 *                conv1 5x5 SAME 32 -> pool1 max -> relu1, conv2 5x5 SAME 32 -> relu2 -> pool2 average, conv3 5x5 SAME 64 -> relu3 -> pool3 average [batch, 4, 4, 64],
 *                ip1 64, ip2 10
 *                Source: Krizhevsky's cuda-convnet, as Caffe's examples/cifar10/cifar10_quick_train_test.prototxt writes it.
 *
 * Each ends in the objective, an l2 loss, as benchmarks that time the passes alone have it. Parameters are "<layer>.weights" and "<layer>.biases". */
#ifndef CONVCL_MODELS_H
#define CONVCL_MODELS_H

#include <stdint.h>

#include "convcl/net.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An activation that reports name, and the value of the network that holds it. */
typedef struct convcl_model_activation {
    const char *name;  /* of the layer that matters: conv1, pool1, fc6, ... */
    const char *value; /* the network's name for it: relu1, pool1, relu6, ... */
} convcl_model_activation;

/* The most that any model has. */
#define CONVCL_MODEL_ACTIVATIONS 24

/* A network by name. All of it is static. */
typedef struct convcl_model {
    const char *name;
    int height, width, channels; /* of the input "images" */
    const convcl_model_activation *activations;
    int activation_count;
    float weights_stddev; /* of convcl_model_fill; 0: sqrt(2 / inputs of a sum), after He, Zhang, Ren, Sun, 2015 */
    convcl_status (*build)(convcl_net *net, int batch); /* adds the layers to an empty network; its statuses are those of the builder */
} convcl_model;

/* All of them, alexnet first, NULL behind the last. Thread safe. */
extern const convcl_model *const convcl_models[];

/* The model of that name; NULL for any other name and for NULL. Thread safe. */
const convcl_model *convcl_model_find(const char *name);

/* Builds the network of a model; the caller may keep values, and compiles it.
 *
 * model     one of convcl_models
 * context   where it will run
 * options   NULL means all defaults
 * batch     images, >= 1
 * net_out   receives the network, the caller's to destroy; NULL on failure
 * Returns CONVCL_OK; CONVCL_INVALID when batch is below 1 or NULL is given; CONVCL_NO_MEMORY. */
convcl_status convcl_model_create(const convcl_model *model, convcl_context *context, const convcl_net_options *options, int batch,
                                  convcl_net **net_out);

/* Fills a compiled network: images normal with stddev 0.1, weights truncated normal with the model's stddev, biases 0. Made on the device, the same bits on every
 * device. Blocks until done.
 *
 * net    made by convcl_model_create of the same model, compiled
 * queue  of the network's context and device
 * seed   any
 * Returns CONVCL_OK; CONVCL_INVALID for NULL or a network that is another or is not compiled; CONVCL_NO_MEMORY; CONVCL_BUILD_FAILED; CONVCL_CL_ERROR. */
convcl_status convcl_model_fill(const convcl_model *model, convcl_net *net, convcl_context *context, cl_command_queue queue, uint64_t seed);

#ifdef __cplusplus
}
#endif

#endif
