/* maxpool.c: maximum over windows, and its gradient.
 * SPDX-License-Identifier: MIT
 * computes   y and index, dx as in convcl/maxpool.h
 * launches   fwd: maxpool_fwd     bwd: maxpool_bwd, which gathers: no element is written twice, so no atomics
 * workspace  none      order: fixed, so results are bitwise repeatable
 * tests      test_maxpool.c */
#include "convcl/maxpool.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "layers/layer_grid.h"
#include "layers/layers_internal.h"
#include "layers/maxpool_internal.h"

#define MAX_PLACES 65536 /* of a window: what uint16 tells apart */

struct convcl_maxpool_plan {
    convcl_context *context;
    convcl_maxpool_desc desc;
    int oh, ow;
    size_t x_count, y_count;
    convcl_layer_grid fwd_grid, bwd_grid;
    convcl_kernel *fwd, *bwd;
};

static convcl_status check_pad(const char *name, int pad, const char *window_name, int window) {
    CONVCL_REQUIRE(pad >= 0, "maxpool: %s is %d, must be at least 0", name, pad);
    CONVCL_REQUIRE(pad < window, "maxpool: %s is %d, must be less than %s, which is %d", name, pad, window_name, window);
    return CONVCL_OK;
}

/* Size of the output along one dimension, whose fields are called <letter>. */
static convcl_status output_size(char letter, int size, int pad_before, int pad_after, int window, int stride, int *size_out) {
    const int64_t padded = (int64_t)size + pad_before + pad_after;
    CONVCL_REQUIRE(padded <= INT_MAX, "maxpool: i%c with its padding is %lld, must be at most %d", letter, (long long)padded, INT_MAX);
    CONVCL_REQUIRE(padded >= window, "maxpool: window_%c is %d, must be at most i%c with its padding, which is %lld", letter, window,
                   letter, (long long)padded);
    *size_out = (int)((padded - window) / stride + 1);
    return CONVCL_OK;
}

/* Checks what the output's size depends on, and computes it. */
static convcl_status validate_size(const convcl_maxpool_desc *desc, int *oh_out, int *ow_out) {
    convcl_status status = CONVCL_OK;
    CONVCL_REQUIRE(desc->n >= 1, "maxpool: n is %d, must be at least 1", desc->n);
    CONVCL_REQUIRE(desc->ih >= 1, "maxpool: ih is %d, must be at least 1", desc->ih);
    CONVCL_REQUIRE(desc->iw >= 1, "maxpool: iw is %d, must be at least 1", desc->iw);
    CONVCL_REQUIRE(desc->c >= 1, "maxpool: c is %d, must be at least 1", desc->c);
    CONVCL_REQUIRE(desc->window_h >= 1, "maxpool: window_h is %d, must be at least 1", desc->window_h);
    CONVCL_REQUIRE(desc->window_w >= 1, "maxpool: window_w is %d, must be at least 1", desc->window_w);
    CONVCL_REQUIRE(desc->stride_h >= 1, "maxpool: stride_h is %d, must be at least 1", desc->stride_h);
    CONVCL_REQUIRE(desc->stride_w >= 1, "maxpool: stride_w is %d, must be at least 1", desc->stride_w);
    CONVCL_TRY(check_pad("pad_top", desc->pad_top, "window_h", desc->window_h));
    CONVCL_TRY(check_pad("pad_bottom", desc->pad_bottom, "window_h", desc->window_h));
    CONVCL_TRY(check_pad("pad_left", desc->pad_left, "window_w", desc->window_w));
    CONVCL_TRY(check_pad("pad_right", desc->pad_right, "window_w", desc->window_w));
    CONVCL_TRY(output_size('h', desc->ih, desc->pad_top, desc->pad_bottom, desc->window_h, desc->stride_h, oh_out));
    CONVCL_TRY(output_size('w', desc->iw, desc->pad_left, desc->pad_right, desc->window_w, desc->stride_w, ow_out));
cleanup:
    return status;
}

convcl_status convcl_maxpool_output_size(const convcl_maxpool_desc *desc, int *oh_out, int *ow_out) {
    convcl_status status = CONVCL_OK;
    int oh = 0, ow = 0;
    CONVCL_REQUIRE(desc, "maxpool: desc is NULL");
    CONVCL_REQUIRE(oh_out && ow_out, "maxpool: %s is NULL", oh_out ? "ow_out" : "oh_out");
    CONVCL_TRY(validate_size(desc, &oh, &ow));
    *oh_out = oh;
    *ow_out = ow;
cleanup:
    return status;
}

