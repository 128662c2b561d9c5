/* dropout.c: drops elements at random in training, and the gradient of that.
 * SPDX-License-Identifier: MIT
 * computes   y, dx as in convcl/dropout.h
 * launches   fwd: dropout_fwd     bwd: dropout_bwd, which draws the same numbers again
 * workspace  none      order: elementwise
 * tests      test_dropout.c */
#include "convcl/dropout.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "layers/layer_grid.h"
#include "layers/layers_internal.h"

#define CPU_CALLS 256 /* calls of the generator that a work-item makes on a CPU, some 10 ns each */

struct convcl_dropout_plan {
    convcl_context *context;
    convcl_dropout_desc desc;
    float scale;
    int least; /* of 24 random bits, to be kept */
    convcl_range range;
    convcl_kernel *fwd, *bwd;
};

static convcl_status build(convcl_dropout_plan *plan) {
    convcl_status status = CONVCL_OK;
    const int calls = convcl_context__prefers_registers(plan->context) ? CPU_CALLS : 1;
    char options[64];
    plan->range = convcl_layer__range(convcl_layer__ceil_div(plan->desc.count, (size_t)calls * 4), convcl_layer__local(plan->context));
    snprintf(options, sizeof options, "-DT_STEPS=%d", calls);
    CONVCL_TRY(convcl_kernel__create(plan->context, "dropout_fwd", "dropout_fwd", options, &plan->fwd));
    snprintf(options, sizeof options, "-DT_STEPS=%d -DF_RELU_MASK=%d", calls, plan->desc.relu_mask);
    CONVCL_TRY(convcl_kernel__create(plan->context, "dropout_bwd", "dropout_bwd", options, &plan->bwd));
cleanup:
    return status;
}

convcl_status convcl_dropout_plan_create(convcl_context *context, const convcl_dropout_desc *desc, convcl_dropout_plan **plan_out) {
    convcl_status status = CONVCL_OK;
    convcl_dropout_plan *plan = NULL;
    CONVCL_REQUIRE(plan_out, "dropout: plan_out is NULL");
    *plan_out = NULL;
    CONVCL_REQUIRE(context, "dropout: context is NULL");
    CONVCL_REQUIRE(desc, "dropout: desc is NULL");
    CONVCL_REQUIRE(desc->count > 0, "dropout: count is 0, must be at least 1");
    CONVCL_TRY(convcl_dropout__check_rate("dropout", desc->rate));
    CONVCL_REQUIRE(desc->relu_mask == 0 || desc->relu_mask == 1, "dropout: relu_mask is %d, must be 0 or 1", desc->relu_mask);
    CONVCL_TRY(convcl_alloc(sizeof *plan, &plan));
    plan->context = convcl_context__retain(context);
    plan->desc = *desc;
    plan->scale = 1.0f / (1.0f - desc->rate);
    plan->least = (int)ceil((double)desc->rate * 16777216.0);
    CONVCL_TRY(build(plan));
    *plan_out = plan;
    plan = NULL;
cleanup:
    convcl_dropout_plan_destroy(plan);
    return status;
}

convcl_status convcl_dropout__check_rate(const char *what, float rate) {
    CONVCL_REQUIRE(rate >= 0 && rate < 1, "%s: rate is %g, must be at least 0 and less than 1", what, (double)rate);
    return CONVCL_OK;
}

void convcl_dropout_plan_destroy(convcl_dropout_plan *plan) {
    if (!plan)
        return;
    convcl_kernel__destroy(plan->fwd);
    convcl_kernel__destroy(plan->bwd);
    convcl_context_release(plan->context);
    free(plan);
}

/* The arguments behind the tensors, the same for both kernels. */
#define DRAW_ARGS 7
static void set_draw_args(const convcl_dropout_plan *plan, uint32_t step, convcl_arg args[DRAW_ARGS]) {
    args[0] = convcl_arg_float(plan->scale);
    args[1] = convcl_arg_int(plan->least);
    args[2] = convcl_arg_int((int)(uint32_t)plan->desc.seed);
    args[3] = convcl_arg_int((int)(uint32_t)(plan->desc.seed >> 32));
    args[4] = convcl_arg_int((int)plan->desc.stream);
    args[5] = convcl_arg_int((int)step);
    args[6] = convcl_arg_ulong(plan->desc.count);
}

convcl_status convcl_dropout__fwd(const convcl_dropout_plan *plan, convcl_stream *stream, uint32_t step, convcl_buffer x, convcl_buffer y) {
    convcl_status status = CONVCL_OK;
    convcl_arg args[2 + DRAW_ARGS] = {convcl_arg_tensor(x), convcl_arg_tensor(y)};
    CONVCL_TRY(convcl_stream__check_buffer("dropout", "x", x, plan->desc.count, sizeof(float)));
    CONVCL_TRY(convcl_stream__check_buffer("dropout", "y", y, plan->desc.count, sizeof(float)));
    set_draw_args(plan, step, args + 2);
    CONVCL_TRY(convcl_stream__launch(stream, plan->fwd, args, sizeof args / sizeof *args, &plan->range));
cleanup:
    return status;
}

convcl_status convcl_dropout__bwd(const convcl_dropout_plan *plan, convcl_stream *stream, uint32_t step, convcl_buffer dy, convcl_buffer x,
                                  convcl_buffer dx) {
    convcl_status status = CONVCL_OK;
    convcl_arg args[3 + DRAW_ARGS] = {convcl_arg_tensor(dy), convcl_arg_tensor(x), convcl_arg_tensor(dx)};
    CONVCL_TRY(convcl_stream__check_buffer("dropout", "dy", dy, plan->desc.count, sizeof(float)));
    CONVCL_TRY(convcl_stream__check_buffer("dropout", "dx", dx, plan->desc.count, sizeof(float)));
    if (plan->desc.relu_mask)
        CONVCL_TRY(convcl_stream__check_buffer("dropout", "x", x, plan->desc.count, sizeof(float)));
    else
        args[1] = convcl_arg_tensor((convcl_buffer){NULL, 0});
    set_draw_args(plan, step, args + 3);
    CONVCL_TRY(convcl_stream__launch(stream, plan->bwd, args, sizeof args / sizeof *args, &plan->range));
cleanup:
    return status;
}

convcl_status convcl_dropout_fwd_enqueue(const convcl_dropout_plan *plan, cl_command_queue queue, uint32_t step, convcl_buffer x,
                                         convcl_buffer y, cl_uint wait_count, const cl_event *wait, cl_event *event_out) {
    convcl_status status = CONVCL_OK;
    convcl_stream stream;
    CONVCL_REQUIRE(plan, "dropout: plan is NULL");
    CONVCL_TRY(convcl_stream__begin(&stream, "dropout", plan->context, queue, wait_count, wait, event_out));
    status = convcl_stream__end(&stream, convcl_dropout__fwd(plan, &stream, step, x, y));
cleanup:
    return status;
}

convcl_status convcl_dropout_bwd_enqueue(const convcl_dropout_plan *plan, cl_command_queue queue, uint32_t step, convcl_buffer dy,
                                         convcl_buffer x, convcl_buffer dx, cl_uint wait_count, const cl_event *wait, cl_event *event_out) {
    convcl_status status = CONVCL_OK;
    convcl_stream stream;
    CONVCL_REQUIRE(plan, "dropout: plan is NULL");
    CONVCL_TRY(convcl_stream__begin(&stream, "dropout", plan->context, queue, wait_count, wait, event_out));
    status = convcl_stream__end(&stream, convcl_dropout__bwd(plan, &stream, step, dy, x, dx));
cleanup:
    return status;
}
