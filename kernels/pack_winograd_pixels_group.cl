/* pack_winograd_pixels_group.cl: pack_winograd_pixels.cl for GPUs: a work-group shares a tile.
 * SPDX-License-Identifier: MIT
 * used by   conv_winograd.c: x for fwd and bwd_weights; dy for bwd_weights and bwd_data (F_BLOCKS)
 * reads     as pack_winograd_pixels.cl
 * writes    as pack_winograd_pixels.cl
 * edges     as pack_winograd_pixels.cl
 * launch    global (T_LANES * ceil(channels / T_LANES) * all tiles, 8), local (T_LANES, 8): channels are ld with F_BLOCKS, else ic
 * memory    private a column, then a row of a tile, local 64*T_LANES floats, barriers 1
 * numerics  fp32, the same bits as pack_winograd_pixels.cl; one NaN or inf in x spoils its whole tile (gather does not)
 * arguments as pack_winograd_pixels.cl, vectors, tiles and stream not read    T_LANES in {8,32}    T_VW 1    F_BLOCKS in {0,1}    P_ of winograd.h */
#include "winograd_group.h"
#ifndef F_BLOCKS
#define F_BLOCKS 0 /* 0, 1: write blocks of nr channels, which are panels of B and blocks of A */
#endif
#define D_POINTS_W P_QW0
#define D_SMALL_H  (P_QH1 ? P_QH1 : P_QH0)
#define D_SMALL_W  (P_QW1 ? P_QW1 : P_QW0)

#if F_BLOCKS
#define D_AT(i, j) (D_PLANE(i, j, ld) + ((c / nr) * D_ROWS(i, j) + D_ROW(i, j, n, th, tw)) * nr + c % nr)
#else
#define D_AT(i, j) (D_PLANE(i, j, ld) + D_ROW(i, j, n, th, tw) * ld + c)
#endif

#define READ(i, j)                                                                                                                         \
    (c < ic && h0 + (i) >= 0 && h0 + (i) < ih && w0 + (j) >= 0 && w0 + (j) < iw ? x[(corner + (long)(i)*iw + (j)) * ic + c] : 0.0f)
#define WRITE(i, j, value)                                                                                                                 \
    if (c < channels)                                                                                                                      \
        v[D_AT(i, j)] = value;
#define FIRST(H, W)  COLUMN(H, W, READ)
#define SECOND(H, W) ROW(H, W, WRITE)

__kernel __attribute__((reqd_work_group_size(T_LANES, D_POINTS, 1))) void pack_winograd_pixels_group(
    __global const float *restrict x, ulong x_offset, __global float *restrict v, ulong v_offset, int ic, int ih, int iw, int pad_top,
    int pad_left, int step_h0, int step_h1, int step_w0, int step_w1, int images, int tiles_h, int big_h, int tiles_w, int big_w, int ld,
    int nr, int vectors, int tiles, int stream) {
    __local float between[D_TILE_LOCAL];
    D_HELD;
    const int channels = F_BLOCKS ? ld : ic, blocks = (channels + T_LANES - 1) / T_LANES;
    const int t = get_group_id(0) / blocks, lane = get_local_id(0), place = get_local_id(1);
    const int c = (get_group_id(0) - t * blocks) * T_LANES + lane;
    const int tw = t % tiles_w, th = t / tiles_w % tiles_h, n = t / (tiles_w * tiles_h);
    const int h0 = min(th, big_h) * step_h0 + max(th - big_h, 0) * step_h1 - pad_top;
    const int w0 = min(tw, big_w) * step_w0 + max(tw - big_w, 0) * step_w1 - pad_left;
    const long corner = ((long)n * ih + h0) * iw + w0;
    x += x_offset;
    v += v_offset;
    FOR_KIND(FIRST, th, tw)
    barrier(CLK_LOCAL_MEM_FENCE);
    FOR_KIND(SECOND, th, tw)
}