/* Checks the rest of the description. */
static convcl_status validate_rest(const convcl_maxpool_desc *desc) {
    CONVCL_REQUIRE(desc->relu_mask == 0 || desc->relu_mask == 1, "maxpool: relu_mask is %d, must be 0 or 1", desc->relu_mask);
    if ((int64_t)desc->window_h * desc->window_w > MAX_PLACES)
        return convcl_fail(CONVCL_UNSUPPORTED, "maxpool: window_h * window_w is %d * %d, must be at most %d", desc->window_h,
                           desc->window_w, MAX_PLACES);
    return convcl_layer__check_layout("maxpool", desc->layout);
}

convcl_status convcl_maxpool__validate(const convcl_maxpool_desc *desc, int *oh_out, int *ow_out) {
    const convcl_status status = validate_size(desc, oh_out, ow_out);
    return status == CONVCL_OK ? validate_rest(desc) : status;
}

/* Windows up to this size are unrolled, in a program of their own. */
#define LARGEST_UNROLLED 4

static convcl_status build(convcl_maxpool_plan *plan) {
    convcl_status status = CONVCL_OK;
    const size_t channels = (size_t)plan->desc.c;
    char options[96];
    plan->fwd_grid = convcl_layer__grid(plan->context, plan->y_count / channels, plan->desc.c);
    plan->bwd_grid = convcl_layer__grid(plan->context, plan->x_count / channels, plan->desc.c);
    const convcl_maxpool_desc *d = &plan->desc;
    const bool unroll = d->window_h <= LARGEST_UNROLLED && d->window_w <= LARGEST_UNROLLED;
    snprintf(options, sizeof options, "-DT_VW=%d -DP_WINDOW_H=%d -DP_WINDOW_W=%d", plan->fwd_grid.vector_width, unroll ? d->window_h : 0,
             unroll ? d->window_w : 0);
    CONVCL_TRY(convcl_kernel__create(plan->context, "maxpool_fwd", "maxpool_fwd", options, &plan->fwd));
    snprintf(options, sizeof options, "-DT_VW=%d -DF_RELU_MASK=%d", plan->bwd_grid.vector_width, plan->desc.relu_mask);
    CONVCL_TRY(convcl_kernel__create(plan->context, "maxpool_bwd", "maxpool_bwd", options, &plan->bwd));
cleanup:
    return status;
}

convcl_status convcl_maxpool_plan_create(convcl_context *context, const convcl_maxpool_desc *desc, convcl_maxpool_plan **plan_out) {
    convcl_status status = CONVCL_OK;
    convcl_maxpool_plan *plan = NULL;
    int oh = 0, ow = 0;
    size_t x_count = 0, y_count = 0;
    CONVCL_REQUIRE(plan_out, "maxpool: plan_out is NULL");
    *plan_out = NULL;
    CONVCL_REQUIRE(context, "maxpool: context is NULL");
    CONVCL_REQUIRE(desc, "maxpool: desc is NULL");
    CONVCL_TRY(convcl_maxpool__validate(desc, &oh, &ow));
    CONVCL_TRY(convcl_layer__count("maxpool", "n * ih * iw * c", desc->n, desc->ih, desc->iw, desc->c, &x_count));
    CONVCL_TRY(convcl_layer__count("maxpool", "n * oh * ow * c", desc->n, oh, ow, desc->c, &y_count));
    CONVCL_TRY(convcl_alloc(sizeof *plan, &plan));
    plan->context = convcl_context__retain(context);
    plan->desc = *desc;
    plan->oh = oh;
    plan->ow = ow;
    plan->x_count = x_count;
    plan->y_count = y_count;
    CONVCL_TRY(build(plan));
    *plan_out = plan;
    plan = NULL;
cleanup:
    convcl_maxpool_plan_destroy(plan);
    return status;
}

void convcl_maxpool_plan_destroy(convcl_maxpool_plan *plan) {
    if (!plan)
        return;
    convcl_kernel__destroy(plan->fwd);
    convcl_kernel__destroy(plan->bwd);
    convcl_context_release(plan->context);
    free(plan);
}

