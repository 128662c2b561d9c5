/* relu.h: rectified linear unit and its gradient.
 * SPDX-License-Identifier: MIT
 *
 * Tensors: x[count], y[count], dx[count], dy[count], float32, any shape of that many elements.
 *   fwd  y[i] = x[i] > 0 ? x[i] : 0      a NaN stays a NaN
 *   bwd  dx[i] = y[i] > 0 ? dy[i] : 0    y or x may be given: both are positive at the same places; where it is a NaN the gradient is dropped */
#ifndef CONVCL_RELU_H
#define CONVCL_RELU_H

#include "convcl/context.h"
#include "convcl/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A ReLU of one size, both directions, ready to enqueue. It never changes after create and may be shared by threads. */
typedef struct convcl_relu_plan convcl_relu_plan;

/* Builds the kernels.
 *
 * context   where it will run; the plan keeps a reference
 * count     elements, >= 1
 * plan_out  receives the plan, the caller's to destroy; NULL on failure
 * Returns CONVCL_OK; CONVCL_INVALID for NULL or a count of 0; CONVCL_NO_MEMORY; CONVCL_BUILD_FAILED; CONVCL_CL_ERROR. Blocks while kernels compile.
 * Thread safe. */
convcl_status convcl_relu_plan_create(convcl_context *context, size_t count, convcl_relu_plan **plan_out);

/* Destroys a plan. Work already enqueued is not disturbed. NULL is fine. */
void convcl_relu_plan_destroy(convcl_relu_plan *plan);

/* y = max(x, 0). Enqueues and returns. In-place (y is x) is allowed.
 *
 * queue              of the plan's context and device; in-order or out-of-order
 * x y                count elements
 * wait_count, wait   events to wait for; 0 and NULL for none
 * event_out          receives an event that ends with the operation, the caller's to release; NULL when not wanted
 * Returns CONVCL_OK; CONVCL_INVALID for a NULL argument or a buffer that is too small (nothing is enqueued then); CONVCL_BUILD_FAILED and
 * CONVCL_NO_MEMORY for a program of the store, see cache_dir in context.h; CONVCL_CL_ERROR. Thread safe. */
convcl_status convcl_relu_fwd_enqueue(const convcl_relu_plan *plan, cl_command_queue queue, convcl_buffer x, convcl_buffer y,
                                      cl_uint wait_count, const cl_event *wait, cl_event *event_out);

/* dx = y > 0 ? dy : 0. Enqueues and returns. In-place (dx is dy) is allowed.
 *
 * y dy dx  count elements
 * The rest, the statuses and thread safety as in convcl_relu_fwd_enqueue. */
convcl_status convcl_relu_bwd_enqueue(const convcl_relu_plan *plan, cl_command_queue queue, convcl_buffer y, convcl_buffer dy,
                                      convcl_buffer dx, cl_uint wait_count, const cl_event *wait, cl_event *event_out);

#ifdef __cplusplus
}
#endif

#endif
