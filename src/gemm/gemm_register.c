/* gemm_register.c: the GEMM variant for CPUs: a work-item owns a tile of vector registers.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "gemm/gemm_variants.h"
#include "opencl/context_internal.h"

/* Floating-point operations that a work-item should have, so that the cost of a work-group (a third of a microsecond on PoCL) does not show. */
#define ITEM_OPERATIONS 4e6

/* Work-items a compute unit should have at least, so that none waits long for the last one. */
#define ITEMS_PER_UNIT 12

/* Vectors of a tile's row. Two are enough to hide the broadcast of an element of A behind two fmas. */
#define TILE_VECTORS 2

static bool available(convcl_context *context) {
    (void)context;
    return true;
}

/* Rows of a tile: as many as the register file takes (rows * vectors sums, a row of B, one element of A) and, when the rows of a tap are cut into tiles, the
 * number that wastes least. With 16-float vectors there are 32 registers (AVX-512); otherwise 16 are taken for granted (AVX2, SSE). */
static int choose_rows(int vector, const convcl_gemm_request *request) {
    const int most = vector == 16 ? 13 : 6, usual = vector == 16 ? 12 : 6;
    if (request->source != CONVCL_GEMM_SUM && request->source != CONVCL_GEMM_TURNED)
        return usual;
    int best = usual, best_cost = 0;
    for (int rows = most; rows >= most / 2; --rows) {
        /* A step of k costs a tile its fmas and about three more operations. */
        const int cost = (request->run + rows - 1) / rows * (rows * TILE_VECTORS + 3);
        if (best_cost == 0 || cost < best_cost) {
            best = rows;
            best_cost = cost;
        }
    }
    return best;
}

static convcl_status create(convcl_context *context, const convcl_gemm_request *request, convcl_gemm *gemm) {
    const int width = convcl_context__vector_width(context);
    gemm->vector = width >= 4 ? width : 4;
    gemm->mr = request->mr > 0 ? request->mr : choose_rows(gemm->vector, request);
    const int prefetch = request->prefetch != 0 ? request->prefetch > 0 : convcl_context__prefers_registers(context);
    gemm->nr = TILE_VECTORS * gemm->vector;
    char options[192];
    snprintf(options, sizeof options, "-DT_MR=%d -DT_NV=%d -DT_VW=%d -DT_PREFETCH=%d " CONVCL_GEMM_OPTIONS_FORMAT, gemm->mr, TILE_VECTORS,
             gemm->vector, prefetch, CONVCL_GEMM_OPTIONS(gemm));
    snprintf(gemm->description, sizeof gemm->description, "register %dx%d%s", gemm->mr, gemm->nr,
             request->prefetch < 0 ? ", no prefetch" : "");
    if (gemm->source == CONVCL_GEMM_ROWS) {
        const convcl_status status =
            convcl_context__alloc_zeros(context, "gemm: zeros", (size_t)request->run * sizeof(float), &gemm->zeros);
        if (status != CONVCL_OK)
            return status;
    }
    return convcl_kernel__create(context, "gemm_register", "gemm_register", options, &gemm->kernel);
}

/* Row panels a work-item takes in turn. */
static int choose_tiles(const convcl_gemm *gemm, const convcl_gemm_call *call, int panels_m, int panels_n) {
    const double operations = 2.0 * gemm->mr * gemm->nr * (double)(call->gk > 0 ? call->gk : 1);
    const double all = (double)panels_m * panels_n * call->gb;
    const double units = convcl_context_device(gemm->context)->compute_units;
    double tiles = ITEM_OPERATIONS / operations;
    if (tiles > all / (units * ITEMS_PER_UNIT))
        tiles = all / (units * ITEMS_PER_UNIT);
    return tiles < 1 ? 1 : tiles > panels_m ? panels_m : (int)tiles;
}

static convcl_status enqueue(const convcl_gemm *gemm, convcl_stream *stream, const convcl_gemm_call *call) {
    const int rows = gemm->source == CONVCL_GEMM_SUM ? call->map.run : call->gm;
    const int taps = gemm->source == CONVCL_GEMM_SUM ? call->map.th * call->map.tw : 1;
    const int panels_m = taps * ((rows + gemm->mr - 1) / gemm->mr);
    const int panels_n = (call->gn + gemm->nr - 1) / gemm->nr;
    const int tiles = choose_tiles(gemm, call, panels_m, panels_n);
    const bool own_b = gemm->source == CONVCL_GEMM_TURNED; /* B has as many rows as its plane, and begins where that begins */
    const size_t b_stride = own_b ? 0 : call->b_stride > 0 ? call->b_stride : convcl_gemm__size_b(gemm, call->gn, call->gk);
    convcl_arg args[15 + CONVCL_GEMM_PLANES_ARGS + CONVCL_GATHER_MAP_ARGS] = {
        convcl_arg_tensor(call->a),    convcl_arg_tensor(call->b),       convcl_arg_tensor(call->c),
        convcl_arg_tensor(call->bias), convcl_arg_tensor(call->mask),    convcl_arg_tensor((convcl_buffer){.mem = gemm->zeros}),
        convcl_arg_int(call->gm),      convcl_arg_int(call->gn),         convcl_arg_int(call->gk),
        convcl_arg_int(call->lda),     convcl_arg_int(call->block),      convcl_arg_int(call->ldc),
        convcl_arg_ulong(b_stride),    convcl_arg_int(call->accumulate), convcl_arg_int(tiles)};
    int count = convcl_gemm__planes_args(call, gemm->source, args, 15);
    if (convcl_gemm__is_mapped(gemm->source))
        count = convcl_gather_map__args(&call->map, args, count);
    const convcl_range range = {{(size_t)((panels_m + tiles - 1) / tiles), (size_t)panels_n, (size_t)call->gb}, {1, 1, 1}};
    return convcl_stream__launch(stream, gemm->kernel, args, count, &range);
}

const convcl_gemm_variant convcl_gemm_variant_register = {
    .name = "register",
    .gathers = true,
    .takes_planes = true,
    .available = available,
    .create = create,
    .enqueue = enqueue,
};
