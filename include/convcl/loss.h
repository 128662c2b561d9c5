/* loss.h: the l2 loss and its gradient.
 * SPDX-License-Identifier: MIT
 *
 * Tensors, float32: x[count], dx[count], loss[1].
 *   fwd  loss[0] = sum of x[i]^2 / 2      summed in a fixed order, so the same bits every time
 *   bwd  dx[i] = x[i] * scale             scale is the gradient of what follows, 1 for an objective */
#ifndef CONVCL_LOSS_H
#define CONVCL_LOSS_H

#include "convcl/context.h"
#include "convcl/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An l2 loss of one size, both directions, ready to enqueue. It never changes after create and may be shared by threads. */
typedef struct convcl_l2_loss_plan convcl_l2_loss_plan;

/* Builds the kernels.
 *
 * context   where it will run; the plan keeps a reference
 * count     elements, >= 1
 * plan_out  receives the plan, the caller's to destroy; NULL on failure
 * Returns CONVCL_OK; CONVCL_INVALID for NULL or a count of 0; CONVCL_NO_MEMORY; CONVCL_BUILD_FAILED; CONVCL_CL_ERROR. Blocks while kernels compile.
 * Thread safe. */
convcl_status convcl_l2_loss_plan_create(convcl_context *context, size_t count, convcl_l2_loss_plan **plan_out);

/* Destroys a plan. Work already enqueued is not disturbed. NULL is fine. */
void convcl_l2_loss_plan_destroy(convcl_l2_loss_plan *plan);

/* Floats of workspace that the forward pass needs. Thread safe. */
size_t convcl_l2_loss_plan_workspace(const convcl_l2_loss_plan *plan);

/* loss[0] = sum of x^2 / 2. Enqueues and returns.
 *
 * queue              of the plan's context and device; in-order or out-of-order
 * x loss             count elements, one element
 * workspace          convcl_l2_loss_plan_workspace(plan) floats, contents lost; serves one enqueue at a time
 * wait_count, wait   events to wait for; 0 and NULL for none
 * event_out          receives an event that ends with the operation, the caller's to release; NULL when not wanted
 * Returns CONVCL_OK; CONVCL_INVALID for a NULL argument or a buffer that is too small (nothing is enqueued then); CONVCL_BUILD_FAILED and
 * CONVCL_NO_MEMORY for a program of the store, see cache_dir in context.h; CONVCL_CL_ERROR. Thread safe. */
convcl_status convcl_l2_loss_fwd_enqueue(const convcl_l2_loss_plan *plan, cl_command_queue queue, convcl_buffer x, convcl_buffer loss,
                                         convcl_buffer workspace, cl_uint wait_count, const cl_event *wait, cl_event *event_out);

/* dx = x * scale. Enqueues and returns. In-place (dx is x) is allowed.
 *
 * x dx   count elements
 * scale  any float
 * The rest, the statuses and thread safety as in convcl_l2_loss_fwd_enqueue. */
convcl_status convcl_l2_loss_bwd_enqueue(const convcl_l2_loss_plan *plan, cl_command_queue queue, convcl_buffer x, float scale,
                                         convcl_buffer dx, cl_uint wait_count, const cl_event *wait, cl_event *event_out);

#ifdef __cplusplus
}
#endif

#endif
