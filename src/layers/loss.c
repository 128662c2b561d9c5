/* loss.c: the l2 loss and its gradient.
 * SPDX-License-Identifier: MIT
 * computes   loss = sum of x^2 / 2; dx = x * scale
 * launches   fwd: 1 l2_loss_partial x -> one sum for each work-item   2 l2_loss_total -> loss     bwd: l2_loss_bwd
 * workspace  one float for each work-item of l2_loss_partial      order: fixed, so results are bitwise repeatable
 * tests      test_loss.c */
#include "convcl/loss.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "layers/layer_grid.h"
#include "layers/layers_internal.h"

#define BLOCK_VECTORS 8    /* D_BLOCK of l2_loss_partial.cl */
#define CPU_PARTIALS  4096 /* at most; beyond that a work-item takes a longer share */
#define GPU_PARTIALS  65536

struct convcl_l2_loss_plan {
    convcl_context *context;
    size_t count;
    convcl_layer_line line; /* bwd */
    int blocks;             /* fwd: blocks of vectors that a work-item takes */
    convcl_range partial, total;
    convcl_kernel *fwd_partial, *fwd_total, *bwd;
};

/* Shares x out over work-items. */
static convcl_status plan_partials(convcl_l2_loss_plan *plan) {
    const bool is_cpu = convcl_context__prefers_registers(plan->context);
    const size_t block = (size_t)plan->line.vector_width * BLOCK_VECTORS;
    const size_t all = convcl_layer__ceil_div(plan->count, block);
    const size_t least = is_cpu ? CONVCL_LAYER_CPU_ELEMENTS / block : 1;
    const size_t fair = convcl_layer__ceil_div(all, is_cpu ? CPU_PARTIALS : GPU_PARTIALS);
    const size_t blocks = fair < least ? least : fair;
    const size_t local = convcl_layer__local(plan->context);
    CONVCL_REQUIRE(blocks <= INT_MAX, "l2_loss: count is %zu, must be at most %zu here", plan->count,
                   (is_cpu ? CPU_PARTIALS : GPU_PARTIALS) * block * (size_t)INT_MAX);
    plan->blocks = (int)blocks;
    plan->partial = convcl_layer__range(convcl_layer__ceil_div(all, blocks), local);
    plan->total = convcl_layer__range(1, local);
    return CONVCL_OK;
}

convcl_status convcl_l2_loss_plan_create(convcl_context *context, size_t count, convcl_l2_loss_plan **plan_out) {
    convcl_status status = CONVCL_OK;
    convcl_l2_loss_plan *plan = NULL;
    char options[64];
    CONVCL_REQUIRE(plan_out, "l2_loss: plan_out is NULL");
    *plan_out = NULL;
    CONVCL_REQUIRE(context, "l2_loss: context is NULL");
    CONVCL_REQUIRE(count > 0, "l2_loss: count is 0, must be at least 1");
    CONVCL_TRY(convcl_alloc(sizeof *plan, &plan));
    plan->context = convcl_context__retain(context);
    plan->count = count;
    plan->line = convcl_layer__line(context, count);
    CONVCL_TRY(plan_partials(plan));
    snprintf(options, sizeof options, "-DT_VW=%d", plan->line.vector_width);
    CONVCL_TRY(convcl_kernel__create(context, "l2_loss_partial", "l2_loss_partial", options, &plan->fwd_partial));
    snprintf(options, sizeof options, "-DT_LANES=%zu", plan->total.local[0]);
    CONVCL_TRY(convcl_kernel__create(context, "l2_loss_total", "l2_loss_total", options, &plan->fwd_total));
    snprintf(options, sizeof options, "-DT_VW=%d -DT_STEPS=%d", plan->line.vector_width, plan->line.steps);
    CONVCL_TRY(convcl_kernel__create(context, "l2_loss_bwd", "l2_loss_bwd", options, &plan->bwd));
    *plan_out = plan;
    plan = NULL;
cleanup:
    convcl_l2_loss_plan_destroy(plan);
    return status;
}

