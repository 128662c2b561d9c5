/* conv_internal.h: the convolution's enqueues as steps of a longer stream, for the network. Same tensors, rules and statuses as the public calls.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_CONV_CONV_INTERNAL_H
#define CONVCL_CONV_CONV_INTERNAL_H

#include "convcl/conv.h"
#include "opencl/kernel.h"

/* CONVCL_UNSUPPORTED, with the reason, when the algorithm that the options name does not compute the convolution in the direction on the context's device. */
convcl_status convcl_conv__check_algorithm(const convcl_context *context, const convcl_conv_desc *desc, convcl_conv_dir dir,
                                           const convcl_conv_options *options);

/* convcl_conv_plan_create with the layer's name, for the progress of tuning. label NULL: nothing is tuned, what is known and the cost model decide. */
convcl_status convcl_conv__plan_create(convcl_context *context, const convcl_conv_desc *desc, convcl_conv_dir dir,
                                       const convcl_conv_options *options, const char *label, convcl_conv_plan **plan_out);

convcl_status convcl_conv__fwd(const convcl_conv_plan *plan, convcl_stream *stream, convcl_buffer x, convcl_buffer w, convcl_buffer b,
                               convcl_buffer y, convcl_buffer workspace);
convcl_status convcl_conv__pack(const convcl_conv_plan *plan, convcl_stream *stream, convcl_buffer w, convcl_buffer packed,
                                convcl_buffer workspace);
convcl_status convcl_conv__fwd_packed(const convcl_conv_plan *plan, convcl_stream *stream, convcl_buffer x, convcl_buffer packed,
                                      convcl_buffer b, convcl_buffer y, convcl_buffer workspace);
convcl_status convcl_conv__bwd_data(const convcl_conv_plan *plan, convcl_stream *stream, convcl_buffer dy, convcl_buffer w, convcl_buffer x,
                                    convcl_buffer dx, convcl_buffer workspace);
convcl_status convcl_conv__bwd_weights(const convcl_conv_plan *plan, convcl_stream *stream, convcl_buffer x, convcl_buffer dy,
                                       convcl_buffer dw, convcl_buffer db, convcl_buffer workspace);
convcl_status convcl_conv__fwd_keep(const convcl_conv_plan *plan, convcl_stream *stream, convcl_buffer x, convcl_buffer w, convcl_buffer b,
                                    convcl_buffer y, convcl_buffer kept, convcl_buffer workspace);
convcl_status convcl_conv__bwd(const convcl_conv_plan *plan, convcl_stream *stream, convcl_buffer x, convcl_buffer dy, convcl_buffer w,
                               convcl_buffer kept, convcl_buffer dx, convcl_buffer dw, convcl_buffer db, convcl_buffer workspace);

#endif
