/* alexnet.h: the five-convolution AlexNet of TensorFlow's benchmark, built from net.h.
 * SPDX-License-Identifier: MIT
 *
 * images [batch, 224, 224, 3]
 * conv1 11x11 stride 4 SAME 64 -> relu1 -> lrn1 -> pool1 3x3 stride 2 VALID      [batch, 56, 56, 64] -> [batch, 27, 27, 64]
 * conv2  5x5 SAME 192 -> relu2 -> lrn2 -> pool2 3x3 stride 2 VALID               [batch, 27, 27, 192] -> [batch, 13, 13, 192]
 * conv3  3x3 SAME 384 -> relu3     conv4 3x3 SAME 256 -> relu4                   [batch, 13, 13, 384], [batch, 13, 13, 256]
 * conv5  3x3 SAME 256 -> relu5 -> pool5 3x3 stride 2 VALID -> loss               [batch, 13, 13, 256] -> [batch, 6, 6, 256]
 * lrn: radius 4, bias 1, alpha 0.001 / 9, beta 0.75. Parameters: conv1.weights, conv1.biases, ... conv5.biases.
 * Source: Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014, as TensorFlow's alexnet_benchmark.py builds it. */
#ifndef CONVCL_ALEXNET_H
#define CONVCL_ALEXNET_H

#include <stdint.h>

#include "convcl/models.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An activation that the benchmark names as TensorFlow's script prints it: conv1, pool1, conv2, pool2, conv3, conv4, conv5, pool5. */
typedef convcl_model_activation convcl_alexnet_activation;

#define CONVCL_ALEXNET_ACTIVATIONS 8

/* The activations in the order of the network. The array is static. Thread safe. */
extern const convcl_alexnet_activation convcl_alexnet_activations[CONVCL_ALEXNET_ACTIVATIONS];

/* Builds the network; the caller may keep values, and compiles it.
 *
 * context   where it will run
 * options   NULL means all defaults
 * batch     images, >= 1
 * net_out   receives the network, the caller's to destroy; NULL on failure
 * Returns CONVCL_OK; CONVCL_INVALID when batch is below 1 or NULL is given; CONVCL_NO_MEMORY. */
convcl_status convcl_alexnet_create(convcl_context *context, const convcl_net_options *options, int batch, convcl_net **net_out);

/* Fills a compiled AlexNet as the benchmark does: images normal with stddev 0.1, weights truncated normal with stddev 0.1, biases 0. Made on the device, the
 * same bits on every device. Blocks until done.
 *
 * net    made by convcl_alexnet_create, compiled
 * queue  of the network's context and device
 * seed   any
 * Returns CONVCL_OK; CONVCL_INVALID when it is no compiled AlexNet; CONVCL_NO_MEMORY; CONVCL_BUILD_FAILED; CONVCL_CL_ERROR. */
convcl_status convcl_alexnet_fill(convcl_net *net, convcl_context *context, cl_command_queue queue, uint64_t seed);

#ifdef __cplusplus
}
#endif

#endif
