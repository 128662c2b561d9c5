/* gemm_variants.h: the variants that the table in gemm.c lists; for src/gemm alone.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_GEMM_GEMM_VARIANTS_H
#define CONVCL_GEMM_GEMM_VARIANTS_H

#include "gemm/gemm.h"

extern const convcl_gemm_variant convcl_gemm_variant_register;
extern const convcl_gemm_variant convcl_gemm_variant_local;
extern const convcl_gemm_variant convcl_gemm_variant_tile;
extern const convcl_gemm_variant convcl_gemm_variant_mma;
extern const convcl_gemm_variant convcl_gemm_variant_mma_half;
#if CONVCL_HAVE_CLBLAST
extern const convcl_gemm_variant convcl_gemm_variant_clblast;
#endif

/* True when A comes through a map, whose arguments then end the kernel's. */
static inline bool convcl_gemm__is_mapped(convcl_gemm_source source) {
    return source == CONVCL_GEMM_ROWS || source == CONVCL_GEMM_SUM;
}

/* Appends the planes' kernel arguments, those of equal planes when the call has none; returns the new count. */
int convcl_gemm__planes_args(const convcl_gemm_call *call, convcl_gemm_source source, convcl_arg *args, int count);

/* Splits and launch of a kernel made with gemm_tile_main.h; mr, nr, items, tk and split_sum say how. The workspace serves all sums up to gk. */
size_t convcl_gemm_tile__workspace(const convcl_gemm *gemm, int gm, int gn, int gk);
convcl_status convcl_gemm_tile__enqueue(const convcl_gemm *gemm, convcl_stream *stream, const convcl_gemm_call *call);

/* Makes the kernel of gemm_tile.cl for a tile that fits; async is T_ASYNC. */
convcl_status convcl_gemm_tile__create_kernel(convcl_context *context, const convcl_gemm_request *request, const convcl_tile *tile,
                                              int async, convcl_gemm *gemm);

/* Build options that all GEMM kernels share: what A is, and the epilogue. */
#define CONVCL_GEMM_OPTIONS_FORMAT "-DP_A=%d -DF_CHECK=%d -DF_BIAS=%d -DF_RELU=%d -DF_MASK=%d"
#define CONVCL_GEMM_OPTIONS(gemm)                                                                                                          \
    (int)(gemm)->source, (gemm)->request.check, (gemm)->request.bias, (gemm)->request.relu, (gemm)->request.mask

#endif
