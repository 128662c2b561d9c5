/* dropout.h: drops elements at random in training, and the gradient of that.
 * SPDX-License-Identifier: MIT
 *
 * Tensors: x[count], y[count], dx[count], dy[count], float32, any shape of that many elements.
 *   fwd  y[i]  = kept(i) ? x[i] * scale : 0      scale = 1 / (1 - rate), so that the mean stays; what is dropped is 0 even where x is a NaN
 *   bwd  dx[i] = kept(i) ? dy[i] * scale : 0
 *   kept(i): 24 random bits of (seed, stream, step, i), read as a whole number, are at least rate * 2^24
 * No mask is stored: bwd computes kept(i) again from the same step. It is the same on every device, for any count and however the device splits the work.
 * The generator is Philox 4x32-10, see fill.h. At inference a dropout is the identity: there is nothing to enqueue.
 * Source: Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov, "Dropout: a simple way to prevent neural networks from overfitting", JMLR 15, 2014, scaled in
 * training instead of at inference. */
#ifndef CONVCL_DROPOUT_H
#define CONVCL_DROPOUT_H

#include <stdint.h>

#include "convcl/context.h"
#include "convcl/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A dropout. Zero-initialise it and set what differs. */
typedef struct convcl_dropout_desc {
    size_t count;    /* elements, >= 1 */
    float rate;      /* the share to drop, >= 0 and < 1 */
    uint64_t seed;   /* any */
    uint32_t stream; /* tells dropouts with the same seed apart */
    int relu_mask;   /* bwd only: 1 also applies the gradient of a ReLU that made x: dx = x > 0 ? dx : 0 */
} convcl_dropout_desc;

/* A dropout, both directions, ready to enqueue. It never changes after create and may be shared by threads. */
typedef struct convcl_dropout_plan convcl_dropout_plan;

/* Checks the description and builds the kernels.
 *
 * context   where it will run; the plan keeps a reference
 * desc      copied
 * plan_out  receives the plan, the caller's to destroy; NULL on failure
 * Returns CONVCL_OK; CONVCL_INVALID when a field breaks its rule (the text names it); CONVCL_NO_MEMORY; CONVCL_BUILD_FAILED; CONVCL_CL_ERROR.
 * Blocks while kernels compile. Thread safe. */
convcl_status convcl_dropout_plan_create(convcl_context *context, const convcl_dropout_desc *desc, convcl_dropout_plan **plan_out);

/* Destroys a plan. Work already enqueued is not disturbed. NULL is fine. */
void convcl_dropout_plan_destroy(convcl_dropout_plan *plan);

/* y = what is kept of x, scaled. Enqueues and returns. In-place (y is x) is allowed.
 *
 * queue              of the plan's context and device; in-order or out-of-order
 * step               any; another one for each step of the training
 * x y                count elements
 * wait_count, wait   events to wait for; 0 and NULL for none
 * event_out          receives an event that ends with the operation, the caller's to release; NULL when not wanted
 * Returns CONVCL_OK; CONVCL_INVALID for a NULL argument or a buffer that is too small (nothing is enqueued then); CONVCL_BUILD_FAILED and
 * CONVCL_NO_MEMORY for a program of the store, see cache_dir in context.h; CONVCL_CL_ERROR. Thread safe. */
convcl_status convcl_dropout_fwd_enqueue(const convcl_dropout_plan *plan, cl_command_queue queue, uint32_t step, convcl_buffer x,
                                         convcl_buffer y, cl_uint wait_count, const cl_event *wait, cl_event *event_out);

/* dx = what is kept of dy, scaled. Enqueues and returns. In-place (dx is dy) is allowed.
 *
 * step    that of the forward pass
 * dy dx   count elements
 * x       read only with relu_mask, and must not be dx then; a NULL mem otherwise
 * The rest, the statuses and thread safety as in convcl_dropout_fwd_enqueue. */
convcl_status convcl_dropout_bwd_enqueue(const convcl_dropout_plan *plan, cl_command_queue queue, uint32_t step, convcl_buffer dy,
                                         convcl_buffer x, convcl_buffer dx, cl_uint wait_count, const cl_event *wait, cl_event *event_out);

#ifdef __cplusplus
}
#endif

#endif
