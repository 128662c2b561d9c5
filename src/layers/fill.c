/* fill.c: constant and random values, made on the device.
 * SPDX-License-Identifier: MIT
 * computes   y[i] = mean, or mean + stddev * z(seed, stream, i)
 * launches   fill_constant, fill_normal or fill_truncated_normal
 * workspace  none      order: elementwise
 * tests      test_fill.c */
#include "convcl/fill.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "layers/layer_grid.h"
#include "layers/layers_internal.h"

#define CPU_CALLS 512 /* calls of the generator that a work-item makes on a CPU, some 5 ns each */

struct convcl_fill_plan {
    convcl_context *context;
    convcl_fill_desc desc;
    convcl_range range;
    convcl_kernel *kernel;
};

static convcl_status validate(const convcl_fill_desc *desc) {
    switch (desc->kind) {
    case CONVCL_FILL_CONSTANT:
    case CONVCL_FILL_NORMAL:
    case CONVCL_FILL_TRUNCATED_NORMAL:
        break;
    default:
        return convcl_fail(CONVCL_INVALID, "fill: kind is %d, must be CONSTANT, NORMAL or TRUNCATED_NORMAL", (int)desc->kind);
    }
    CONVCL_REQUIRE(desc->count > 0, "fill: count is 0, must be at least 1");
    CONVCL_REQUIRE(isfinite(desc->mean), "fill: mean is %g, must be finite", (double)desc->mean);
    if (desc->kind != CONVCL_FILL_CONSTANT)
        CONVCL_REQUIRE(isfinite(desc->stddev) && desc->stddev >= 0, "fill: stddev is %g, must be finite and at least 0",
                       (double)desc->stddev);
    return CONVCL_OK;
}

/* Chooses the kernel, what it is built with and how much of it runs. */
static convcl_status build(convcl_fill_plan *plan) {
    const convcl_fill_desc *desc = &plan->desc;
    const char *name = "fill_constant";
    char options[64];
    if (desc->kind == CONVCL_FILL_CONSTANT) {
        const convcl_layer_line line = convcl_layer__line(plan->context, desc->count);
        plan->range = line.range;
        snprintf(options, sizeof options, "-DT_VW=%d -DT_STEPS=%d", line.vector_width, line.steps);
    } else {
        const bool is_normal = desc->kind == CONVCL_FILL_NORMAL;
        const int calls = convcl_context__prefers_registers(plan->context) ? CPU_CALLS : 1;
        const int lanes = convcl_context__vector_width(plan->context);
        name = is_normal ? "fill_normal" : "fill_truncated_normal";
        plan->range = convcl_layer__range(convcl_layer__ceil_div(desc->count, (size_t)calls * (is_normal ? 4 : 1)),
                                          convcl_layer__local(plan->context));
        snprintf(options, sizeof options, "-DT_VW=%d -DT_STEPS=%d", lanes, calls / lanes);
    }
    return convcl_kernel__create(plan->context, name, name, options, &plan->kernel);
}

convcl_status convcl_fill_plan_create(convcl_context *context, const convcl_fill_desc *desc, convcl_fill_plan **plan_out) {
    convcl_status status = CONVCL_OK;
    convcl_fill_plan *plan = NULL;
    CONVCL_REQUIRE(plan_out, "fill: plan_out is NULL");
    *plan_out = NULL;
    CONVCL_REQUIRE(context, "fill: context is NULL");
    CONVCL_REQUIRE(desc, "fill: desc is NULL");
    CONVCL_TRY(validate(desc));
    CONVCL_TRY(convcl_alloc(sizeof *plan, &plan));
    plan->context = convcl_context__retain(context);
    plan->desc = *desc;
    CONVCL_TRY(build(plan));
    *plan_out = plan;
    plan = NULL;
cleanup:
    convcl_fill_plan_destroy(plan);
    return status;
}

void convcl_fill_plan_destroy(convcl_fill_plan *plan) {
    if (!plan)
        return;
    convcl_kernel__destroy(plan->kernel);
    convcl_context_release(plan->context);
    free(plan);
}

convcl_status convcl_fill__run(const convcl_fill_plan *plan, convcl_stream *stream, convcl_buffer y) {
    convcl_status status = CONVCL_OK;
    const convcl_fill_desc *desc = &plan->desc;
    CONVCL_TRY(convcl_stream__check_buffer("fill", "y", y, desc->count, sizeof(float)));
    if (desc->kind == CONVCL_FILL_CONSTANT) {
        const convcl_arg args[] = {convcl_arg_tensor(y), convcl_arg_float(desc->mean), convcl_arg_ulong(desc->count)};
        CONVCL_TRY(convcl_stream__launch(stream, plan->kernel, args, sizeof args / sizeof *args, &plan->range));
    } else {
        const convcl_arg args[] = {convcl_arg_tensor(y),
                                   convcl_arg_float(desc->mean),
                                   convcl_arg_float(desc->stddev),
                                   convcl_arg_int((int)(uint32_t)desc->seed),
                                   convcl_arg_int((int)(uint32_t)(desc->seed >> 32)),
                                   convcl_arg_int((int)desc->stream),
                                   convcl_arg_ulong(desc->count)};
        CONVCL_TRY(convcl_stream__launch(stream, plan->kernel, args, sizeof args / sizeof *args, &plan->range));
    }
cleanup:
    return status;
}

convcl_status convcl_fill_enqueue(const convcl_fill_plan *plan, cl_command_queue queue, convcl_buffer y, cl_uint wait_count,
                                  const cl_event *wait, cl_event *event_out) {
    convcl_status status = CONVCL_OK;
    convcl_stream stream;
    CONVCL_REQUIRE(plan, "fill: plan is NULL");
    CONVCL_TRY(convcl_stream__begin(&stream, "fill", plan->context, queue, wait_count, wait, event_out));
    status = convcl_stream__end(&stream, convcl_fill__run(plan, &stream, y));
cleanup:
    return status;
}