void convcl_l2_loss_plan_destroy(convcl_l2_loss_plan *plan) {
    if (!plan)
        return;
    convcl_kernel__destroy(plan->fwd_partial);
    convcl_kernel__destroy(plan->fwd_total);
    convcl_kernel__destroy(plan->bwd);
    convcl_context_release(plan->context);
    free(plan);
}

size_t convcl_l2_loss_plan_workspace(const convcl_l2_loss_plan *plan) {
    return plan->partial.global[0];
}

convcl_status convcl_l2_loss__fwd(const convcl_l2_loss_plan *plan, convcl_stream *stream, convcl_buffer x, convcl_buffer loss,
                                  convcl_buffer workspace) {
    convcl_status status = CONVCL_OK;
    const size_t partials = convcl_l2_loss_plan_workspace(plan);
    CONVCL_TRY(convcl_stream__check_buffer("l2_loss", "x", x, plan->count, sizeof(float)));
    CONVCL_TRY(convcl_stream__check_buffer("l2_loss", "loss", loss, 1, sizeof(float)));
    CONVCL_TRY(convcl_stream__check_buffer("l2_loss", "workspace", workspace, partials, sizeof(float)));
    const convcl_arg partial_args[] = {convcl_arg_tensor(x), convcl_arg_tensor(workspace), convcl_arg_int(plan->blocks),
                                       convcl_arg_ulong(plan->count)};
    const convcl_arg total_args[] = {convcl_arg_tensor(workspace), convcl_arg_tensor(loss), convcl_arg_ulong(partials)};
    CONVCL_TRY(convcl_stream__launch(stream, plan->fwd_partial, partial_args, sizeof partial_args / sizeof *partial_args, &plan->partial));
    CONVCL_TRY(convcl_stream__launch(stream, plan->fwd_total, total_args, sizeof total_args / sizeof *total_args, &plan->total));
cleanup:
    return status;
}

convcl_status convcl_l2_loss__bwd(const convcl_l2_loss_plan *plan, convcl_stream *stream, convcl_buffer x, float scale, convcl_buffer dx) {
    convcl_status status = CONVCL_OK;
    CONVCL_TRY(convcl_stream__check_buffer("l2_loss", "x", x, plan->count, sizeof(float)));
    CONVCL_TRY(convcl_stream__check_buffer("l2_loss", "dx", dx, plan->count, sizeof(float)));
    const convcl_arg args[] = {convcl_arg_tensor(x), convcl_arg_tensor(dx), convcl_arg_float(scale), convcl_arg_ulong(plan->count)};
    CONVCL_TRY(convcl_stream__launch(stream, plan->bwd, args, sizeof args / sizeof *args, &plan->line.range));
cleanup:
    return status;
}

convcl_status convcl_l2_loss_fwd_enqueue(const convcl_l2_loss_plan *plan, cl_command_queue queue, convcl_buffer x, convcl_buffer loss,
                                         convcl_buffer workspace, cl_uint wait_count, const cl_event *wait, cl_event *event_out) {
    convcl_status status = CONVCL_OK;
    convcl_stream stream;
    CONVCL_REQUIRE(plan, "l2_loss: plan is NULL");
    CONVCL_TRY(convcl_stream__begin(&stream, "l2_loss", plan->context, queue, wait_count, wait, event_out));
    status = convcl_stream__end(&stream, convcl_l2_loss__fwd(plan, &stream, x, loss, workspace));
cleanup:
    return status;
}

convcl_status convcl_l2_loss_bwd_enqueue(const convcl_l2_loss_plan *plan, cl_command_queue queue, convcl_buffer x, float scale,
                                         convcl_buffer dx, cl_uint wait_count, const cl_event *wait, cl_event *event_out) {
    convcl_status status = CONVCL_OK;
    convcl_stream stream;
    CONVCL_REQUIRE(plan, "l2_loss: plan is NULL");
    CONVCL_TRY(convcl_stream__begin(&stream, "l2_loss", plan->context, queue, wait_count, wait, event_out));
    status = convcl_stream__end(&stream, convcl_l2_loss__bwd(plan, &stream, x, scale, dx));
cleanup:
    return status;
}
