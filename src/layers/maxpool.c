/* maxpool.c: maximum over windows, and its gradient.
 * SPDX-License-Identifier: MIT
 * computes   y and index, dx as in convcl/maxpool.h
 * launches   fwd: maxpool_fwd     bwd: maxpool_bwd, which gathers: no element is written twice, so no atomics
 * workspace  none      order: fixed, so results are bitwise repeatable
 * tests      test_maxpool.c */
#include "convcl/maxpool.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "layers/layers_internal.h"
#include "layers/maxpool_internal.h"
#include "layers/pool_internal.h"

#define MAX_PLACES 65536 /* of a window: what uint16 tells apart */

struct convcl_maxpool_plan {
    convcl_maxpool_desc desc;
    convcl_pool_plan pool;
};

convcl_status convcl_maxpool_output_size(const convcl_maxpool_desc *desc, int *oh_out, int *ow_out) {
    CONVCL_REQUIRE(desc, "maxpool: desc is NULL");
    CONVCL_REQUIRE(oh_out && ow_out, "maxpool: %s is NULL", oh_out ? "ow_out" : "oh_out");
    return convcl_pool__output_size("maxpool", &CONVCL_POOL_WINDOW(desc), oh_out, ow_out);
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
    const convcl_status status = convcl_pool__output_size("maxpool", &CONVCL_POOL_WINDOW(desc), oh_out, ow_out);
    return status == CONVCL_OK ? validate_rest(desc) : status;
}

/* Windows up to this size are unrolled, in a program of their own. */
#define LARGEST_UNROLLED 4

static convcl_status build(convcl_maxpool_plan *plan) {
    convcl_status status = CONVCL_OK;
    char options[96];
    const convcl_maxpool_desc *d = &plan->desc;
    const bool unroll = d->window_h <= LARGEST_UNROLLED && d->window_w <= LARGEST_UNROLLED;
    snprintf(options, sizeof options, "-DT_VW=%d -DP_WINDOW_H=%d -DP_WINDOW_W=%d", plan->pool.fwd_grid.vector_width,
             unroll ? d->window_h : 0, unroll ? d->window_w : 0);
    CONVCL_TRY(convcl_kernel__create(plan->pool.context, "maxpool_fwd", "maxpool_fwd", options, &plan->pool.fwd));
    snprintf(options, sizeof options, "-DT_VW=%d -DF_RELU_MASK=%d", plan->pool.bwd_grid.vector_width, plan->desc.relu_mask);
    CONVCL_TRY(convcl_kernel__create(plan->pool.context, "maxpool_bwd", "maxpool_bwd", options, &plan->pool.bwd));
cleanup:
    return status;
}

convcl_status convcl_maxpool_plan_create(convcl_context *context, const convcl_maxpool_desc *desc, convcl_maxpool_plan **plan_out) {
    convcl_status status = CONVCL_OK;
    convcl_maxpool_plan *plan = NULL;
    int oh = 0, ow = 0;
    CONVCL_REQUIRE(plan_out, "maxpool: plan_out is NULL");
    *plan_out = NULL;
    CONVCL_REQUIRE(context, "maxpool: context is NULL");
    CONVCL_REQUIRE(desc, "maxpool: desc is NULL");
    CONVCL_TRY(convcl_maxpool__validate(desc, &oh, &ow));
    CONVCL_TRY(convcl_alloc(sizeof *plan, &plan));
    plan->desc = *desc;
    CONVCL_TRY(convcl_pool__begin("maxpool", context, &CONVCL_POOL_WINDOW(desc), &plan->pool));
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
    convcl_pool__clear(&plan->pool);
    free(plan);
}

