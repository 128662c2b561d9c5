/* ref_net.h: the definition of what a network computes, in double: its layers one after the other through the reference operations, nothing fused or shared.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_REFERENCE_REF_NET_H
#define CONVCL_REFERENCE_REF_NET_H

#include <stdbool.h>
#include <stddef.h>

#include "convcl/net.h"

/* One run of a network: every value and every gradient. */
typedef struct convcl_ref_net convcl_ref_net;

/* Makes a run with all values and parameters 0.
 *
 * net      built, compiled or not; borrowed as long as the run lives
 * mode     in training, dropouts drop, there are gradients, and every value but inputs and the last has one reader
 * run_out  the caller's to destroy; NULL on failure
 * Returns CONVCL_OK; CONVCL_INVALID for NULL; CONVCL_NO_MEMORY. */
convcl_status convcl_ref_net_create(const convcl_net *net, convcl_net_mode mode, convcl_ref_net **run_out);

/* NULL is fine. */
void convcl_ref_net_destroy(convcl_ref_net *run);

/* Sets an input, a parameter, or the value of a layer, as many floats as convcl_net_shape says. CONVCL_INVALID for NULL or an unknown name. */
convcl_status convcl_ref_net_set(convcl_ref_net *run, const char *name, const float *values);

/* Computes all values from the inputs and the parameters; step as in convcl_net_set_step. */
void convcl_ref_net_forward(convcl_ref_net *run, uint32_t step);

/* Computes the value of one layer, 0 <= layer, from the values before it that are there; dropouts drop when `dropping`. */
void convcl_ref_net_forward_layer(convcl_ref_net *run, size_t layer, bool dropping, uint32_t step);

/* Computes the gradients from the values that are there: those of the forward pass, or others that were set since, such as a device's. Where two values of a pooling
 * window differ by less than a device's rounding error, or the input of a ReLU is as close to 0, either choice is right, and the gradients follow it.
 * Only in training. Returns CONVCL_OK; CONVCL_NO_MEMORY. */
convcl_status convcl_ref_net_backward(convcl_ref_net *run, uint32_t step);

/* A value or a parameter, and its gradient, by name. Borrowed; NULL for any other name, and for the gradient of an input. count_out may be NULL. */
const double *convcl_ref_net_value(const convcl_ref_net *run, const char *name, size_t *count_out);
const double *convcl_ref_net_gradient(const convcl_ref_net *run, const char *name, size_t *count_out);

#endif
