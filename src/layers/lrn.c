/* lrn.c: local response normalization across channels, and its gradient.
 * SPDX-License-Identifier: MIT
 * computes   y = x * s^-beta; dx = dy * s^-beta - 2 * alpha * beta * x * sum of dy * x * s^(-beta - 1); s and the windows as in convcl/lrn.h
 * launches   fwd: lrn_fwd     bwd: lrn_bwd, which computes s again and keeps what the windows share in small arrays
 * workspace  none      order: fixed, so results are bitwise repeatable
 * tests      test_lrn.c */
#include "convcl/lrn.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "layers/layers_internal.h"
#include "layers/lrn_internal.h"

#define MAX_RADIUS 1024 /* bounds the arrays that a work-group of lrn_bwd.cl keeps */
#define CPU_BLOCK  256  /* T_BLOCK on a CPU: channels of a work-item */

struct convcl_lrn_plan {
    convcl_context *context;
    convcl_lrn_desc desc;
    size_t pixels, count;
    convcl_layer_grid fwd_grid, bwd_grid;
    convcl_kernel *fwd, *bwd;
};

/* Channels at each side that a window can have. */
static int reach(const convcl_lrn_desc *desc) {
    return desc->radius < desc->c ? desc->radius : desc->c - 1;
}

convcl_status convcl_lrn__validate(const convcl_lrn_desc *desc) {
    CONVCL_REQUIRE(desc->n >= 1, "lrn: n is %d, must be at least 1", desc->n);
    CONVCL_REQUIRE(desc->h >= 1, "lrn: h is %d, must be at least 1", desc->h);
    CONVCL_REQUIRE(desc->w >= 1, "lrn: w is %d, must be at least 1", desc->w);
    CONVCL_REQUIRE(desc->c >= 1, "lrn: c is %d, must be at least 1", desc->c);
    CONVCL_REQUIRE(desc->c <= CONVCL_LAYER_MOST_CHANNELS, "lrn: c is %d, must be at most %d", desc->c, CONVCL_LAYER_MOST_CHANNELS);
    CONVCL_REQUIRE(desc->radius >= 0, "lrn: radius is %d, must be at least 0", desc->radius);
    CONVCL_REQUIRE(isfinite(desc->bias) && desc->bias > 0, "lrn: bias is %g, must be finite and more than 0", (double)desc->bias);
    CONVCL_REQUIRE(isfinite(desc->alpha) && desc->alpha >= 0, "lrn: alpha is %g, must be finite and at least 0", (double)desc->alpha);
    CONVCL_REQUIRE(isfinite(desc->beta) && desc->beta >= 0, "lrn: beta is %g, must be finite and at least 0", (double)desc->beta);
    CONVCL_REQUIRE(desc->relu_mask == 0 || desc->relu_mask == 1, "lrn: relu_mask is %d, must be 0 or 1", desc->relu_mask);
    if (reach(desc) > MAX_RADIUS)
        return convcl_fail(CONVCL_UNSUPPORTED, "lrn: radius is %d, must be at most %d where c is more than that", desc->radius, MAX_RADIUS);
    return convcl_layer__check_layout("lrn", desc->layout);
}

int convcl_lrn__blocks(int channels, int block, int vector_width) {
    const int blocks = channels / block, rest = channels % block;
    return blocks == 0 || (rest > 0 && rest >= vector_width) ? blocks + 1 : blocks;
}

convcl_layer_grid convcl_lrn__grid(const convcl_context *context, const convcl_lrn_desc *desc, size_t pixels, int *block_out) {
    const bool is_cpu = convcl_context__prefers_registers(context);
    convcl_layer_grid grid = convcl_layer__grid(context, pixels, desc->c < CPU_BLOCK ? desc->c : CPU_BLOCK);
    *block_out = is_cpu ? CPU_BLOCK : grid.lanes;
    if (!is_cpu && reach(desc) > 64) {
        grid.rows = 1; /* a long window: keep the local memory of a work-group small */
        grid.range =
            (convcl_range){{(size_t)grid.lanes, convcl_layer__ceil_div(pixels, (size_t)grid.steps), 1}, {(size_t)grid.lanes, 1, 1}};
    }
    grid.range.global[0] = (size_t)convcl_lrn__blocks(desc->c, *block_out, grid.vector_width) * (size_t)grid.lanes;
    return grid;
}

const char *convcl_lrn__options(const convcl_lrn_desc *desc, const convcl_layer_grid *grid, int block, char text[CONVCL_LRN_OPTIONS]) {
    const int is_075 = desc->beta == 0.75f && desc->bias >= FLT_MIN; /* the bits of a subnormal s say little of its logarithm */
    snprintf(text, CONVCL_LRN_OPTIONS, "-DP_RADIUS=%d -DT_VW=%d -DT_LANES=%d -DT_ROWS=%d -DT_BLOCK=%d -DF_BETA_075=%d", reach(desc),
             grid->vector_width, grid->lanes, grid->rows, block, is_075);
    return text;
}

static convcl_status build(convcl_lrn_plan *plan) {
    convcl_status status = CONVCL_OK;
    const convcl_lrn_desc *desc = &plan->desc;
    int block = 0;
    char shared[CONVCL_LRN_OPTIONS], options[CONVCL_LRN_OPTIONS + 32];
    plan->bwd_grid = convcl_lrn__grid(plan->context, desc, plan->pixels, &block);
    plan->fwd_grid = plan->bwd_grid;
    convcl_lrn__options(desc, &plan->fwd_grid, block, shared);
    if (!convcl_context__prefers_registers(plan->context))
        plan->fwd_grid.range.global[0] = (size_t)plan->fwd_grid.lanes; /* a work-group takes all channels */
    CONVCL_TRY(convcl_kernel__create(plan->context, "lrn_fwd", "lrn_fwd", shared, &plan->fwd));
    snprintf(options, sizeof options, "%s -DF_RELU_MASK=%d", shared, desc->relu_mask);
    CONVCL_TRY(convcl_kernel__create(plan->context, "lrn_bwd", "lrn_bwd", options, &plan->bwd));
cleanup:
    return status;
}

