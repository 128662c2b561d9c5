/* net.h: networks: layers by name, compiled into one plan with fused kernels and one planned block of memory.
 * SPDX-License-Identifier: MIT
 *
 * A network is built layer by layer. Every layer makes one value, a float32 NHWC tensor that carries the layer's name; convolutions and dense layers also own the
 * parameters "<layer>.weights" (HWIO; of a dense layer {1, 1, inputs, outputs}) and "<layer>.biases". Building does not fail at once: the first error sticks, later calls return it and do nothing, and compile reports it
 * again. After compile the network is fixed. A network serves one thread and one enqueue at a time. */
#ifndef CONVCL_NET_H
#define CONVCL_NET_H

#include <stdint.h>

#include "convcl/context.h"
#include "convcl/conv.h"
#include "convcl/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A network. */
typedef struct convcl_net convcl_net;

/* What a network is compiled for. */
typedef enum convcl_net_mode {
    CONVCL_NET_INFERENCE = 0, /* forward only; memory of values that no later layer reads is used again */
    CONVCL_NET_TRAINING = 1   /* forward and forward_backward */
} convcl_net_mode;

/* How a convolution or a pooling treats the border. */
typedef enum convcl_padding {
    CONVCL_PADDING_VALID = 0, /* no padding */
    CONVCL_PADDING_SAME = 1   /* TensorFlow's, see convcl_conv_desc_same */
} convcl_padding;

/* Options of the whole network. Zero-initialise it and set what differs. */
typedef struct convcl_net_options {
    convcl_math math; /* DEFAULT is 0 */

    /* For every convolution. An algorithm by name counts for those that it computes, direction by direction; the others choose. */
    convcl_conv_options conv;

    /* Training. 1: the backward pass transforms the inputs of convolutions again, which takes less memory and more time; 0: it reads what the forward pass
     * kept, unless the network would then take more than half of the device's memory. */
    int recompute;

    /* 1: a normalization that only a max-pool reads is computed on its way, in both directions: no memory and no traffic for its value, more arithmetic; 0: by
     * itself, which was the faster on every CPU measured. The same bits either way on CPUs. No effect on GPUs yet. */
    int fuse_lrn;
} convcl_net_options;

/* Shape of a tensor: NHWC for values, HWIO for weights; biases are {1, 1, 1, oc}. */
typedef struct convcl_shape {
    int dim[4];
} convcl_shape;

/* Makes an empty network.
 *
 * context  where it will run; the network keeps a reference
 * options  NULL means all defaults; copied
 * net_out  receives the network, the caller's to destroy; NULL on failure
 * Returns CONVCL_OK; CONVCL_INVALID for NULL; CONVCL_NO_MEMORY. */
convcl_status convcl_net_create(convcl_context *context, const convcl_net_options *options, convcl_net **net_out);

/* Destroys a network and all its memory, after waiting for what it enqueued. NULL is fine. */
void convcl_net_destroy(convcl_net *net);

/* Adds an input value, to be written by the caller with convcl_net_write or on the device through convcl_net_buffer.
 *
 * name     new in this network, not empty
 * n h w c  each >= 1
 * Returns CONVCL_OK; CONVCL_INVALID when a rule is broken or the network is compiled; CONVCL_NO_MEMORY. */
convcl_status convcl_net_add_input(convcl_net *net, const char *name, int n, int h, int w, int c);

/* A convolution layer. Zero-initialise it and set what differs. */
typedef struct convcl_net_conv {
    int oc;                 /* output channels, >= 1 */
    int fh, fw;             /* filter, >= 1 */
    int stride_h, stride_w; /* >= 1; 0 means 1 */
    convcl_padding padding; /* VALID is 0 */
    int no_bias;            /* 1: no biases */
} convcl_net_conv;

/* Adds a convolution of `input`, with its parameters.
 *
 * name   new in this network; input  the name of a value; conv  copied
 * Returns CONVCL_OK; CONVCL_INVALID when a rule is broken or the network is compiled; CONVCL_NO_MEMORY. */
convcl_status convcl_net_add_conv(convcl_net *net, const char *name, const char *input, const convcl_net_conv *conv);

