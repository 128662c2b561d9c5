/* lrn.h: local response normalization across channels, and its gradient.
 * SPDX-License-Identifier: MIT
 *
 * Tensors, float32, NHWC: x[n][h][w][c], y, dx, dy of the same shape; a pixel is one (n, h, w).
 *   s[i]  = bias + alpha * sum over j in [i - radius, i + radius], 0 <= j < c, of x[j]^2        alpha is not divided by the window
 *   fwd  y[i]  = x[i] * s[i]^-beta
 *   bwd  dx[i] = dy[i] * s[i]^-beta - 2 * alpha * beta * x[i] * sum over j in [i - radius, i + radius] of dy[j] * x[j] * s[j]^(-beta - 1)
 * The meaning is TensorFlow's tf.nn.local_response_normalization; the method is Krizhevsky, Sutskever, Hinton 2012, section 3.3. */
#ifndef CONVCL_LRN_H
#define CONVCL_LRN_H

#include "convcl/context.h"
#include "convcl/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A normalization. Zero-initialise it and set every field but, if you like, layout and relu_mask. */
typedef struct convcl_lrn_desc {
    int n, h, w, c;       /* >= 1; c <= 2147479551 */
    int radius;           /* channels at each side, >= 0; 4 in AlexNet; above c - 1 it has no further effect */
    float bias;           /* > 0, finite; 1 in AlexNet */
    float alpha;          /* >= 0, finite; 0.001 / 9 in AlexNet */
    float beta;           /* >= 0, finite; 0.75 in AlexNet, which takes no power function */
    int relu_mask;        /* bwd only: 1 also applies the gradient of a ReLU that made x: dx = x > 0 ? dx : 0 */
    convcl_layout layout; /* NHWC is 0 */
} convcl_lrn_desc;

/* A normalization, both directions, ready to enqueue. It never changes after create and may be shared by threads. */
typedef struct convcl_lrn_plan convcl_lrn_plan;

/* Checks the description and builds the kernels.
 *
 * context   where it will run; the plan keeps a reference
 * desc      copied
 * plan_out  receives the plan, the caller's to destroy; NULL on failure
 * Returns CONVCL_OK; CONVCL_INVALID when a field breaks its rule (the text names it); CONVCL_UNSUPPORTED for NCHW, or when min(radius, c - 1) is above 1024; CONVCL_NO_MEMORY; CONVCL_BUILD_FAILED;
 * CONVCL_CL_ERROR. Blocks while kernels compile. Thread safe. */
convcl_status convcl_lrn_plan_create(convcl_context *context, const convcl_lrn_desc *desc, convcl_lrn_plan **plan_out);

/* Destroys a plan. Work already enqueued is not disturbed. NULL is fine. */
void convcl_lrn_plan_destroy(convcl_lrn_plan *plan);

/* y = x * s^-beta. Enqueues and returns. In-place is not allowed.
 *
 * queue              of the plan's context and device; in-order or out-of-order
 * x y                n * h * w * c elements
 * wait_count, wait   events to wait for; 0 and NULL for none
 * event_out          receives an event that ends with the operation, the caller's to release; NULL when not wanted
 * Returns CONVCL_OK; CONVCL_INVALID for a NULL argument or a buffer that is too small (nothing is enqueued then); CONVCL_BUILD_FAILED and
 * CONVCL_NO_MEMORY for a program of the store, see cache_dir in context.h; CONVCL_CL_ERROR. Thread safe. */
convcl_status convcl_lrn_fwd_enqueue(const convcl_lrn_plan *plan, cl_command_queue queue, convcl_buffer x, convcl_buffer y,
                                     cl_uint wait_count, const cl_event *wait, cl_event *event_out);

/* dx = gradient with respect to x; what the forward pass computed is computed again, so only x is needed. Enqueues and returns. In-place is not allowed.
 *
 * x dy dx  n * h * w * c elements
 * The rest, the statuses and thread safety as in convcl_lrn_fwd_enqueue. */
convcl_status convcl_lrn_bwd_enqueue(const convcl_lrn_plan *plan, cl_command_queue queue, convcl_buffer x, convcl_buffer dy,
                                     convcl_buffer dx, cl_uint wait_count, const cl_event *wait, cl_event *event_out);

#ifdef __cplusplus
}
#endif

#endif