convcl_status convcl_lrn_plan_create(convcl_context *context, const convcl_lrn_desc *desc, convcl_lrn_plan **plan_out) {
    convcl_status status = CONVCL_OK;
    convcl_lrn_plan *plan = NULL;
    size_t count = 0;
    CONVCL_REQUIRE(plan_out, "lrn: plan_out is NULL");
    *plan_out = NULL;
    CONVCL_REQUIRE(context, "lrn: context is NULL");
    CONVCL_REQUIRE(desc, "lrn: desc is NULL");
    CONVCL_TRY(convcl_lrn__validate(desc));
    CONVCL_TRY(convcl_layer__count("lrn", "n * h * w * c", desc->n, desc->h, desc->w, desc->c, &count));
    CONVCL_TRY(convcl_alloc(sizeof *plan, &plan));
    plan->context = convcl_context__retain(context);
    plan->desc = *desc;
    plan->count = count;
    plan->pixels = count / (size_t)desc->c;
    CONVCL_TRY(build(plan));
    *plan_out = plan;
    plan = NULL;
cleanup:
    convcl_lrn_plan_destroy(plan);
    return status;
}

void convcl_lrn_plan_destroy(convcl_lrn_plan *plan) {
    if (!plan)
        return;
    convcl_kernel__destroy(plan->fwd);
    convcl_kernel__destroy(plan->bwd);
    convcl_context_release(plan->context);
    free(plan);
}

convcl_status convcl_lrn__fwd(const convcl_lrn_plan *plan, convcl_stream *stream, convcl_buffer x, convcl_buffer y) {
    convcl_status status = CONVCL_OK;
    const convcl_lrn_desc *desc = &plan->desc;
    CONVCL_TRY(convcl_stream__check_buffer("lrn", "x", x, plan->count, sizeof(float)));
    CONVCL_TRY(convcl_stream__check_buffer("lrn", "y", y, plan->count, sizeof(float)));
    const convcl_arg args[] = {convcl_arg_tensor(x),
                               convcl_arg_tensor(y),
                               convcl_arg_ulong(plan->pixels),
                               convcl_arg_int(desc->c),
                               convcl_arg_int(plan->fwd_grid.steps),
                               convcl_arg_float(desc->bias),
                               convcl_arg_float(desc->alpha),
                               convcl_arg_float(desc->beta)};
    CONVCL_TRY(convcl_stream__launch(stream, plan->fwd, args, sizeof args / sizeof *args, &plan->fwd_grid.range));
cleanup:
    return status;
}

convcl_status convcl_lrn__bwd(const convcl_lrn_plan *plan, convcl_stream *stream, convcl_buffer x, convcl_buffer dy, convcl_buffer dx) {
    convcl_status status = CONVCL_OK;
    const convcl_lrn_desc *desc = &plan->desc;
    CONVCL_TRY(convcl_stream__check_buffer("lrn", "x", x, plan->count, sizeof(float)));
    CONVCL_TRY(convcl_stream__check_buffer("lrn", "dy", dy, plan->count, sizeof(float)));
    CONVCL_TRY(convcl_stream__check_buffer("lrn", "dx", dx, plan->count, sizeof(float)));
    const convcl_arg args[] = {convcl_arg_tensor(x),           convcl_arg_tensor(dy),         convcl_arg_tensor(dx),
                               convcl_arg_ulong(plan->pixels), convcl_arg_int(desc->c),       convcl_arg_int(plan->bwd_grid.steps),
                               convcl_arg_float(desc->bias),   convcl_arg_float(desc->alpha), convcl_arg_float(desc->beta)};
    CONVCL_TRY(convcl_stream__launch(stream, plan->bwd, args, sizeof args / sizeof *args, &plan->bwd_grid.range));
cleanup:
    return status;
}

convcl_status convcl_lrn_fwd_enqueue(const convcl_lrn_plan *plan, cl_command_queue queue, convcl_buffer x, convcl_buffer y,
                                     cl_uint wait_count, const cl_event *wait, cl_event *event_out) {
    convcl_status status = CONVCL_OK;
    convcl_stream stream;
    CONVCL_REQUIRE(plan, "lrn: plan is NULL");
    CONVCL_TRY(convcl_stream__begin(&stream, "lrn", plan->context, queue, wait_count, wait, event_out));
    status = convcl_stream__end(&stream, convcl_lrn__fwd(plan, &stream, x, y));
cleanup:
    return status;
}

convcl_status convcl_lrn_bwd_enqueue(const convcl_lrn_plan *plan, cl_command_queue queue, convcl_buffer x, convcl_buffer dy,
                                     convcl_buffer dx, cl_uint wait_count, const cl_event *wait, cl_event *event_out) {
    convcl_status status = CONVCL_OK;
    convcl_stream stream;
    CONVCL_REQUIRE(plan, "lrn: plan is NULL");
    CONVCL_TRY(convcl_stream__begin(&stream, "lrn", plan->context, queue, wait_count, wait, event_out));
    status = convcl_stream__end(&stream, convcl_lrn__bwd(plan, &stream, x, dy, dx));
cleanup:
    return status;
}
