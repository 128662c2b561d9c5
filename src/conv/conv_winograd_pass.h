/* conv_winograd_pass.h: the pass over pixels that fwd and bwd_data have in common: transform windows, multiply, transform back; for src/conv alone.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_CONV_CONV_WINOGRAD_PASS_H
#define CONVCL_CONV_CONV_WINOGRAD_PASS_H

#include "conv/conv_winograd.h"

typedef struct convcl_winograd_pass convcl_winograd_pass;

/* dir is FWD or BWD_DATA. The shape must not be refused. */
convcl_status convcl_winograd_pass__create(convcl_context *context, const convcl_conv_shape *shape, convcl_conv_dir dir,
                                           const convcl_conv_choice *choice, void **state_out);
void convcl_winograd_pass__destroy(void *state);
size_t convcl_winograd_pass__workspace(const void *state);
size_t convcl_winograd_pass__packed(const void *state);
convcl_status convcl_winograd_pass__pack(const void *state, convcl_stream *stream, convcl_buffer w, convcl_buffer packed,
                                         convcl_buffer workspace);
const char *convcl_winograd_pass__describe(const void *state);
convcl_status convcl_winograd_pass__enqueue(const void *state, convcl_stream *stream, const convcl_conv_tensors *tensors);

#endif
