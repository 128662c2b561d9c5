/* lrn_maxpool.h: local response normalization and max-pooling of its value in one operation, and the gradient of both.
 * SPDX-License-Identifier: MIT
 *
 * Tensors, NHWC: float32 x[n][ih][iw][c], y[n][oh][ow][c]; uint16 index[n][oh][ow][c]; dx and dy have the shapes of x and y. oh and ow as in convcl/maxpool.h.
 *   fwd  v = the normalization of x, as in convcl/lrn.h; y and index = the pooling of v, as in convcl/maxpool.h
 *   bwd  dv = the pooling's gradient of dy, as in convcl/maxpool.h; dx = the normalization's gradient of dv, as in convcl/lrn.h
 * v and dv are never stored: the normalization's gradient needs x alone, and the pooling's needs the index alone. The values are those of the two operations one after the
 * other, up to rounding; on a CPU, with windows that are not very large, to the bit. */
#ifndef CONVCL_LRN_MAXPOOL_H
#define CONVCL_LRN_MAXPOOL_H

#include "convcl/context.h"
#include "convcl/lrn.h"
#include "convcl/maxpool.h"
#include "convcl/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A normalization and the pooling that reads it: each field follows its own operation's rules; n, h, w and c of both are the same, and maxpool.relu_mask is 0 (a ReLU before
 * the normalization is lrn.relu_mask). */
typedef struct convcl_lrn_maxpool_desc {
    convcl_lrn_desc lrn;
    convcl_maxpool_desc maxpool;
} convcl_lrn_maxpool_desc;

/* Both operations, both directions, ready to enqueue. It never changes after create and may be shared by threads. */
typedef struct convcl_lrn_maxpool_plan convcl_lrn_maxpool_plan;

/* Checks the description and builds the kernels.
 *
 * context   where it will run; the plan keeps a reference
 * desc      copied
 * plan_out  receives the plan, the caller's to destroy; NULL on failure
 * Returns CONVCL_OK; CONVCL_INVALID when a field breaks its rule (the text names it) or the two descriptions differ in a size; CONVCL_UNSUPPORTED for NCHW, a window of
 * more than 65536 places, or when min(radius, c - 1) is above 1024; CONVCL_NO_MEMORY; CONVCL_BUILD_FAILED; CONVCL_CL_ERROR. Blocks while kernels compile. Thread safe. */
convcl_status convcl_lrn_maxpool_plan_create(convcl_context *context, const convcl_lrn_maxpool_desc *desc,
                                             convcl_lrn_maxpool_plan **plan_out);

/* Destroys a plan. Work already enqueued is not disturbed. NULL is fine. */
void convcl_lrn_maxpool_plan_destroy(convcl_lrn_maxpool_plan *plan);

/* y = maxima of the normalized x; index = where they were. Enqueues and returns. In-place is not allowed.
 *
 * queue              of the plan's context and device; in-order or out-of-order
 * x y                shapes as at the top of this file
 * index              uint16 elements, and its offset counts those; a NULL mem when no backward pass will follow
 * wait_count, wait   events to wait for; 0 and NULL for none
 * event_out          receives an event that ends with the operation, the caller's to release; NULL when not wanted
 * Returns CONVCL_OK; CONVCL_INVALID for a NULL argument or a buffer that is too small (nothing is enqueued then); CONVCL_BUILD_FAILED and
 * CONVCL_NO_MEMORY for a program of the store, see cache_dir in context.h; CONVCL_CL_ERROR. Thread safe. */
convcl_status convcl_lrn_maxpool_fwd_enqueue(const convcl_lrn_maxpool_plan *plan, cl_command_queue queue, convcl_buffer x, convcl_buffer y,
                                             convcl_buffer index, cl_uint wait_count, const cl_event *wait, cl_event *event_out);

/* dx = gradient with respect to x; every element of dx is written. Enqueues and returns. In-place is not allowed.
 *
 * x dy dx  shapes as at the top of this file
 * index    as the forward pass wrote it
 * The rest, the statuses and thread safety as in convcl_lrn_maxpool_fwd_enqueue. */
convcl_status convcl_lrn_maxpool_bwd_enqueue(const convcl_lrn_maxpool_plan *plan, cl_command_queue queue, convcl_buffer x, convcl_buffer dy,
                                             convcl_buffer index, convcl_buffer dx, cl_uint wait_count, const cl_event *wait,
                                             cl_event *event_out);

#ifdef __cplusplus
}
#endif

#endif
