/* ref_alexnet.h: the definition of AlexNet's convolution stack, forward and backward, in double. The network is the one of convcl/alexnet.h.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_REFERENCE_REF_ALEXNET_H
#define CONVCL_REFERENCE_REF_ALEXNET_H

#include <stddef.h>

#include "convcl/status.h"

/* Parameters in the order of the network: conv1.weights, conv1.biases, ... conv5.biases. */
#define CONVCL_REF_ALEXNET_PARAMETERS 10

/* One run: every value and every gradient. */
typedef struct convcl_ref_alexnet convcl_ref_alexnet;

/* Floats of an image batch and of a parameter, 0 <= parameter < CONVCL_REF_ALEXNET_PARAMETERS, and the parameter's name. Thread safe. */
size_t convcl_ref_alexnet_image_count(int batch);
size_t convcl_ref_alexnet_parameter_count(int parameter);
const char *convcl_ref_alexnet_parameter_name(int parameter);

/* Runs forward, the objective and backward. Takes seconds an image.
 *
 * batch       images, >= 1
 * images      [batch][224][224][3]
 * parameters  each as long as convcl_ref_alexnet_parameter_count says
 * run_out     receives the run, the caller's to destroy; NULL on failure
 * Returns CONVCL_OK; CONVCL_INVALID for NULL or a batch below 1; CONVCL_NO_MEMORY. Thread safe. */
convcl_status convcl_ref_alexnet_create(int batch, const float *images, const float *const parameters[CONVCL_REF_ALEXNET_PARAMETERS],
                                        convcl_ref_alexnet **run_out);

/* NULL is fine. */
void convcl_ref_alexnet_destroy(convcl_ref_alexnet *run);

/* Names of the values in the order of the network, NULL outside 0 <= index < count: relu1 lrn1 pool1 relu2 lrn2 pool2 relu3 relu4 relu5 pool5. Thread safe. */
#define CONVCL_REF_ALEXNET_VALUES 10
const char *convcl_ref_alexnet_value_name(int index);

/* Computes the gradients again from another forward pass, such as a device's: where two values of a pooling window differ by less than its rounding error, or the
 * input of a ReLU is as close to 0, either choice is right, and the gradients follow it. Those made here are of the choices that `values` made.
 *
 * values  by index as above, each as long as convcl_ref_alexnet_activation says; the reference's own values are replaced by them
 * Returns CONVCL_OK; CONVCL_INVALID for NULL. */
convcl_status convcl_ref_alexnet_backward_from(convcl_ref_alexnet *run, const float *const values[CONVCL_REF_ALEXNET_VALUES]);

/* Computes the gradients again from the reference's own forward pass, but with the choices that another one made: the place of each pooling window's maximum, and which
 * side of 0 the input of each ReLU lies. What then differs is rounding alone. Call it before convcl_ref_alexnet_backward_from, which replaces the forward pass.
 *
 * values       by index as above, each as long as convcl_ref_alexnet_activation says
 * windows_out  pooling windows whose maximum lies elsewhere than in the reference
 * relus_out    values of ReLUs that are 0 in one of the two only
 * Returns CONVCL_OK; CONVCL_INVALID for NULL; CONVCL_NO_MEMORY. */
convcl_status convcl_ref_alexnet_backward_by_choices(convcl_ref_alexnet *run, const float *const values[CONVCL_REF_ALEXNET_VALUES],
                                                     size_t *windows_out, size_t *relus_out);

/* The objective: sum of pool5^2 / 2. */
double convcl_ref_alexnet_objective(const convcl_ref_alexnet *run);

/* A value by the network's name: relu1 lrn1 pool1 relu2 lrn2 pool2 relu3 relu4 relu5 pool5. Borrowed; NULL for any other name. count_out may be NULL. */
const double *convcl_ref_alexnet_activation(const convcl_ref_alexnet *run, const char *name, size_t *count_out);

/* The gradient of a parameter by its name. Borrowed; NULL for any other name. count_out may be NULL. */
const double *convcl_ref_alexnet_gradient(const convcl_ref_alexnet *run, const char *name, size_t *count_out);

#endif