/* The arguments behind the tensors, the same for both kernels. */
#define SIZE_ARGS 13
static void set_size_args(const convcl_maxpool_plan *plan, const convcl_layer_grid *grid, size_t pixels, convcl_arg args[SIZE_ARGS]) {
    const convcl_maxpool_desc *desc = &plan->desc;
    const int sizes[] = {desc->c,        desc->ih,       desc->iw,       plan->oh,      plan->ow,       desc->window_h,
                         desc->window_w, desc->stride_h, desc->stride_w, desc->pad_top, desc->pad_left, grid->steps};
    args[0] = convcl_arg_ulong(pixels);
    for (int i = 1; i < SIZE_ARGS; ++i)
        args[i] = convcl_arg_int(sizes[i - 1]);
}

convcl_status convcl_maxpool__fwd(const convcl_maxpool_plan *plan, convcl_stream *stream, convcl_buffer x, convcl_buffer y,
                                  convcl_buffer index) {
    convcl_status status = CONVCL_OK;
    convcl_arg args[3 + SIZE_ARGS] = {convcl_arg_tensor(x), convcl_arg_tensor(y), convcl_arg_tensor(index)};
    CONVCL_TRY(convcl_stream__check_buffer("maxpool", "x", x, plan->x_count, sizeof(float)));
    CONVCL_TRY(convcl_stream__check_buffer("maxpool", "y", y, plan->y_count, sizeof(float)));
    if (index.mem)
        CONVCL_TRY(convcl_stream__check_buffer("maxpool", "index", index, plan->y_count, sizeof(cl_ushort)));
    set_size_args(plan, &plan->fwd_grid, plan->y_count / (size_t)plan->desc.c, args + 3);
    CONVCL_TRY(convcl_stream__launch(stream, plan->fwd, args, sizeof args / sizeof *args, &plan->fwd_grid.range));
cleanup:
    return status;
}

convcl_status convcl_maxpool__bwd(const convcl_maxpool_plan *plan, convcl_stream *stream, convcl_buffer dy, convcl_buffer index,
                                  convcl_buffer x, convcl_buffer dx) {
    convcl_status status = CONVCL_OK;
    convcl_arg args[4 + SIZE_ARGS] = {convcl_arg_tensor(dy), convcl_arg_tensor(index), convcl_arg_tensor(x), convcl_arg_tensor(dx)};
    CONVCL_TRY(convcl_stream__check_buffer("maxpool", "dy", dy, plan->y_count, sizeof(float)));
    CONVCL_TRY(convcl_stream__check_buffer("maxpool", "index", index, plan->y_count, sizeof(cl_ushort)));
    CONVCL_TRY(convcl_stream__check_buffer("maxpool", "dx", dx, plan->x_count, sizeof(float)));
    if (plan->desc.relu_mask)
        CONVCL_TRY(convcl_stream__check_buffer("maxpool", "x", x, plan->x_count, sizeof(float)));
    else
        args[2] = convcl_arg_tensor((convcl_buffer){NULL, 0});
    set_size_args(plan, &plan->bwd_grid, plan->x_count / (size_t)plan->desc.c, args + 4);
    CONVCL_TRY(convcl_stream__launch(stream, plan->bwd, args, sizeof args / sizeof *args, &plan->bwd_grid.range));
cleanup:
    return status;
}

convcl_status convcl_maxpool_fwd_enqueue(const convcl_maxpool_plan *plan, cl_command_queue queue, convcl_buffer x, convcl_buffer y,
                                         convcl_buffer index, cl_uint wait_count, const cl_event *wait, cl_event *event_out) {
    convcl_status status = CONVCL_OK;
    convcl_stream stream;
    CONVCL_REQUIRE(plan, "maxpool: plan is NULL");
    CONVCL_TRY(convcl_stream__begin(&stream, "maxpool", plan->context, queue, wait_count, wait, event_out));
    status = convcl_stream__end(&stream, convcl_maxpool__fwd(plan, &stream, x, y, index));
cleanup:
    return status;
}

convcl_status convcl_maxpool_bwd_enqueue(const convcl_maxpool_plan *plan, cl_command_queue queue, convcl_buffer dy, convcl_buffer index,
                                         convcl_buffer x, convcl_buffer dx, cl_uint wait_count, const cl_event *wait, cl_event *event_out) {
    convcl_status status = CONVCL_OK;
    convcl_stream stream;
    CONVCL_REQUIRE(plan, "maxpool: plan is NULL");
    CONVCL_TRY(convcl_stream__begin(&stream, "maxpool", plan->context, queue, wait_count, wait, event_out));
    status = convcl_stream__end(&stream, convcl_maxpool__bwd(plan, &stream, dy, index, x, dx));
cleanup:
    return status;
}
