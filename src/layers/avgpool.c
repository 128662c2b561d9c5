/* avgpool.c: average over windows, and its gradient.
 * SPDX-License-Identifier: MIT
 * computes   y, dx as in convcl/avgpool.h
 * launches   fwd: avgpool_fwd     bwd: avgpool_bwd, which gathers: no element is written twice, so no atomics
 * workspace  none      order: fixed, so results are bitwise repeatable
 * tests      test_avgpool.c */
#include "convcl/avgpool.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "layers/layer_grid.h"
#include "layers/layers_internal.h"

struct convcl_avgpool_plan {
    convcl_context *context;
    convcl_avgpool_desc desc;
    int oh, ow;
    size_t x_count, y_count;
    convcl_layer_grid fwd_grid, bwd_grid;
    convcl_kernel *fwd, *bwd;
};

static convcl_status check_sizes(const convcl_avgpool_desc *desc) {
    const struct {
        const char *name;
        int value;
    } sizes[] = {{"n", desc->n},
                 {"ih", desc->ih},
                 {"iw", desc->iw},
                 {"c", desc->c},
                 {"window_h", desc->window_h},
                 {"window_w", desc->window_w},
                 {"stride_h", desc->stride_h},
                 {"stride_w", desc->stride_w}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i)
        CONVCL_REQUIRE(sizes[i].value >= 1, "avgpool: %s is %d, must be at least 1", sizes[i].name, sizes[i].value);
    return CONVCL_OK;
}

/* Checks one axis, whose fields are called <letter>, and computes its output size. */
static convcl_status output_size(char letter, int size, const char *const names[2], const int pads[2], int window, int stride,
                                 int *size_out) {
    const int64_t padded = (int64_t)size + pads[0] + pads[1];
    for (int i = 0; i < 2; ++i) {
        CONVCL_REQUIRE(pads[i] >= 0, "avgpool: %s is %d, must be at least 0", names[i], pads[i]);
        CONVCL_REQUIRE(pads[i] < window, "avgpool: %s is %d, must be less than window_%c, which is %d", names[i], pads[i], letter, window);
    }
    CONVCL_REQUIRE(padded <= INT_MAX, "avgpool: i%c with its padding is %lld, must be at most %d", letter, (long long)padded, INT_MAX);
    CONVCL_REQUIRE(padded >= window, "avgpool: window_%c is %d, must be at most i%c with its padding, which is %lld", letter, window,
                   letter, (long long)padded);
    *size_out = (int)((padded - window) / stride + 1);
    return CONVCL_OK;
}

static convcl_status validate_size(const convcl_avgpool_desc *desc, int *oh_out, int *ow_out) {
    static const char *const names_h[2] = {"pad_top", "pad_bottom"}, *const names_w[2] = {"pad_left", "pad_right"};
    const int pads_h[2] = {desc->pad_top, desc->pad_bottom}, pads_w[2] = {desc->pad_left, desc->pad_right};
    convcl_status status = CONVCL_OK;
    CONVCL_TRY(check_sizes(desc));
    CONVCL_TRY(output_size('h', desc->ih, names_h, pads_h, desc->window_h, desc->stride_h, oh_out));
    CONVCL_TRY(output_size('w', desc->iw, names_w, pads_w, desc->window_w, desc->stride_w, ow_out));
cleanup:
    return status;
}

convcl_status convcl_avgpool_output_size(const convcl_avgpool_desc *desc, int *oh_out, int *ow_out) {
    convcl_status status = CONVCL_OK;
    int oh = 0, ow = 0;
    CONVCL_REQUIRE(desc, "avgpool: desc is NULL");
    CONVCL_REQUIRE(oh_out && ow_out, "avgpool: %s is NULL", oh_out ? "ow_out" : "oh_out");
    CONVCL_TRY(validate_size(desc, &oh, &ow));
    *oh_out = oh;
    *ow_out = ow;
cleanup:
    return status;
}

static convcl_status validate(const convcl_avgpool_desc *desc, int *oh_out, int *ow_out) {
    const convcl_status status = validate_size(desc, oh_out, ow_out);
    if (status != CONVCL_OK)
        return status;
    CONVCL_REQUIRE(desc->count_padding == 0 || desc->count_padding == 1, "avgpool: count_padding is %d, must be 0 or 1",
                   desc->count_padding);
    CONVCL_REQUIRE(desc->relu_mask == 0 || desc->relu_mask == 1, "avgpool: relu_mask is %d, must be 0 or 1", desc->relu_mask);
    return convcl_layer__check_layout("avgpool", desc->layout);
}

static convcl_status build(convcl_avgpool_plan *plan) {
    convcl_status status = CONVCL_OK;
    const size_t channels = (size_t)plan->desc.c;
    char options[96];
    plan->fwd_grid = convcl_layer__grid(plan->context, plan->y_count / channels, plan->desc.c);
    plan->bwd_grid = convcl_layer__grid(plan->context, plan->x_count / channels, plan->desc.c);
    snprintf(options, sizeof options, "-DT_VW=%d -DF_COUNT_PADDING=%d", plan->fwd_grid.vector_width, plan->desc.count_padding);
    CONVCL_TRY(convcl_kernel__create(plan->context, "avgpool_fwd", "avgpool_fwd", options, &plan->fwd));
    snprintf(options, sizeof options, "-DT_VW=%d -DF_COUNT_PADDING=%d -DF_RELU_MASK=%d", plan->bwd_grid.vector_width,
             plan->desc.count_padding, plan->desc.relu_mask);
    CONVCL_TRY(convcl_kernel__create(plan->context, "avgpool_bwd", "avgpool_bwd", options, &plan->bwd));
cleanup:
    return status;
}

