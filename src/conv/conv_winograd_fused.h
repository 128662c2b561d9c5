/* conv_winograd_fused.h: Winograd in one launch of work-groups, forward and towards x; for the recipes of src/conv alone.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_CONV_CONV_WINOGRAD_FUSED_H
#define CONVCL_CONV_CONV_WINOGRAD_FUSED_H

#include "conv/conv_winograd.h"

/* The calls of a convcl_conv_algo, for fwd and bwd_data. */
const char *convcl_winograd_fused__refuse(const convcl_context *context, const convcl_conv_shape *shape, int tile);
convcl_status convcl_winograd_fused__create(convcl_context *context, const convcl_conv_shape *shape, convcl_conv_dir dir,
                                            const convcl_conv_choice *choice, void **state_out);
void convcl_winograd_fused__destroy(void *state);
size_t convcl_winograd_fused__packed(const void *state);
convcl_status convcl_winograd_fused__pack(const void *state, convcl_stream *stream, convcl_buffer w, convcl_buffer packed,
                                          convcl_buffer workspace);
const char *convcl_winograd_fused__describe(const void *state);
convcl_status convcl_winograd_fused__enqueue(const void *state, convcl_stream *stream, const convcl_conv_tensors *tensors);

/* Shares of a work-item that convcl_conv_choice.space names from 1 on. */
int convcl_winograd_fused__spaces(void);

/* Estimated work with that tile, which must not be refused; 0: with the best. */
double convcl_winograd_fused__cost(const convcl_context *context, const convcl_conv_shape *shape, convcl_conv_dir dir, int tile);

#endif
