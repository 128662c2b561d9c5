/* lrn_maxpool.c: local response normalization and max-pooling of its value in one operation, and the gradient of both.
 * SPDX-License-Identifier: MIT
 * computes   y and index, dx as in convcl/lrn_maxpool.h
 * launches   fwd: lrn_maxpool_fwd     bwd: lrn_maxpool_bwd
 * workspace  none      order: fixed, so results are bitwise repeatable
 * tests      test_lrn_maxpool.c */
#include "convcl/lrn_maxpool.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "layers/layers_internal.h"
#include "layers/lrn_internal.h"
#include "layers/maxpool_internal.h"
#include "layers/pool_internal.h"

#define RING          4096 /* T_RING: floats, a third of a CPU's first cache, which two threads may share */
#define LEAST_COLUMNS 4    /* of y side by side, before a narrower block of channels is better: a tile's windows reach into the next */
#define ITEMS_A_UNIT  4    /* work-items for each compute unit, so that none of them waits long for the last */

struct convcl_lrn_maxpool_plan {
    convcl_lrn_maxpool_desc desc;
    convcl_pool_plan pool; /* its grid of the backward pass is the normalization's, that of the forward pass is not used */
    convcl_range fwd_range;
    int rows, columns; /* of y, for a work-item of the forward pass */
};

static convcl_status validate(const convcl_lrn_maxpool_desc *desc, int *oh_out, int *ow_out) {
    convcl_status status = CONVCL_OK;
    const convcl_lrn_desc *lrn = &desc->lrn;
    const convcl_maxpool_desc *pool = &desc->maxpool;
    CONVCL_TRY(convcl_lrn__validate(lrn));
    CONVCL_TRY(convcl_maxpool__validate(pool, oh_out, ow_out));
    CONVCL_REQUIRE(pool->n == lrn->n, "lrn_maxpool: maxpool.n is %d, must be lrn.n, which is %d", pool->n, lrn->n);
    CONVCL_REQUIRE(pool->ih == lrn->h, "lrn_maxpool: maxpool.ih is %d, must be lrn.h, which is %d", pool->ih, lrn->h);
    CONVCL_REQUIRE(pool->iw == lrn->w, "lrn_maxpool: maxpool.iw is %d, must be lrn.w, which is %d", pool->iw, lrn->w);
    CONVCL_REQUIRE(pool->c == lrn->c, "lrn_maxpool: maxpool.c is %d, must be lrn.c, which is %d", pool->c, lrn->c);
    CONVCL_REQUIRE(pool->relu_mask == 0, "lrn_maxpool: maxpool.relu_mask is %d, must be 0: no ReLU makes what is pooled", pool->relu_mask);
cleanup:
    return status;
}

/* Columns of y whose windows' columns of x fit the ring for a block of `span` channels; 0 when not even one does. */
static int fitting_columns(const convcl_maxpool_desc *pool, int ow, int span) {
    const int64_t width = RING / ((int64_t)pool->window_h * span);
    if (width < pool->window_w)
        return 0;
    const int64_t columns = (width - pool->window_w) / pool->stride_w + 1;
    return columns < ow ? (int)columns : ow;
}

/* Channels of the longest block. */
static int longest_block(int channels, int block, int vector_width) {
    return channels <= block ? channels : block + vector_width - 1;
}

/* Columns of y for a work-item of the forward pass on a CPU, and how many channels its block should have: `block` or less. 0 when no window fits the ring. */
static int choose_columns(const convcl_maxpool_desc *pool, int ow, int vector_width, int *block) {
    const int enough = ow < LEAST_COLUMNS ? ow : LEAST_COLUMNS;
    int columns = fitting_columns(pool, ow, longest_block(pool->c, *block, vector_width));
    while (columns < enough && *block >= 2 * vector_width) {
        *block /= 2;
        columns = fitting_columns(pool, ow, longest_block(pool->c, *block, vector_width));
    }
    return columns;
}

bool convcl_lrn_maxpool__pays(const convcl_context *context, const convcl_lrn_maxpool_desc *desc) {
    int oh = 0, ow = 0, block = 0;
    const convcl_layer_grid grid = convcl_lrn__grid(context, &desc->lrn, 1, &block);
    return convcl_context__prefers_registers(context) && convcl_maxpool_output_size(&desc->maxpool, &oh, &ow) == CONVCL_OK &&
           choose_columns(&desc->maxpool, ow, grid.vector_width, &block) > 0;
}

