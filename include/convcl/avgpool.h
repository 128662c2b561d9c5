/* avgpool.h: average over windows, and its gradient.
 * SPDX-License-Identifier: MIT
 *
 * Tensors, NHWC: float32 x[n][ih][iw][c], y[n][oh][ow][c]; dx and dy have the shapes of x and y.
 *   oh = (ih + pad_top  + pad_bottom - window_h) / stride_h + 1      (integer division; VALID is all pads 0)
 *   ow = (iw + pad_left + pad_right  - window_w) / stride_w + 1
 *   fwd  y[n][p][q][k]  = sum of x over the window, places outside x left out, / places(p, q)
 *   bwd  dx[n][h][w][k] = sum of dy[n][p][q][k] / places(p, q) over the windows that hold the pixel, in a fixed order
 *   places(p, q): with count_padding 0 the places of the window inside x, as TensorFlow divides; with 1 all of them, window_h * window_w */
#ifndef CONVCL_AVGPOOL_H
#define CONVCL_AVGPOOL_H

#include "convcl/context.h"
#include "convcl/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A pooling. Zero-initialise it and set every field but, if you like, the pads, count_padding, relu_mask and layout. */
typedef struct convcl_avgpool_desc {
    int n, ih, iw, c;                             /* >= 1; c <= 2147479551 */
    int window_h, window_w;                       /* >= 1 */
    int stride_h, stride_w;                       /* >= 1 */
    int pad_top, pad_bottom, pad_left, pad_right; /* >= 0, each less than the window, so that no window lies wholly outside */
    int count_padding;                            /* 1: padding counts as zeros that take part in the average */
    int relu_mask;                                /* bwd only: 1 also applies the gradient of a ReLU that made x: dx = x > 0 ? dx : 0 */
    convcl_layout layout;                         /* NHWC is 0 */
} convcl_avgpool_desc;

/* Computes oh and ow by the formula above.
 *
 * oh_out, ow_out  receive the size; untouched on failure
 * Returns CONVCL_OK; CONVCL_INVALID when a field breaks its rule or the window is larger than the padded input. Thread safe. */
convcl_status convcl_avgpool_output_size(const convcl_avgpool_desc *desc, int *oh_out, int *ow_out);

/* A pooling, both directions, ready to enqueue. It never changes after create and may be shared by threads. */
typedef struct convcl_avgpool_plan convcl_avgpool_plan;

/* Checks the description and builds the kernels.
 *
 * context   where it will run; the plan keeps a reference
 * desc      copied
 * plan_out  receives the plan, the caller's to destroy; NULL on failure
 * Returns CONVCL_OK; CONVCL_INVALID when a field breaks its rule (the text names it); CONVCL_UNSUPPORTED for NCHW; CONVCL_NO_MEMORY; CONVCL_BUILD_FAILED;
 * CONVCL_CL_ERROR. Blocks while kernels compile. Thread safe. */
convcl_status convcl_avgpool_plan_create(convcl_context *context, const convcl_avgpool_desc *desc, convcl_avgpool_plan **plan_out);

/* Destroys a plan. Work already enqueued is not disturbed. NULL is fine. */
void convcl_avgpool_plan_destroy(convcl_avgpool_plan *plan);

/* y = averages. Enqueues and returns. In-place is not allowed.
 *
 * queue              of the plan's context and device; in-order or out-of-order
 * x y                shapes as at the top of this file
 * wait_count, wait   events to wait for; 0 and NULL for none
 * event_out          receives an event that ends with the operation, the caller's to release; NULL when not wanted
 * Returns CONVCL_OK; CONVCL_INVALID for a NULL argument or a buffer that is too small (nothing is enqueued then); CONVCL_BUILD_FAILED and
 * CONVCL_NO_MEMORY for a program of the store, see cache_dir in context.h; CONVCL_CL_ERROR. Thread safe. */
convcl_status convcl_avgpool_fwd_enqueue(const convcl_avgpool_plan *plan, cl_command_queue queue, convcl_buffer x, convcl_buffer y,
                                         cl_uint wait_count, const cl_event *wait, cl_event *event_out);

/* dx = dy, spread over the windows; every element of dx is written. Enqueues and returns. In-place is not allowed.
 *
 * dy dx   shapes as at the top of this file
 * x       read only with relu_mask; a NULL mem otherwise
 * The rest, the statuses and thread safety as in convcl_avgpool_fwd_enqueue. */
convcl_status convcl_avgpool_bwd_enqueue(const convcl_avgpool_plan *plan, cl_command_queue queue, convcl_buffer dy, convcl_buffer x,
                                         convcl_buffer dx, cl_uint wait_count, const cl_event *wait, cl_event *event_out);

#ifdef __cplusplus
}
#endif

#endif
