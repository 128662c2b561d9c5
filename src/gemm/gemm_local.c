/* gemm_local.c: the GEMM variant for GPUs: a work-group shares a tile through local memory.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "gemm/gemm_variants.h"

/* The tile, as gemm_local.cl's defaults: 64 registers of sums and operands a work-item spill on no GPU. Smaller work-groups get a smaller tile. */
#define TILE       64
#define SMALL_TILE 32
#define TILE_K     16
#define ITEM_TILE  4

static int items_of(int tile) {
    return tile / ITEM_TILE * (tile / ITEM_TILE);
}

static bool available(convcl_context *context) {
    const convcl_device_info *info = convcl_context_device(context);
    return info->max_work_group_size >= (size_t)items_of(SMALL_TILE) && info->local_memory >= 2 * SMALL_TILE * TILE_K * sizeof(float);
}

static convcl_status create(convcl_context *context, const convcl_gemm_request *request, convcl_gemm *gemm) {
    (void)request;
    const convcl_device_info *info = convcl_context_device(context);
    const bool large = info->max_work_group_size >= (size_t)items_of(TILE) && info->local_memory >= 2 * TILE * TILE_K * sizeof(float);
    const int tile = large ? TILE : SMALL_TILE;
    gemm->mr = gemm->nr = tile;
    gemm->items = items_of(tile);
    char options[192];
    snprintf(options, sizeof options, "-DT_TM=%d -DT_TN=%d -DT_TK=%d -DT_WM=%d -DT_WN=%d " CONVCL_GEMM_OPTIONS_FORMAT, tile, tile, TILE_K,
             ITEM_TILE, ITEM_TILE, CONVCL_GEMM_OPTIONS(gemm));
    snprintf(gemm->description, sizeof gemm->description, "local %dx%dx%d", tile, tile, TILE_K);
    return convcl_kernel__create(context, "gemm_local", "gemm_local", options, &gemm->kernel);
}

static convcl_status enqueue(const convcl_gemm *gemm, convcl_stream *stream, const convcl_gemm_call *call) {
    convcl_arg args[12 + CONVCL_GATHER_MAP_ARGS] = {
        convcl_arg_tensor(call->a),    convcl_arg_tensor(call->b),  convcl_arg_tensor(call->c), convcl_arg_tensor(call->bias),
        convcl_arg_tensor(call->mask), convcl_arg_int(call->gm),    convcl_arg_int(call->gn),   convcl_arg_int(call->gk),
        convcl_arg_int(call->lda),     convcl_arg_int(call->block), convcl_arg_int(call->ldc),  convcl_arg_int(call->accumulate)};
    int count = 12;
    if (convcl_gemm__is_mapped(gemm->source))
        count = convcl_gather_map__args(&call->map, args, count);
    const size_t panels_m = (size_t)((call->gm + gemm->mr - 1) / gemm->mr), panels_n = (size_t)((call->gn + gemm->nr - 1) / gemm->nr);
    const size_t items = (size_t)gemm->items;
    const convcl_range range = {{items * panels_n, panels_m, (size_t)call->gb}, {items, 1, 1}};
    return convcl_stream__launch(stream, gemm->kernel, args, count, &range);
}

const convcl_gemm_variant convcl_gemm_variant_local = {
    .name = "local",
    .gathers = true,
    .available = available,
    .create = create,
    .enqueue = enqueue,
};