/* Spreads the forward pass over a CPU. False when no window fits the ring. */
static bool spread_ring(convcl_lrn_maxpool_plan *plan, const convcl_layer_grid *grid, int *block) {
    const int channels = plan->desc.lrn.c, vector_width = grid->vector_width;
    const int most = choose_columns(&plan->desc.maxpool, plan->pool.ow, vector_width, block);
    if (most == 0)
        return false;
    const size_t blocks = (size_t)convcl_lrn__blocks(channels, *block, vector_width);
    const size_t tiles = convcl_layer__ceil_div((size_t)plan->pool.ow, (size_t)most);
    const size_t units = convcl_context_device(plan->pool.context)->compute_units;
    const size_t items = blocks * tiles * (size_t)plan->desc.lrn.n, wanted = ITEMS_A_UNIT * (units ? units : 1);
    size_t strips = convcl_layer__ceil_div(wanted, items);
    strips = strips < (size_t)plan->pool.oh ? strips : (size_t)plan->pool.oh;
    plan->columns = (int)convcl_layer__ceil_div((size_t)plan->pool.ow, tiles);
    plan->rows = (int)convcl_layer__ceil_div((size_t)plan->pool.oh, strips);
    strips = convcl_layer__ceil_div((size_t)plan->pool.oh, (size_t)plan->rows);
    plan->fwd_range = (convcl_range){{blocks, tiles, (size_t)plan->desc.lrn.n * strips}, {1, 1, 1}};
    return true;
}

/* Spreads the forward pass in work-groups that take all channels of some pixels. */
static void spread_direct(convcl_lrn_maxpool_plan *plan, convcl_layer_grid *grid) {
    int block = 0;
    *grid = convcl_lrn__grid(plan->pool.context, &plan->desc.lrn, plan->pool.y_count / (size_t)plan->desc.lrn.c, &block);
    grid->vector_width = 1;
    plan->rows = grid->steps;
    plan->columns = 1;
    plan->fwd_range = grid->range;
    plan->fwd_range.global[0] = (size_t)grid->lanes;
}

static convcl_status build(convcl_lrn_maxpool_plan *plan) {
    convcl_status status = CONVCL_OK;
    const convcl_lrn_desc *lrn = &plan->desc.lrn;
    int block = 0;
    char shared[CONVCL_LRN_OPTIONS], options[CONVCL_LRN_OPTIONS + 64];
    plan->pool.bwd_grid = convcl_lrn__grid(plan->pool.context, lrn, plan->pool.x_count / (size_t)lrn->c, &block);
    snprintf(options, sizeof options, "%s -DF_RELU_MASK=%d", convcl_lrn__options(lrn, &plan->pool.bwd_grid, block, shared), lrn->relu_mask);
    CONVCL_TRY(convcl_kernel__create(plan->pool.context, "lrn_maxpool_bwd", "lrn_maxpool_bwd", options, &plan->pool.bwd));
    convcl_layer_grid grid = plan->pool.bwd_grid;
    const bool has_ring = convcl_context__prefers_registers(plan->pool.context) && spread_ring(plan, &grid, &block);
    if (!has_ring)
        spread_direct(plan, &grid);
    snprintf(options, sizeof options, "%s -DF_RING=%d -DT_RING=%d", convcl_lrn__options(lrn, &grid, block, shared), has_ring, RING);
    CONVCL_TRY(convcl_kernel__create(plan->pool.context, "lrn_maxpool_fwd", "lrn_maxpool_fwd", options, &plan->pool.fwd));
cleanup:
    return status;
}

convcl_status convcl_lrn_maxpool_plan_create(convcl_context *context, const convcl_lrn_maxpool_desc *desc,
                                             convcl_lrn_maxpool_plan **plan_out) {
    convcl_status status = CONVCL_OK;
    convcl_lrn_maxpool_plan *plan = NULL;
    int oh = 0, ow = 0;
    CONVCL_REQUIRE(plan_out, "lrn_maxpool: plan_out is NULL");
    *plan_out = NULL;
    CONVCL_REQUIRE(context, "lrn_maxpool: context is NULL");
    CONVCL_REQUIRE(desc, "lrn_maxpool: desc is NULL");
    CONVCL_TRY(validate(desc, &oh, &ow));
    CONVCL_TRY(convcl_alloc(sizeof *plan, &plan));
    plan->desc = *desc;
    CONVCL_TRY(convcl_pool__begin("lrn_maxpool", context, &CONVCL_POOL_WINDOW(&desc->maxpool), &plan->pool));
    CONVCL_TRY(build(plan));
    *plan_out = plan;
    plan = NULL;
cleanup:
    convcl_lrn_maxpool_plan_destroy(plan);
    return status;
}

void convcl_lrn_maxpool_plan_destroy(convcl_lrn_maxpool_plan *plan) {
    if (!plan)
        return;
    convcl_pool__clear(&plan->pool);
    free(plan);
}

/* Writes what stands behind the sizes: bias, alpha and beta. */
#define LRN_ARGS 3
static void set_lrn_args(const convcl_lrn_desc *lrn, convcl_arg args[LRN_ARGS]) {
    args[0] = convcl_arg_float(lrn->bias);
    args[1] = convcl_arg_float(lrn->alpha);
    args[2] = convcl_arg_float(lrn->beta);
}

