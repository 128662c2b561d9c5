/* conv.h: 2-D convolution and its two gradients.
 * SPDX-License-Identifier: MIT
 *
 * Tensors, all float32, in NHWC and HWIO:
 *   x[n][ih][iw][ic]   w[fh][fw][ic / groups][oc]   b[oc]   y[n][oh][ow][oc]      dx, dw, db, dy have the shapes of x, w, b, y
 *   oh = (ih + pad_top  + pad_bottom - dilation_h * (fh - 1) - 1) / stride_h + 1      (integer division)
 *   ow = (iw + pad_left + pad_right  - dilation_w * (fw - 1) - 1) / stride_w + 1
 *
 *   fwd          y [n][p][q][k] = act(b[k] + sum over r, s, c of x[n][p * stride_h + r * dilation_h - pad_top][q * stride_w + s * dilation_w - pad_left][c] * w[r][s][c][k])
 *   bwd_data     dx = sum over all y that read it of dy * w
 *   bwd_weights  dw = sum over n, p, q of x * dy,   db[k] = sum over n, p, q of dy[n][p][q][k]
 * Outside x the value is 0, and is multiplied like any other: a NaN or an infinity in w may reach the outputs at the border. With groups g, output channel k reads the input channels of its group only. */
#ifndef CONVCL_CONV_H
#define CONVCL_CONV_H

#include "convcl/context.h"
#include "convcl/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Which of them a plan computes. */
typedef enum convcl_conv_dir {
    CONVCL_CONV_FWD = 0,         /* x, w, b -> y */
    CONVCL_CONV_BWD_DATA = 1,    /* dy, w -> dx */
    CONVCL_CONV_BWD_WEIGHTS = 2, /* x, dy -> dw, db */
    CONVCL_CONV_BWD = 3          /* x, dy, w -> dx, dw, db: both at once, where an algorithm shares work between them */
} convcl_conv_dir;

/* "fwd", "bwd_data", "bwd_weights" or "bwd"; "unknown" for any other number. The string is static. Thread safe. */
const char *convcl_conv_dir_name(convcl_conv_dir dir);

/* What is applied to y before it is stored. */
typedef enum convcl_activation {
    CONVCL_ACTIVATION_NONE = 0, /* y = v */
    CONVCL_ACTIVATION_RELU = 1  /* y = v > 0 ? v : 0; a NaN stays a NaN */
} convcl_activation;

/* A convolution. Start from convcl_conv_desc_init and set what differs. Sizes are in elements. */
typedef struct convcl_conv_desc {
    int n;                        /* images, >= 1 */
    int ih, iw, ic;               /* input height, width, channels, >= 1 */
    int oc;                       /* output channels, >= 1, a multiple of groups */
    int fh, fw;                   /* filter height, width, >= 1 */
    int stride_h, stride_w;       /* >= 1; 1 after init */
    int pad_top, pad_bottom;      /* >= 0; 0 after init */
    int pad_left, pad_right;      /* >= 0; 0 after init */
    int dilation_h, dilation_w;   /* >= 1; 1 after init */
    int groups;                   /* >= 1, divides ic and oc; 1 after init */
    int has_bias;                 /* 1: fwd adds b, bwd_weights writes db; 0: b and db are not touched; 1 after init */
    convcl_activation activation; /* fwd only; the backward plans take dy as the gradient of v; NONE after init */
    int relu_mask;                /* bwd_data only: 1 also applies the gradient of a ReLU that made x: dx = x > 0 ? dx : 0; 0 after init */
    convcl_layout layout;         /* NHWC after init */
    convcl_filter_layout filter_layout; /* HWIO after init */
    convcl_math math;                   /* DEFAULT after init */
} convcl_conv_desc;

/* Sets every field: the sizes to 0, the rest to the defaults named above. desc must not be NULL. Thread safe. */
void convcl_conv_desc_init(convcl_conv_desc *desc);

/* Sets the four pads as TensorFlow's SAME does: out = ceil(in / stride), total = max((out - 1) * stride + dilation * (filter - 1) + 1 - in, 0), of which total / 2
 * comes before and the rest after. 224 with an 11x11 filter and stride 4 pads 3 before and 4 after.
 *
 * desc  sizes, filter, strides and dilations must be set; only the pads are written
 * Returns CONVCL_OK; CONVCL_INVALID when a field breaks its rule. Thread safe.
 * Source: TensorFlow's notes on padding, https://www.tensorflow.org/api_docs/python/tf/nn. */
convcl_status convcl_conv_desc_same(convcl_conv_desc *desc);

