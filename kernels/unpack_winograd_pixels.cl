/* unpack_winograd_pixels.cl: transforms the points of a Winograd GEMM back into P_QH x P_QW tiles of an image, with bias and ReLU.
 * SPDX-License-Identifier: MIT
 * used by   conv_fwd_winograd.c (y)
 * reads     m[e][t][c] at (before + t)*oc + c;  e < P_RH0*P_RW0, planes of points as in planes.h, t the tile's row in its plane
 * writes    y[n][h][w][c] at ((n*oh + h)*ow + w)*oc + c; tile (n, th, tw) begins at h = min(th, big_h)*P_QH0 + max(th - big_h, 0)*P_QH1, w likewise
 * edges     pixels outside y are not stored
 * launch    global (ceil(vectors of oc / vectors), ceil(all tiles / tiles)), local (1, 1) or (64, 1), global rounded up: one work-item = `vectors` vectors of channels of `tiles` tiles
 * memory    private P_QH*P_RW vectors and a column or a row, local none, barriers none
 * numerics  fp32
 * arguments m y bias oc oh ow images tiles_h big_h tiles_w big_w vectors tiles stream (0, 1: store past the caches)    T_VW in {1,4,8,16}, dividing oc    F_BIAS F_RELU in {0,1}    P_ of winograd.h, P_GAP >= 0 */
#include "out_of_line.h"
#include "winograd.h"
#ifndef F_BIAS
#define F_BIAS 0 /* 0, 1: add a value to each channel */
#endif
#ifndef F_RELU
#define F_RELU 0 /* 0, 1: keep what is positive; a NaN stays */
#endif
#define D_POINTS_W P_RW0
#define D_SMALL_H  (P_RH1 ? P_RH1 : P_RH0)
#define D_SMALL_W  (P_RW1 ? P_RW1 : P_RW0)

static inline vec_float finish(vec_float value, vec_float bias) {
#if F_BIAS
    value += bias;
#endif
#if F_RELU
    value = value <= 0.0f ? (vec_float)(0.0f) : value;
#endif
    return value;
}

/* Points are read in code of their own each, column after column, the rows made of them in a loop: PoCL builds that in half the time of a tile without loops, Intel's runtime
 * (2026.22) four kinds of tiles in a quarter, and it runs as fast. Points read in a loop took longer. */
#define READ_COLUMNS(H)                                                                                                                    \
    _Pragma("unroll") for (int j = 0; j < P_RW0; ++j) if (D_HAS_COLUMN(j)) {                                                               \
        vec_float in[P_RH##H];                                                                                                             \
        _Pragma("unroll") for (int i = 0; i < P_RH##H; ++i) in[i] = D_LOAD(m + D_PLANE(i, j, oc) + D_ROW(i, j, n, th, tw) * oc + c);       \
        transform_h##H(in, 1, between + j, P_RW0);                                                                                         \
    }
#if P_RW1
#define D_HAS_COLUMN(j) ((j) < P_RW1 || tw < big_w)
#else
#define D_HAS_COLUMN(j) 1
#endif
#define WRITE(i, j, value)                                                                                                                 \
    if (h0 + i < oh && w0 + j < ow)                                                                                                        \
        D_STREAM(finish(value, b), y + (corner + (ulong)i * ow + j) * oc + c, streams);

/* The vectors of channels from first_c to last_c of the tiles from first_t to last_t. */
static OUT_OF_LINE void unpack_tiles(__global const float *restrict m, __global float *restrict y, __global const float *restrict bias,
                                     int oc, int oh, int ow, int images, int tiles_h, int big_h, int tiles_w, int big_w, int first_c,
                                     int last_c, int first_t, int last_t, int streams) {
    for (int t = first_t; t < last_t; ++t) {
        const int tw = t % tiles_w, th = t / tiles_w % tiles_h, n = t / (tiles_w * tiles_h);
        const int h0 = min(th, big_h) * P_QH0 + max(th - big_h, 0) * P_QH1;
        const int w0 = min(tw, big_w) * P_QW0 + max(tw - big_w, 0) * P_QW1;
        const ulong corner = ((ulong)n * oh + h0) * ow + w0;
        for (int c = first_c; c < last_c; c += T_VW) {
            const vec_float b = F_BIAS ? D_LOAD(bias + c) : (vec_float)(0.0f);
            vec_float between[D_BETWEEN];
#if P_RH1
            if (th >= big_h) {
                READ_COLUMNS(1)
            } else
#endif
            {
                READ_COLUMNS(0)
            }
            TRANSFORM_ROWS(tw, D_BIG_H(th, P_QH0, P_QH1), WRITE)
        }
    }
}

__kernel void unpack_winograd_pixels(__global const float *restrict m, ulong m_offset, __global float *restrict y, ulong y_offset,
                                     __global const float *restrict bias, ulong bias_offset, int oc, int oh, int ow, int images,
                                     int tiles_h, int big_h, int tiles_w, int big_w, int vectors, int tiles, int stream) {
    const int first_c = get_global_id(0) * vectors * T_VW, last_c = min(first_c + vectors * T_VW, oc);
    const int first_t = get_global_id(1) * tiles, last_t = min(first_t + tiles, images * tiles_h * tiles_w);
    const int streams = D_CAN_STREAM(stream, y + y_offset);
    unpack_tiles(m + m_offset, y + y_offset, bias + bias_offset, oc, oh, ow, images, tiles_h, big_h, tiles_w, big_w, first_c, last_c,
                 first_t, last_t, streams);
}
