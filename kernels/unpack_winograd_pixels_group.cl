/* unpack_winograd_pixels_group.cl: unpack_winograd_pixels.cl for GPUs: a work-group shares a tile.
 * SPDX-License-Identifier: MIT
 * used by   conv_fwd_winograd.c (y)
 * reads     as unpack_winograd_pixels.cl
 * writes    as unpack_winograd_pixels.cl
 * edges     pixels outside y are not stored
 * launch    global (T_LANES * ceil(oc / T_LANES) * all tiles, 8), local (T_LANES, 8)
 * memory    private a column, then a row of a tile, local 64*T_LANES floats, barriers 1
 * numerics  fp32, the same bits as unpack_winograd_pixels.cl
 * arguments as unpack_winograd_pixels.cl, vectors, tiles and stream not read    T_LANES in {8,32}    T_VW 1    F_BIAS F_RELU in {0,1}    P_ of winograd.h */
#include "winograd_group.h"
#ifndef F_BIAS
#define F_BIAS 0 /* 0, 1: add a value to each channel */
#endif
#ifndef F_RELU
#define F_RELU 0 /* 0, 1: keep what is positive; a NaN stays */
#endif
#define D_POINTS_W P_RW0
#define D_SMALL_H  (P_RH1 ? P_RH1 : P_RH0)
#define D_SMALL_W  (P_RW1 ? P_RW1 : P_RW0)

static inline float finish(float value, float bias) {
#if F_BIAS
    value += bias;
#endif
#if F_RELU
    value = value <= 0.0f ? 0.0f : value;
#endif
    return value;
}

#define READ(i, j) (c < oc ? m[D_PLANE(i, j, oc) + D_ROW(i, j, n, th, tw) * oc + c] : 0.0f)
#define WRITE(i, j, value)                                                                                                                 \
    if (c < oc && h0 + (i) < oh && w0 + (j) < ow)                                                                                          \
        y[(corner + (ulong)(i)*ow + (j)) * oc + c] = finish(value, b);
#define FIRST(H, W)  COLUMN(H, W, READ)
#define SECOND(H, W) ROW(H, W, WRITE)

__kernel __attribute__((reqd_work_group_size(T_LANES, D_POINTS, 1))) void unpack_winograd_pixels_group(
    __global const float *restrict m, ulong m_offset, __global float *restrict y, ulong y_offset, __global const float *restrict bias,
    ulong bias_offset, int oc, int oh, int ow, int images, int tiles_h, int big_h, int tiles_w, int big_w, int vectors, int tiles,
    int stream) {
    __local float between[D_TILE_LOCAL];
    D_HELD;
    const int blocks = (oc + T_LANES - 1) / T_LANES;
    const int t = get_group_id(0) / blocks, lane = get_local_id(0), place = get_local_id(1);
    const int c = (get_group_id(0) - t * blocks) * T_LANES + lane;
    const int tw = t % tiles_w, th = t / tiles_w % tiles_h, n = t / (tiles_w * tiles_h);
    const int h0 = min(th, big_h) * P_QH0 + max(th - big_h, 0) * P_QH1;
    const int w0 = min(tw, big_w) * P_QW0 + max(tw - big_w, 0) * P_QW1;
    const ulong corner = ((ulong)n * oh + h0) * ow + w0;
    m += m_offset;
    y += y_offset;
    const float b = F_BIAS && c < oc ? bias[bias_offset + c] : 0.0f;
    FOR_KIND(FIRST, th, tw)
    barrier(CLK_LOCAL_MEM_FENCE);
    FOR_KIND(SECOND, th, tw)
}