/* Computes oh and ow by the formula above.
 *
 * oh_out, ow_out  receive the size; untouched on failure
 * Returns CONVCL_OK; CONVCL_INVALID when a field breaks its rule or the filter is larger than the padded input. Thread safe. */
convcl_status convcl_conv_output_size(const convcl_conv_desc *desc, int *oh_out, int *ow_out);

/* Choices that convcl makes by itself unless told. Zero-initialise it and set what differs. */
typedef struct convcl_conv_options {
    /* "gather", "winograd", "winograd-fused" (GPUs; not bwd_weights), or either Winograd with tiles of 4 x 4 outputs, "winograd:4"; NULL or "auto": chosen. */
    const char *algo;
    /* "register", "local", "tile", "mma" (matrix units, where there are some and a probe finds them right) or, where it is built in, "clblast"; NULL or
     * "auto": chosen by the device. */
    const char *gemm;
} convcl_conv_options;

/* One convolution in one direction, ready to enqueue. It never changes after create: threads may share it, each enqueue with a workspace of its own. */
typedef struct convcl_conv_plan convcl_conv_plan;

/* Checks the description, chooses the algorithm and builds its kernels.
 *
 * context   where it will run; the plan keeps a reference
 * desc      the convolution; copied
 * dir       which of them
 * options   NULL means all defaults; copied
 * plan_out  receives the plan, the caller's to destroy; NULL on failure
 * Returns CONVCL_OK; CONVCL_INVALID when a field breaks its rule (the text names it); CONVCL_UNSUPPORTED for NCHW, OIHW, an unknown or inapplicable algorithm,
 * and for CONVCL_CONV_BWD where two plans, bwd_data and bwd_weights, are the better choice (only "winograd" shares work between them);
 * CONVCL_NO_MEMORY; CONVCL_NO_DEVICE_MEMORY; CONVCL_BUILD_FAILED; CONVCL_CL_ERROR. Blocks while kernels compile. Thread safe. */
convcl_status convcl_conv_plan_create(convcl_context *context, const convcl_conv_desc *desc, convcl_conv_dir dir,
                                      const convcl_conv_options *options, convcl_conv_plan **plan_out);

/* Destroys a plan. Work already enqueued is not disturbed. NULL is fine. */
void convcl_conv_plan_destroy(convcl_conv_plan *plan);

/* Floats of workspace that each enqueue needs; may be 0. Thread safe. */
size_t convcl_conv_plan_workspace(const convcl_conv_plan *plan);

/* One line for people: direction, algorithm, GEMM variant and its tile. Owned by the plan. Thread safe. */
const char *convcl_conv_plan_describe(const convcl_conv_plan *plan);

/* y = act(conv(x, w) + b). Enqueues and returns; nothing is allocated, compiled or read back. In-place is not allowed.
 *
 * plan       made with CONVCL_CONV_FWD
 * queue      of the plan's context and device; in-order or out-of-order
 * x w b y    shapes as at the top of this file; b may have a NULL mem when has_bias is 0
 * workspace  convcl_conv_plan_workspace(plan) floats, contents lost; a NULL mem when that is 0; serves one enqueue at a time
 * wait_count, wait   events to wait for; 0 and NULL for none
 * event_out  receives an event that ends with the operation, the caller's to release; NULL when not wanted
 * Returns CONVCL_OK; CONVCL_INVALID for a NULL argument, a plan of another direction or a buffer that is too small (nothing is enqueued then);
 * CONVCL_NO_MEMORY; CONVCL_NO_DEVICE_MEMORY; CONVCL_BUILD_FAILED for a program of the store, see cache_dir in context.h; CONVCL_CL_ERROR. Thread safe. */
convcl_status convcl_conv_fwd_enqueue(const convcl_conv_plan *plan, cl_command_queue queue, convcl_buffer x, convcl_buffer w,
                                      convcl_buffer b, convcl_buffer y, convcl_buffer workspace, cl_uint wait_count, const cl_event *wait,
                                      cl_event *event_out);

/* Floats of a filter packed for a forward plan: what convcl_conv_pack_enqueue writes; 0 for the other directions. Thread safe. */
size_t convcl_conv_plan_packed(const convcl_conv_plan *plan);

/* packed = w in the form that the plan multiplies with, so that a filter which does not change is packed (for winograd: transformed) once. Enqueues and returns.
 *
 * plan    made with CONVCL_CONV_FWD
 * w       shape as at the top of this file
 * packed  convcl_conv_plan_packed(plan) floats, of use to this plan only
 * The rest, the statuses and thread safety as in convcl_conv_fwd_enqueue. */
