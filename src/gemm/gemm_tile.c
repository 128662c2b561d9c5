/* gemm_tile.c: the GEMM variant for GPUs: tiles in two buffers of local memory, and long sums over few tiles split among work-groups.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "gemm/gemm_probe.h"
#include "gemm/gemm_variants.h"
#include "opencl/context_internal.h"

/* The parameter space. Each row fits its constraints in gemm_tile.cl; the device's traits name the largest that it runs without spills. */
static const convcl_tile tiles[] = {
    {128, 128, 16, 8, 8}, {128, 128, 8, 8, 8}, {128, 64, 16, 8, 4}, {64, 128, 8, 8, 8},
    {64, 64, 16, 4, 4},   {64, 64, 8, 8, 8},   {32, 64, 16, 4, 4},  {32, 32, 16, 4, 4},
};
#define TILES ((int)(sizeof tiles / sizeof *tiles))

/* Values of k that a split has at least: below that, writing and adding up the partial sums costs more than idle units. */
#define SPLIT_LEAST 512

/* Splits at most; keeps the partial sums small. */
#define SPLITS_MOST 64

/* Work-items of the groups that add up splits. */
#define SUM_ITEMS 64

int convcl_gemm_tile__count(void) {
    return TILES;
}

convcl_tile convcl_gemm_tile__get(int index) {
    return tiles[index];
}

static int items_of(const convcl_tile *tile) {
    return tile->tm / tile->wm * (tile->tn / tile->wn);
}

/* Bytes of local memory; 4 floats of padding a row of A, and the pixels of a summed map. */
static size_t local_of(const convcl_tile *tile) {
    return 2 * (size_t)tile->tk * ((size_t)(tile->tm + 4 + tile->tn) * sizeof(float) + 3 * sizeof(cl_int));
}

static bool fits(const convcl_context *context, const convcl_tile *tile) {
    const convcl_device_info *info = convcl_context_device(context);
    return info->max_work_group_size >= (size_t)items_of(tile) && info->local_memory >= local_of(tile);
}

static bool available(convcl_context *context) {
    return fits(context, &tiles[TILES - 1]);
}

static int divide_up(int a, int b) {
    return (a + b - 1) / b;
}

/* Estimated time of a product, in fmas of a work-item: tiles are computed whole, groups in rounds over the units; a step of k costs a work-item its fmas and its
 * reads of local memory, four values at a time, an eighth as fast. */
static double cost_of(const convcl_context *context, const convcl_gemm_request *request, const convcl_tile *tile) {
    const double units = convcl_context_device(context)->compute_units;
    const double step = tile->wm * tile->wn + 8.0 * (tile->wm + tile->wn) / 4.0;
    const double groups = (double)divide_up(request->gm, tile->tm) * divide_up(request->gn, tile->tn) * (request->gb > 0 ? request->gb : 1);
    /* Splits fill the device when the tiles do not. */
    const double rounds = request->source == CONVCL_GEMM_SUM || groups >= 4 * units ? groups / units : divide_up((int)groups, (int)units);
    return rounds * step * items_of(tile);
}

/* The device's tile, or where the product's size is known the one that wastes least among those no larger than it. */
static const convcl_tile *choose(const convcl_context *context, const convcl_gemm_request *request) {
    const convcl_tile *most = &convcl_context__traits(context)->tile, *best = NULL;
    const bool known = request->gm > 0 && request->gn > 0;
    double best_cost = 0.0;
    if (most->tm > 0 && !known && fits(context, most))
        return most;
    for (int i = 0; i < TILES; ++i) {
        const convcl_tile *tile = &tiles[i];
        const bool too_large = tile->wm * tile->wn > most->wm * most->wn || (tile->wm * tile->wn > 32 && tile->tk > most->tk);
        if (!fits(context, tile) || (most->tm > 0 && too_large))
            continue;
        const double cost = known ? cost_of(context, request, tile) : (double)i;
        if (!best || cost < best_cost) {
            best = tile;
            best_cost = cost;
        }
    }
    return best ? best : &tiles[TILES - 1];
}

static convcl_status create(convcl_context *context, const convcl_gemm_request *request, convcl_gemm *gemm) {
    const bool named = request->space > 0 && request->space <= TILES;
    const convcl_tile *tile = request->tile ? request->tile : named ? &tiles[request->space - 1] : choose(context, request);
    if (!fits(context, tile))
        return convcl_fail(CONVCL_UNSUPPORTED,
                           "gemm: a tile of %dx%dx%d needs %d work-items and %zu bytes of local memory, %s has %zu and %zu", tile->tm,
                           tile->tn, tile->tk, items_of(tile), local_of(tile), convcl_context_device(context)->name,
                           convcl_context_device(context)->max_work_group_size, (size_t)convcl_context_device(context)->local_memory);
    int async = 0;
    const convcl_status status = convcl_gemm_async__mode(context, request, &async);
    return status == CONVCL_OK ? convcl_gemm_tile__create_kernel(context, request, tile, async, gemm) : status;
}