convcl_status convcl_maxpool__fwd(const convcl_maxpool_plan *plan, convcl_stream *stream, convcl_buffer x, convcl_buffer y,
                                  convcl_buffer index) {
    convcl_status status = CONVCL_OK;
    convcl_arg args[3 + CONVCL_POOL_ARGS] = {convcl_arg_tensor(x), convcl_arg_tensor(y), convcl_arg_tensor(index)};
    CONVCL_TRY(convcl_stream__check_buffer("maxpool", "x", x, plan->pool.x_count, sizeof(float)));
    CONVCL_TRY(convcl_stream__check_buffer("maxpool", "y", y, plan->pool.y_count, sizeof(float)));
    if (index.mem)
        CONVCL_TRY(convcl_stream__check_buffer("maxpool", "index", index, plan->pool.y_count, sizeof(cl_ushort)));
    convcl_pool__set_args(&plan->pool, &plan->pool.fwd_grid, plan->pool.y_count, args + 3);
    CONVCL_TRY(convcl_stream__launch(stream, plan->pool.fwd, args, sizeof args / sizeof *args, &plan->pool.fwd_grid.range));
cleanup:
    return status;
}

convcl_status convcl_maxpool__bwd(const convcl_maxpool_plan *plan, convcl_stream *stream, convcl_buffer dy, convcl_buffer index,
                                  convcl_buffer x, convcl_buffer dx) {
    convcl_status status = CONVCL_OK;
    convcl_arg args[4 + CONVCL_POOL_ARGS] = {convcl_arg_tensor(dy), convcl_arg_tensor(index), convcl_arg_tensor(x), convcl_arg_tensor(dx)};
    CONVCL_TRY(convcl_stream__check_buffer("maxpool", "dy", dy, plan->pool.y_count, sizeof(float)));
    CONVCL_TRY(convcl_stream__check_buffer("maxpool", "index", index, plan->pool.y_count, sizeof(cl_ushort)));
    CONVCL_TRY(convcl_stream__check_buffer("maxpool", "dx", dx, plan->pool.x_count, sizeof(float)));
    if (plan->desc.relu_mask)
        CONVCL_TRY(convcl_stream__check_buffer("maxpool", "x", x, plan->pool.x_count, sizeof(float)));
    else
        args[2] = convcl_arg_tensor((convcl_buffer){NULL, 0});
    convcl_pool__set_args(&plan->pool, &plan->pool.bwd_grid, plan->pool.x_count, args + 4);
    CONVCL_TRY(convcl_stream__launch(stream, plan->pool.bwd, args, sizeof args / sizeof *args, &plan->pool.bwd_grid.range));
cleanup:
    return status;
}

convcl_status convcl_maxpool_fwd_enqueue(const convcl_maxpool_plan *plan, cl_command_queue queue, convcl_buffer x, convcl_buffer y,
                                         convcl_buffer index, cl_uint wait_count, const cl_event *wait, cl_event *event_out) {
    convcl_status status = CONVCL_OK;
    convcl_stream stream;
    CONVCL_REQUIRE(plan, "maxpool: plan is NULL");
    CONVCL_TRY(convcl_stream__begin(&stream, "maxpool", plan->pool.context, queue, wait_count, wait, event_out));
    status = convcl_stream__end(&stream, convcl_maxpool__fwd(plan, &stream, x, y, index));
cleanup:
    return status;
}

convcl_status convcl_maxpool_bwd_enqueue(const convcl_maxpool_plan *plan, cl_command_queue queue, convcl_buffer dy, convcl_buffer index,
                                         convcl_buffer x, convcl_buffer dx, cl_uint wait_count, const cl_event *wait, cl_event *event_out) {
    convcl_status status = CONVCL_OK;
    convcl_stream stream;
    CONVCL_REQUIRE(plan, "maxpool: plan is NULL");
    CONVCL_TRY(convcl_stream__begin(&stream, "maxpool", plan->pool.context, queue, wait_count, wait, event_out));
    status = convcl_stream__end(&stream, convcl_maxpool__bwd(plan, &stream, dy, index, x, dx));
cleanup:
    return status;
}
