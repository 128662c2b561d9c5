/* layers_internal.h: the layers' enqueues as steps of a longer stream, for the network. Same tensors, rules and statuses as the public calls of the same name.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_LAYERS_LAYERS_INTERNAL_H
#define CONVCL_LAYERS_LAYERS_INTERNAL_H

#include <stdbool.h>

#include "convcl/avgpool.h"
#include "convcl/dense.h"
#include "convcl/dropout.h"
#include "convcl/fill.h"
#include "convcl/loss.h"
#include "convcl/lrn.h"
#include "convcl/lrn_maxpool.h"
#include "convcl/maxpool.h"
#include "convcl/relu.h"
#include "opencl/kernel.h"

convcl_status convcl_relu__fwd(const convcl_relu_plan *plan, convcl_stream *stream, convcl_buffer x, convcl_buffer y);
convcl_status convcl_relu__bwd(const convcl_relu_plan *plan, convcl_stream *stream, convcl_buffer y, convcl_buffer dy, convcl_buffer dx);
convcl_status convcl_lrn__fwd(const convcl_lrn_plan *plan, convcl_stream *stream, convcl_buffer x, convcl_buffer y);
convcl_status convcl_lrn__bwd(const convcl_lrn_plan *plan, convcl_stream *stream, convcl_buffer x, convcl_buffer dy, convcl_buffer dx);
convcl_status convcl_maxpool__fwd(const convcl_maxpool_plan *plan, convcl_stream *stream, convcl_buffer x, convcl_buffer y,
                                  convcl_buffer index);
convcl_status convcl_maxpool__bwd(const convcl_maxpool_plan *plan, convcl_stream *stream, convcl_buffer dy, convcl_buffer index,
                                  convcl_buffer x, convcl_buffer dx);
convcl_status convcl_lrn_maxpool__fwd(const convcl_lrn_maxpool_plan *plan, convcl_stream *stream, convcl_buffer x, convcl_buffer y,
                                      convcl_buffer index);
convcl_status convcl_lrn_maxpool__bwd(const convcl_lrn_maxpool_plan *plan, convcl_stream *stream, convcl_buffer x, convcl_buffer dy,
                                      convcl_buffer index, convcl_buffer dx);

/* True where one fused operation is faster than the two: on a CPU, when the windows fit its forward pass's ring. The description must be valid. */
bool convcl_lrn_maxpool__pays(const convcl_context *context, const convcl_lrn_maxpool_desc *desc);

convcl_status convcl_avgpool__fwd(const convcl_avgpool_plan *plan, convcl_stream *stream, convcl_buffer x, convcl_buffer y);
convcl_status convcl_avgpool__bwd(const convcl_avgpool_plan *plan, convcl_stream *stream, convcl_buffer dy, convcl_buffer x,
                                  convcl_buffer dx);
convcl_status convcl_dropout__fwd(const convcl_dropout_plan *plan, convcl_stream *stream, uint32_t step, convcl_buffer x, convcl_buffer y);
convcl_status convcl_dropout__bwd(const convcl_dropout_plan *plan, convcl_stream *stream, uint32_t step, convcl_buffer dy, convcl_buffer x,
                                  convcl_buffer dx);

/* INVALID, in words that begin with `what`, for a rate that is none. */
convcl_status convcl_dropout__check_rate(const char *what, float rate);

/* The rules of a dense layer, the convolution that computes it, and what to say of that convolution's plan: "fwd gather, ...". */
convcl_status convcl_dense__validate(const convcl_dense_desc *desc);
convcl_conv_desc convcl_dense__conv_desc(const convcl_dense_desc *desc);
const char *convcl_dense__description(const convcl_conv_plan *conv);

convcl_status convcl_l2_loss__fwd(const convcl_l2_loss_plan *plan, convcl_stream *stream, convcl_buffer x, convcl_buffer loss,
                                  convcl_buffer workspace);
convcl_status convcl_l2_loss__bwd(const convcl_l2_loss_plan *plan, convcl_stream *stream, convcl_buffer x, float scale, convcl_buffer dx);
convcl_status convcl_fill__run(const convcl_fill_plan *plan, convcl_stream *stream, convcl_buffer y);

#endif