/* A dense layer. Zero-initialise it and set what differs. */
typedef struct convcl_net_dense {
    int outputs; /* >= 1 */
    int no_bias; /* 1: no biases */
} convcl_net_dense;

/* Adds a dense layer, with its parameters, that reads each image of `input` as one row of height * width * channels numbers, in that order (see dense.h). Its value
 * has shape {n, 1, 1, outputs}. Parameters and statuses as in convcl_net_add_conv. */
convcl_status convcl_net_add_dense(convcl_net *net, const char *name, const char *input, const convcl_net_dense *dense);

/* Adds y = max(x, 0). Fused into a convolution or a dense layer that only this layer reads. Parameters and statuses as in convcl_net_add_conv. */
convcl_status convcl_net_add_relu(convcl_net *net, const char *name, const char *input);

/* A normalization layer, see lrn.h for the meaning of the fields. */
typedef struct convcl_net_lrn {
    int radius;
    float bias, alpha, beta;
} convcl_net_lrn;

/* Adds a local response normalization. Parameters and statuses as in convcl_net_add_conv. */
convcl_status convcl_net_add_lrn(convcl_net *net, const char *name, const char *input, const convcl_net_lrn *lrn);

/* A pooling layer. Zero-initialise it and set what differs. */
typedef struct convcl_net_maxpool {
    int window_h, window_w; /* >= 1 */
    int stride_h, stride_w; /* >= 1; 0 means the window's */
    convcl_padding padding; /* VALID is 0 */
} convcl_net_maxpool;

/* Adds a max pooling. Parameters and statuses as in convcl_net_add_conv. */
convcl_status convcl_net_add_maxpool(convcl_net *net, const char *name, const char *input, const convcl_net_maxpool *maxpool);

/* An average pooling. Zero-initialise it and set what differs. */
typedef struct convcl_net_avgpool {
    int window_h, window_w; /* >= 1 */
    int stride_h, stride_w; /* >= 1; 0 means the window's */
    convcl_padding padding; /* VALID is 0 */
    int count_padding;      /* 1: padding takes part in the average, see avgpool.h */
} convcl_net_avgpool;

/* Adds an average pooling. Parameters and statuses as in convcl_net_add_conv. */
convcl_status convcl_net_add_avgpool(convcl_net *net, const char *name, const char *input, const convcl_net_avgpool *avgpool);

/* A dropout, see dropout.h for the meaning of the fields. */
typedef struct convcl_net_dropout {
    float rate;    /* >= 0 and < 1 */
    uint64_t seed; /* any; dropouts of one network draw different numbers from the same seed */
} convcl_net_dropout;

/* Adds a dropout. In a network compiled for training, each run of convcl_net_forward or convcl_net_forward_backward drops other elements, see convcl_net_set_step;
 * in one compiled for inference the layer costs nothing: its value is what it reads. Parameters and statuses as in convcl_net_add_conv. */
convcl_status convcl_net_add_dropout(convcl_net *net, const char *name, const char *input, const convcl_net_dropout *dropout);

/* Adds the objective, sum of x^2 / 2; its value has shape {1, 1, 1, 1}. Training needs exactly one objective, as the last layer.
 * Only convcl_net_forward_backward computes it when the network is compiled for training. Parameters and statuses as in convcl_net_add_conv. */
convcl_status convcl_net_add_l2_loss(convcl_net *net, const char *name, const char *input);

/* Keeps a value readable after forward and forward_backward, at the price of its memory. Before compile only.
 * Inputs, parameters, the last value and the objective are always kept.
 * Returns CONVCL_OK; CONVCL_INVALID when there is no such value or the network is compiled. */
convcl_status convcl_net_keep(convcl_net *net, const char *name);

/* Checks the network, fuses, plans memory, builds all kernels, allocates. A value computed only for a layer that was fused away does not exist afterwards.
 *
 * mode  inference or training
 * Returns CONVCL_OK; the first error of building; CONVCL_INVALID when there is no layer, or, for training, no objective, or it was compiled before;
 * CONVCL_UNSUPPORTED when training meets a value that two layers read, and when the algorithm of the options exists for none of the convolutions;
 * CONVCL_NO_MEMORY; CONVCL_NO_DEVICE_MEMORY; CONVCL_BUILD_FAILED; CONVCL_CL_ERROR. Blocks. */