convcl_status convcl_avgpool_plan_create(convcl_context *context, const convcl_avgpool_desc *desc, convcl_avgpool_plan **plan_out) {
    convcl_status status = CONVCL_OK;
    convcl_avgpool_plan *plan = NULL;
    int oh = 0, ow = 0;
    size_t x_count = 0, y_count = 0;
    CONVCL_REQUIRE(plan_out, "avgpool: plan_out is NULL");
    *plan_out = NULL;
    CONVCL_REQUIRE(context, "avgpool: context is NULL");
    CONVCL_REQUIRE(desc, "avgpool: desc is NULL");
    CONVCL_TRY(validate(desc, &oh, &ow));
    CONVCL_TRY(convcl_layer__count("avgpool", "n * ih * iw * c", desc->n, desc->ih, desc->iw, desc->c, &x_count));
    CONVCL_TRY(convcl_layer__count("avgpool", "n * oh * ow * c", desc->n, oh, ow, desc->c, &y_count));
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
    convcl_avgpool_plan_destroy(plan);
    return status;
}

void convcl_avgpool_plan_destroy(convcl_avgpool_plan *plan) {
    if (!plan)
        return;
    convcl_kernel__destroy(plan->fwd);
    convcl_kernel__destroy(plan->bwd);
    convcl_context_release(plan->context);
    free(plan);
}

/* The arguments behind the tensors, the same for both kernels. */
#define SIZE_ARGS 13
static void set_size_args(const convcl_avgpool_plan *plan, const convcl_layer_grid *grid, size_t pixels, convcl_arg args[SIZE_ARGS]) {
    const convcl_avgpool_desc *desc = &plan->desc;
    const int sizes[] = {desc->c,        desc->ih,       desc->iw,       plan->oh,      plan->ow,       desc->window_h,
                         desc->window_w, desc->stride_h, desc->stride_w, desc->pad_top, desc->pad_left, grid->steps};
    args[0] = convcl_arg_ulong(pixels);
    for (int i = 1; i < SIZE_ARGS; ++i)
        args[i] = convcl_arg_int(sizes[i - 1]);
}

convcl_status convcl_avgpool__fwd(const convcl_avgpool_plan *plan, convcl_stream *stream, convcl_buffer x, convcl_buffer y) {
    convcl_status status = CONVCL_OK;
    convcl_arg args[2 + SIZE_ARGS] = {convcl_arg_tensor(x), convcl_arg_tensor(y)};
    CONVCL_TRY(convcl_stream__check_buffer("avgpool", "x", x, plan->x_count, sizeof(float)));
    CONVCL_TRY(convcl_stream__check_buffer("avgpool", "y", y, plan->y_count, sizeof(float)));
    set_size_args(plan, &plan->fwd_grid, plan->y_count / (size_t)plan->desc.c, args + 2);
    CONVCL_TRY(convcl_stream__launch(stream, plan->fwd, args, sizeof args / sizeof *args, &plan->fwd_grid.range));
cleanup:
    return status;
}

convcl_status convcl_avgpool__bwd(const convcl_avgpool_plan *plan, convcl_stream *stream, convcl_buffer dy, convcl_buffer x,
                                  convcl_buffer dx) {
    convcl_status status = CONVCL_OK;
    convcl_arg args[3 + SIZE_ARGS] = {convcl_arg_tensor(dy), convcl_arg_tensor(x), convcl_arg_tensor(dx)};
    CONVCL_TRY(convcl_stream__check_buffer("avgpool", "dy", dy, plan->y_count, sizeof(float)));
    CONVCL_TRY(convcl_stream__check_buffer("avgpool", "dx", dx, plan->x_count, sizeof(float)));
    if (plan->desc.relu_mask)
        CONVCL_TRY(convcl_stream__check_buffer("avgpool", "x", x, plan->x_count, sizeof(float)));
    else
        args[1] = convcl_arg_tensor((convcl_buffer){NULL, 0});
    set_size_args(plan, &plan->bwd_grid, plan->x_count / (size_t)plan->desc.c, args + 3);
    CONVCL_TRY(convcl_stream__launch(stream, plan->bwd, args, sizeof args / sizeof *args, &plan->bwd_grid.range));
cleanup:
    return status;
}

convcl_status convcl_avgpool_fwd_enqueue(const convcl_avgpool_plan *plan, cl_command_queue queue, convcl_buffer x, convcl_buffer y,
                                         cl_uint wait_count, const cl_event *wait, cl_event *event_out) {
    convcl_status status = CONVCL_OK;
    convcl_stream stream;
    CONVCL_REQUIRE(plan, "avgpool: plan is NULL");
    CONVCL_TRY(convcl_stream__begin(&stream, "avgpool", plan->context, queue, wait_count, wait, event_out));
    status = convcl_stream__end(&stream, convcl_avgpool__fwd(plan, &stream, x, y));
cleanup:
    return status;
}

convcl_status convcl_avgpool_bwd_enqueue(const convcl_avgpool_plan *plan, cl_command_queue queue, convcl_buffer dy, convcl_buffer x,
                                         convcl_buffer dx, cl_uint wait_count, const cl_event *wait, cl_event *event_out) {
    convcl_status status = CONVCL_OK;
    convcl_stream stream;
    CONVCL_REQUIRE(plan, "avgpool: plan is NULL");
    CONVCL_TRY(convcl_stream__begin(&stream, "avgpool", plan->context, queue, wait_count, wait, event_out));
    status = convcl_stream__end(&stream, convcl_avgpool__bwd(plan, &stream, dy, x, dx));
cleanup:
    return status;
}
