/* avgpool.c: average over windows, and its gradient.
 * SPDX-License-Identifier: MIT
 * computes   y, dx as in convcl/avgpool.h
 * launches   fwd: avgpool_fwd     bwd: avgpool_bwd, which gathers: no element is written twice, so no atomics
 * workspace  none      order: fixed, so results are bitwise repeatable
 * tests      test_avgpool.c */
#include "convcl/avgpool.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "layers/layers_internal.h"
#include "layers/pool_internal.h"

struct convcl_avgpool_plan {
    convcl_avgpool_desc desc;
    convcl_pool_plan pool;
};

convcl_status convcl_avgpool_output_size(const convcl_avgpool_desc *desc, int *oh_out, int *ow_out) {
    CONVCL_REQUIRE(desc, "avgpool: desc is NULL");
    CONVCL_REQUIRE(oh_out && ow_out, "avgpool: %s is NULL", oh_out ? "ow_out" : "oh_out");
    return convcl_pool__output_size("avgpool", &CONVCL_POOL_WINDOW(desc), oh_out, ow_out);
}

static convcl_status validate(const convcl_avgpool_desc *desc) {
    int oh = 0, ow = 0;
    const convcl_status status = convcl_pool__output_size("avgpool", &CONVCL_POOL_WINDOW(desc), &oh, &ow);
    if (status != CONVCL_OK)
        return status;
    CONVCL_REQUIRE(desc->count_padding == 0 || desc->count_padding == 1, "avgpool: count_padding is %d, must be 0 or 1",
                   desc->count_padding);
    CONVCL_REQUIRE(desc->relu_mask == 0 || desc->relu_mask == 1, "avgpool: relu_mask is %d, must be 0 or 1", desc->relu_mask);
    return convcl_layer__check_layout("avgpool", desc->layout);
}

static convcl_status build(convcl_avgpool_plan *plan) {
    convcl_status status = CONVCL_OK;
    char options[96];
    snprintf(options, sizeof options, "-DT_VW=%d -DF_COUNT_PADDING=%d", plan->pool.fwd_grid.vector_width, plan->desc.count_padding);
    CONVCL_TRY(convcl_kernel__create(plan->pool.context, "avgpool_fwd", "avgpool_fwd", options, &plan->pool.fwd));
    snprintf(options, sizeof options, "-DT_VW=%d -DF_COUNT_PADDING=%d -DF_RELU_MASK=%d", plan->pool.bwd_grid.vector_width,
             plan->desc.count_padding, plan->desc.relu_mask);
    CONVCL_TRY(convcl_kernel__create(plan->pool.context, "avgpool_bwd", "avgpool_bwd", options, &plan->pool.bwd));
cleanup:
    return status;
}

convcl_status convcl_avgpool_plan_create(convcl_context *context, const convcl_avgpool_desc *desc, convcl_avgpool_plan **plan_out) {
    convcl_status status = CONVCL_OK;
    convcl_avgpool_plan *plan = NULL;
    CONVCL_REQUIRE(plan_out, "avgpool: plan_out is NULL");
    *plan_out = NULL;
    CONVCL_REQUIRE(context, "avgpool: context is NULL");
    CONVCL_REQUIRE(desc, "avgpool: desc is NULL");
    CONVCL_TRY(validate(desc));
    CONVCL_TRY(convcl_alloc(sizeof *plan, &plan));
    plan->desc = *desc;
    CONVCL_TRY(convcl_pool__begin("avgpool", context, &CONVCL_POOL_WINDOW(desc), &plan->pool));
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
    convcl_pool__clear(&plan->pool);
    free(plan);
}

convcl_status convcl_avgpool__fwd(const convcl_avgpool_plan *plan, convcl_stream *stream, convcl_buffer x, convcl_buffer y) {
    convcl_status status = CONVCL_OK;
    convcl_arg args[2 + CONVCL_POOL_ARGS] = {convcl_arg_tensor(x), convcl_arg_tensor(y)};
    CONVCL_TRY(convcl_stream__check_buffer("avgpool", "x", x, plan->pool.x_count, sizeof(float)));
    CONVCL_TRY(convcl_stream__check_buffer("avgpool", "y", y, plan->pool.y_count, sizeof(float)));
    convcl_pool__set_args(&plan->pool, &plan->pool.fwd_grid, plan->pool.y_count, args + 2);
    CONVCL_TRY(convcl_stream__launch(stream, plan->pool.fwd, args, sizeof args / sizeof *args, &plan->pool.fwd_grid.range));
cleanup:
    return status;
}

convcl_status convcl_avgpool__bwd(const convcl_avgpool_plan *plan, convcl_stream *stream, convcl_buffer dy, convcl_buffer x,
                                  convcl_buffer dx) {
    convcl_status status = CONVCL_OK;
    convcl_arg args[3 + CONVCL_POOL_ARGS] = {convcl_arg_tensor(dy), convcl_arg_tensor(x), convcl_arg_tensor(dx)};
    CONVCL_TRY(convcl_stream__check_buffer("avgpool", "dy", dy, plan->pool.y_count, sizeof(float)));
    CONVCL_TRY(convcl_stream__check_buffer("avgpool", "dx", dx, plan->pool.x_count, sizeof(float)));
    if (plan->desc.relu_mask)
        CONVCL_TRY(convcl_stream__check_buffer("avgpool", "x", x, plan->pool.x_count, sizeof(float)));
    else
        args[1] = convcl_arg_tensor((convcl_buffer){NULL, 0});
    convcl_pool__set_args(&plan->pool, &plan->pool.bwd_grid, plan->pool.x_count, args + 3);
    CONVCL_TRY(convcl_stream__launch(stream, plan->pool.bwd, args, sizeof args / sizeof *args, &plan->pool.bwd_grid.range));
cleanup:
    return status;
}

convcl_status convcl_avgpool_fwd_enqueue(const convcl_avgpool_plan *plan, cl_command_queue queue, convcl_buffer x, convcl_buffer y,
                                         cl_uint wait_count, const cl_event *wait, cl_event *event_out) {
    convcl_status status = CONVCL_OK;
    convcl_stream stream;
    CONVCL_REQUIRE(plan, "avgpool: plan is NULL");
    CONVCL_TRY(convcl_stream__begin(&stream, "avgpool", plan->pool.context, queue, wait_count, wait, event_out));
    status = convcl_stream__end(&stream, convcl_avgpool__fwd(plan, &stream, x, y));
cleanup:
    return status;
}

convcl_status convcl_avgpool_bwd_enqueue(const convcl_avgpool_plan *plan, cl_command_queue queue, convcl_buffer dy, convcl_buffer x,
                                         convcl_buffer dx, cl_uint wait_count, const cl_event *wait, cl_event *event_out) {
    convcl_status status = CONVCL_OK;
    convcl_stream stream;
    CONVCL_REQUIRE(plan, "avgpool: plan is NULL");
    CONVCL_TRY(convcl_stream__begin(&stream, "avgpool", plan->pool.context, queue, wait_count, wait, event_out));
    status = convcl_stream__end(&stream, convcl_avgpool__bwd(plan, &stream, dy, x, dx));
cleanup:
    return status;
}