convcl_status convcl_conv_pack_enqueue(const convcl_conv_plan *plan, cl_command_queue queue, convcl_buffer w, convcl_buffer packed,
                                       convcl_buffer workspace, cl_uint wait_count, const cl_event *wait, cl_event *event_out);

/* y = act(conv(x, w) + b) with w as convcl_conv_pack_enqueue packed it: the same bits as convcl_conv_fwd_enqueue.
 * packed as above; the rest, the statuses and thread safety as in convcl_conv_fwd_enqueue. */
convcl_status convcl_conv_fwd_packed_enqueue(const convcl_conv_plan *plan, cl_command_queue queue, convcl_buffer x, convcl_buffer packed,
                                             convcl_buffer b, convcl_buffer y, convcl_buffer workspace, cl_uint wait_count,
                                             const cl_event *wait, cl_event *event_out);

/* dx = gradient of the convolution with respect to x. Enqueues and returns. In-place is not allowed.
 *
 * plan       made with CONVCL_CONV_BWD_DATA
 * dy w dx    shapes as at the top of this file
 * x          read only with relu_mask; a NULL mem otherwise
 * The rest, the statuses and thread safety as in convcl_conv_fwd_enqueue. */
convcl_status convcl_conv_bwd_data_enqueue(const convcl_conv_plan *plan, cl_command_queue queue, convcl_buffer dy, convcl_buffer w,
                                           convcl_buffer x, convcl_buffer dx, convcl_buffer workspace, cl_uint wait_count,
                                           const cl_event *wait, cl_event *event_out);

/* dw and db = gradients of the convolution with respect to w and b. They are overwritten, not added to. Enqueues and returns. In-place is not allowed.
 *
 * plan        made with CONVCL_CONV_BWD_WEIGHTS
 * x dy dw db  shapes as at the top of this file; db may have a NULL mem when has_bias is 0
 * The rest, the statuses and thread safety as in convcl_conv_fwd_enqueue. */
convcl_status convcl_conv_bwd_weights_enqueue(const convcl_conv_plan *plan, cl_command_queue queue, convcl_buffer x, convcl_buffer dy,
                                              convcl_buffer dw, convcl_buffer db, convcl_buffer workspace, cl_uint wait_count,
                                              const cl_event *wait, cl_event *event_out);

/* Floats of what a forward plan can keep of x for a backward plan (BWD or BWD_WEIGHTS) of the same convolution, so that the latter need not transform x again;
 * 0 when the two plans do not fit together. Thread safe. */
size_t convcl_conv_plan_kept(const convcl_conv_plan *fwd, const convcl_conv_plan *bwd);

/* As convcl_conv_fwd_enqueue, and leaves in `kept` what convcl_conv_bwd_enqueue can read.
 *
 * kept  convcl_conv_plan_kept(plan, bwd) floats for the plan that will read it
 * The rest, the statuses and thread safety as in convcl_conv_fwd_enqueue; CONVCL_UNSUPPORTED when the plan keeps nothing. */
convcl_status convcl_conv_fwd_keep_enqueue(const convcl_conv_plan *plan, cl_command_queue queue, convcl_buffer x, convcl_buffer w,
                                           convcl_buffer b, convcl_buffer y, convcl_buffer kept, convcl_buffer workspace,
                                           cl_uint wait_count, const cl_event *wait, cl_event *event_out);

/* dx, dw and db at once. They are overwritten, not added to. Enqueues and returns. In-place is not allowed.
 *
 * plan           made with CONVCL_CONV_BWD; with CONVCL_CONV_BWD_WEIGHTS w and dx are not touched
 * x dy w         shapes as at the top of this file
 * kept           what the forward pass of the same x kept, for a plan that it fits (convcl_conv_plan_kept); a NULL mem: x is read instead.
 *                With kept, x is read only with relu_mask
 * dx dw db       db may have a NULL mem when has_bias is 0
 * The rest, the statuses and thread safety as in convcl_conv_fwd_enqueue; CONVCL_UNSUPPORTED for `kept` with a plan that reads none. */
convcl_status convcl_conv_bwd_enqueue(const convcl_conv_plan *plan, cl_command_queue queue, convcl_buffer x, convcl_buffer dy,
                                      convcl_buffer w, convcl_buffer kept, convcl_buffer dx, convcl_buffer dw, convcl_buffer db,
                                      convcl_buffer workspace, cl_uint wait_count, const cl_event *wait, cl_event *event_out);

#ifdef __cplusplus
}
#endif

#endif
