/* conv_winograd_bwd.h: the backward pass by Winograd: dx, dw and db, or some of them, of one transform of dy; for the recipes of src/conv alone.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_CONV_CONV_WINOGRAD_BWD_H
#define CONVCL_CONV_CONV_WINOGRAD_BWD_H

#include "conv/conv_winograd.h"

/* The calls of a convcl_conv_algo, whose directions bwd_data, bwd_weights and bwd differ only in what they ask for. */
convcl_status convcl_winograd_bwd__create(convcl_context *context, const convcl_conv_shape *shape, convcl_conv_dir dir,
                                          const convcl_conv_choice *choice, void **state_out);
void convcl_winograd_bwd__destroy(void *state);
size_t convcl_winograd_bwd__workspace(const void *state);
size_t convcl_winograd_bwd__kept(const void *state, const char **key_out);
int convcl_winograd_bwd__chunk(const void *state);
const char *convcl_winograd_bwd__describe(const void *state);
convcl_status convcl_winograd_bwd__enqueue(const void *state, convcl_stream *stream, const convcl_conv_tensors *tensors);

#endif