convcl_status convcl_lrn_maxpool__fwd(const convcl_lrn_maxpool_plan *plan, convcl_stream *stream, convcl_buffer x, convcl_buffer y,
                                      convcl_buffer index) {
    convcl_status status = CONVCL_OK;
    convcl_arg args[3 + CONVCL_POOL_ARGS + 1 + LRN_ARGS] = {convcl_arg_tensor(x), convcl_arg_tensor(y), convcl_arg_tensor(index)};
    CONVCL_TRY(convcl_stream__check_buffer("lrn_maxpool", "x", x, plan->pool.x_count, sizeof(float)));
    CONVCL_TRY(convcl_stream__check_buffer("lrn_maxpool", "y", y, plan->pool.y_count, sizeof(float)));
    if (index.mem)
        CONVCL_TRY(convcl_stream__check_buffer("lrn_maxpool", "index", index, plan->pool.y_count, sizeof(cl_ushort)));
    convcl_pool__set_args(&plan->pool, &plan->pool.fwd_grid, plan->pool.y_count, args + 3);
    args[3 + CONVCL_POOL_ARGS - 1] = convcl_arg_int(plan->rows); /* in the place of a grid's steps */
    args[3 + CONVCL_POOL_ARGS] = convcl_arg_int(plan->columns);
    set_lrn_args(&plan->desc.lrn, args + 3 + CONVCL_POOL_ARGS + 1);
    CONVCL_TRY(convcl_stream__launch(stream, plan->pool.fwd, args, sizeof args / sizeof *args, &plan->fwd_range));
cleanup:
    return status;
}

convcl_status convcl_lrn_maxpool__bwd(const convcl_lrn_maxpool_plan *plan, convcl_stream *stream, convcl_buffer x, convcl_buffer dy,
                                      convcl_buffer index, convcl_buffer dx) {
    convcl_status status = CONVCL_OK;
    convcl_arg args[4 + CONVCL_POOL_ARGS + LRN_ARGS] = {convcl_arg_tensor(x), convcl_arg_tensor(dy), convcl_arg_tensor(index),
                                                        convcl_arg_tensor(dx)};
    CONVCL_TRY(convcl_stream__check_buffer("lrn_maxpool", "x", x, plan->pool.x_count, sizeof(float)));
    CONVCL_TRY(convcl_stream__check_buffer("lrn_maxpool", "dy", dy, plan->pool.y_count, sizeof(float)));
    CONVCL_TRY(convcl_stream__check_buffer("lrn_maxpool", "index", index, plan->pool.y_count, sizeof(cl_ushort)));
    CONVCL_TRY(convcl_stream__check_buffer("lrn_maxpool", "dx", dx, plan->pool.x_count, sizeof(float)));
    convcl_pool__set_args(&plan->pool, &plan->pool.bwd_grid, plan->pool.x_count, args + 4);
    set_lrn_args(&plan->desc.lrn, args + 4 + CONVCL_POOL_ARGS);
    CONVCL_TRY(convcl_stream__launch(stream, plan->pool.bwd, args, sizeof args / sizeof *args, &plan->pool.bwd_grid.range));
cleanup:
    return status;
}

convcl_status convcl_lrn_maxpool_fwd_enqueue(const convcl_lrn_maxpool_plan *plan, cl_command_queue queue, convcl_buffer x, convcl_buffer y,
                                             convcl_buffer index, cl_uint wait_count, const cl_event *wait, cl_event *event_out) {
    convcl_status status = CONVCL_OK;
    convcl_stream stream;
    CONVCL_REQUIRE(plan, "lrn_maxpool: plan is NULL");
    CONVCL_TRY(convcl_stream__begin(&stream, "lrn_maxpool", plan->pool.context, queue, wait_count, wait, event_out));
    status = convcl_stream__end(&stream, convcl_lrn_maxpool__fwd(plan, &stream, x, y, index));
cleanup:
    return status;
}

convcl_status convcl_lrn_maxpool_bwd_enqueue(const convcl_lrn_maxpool_plan *plan, cl_command_queue queue, convcl_buffer x, convcl_buffer dy,
                                             convcl_buffer index, convcl_buffer dx, cl_uint wait_count, const cl_event *wait,
                                             cl_event *event_out) {
    convcl_status status = CONVCL_OK;
    convcl_stream stream;
    CONVCL_REQUIRE(plan, "lrn_maxpool: plan is NULL");
    CONVCL_TRY(convcl_stream__begin(&stream, "lrn_maxpool", plan->pool.context, queue, wait_count, wait, event_out));
    status = convcl_stream__end(&stream, convcl_lrn_maxpool__bwd(plan, &stream, x, dy, index, dx));
cleanup:
    return status;
}
