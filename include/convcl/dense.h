/* dense.h: the dense (fully connected) layer and its gradients.
 * SPDX-License-Identifier: MIT
 *
 * Tensors, all float32:
 *   x[n][inputs]   w[inputs][outputs]   b[outputs]   y[n][outputs]      dx, dw, db, dy have the shapes of x, w, b, y
 *   fwd          y[i][k]  = act(b[k] + sum over j of x[i][j] * w[j][k])
 *   bwd_data     dx[i][j] = sum over k of dy[i][k] * w[j][k]
 *   bwd_weights  dw[j][k] = sum over i of x[i][j] * dy[i][k],   db[k] = sum over i of dy[i][k]
 * A map x[n][h][w][c] is read as it lies, NHWC: input j is (row * width + column) * c + channel. Weights of frameworks that flatten NCHW have their rows in
 * another order. */
#ifndef CONVCL_DENSE_H
#define CONVCL_DENSE_H

#include "convcl/context.h"
#include "convcl/conv.h"
#include "convcl/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A dense layer. Zero-initialise it and set what differs. */
typedef struct convcl_dense_desc {
    int n;                        /* rows of x, 1 to 2^24 */
    int inputs, outputs;          /* 1 to 2^24, inputs * outputs below 2^31 */
    int no_bias;                  /* 1: b and db are not touched */
    convcl_activation activation; /* fwd only; the backward plans take dy as the gradient before it; NONE is 0 */
    int relu_mask;                /* bwd_data only: 1 also applies the gradient of a ReLU that made x: dx = x > 0 ? dx : 0 */
    convcl_math math;             /* DEFAULT is 0 */
} convcl_dense_desc;

/* Choices that convcl makes by itself unless told. Zero-initialise it and set what differs. */
typedef struct convcl_dense_options {
    const char *gemm; /* as in convcl_conv_options */
} convcl_dense_options;

/* One dense layer in one direction, ready to enqueue. It never changes after create: threads may share it, each enqueue with a workspace of its own. */
typedef struct convcl_dense_plan convcl_dense_plan;

/* Checks the description and builds the kernels.
 *
 * context   where it will run; the plan keeps a reference
 * desc      copied
 * dir       CONVCL_CONV_FWD, CONVCL_CONV_BWD_DATA or CONVCL_CONV_BWD_WEIGHTS
 * options   NULL means all defaults; copied
 * plan_out  receives the plan, the caller's to destroy; NULL on failure
 * Returns CONVCL_OK; CONVCL_INVALID when a field breaks its rule (the text names it); CONVCL_UNSUPPORTED for an unknown gemm; CONVCL_NO_MEMORY;
 * CONVCL_NO_DEVICE_MEMORY; CONVCL_BUILD_FAILED; CONVCL_CL_ERROR. Blocks while kernels compile. Thread safe. */
convcl_status convcl_dense_plan_create(convcl_context *context, const convcl_dense_desc *desc, convcl_conv_dir dir,
                                       const convcl_dense_options *options, convcl_dense_plan **plan_out);

/* Destroys a plan. Work already enqueued is not disturbed. NULL is fine. */
void convcl_dense_plan_destroy(convcl_dense_plan *plan);

/* Floats of workspace that each enqueue needs; may be 0. Thread safe. */
size_t convcl_dense_plan_workspace(const convcl_dense_plan *plan);

/* One line for people: direction, GEMM variant and its tile. Owned by the plan. Thread safe. */
const char *convcl_dense_plan_describe(const convcl_dense_plan *plan);

/* y = act(x * w + b). Enqueues and returns; nothing is allocated, compiled or read back. In-place is not allowed.
 *
 * plan       made with CONVCL_CONV_FWD
 * queue      of the plan's context and device; in-order or out-of-order
 * x w b y    shapes as at the top of this file; b may have a NULL mem with no_bias
 * workspace  convcl_dense_plan_workspace(plan) floats, contents lost; a NULL mem when that is 0; serves one enqueue at a time
 * wait_count, wait   events to wait for; 0 and NULL for none
 * event_out  receives an event that ends with the operation, the caller's to release; NULL when not wanted
 * Returns CONVCL_OK; CONVCL_INVALID for a NULL argument, a plan of another direction or a buffer that is too small (nothing is enqueued then);
 * CONVCL_NO_DEVICE_MEMORY; CONVCL_BUILD_FAILED and CONVCL_NO_MEMORY for a program of the store, see cache_dir in context.h; CONVCL_CL_ERROR. Thread safe. */
convcl_status convcl_dense_fwd_enqueue(const convcl_dense_plan *plan, cl_command_queue queue, convcl_buffer x, convcl_buffer w,
                                       convcl_buffer b, convcl_buffer y, convcl_buffer workspace, cl_uint wait_count, const cl_event *wait,
                                       cl_event *event_out);

/* dx = gradient with respect to x. Enqueues and returns. In-place is not allowed.
 *
 * plan       made with CONVCL_CONV_BWD_DATA
 * dy w dx    shapes as at the top of this file
 * x          read only with relu_mask; a NULL mem otherwise
 * The rest, the statuses and thread safety as in convcl_dense_fwd_enqueue. */
convcl_status convcl_dense_bwd_data_enqueue(const convcl_dense_plan *plan, cl_command_queue queue, convcl_buffer dy, convcl_buffer w,
                                            convcl_buffer x, convcl_buffer dx, convcl_buffer workspace, cl_uint wait_count,
                                            const cl_event *wait, cl_event *event_out);

/* dw and db = gradients with respect to w and b. They are overwritten, not added to. Enqueues and returns. In-place is not allowed.
 *
 * plan        made with CONVCL_CONV_BWD_WEIGHTS
 * x dy dw db  shapes as at the top of this file; db may have a NULL mem with no_bias
 * The rest, the statuses and thread safety as in convcl_dense_fwd_enqueue. */
convcl_status convcl_dense_bwd_weights_enqueue(const convcl_dense_plan *plan, cl_command_queue queue, convcl_buffer x, convcl_buffer dy,
                                               convcl_buffer dw, convcl_buffer db, convcl_buffer workspace, cl_uint wait_count,
                                               const cl_event *wait, cl_event *event_out);

#ifdef __cplusplus
}
#endif

#endif