convcl_status convcl_gemm_tile__create_kernel(convcl_context *context, const convcl_gemm_request *request, const convcl_tile *tile,
                                              int async, convcl_gemm *gemm) {
    gemm->mr = tile->tm;
    gemm->nr = tile->tn;
    gemm->tk = tile->tk;
    gemm->items = items_of(tile);
    char options[224];
    snprintf(options, sizeof options, "%s-DT_TM=%d -DT_TN=%d -DT_TK=%d -DT_WM=%d -DT_WN=%d -DT_RV=%d " CONVCL_GEMM_OPTIONS_FORMAT,
             async == 1   ? "-DT_ASYNC=1 "
             : async == 2 ? "-DT_ASYNC=2 "
                          : "",
             tile->tm, tile->tn, tile->tk, tile->wm, tile->wn, request->run % 4 == 0 ? 4 : 1, CONVCL_GEMM_OPTIONS(gemm));
    snprintf(gemm->description, sizeof gemm->description, "tile %dx%dx%d of %dx%d%s%s", tile->tm, tile->tn, tile->tk, tile->wm, tile->wn,
             async ? ", async" : "", async == 2 ? ", emulated" : "");
    if (gemm->source == CONVCL_GEMM_SUM) {
        const convcl_status status = convcl_kernel__create(context, "gemm_split_sum", "gemm_split_sum", NULL, &gemm->split_sum);
        if (status != CONVCL_OK)
            return status;
    }
    return convcl_kernel__create(context, "gemm_tile", "gemm_tile", options, &gemm->kernel);
}

/* So many splits that the groups fill the device twice, before their values of k are rounded up. */
static int most_splits(const convcl_gemm *gemm, int gm, int gn) {
    const int groups = divide_up(gm, gemm->mr) * divide_up(gn, gemm->nr), units = (int)convcl_context_device(gemm->context)->compute_units;
    const int splits = divide_up(2 * units, groups > 0 ? groups : 1);
    return splits < SPLITS_MOST ? splits : SPLITS_MOST;
}

/* Values of k of a split. */
static int split_of(const convcl_gemm *gemm, int gm, int gn, int gk) {
    int values = divide_up(gk, most_splits(gemm, gm, gn));
    if (values < SPLIT_LEAST)
        values = SPLIT_LEAST;
    return divide_up(values, gemm->tk) * gemm->tk;
}

int convcl_gemm_tile__splits(const convcl_gemm *gemm, int gm, int gn, int gk) {
    return gemm->source == CONVCL_GEMM_SUM && gk > 0 ? divide_up(gk, split_of(gemm, gm, gn, gk)) : 1;
}

/* For every sum up to gk: a shorter one may have one split more, as its splits are rounded up to other lengths. */
size_t convcl_gemm_tile__workspace(const convcl_gemm *gemm, int gm, int gn, int gk) {
    if (gemm->source != CONVCL_GEMM_SUM)
        return 0;
    const int most = most_splits(gemm, gm, gn), least = divide_up(gk, SPLIT_LEAST), splits = most < least ? most : least;
    return splits > 1 ? (size_t)splits * (size_t)gm * (size_t)gn : 0;
}

static convcl_status sum_splits(const convcl_gemm *gemm, convcl_stream *stream, const convcl_gemm_call *call, int splits) {
    const convcl_arg args[] = {convcl_arg_tensor(call->workspace), convcl_arg_tensor(call->c), convcl_arg_int(call->gm),
                               convcl_arg_int(call->gn),           convcl_arg_int(call->ldc),  convcl_arg_int(splits),
                               convcl_arg_int(call->accumulate)};
    const size_t groups = ((size_t)call->gm * (size_t)call->gn + SUM_ITEMS - 1) / SUM_ITEMS;
    return convcl_stream__launch(stream, gemm->split_sum, args, 7, &(convcl_range){{groups * SUM_ITEMS, 1, 1}, {SUM_ITEMS, 1, 1}});
}

convcl_status convcl_gemm_tile__enqueue(const convcl_gemm *gemm, convcl_stream *stream, const convcl_gemm_call *call) {
    const int splits = convcl_gemm_tile__splits(gemm, call->gm, call->gn, call->gk);
    const bool split = splits > 1;
    const size_t b_stride = call->b_stride > 0 ? call->b_stride : convcl_gemm__size_b(gemm, call->gn, call->gk);
    convcl_arg args[14 + CONVCL_GEMM_PLANES_ARGS + CONVCL_GATHER_MAP_ARGS] = {convcl_arg_tensor(call->a),
                                                                              convcl_arg_tensor(call->b),
                                                                              convcl_arg_tensor(split ? call->workspace : call->c),
                                                                              convcl_arg_tensor(call->bias),
                                                                              convcl_arg_tensor(call->mask),
                                                                              convcl_arg_int(call->gm),
                                                                              convcl_arg_int(call->gn),
                                                                              convcl_arg_int(call->gk),
                                                                              convcl_arg_int(call->lda),
                                                                              convcl_arg_int(call->block),
                                                                              convcl_arg_int(split ? call->gn : call->ldc),
                                                                              convcl_arg_ulong(b_stride),
                                                                              convcl_arg_int(split ? 0 : call->accumulate),
                                                                              convcl_arg_int(split_of(gemm, call->gm, call->gn, call->gk))};
    int count = convcl_gemm__planes_args(call, gemm->source, args, 14);
    convcl_gather_map map = call->map;
    if (call->gk == 0) /* an empty sum: the kernel divides by them before it sees that there is nothing */
        map.tw = map.run = 1;
    if (convcl_gemm__is_mapped(gemm->source))
        count = convcl_gather_map__args(&map, args, count);
    const size_t panels_m = (size_t)divide_up(call->gm, gemm->mr), panels_n = (size_t)divide_up(call->gn, gemm->nr);
    const size_t items = (size_t)gemm->items;
    const convcl_range range = {{items * panels_n * panels_m, split ? (size_t)splits : (size_t)call->gb, 1}, {items, 1, 1}};
    const convcl_status status = convcl_stream__launch(stream, gemm->kernel, args, count, &range);
    return status == CONVCL_OK && split ? sum_splits(gemm, stream, call, splits) : status;
}

const convcl_gemm_variant convcl_gemm_variant_tile = {
    .name = "tile",
    .gathers = true,
    .takes_planes = true,
    .available = available,
    .create = create,
    .workspace = convcl_gemm_tile__workspace,
    .enqueue = convcl_gemm_tile__enqueue,
};