convcl_status convcl_net_compile(convcl_net *net, convcl_net_mode mode);

/* Computes every value from the inputs and the parameters. Enqueues and returns; nothing is allocated, compiled or read back, but that the first run waits for
 * programs of the store that are still being loaded (see cache_dir in context.h). In training mode the objective is left out.
 *
 * queue              of the network's context and device; in-order or out-of-order
 * wait_count, wait   events to wait for; 0 and NULL for none
 * event_out          receives an event that ends with the last kernel, the caller's to release; NULL when not wanted
 * Returns CONVCL_OK; CONVCL_INVALID for NULL or a network that is not compiled; CONVCL_NO_DEVICE_MEMORY; CONVCL_BUILD_FAILED and CONVCL_NO_MEMORY for such a program;
 * CONVCL_CL_ERROR. */
convcl_status convcl_net_forward(convcl_net *net, cl_command_queue queue, cl_uint wait_count, const cl_event *wait, cl_event *event_out);

/* Computes the objective and the gradients of all parameters. Only for CONVCL_NET_TRAINING; otherwise as convcl_net_forward. */
convcl_status convcl_net_forward_backward(convcl_net *net, cl_command_queue queue, cl_uint wait_count, const cl_event *wait,
                                          cl_event *event_out);

/* Sets the number of the next run, which says with the seeds what the dropouts drop: the same number, the same elements. It is 0 at first, and goes up by one with
 * each run that was enqueued; after 2^32 - 1 comes 0. At any time.
 * Returns CONVCL_OK; CONVCL_INVALID for NULL. */
convcl_status convcl_net_set_step(convcl_net *net, uint32_t step);

/* Shape of a value or a parameter. Before or after compile.
 * Returns CONVCL_OK; CONVCL_INVALID for NULL or an unknown name; shape_out is untouched on failure. */
convcl_status convcl_net_shape(const convcl_net *net, const char *name, convcl_shape *shape_out);

/* Where a value or a parameter lies on the device; borrowed, valid as long as the network. After compile.
 * A network compiled for inference packs its filters once, until convcl_net_write changes one; after this call has handed out the buffer of a parameter,
 * which may then change unseen, it packs them at every forward.
 * Returns CONVCL_OK; CONVCL_INVALID for NULL, an unknown name, a value that was fused away or is not kept, or a network that is not compiled. */
convcl_status convcl_net_buffer(convcl_net *net, const char *name, convcl_buffer *buffer_out);

/* Where the gradient of a parameter lies on the device; otherwise as convcl_net_buffer, and CONVCL_INVALID without training mode. */
convcl_status convcl_net_gradient_buffer(const convcl_net *net, const char *name, convcl_buffer *buffer_out);

/* Writes an input or a parameter from the host. Blocks until done.
 *
 * queue   of the network's context and device
 * values  count floats in the order of convcl_net_shape; count must be the tensor's
 * Returns CONVCL_OK; CONVCL_INVALID (also for a value that a layer computes); CONVCL_CL_ERROR. */
convcl_status convcl_net_write(convcl_net *net, cl_command_queue queue, const char *name, const float *values, size_t count);

/* Reads a value or a parameter to the host. Blocks until done. Parameters as in convcl_net_write; values is untouched on CONVCL_INVALID. */
convcl_status convcl_net_read(const convcl_net *net, cl_command_queue queue, const char *name, float *values, size_t count);

/* Reads the gradient of a parameter to the host. Blocks until done. Parameters as in convcl_net_read. */
convcl_status convcl_net_read_gradient(const convcl_net *net, cl_command_queue queue, const char *name, float *values, size_t count);

/* Number of parameters, and the name of one in the order they were added, 0 <= index < count; NULL outside. Borrowed. */
int convcl_net_parameter_count(const convcl_net *net);
const char *convcl_net_parameter_name(const convcl_net *net, int index);

/* Bytes of device memory that the compiled network holds: values, parameters, gradients, workspace; 0 before compile. */
size_t convcl_net_memory(const convcl_net *net);

/* The compiled plan in words, one line a launch, for people. Owned by the network; an empty string before compile. */
const char *convcl_net_describe(const convcl_net *net);

#ifdef __cplusplus
}
#endif

#endif
