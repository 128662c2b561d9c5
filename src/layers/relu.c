/* relu.c: rectified linear unit and its gradient.
 * SPDX-License-Identifier: MIT
 * computes   y = x > 0 ? x : 0 (a NaN stays); dx = y > 0 ? dy : 0
 * launches   fwd: relu_fwd     bwd: relu_bwd
 * workspace  none      order: elementwise
 * tests      test_relu.c */
#include "convcl/relu.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "layers/layer_grid.h"
#include "layers/layers_internal.h"

struct convcl_relu_plan {
    convcl_context *context;
    size_t count;
    convcl_layer_line line;
    convcl_kernel *fwd, *bwd;
};

convcl_status convcl_relu_plan_create(convcl_context *context, size_t count, convcl_relu_plan **plan_out) {
    convcl_status status = CONVCL_OK;
    convcl_relu_plan *plan = NULL;
    char options[64];
    CONVCL_REQUIRE(plan_out, "relu: plan_out is NULL");
    *plan_out = NULL;
    CONVCL_REQUIRE(context, "relu: context is NULL");
    CONVCL_REQUIRE(count > 0, "relu: count is 0, must be at least 1");
    CONVCL_TRY(convcl_alloc(sizeof *plan, &plan));
    plan->context = convcl_context__retain(context);
    plan->count = count;
    plan->line = convcl_layer__line(context, count);
    snprintf(options, sizeof options, "-DT_VW=%d -DT_STEPS=%d", plan->line.vector_width, plan->line.steps);
    CONVCL_TRY(convcl_kernel__create(context, "relu_fwd", "relu_fwd", options, &plan->fwd));
    CONVCL_TRY(convcl_kernel__create(context, "relu_bwd", "relu_bwd", options, &plan->bwd));
    *plan_out = plan;
    plan = NULL;
cleanup:
    convcl_relu_plan_destroy(plan);
    return status;
}

void convcl_relu_plan_destroy(convcl_relu_plan *plan) {
    if (!plan)
        return;
    convcl_kernel__destroy(plan->fwd);
    convcl_kernel__destroy(plan->bwd);
    convcl_context_release(plan->context);
    free(plan);
}

convcl_status convcl_relu__fwd(const convcl_relu_plan *plan, convcl_stream *stream, convcl_buffer x, convcl_buffer y) {
    convcl_status status = CONVCL_OK;
    CONVCL_TRY(convcl_stream__check_buffer("relu", "x", x, plan->count, sizeof(float)));
    CONVCL_TRY(convcl_stream__check_buffer("relu", "y", y, plan->count, sizeof(float)));
    const convcl_arg args[] = {convcl_arg_tensor(x), convcl_arg_tensor(y), convcl_arg_ulong(plan->count)};
    CONVCL_TRY(convcl_stream__launch(stream, plan->fwd, args, sizeof args / sizeof *args, &plan->line.range));
cleanup:
    return status;
}

convcl_status convcl_relu__bwd(const convcl_relu_plan *plan, convcl_stream *stream, convcl_buffer y, convcl_buffer dy, convcl_buffer dx) {
    convcl_status status = CONVCL_OK;
    CONVCL_TRY(convcl_stream__check_buffer("relu", "y", y, plan->count, sizeof(float)));
    CONVCL_TRY(convcl_stream__check_buffer("relu", "dy", dy, plan->count, sizeof(float)));
    CONVCL_TRY(convcl_stream__check_buffer("relu", "dx", dx, plan->count, sizeof(float)));
    const convcl_arg args[] = {convcl_arg_tensor(y), convcl_arg_tensor(dy), convcl_arg_tensor(dx), convcl_arg_ulong(plan->count)};
    CONVCL_TRY(convcl_stream__launch(stream, plan->bwd, args, sizeof args / sizeof *args, &plan->line.range));
cleanup:
    return status;
}

convcl_status convcl_relu_fwd_enqueue(const convcl_relu_plan *plan, cl_command_queue queue, convcl_buffer x, convcl_buffer y,
                                      cl_uint wait_count, const cl_event *wait, cl_event *event_out) {
    convcl_status status = CONVCL_OK;
    convcl_stream stream;
    CONVCL_REQUIRE(plan, "relu: plan is NULL");
    CONVCL_TRY(convcl_stream__begin(&stream, "relu", plan->context, queue, wait_count, wait, event_out));
    status = convcl_stream__end(&stream, convcl_relu__fwd(plan, &stream, x, y));
cleanup:
    return status;
}

convcl_status convcl_relu_bwd_enqueue(const convcl_relu_plan *plan, cl_command_queue queue, convcl_buffer y, convcl_buffer dy,
                                      convcl_buffer dx, cl_uint wait_count, const cl_event *wait, cl_event *event_out) {
    convcl_status status = CONVCL_OK;
    convcl_stream stream;
    CONVCL_REQUIRE(plan, "relu: plan is NULL");
    CONVCL_TRY(convcl_stream__begin(&stream, "relu", plan->context, queue, wait_count, wait, event_out));
    status = convcl_stream__end(&stream, convcl_relu__bwd(plan, &stream, y, dy, dx));
cleanup:
    return status;
}
