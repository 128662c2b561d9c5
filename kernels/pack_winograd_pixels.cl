/* pack_winograd_pixels.cl: transforms P_RH x P_RW windows of an image for a Winograd GEMM over P_QH * P_QW points.
 * SPDX-License-Identifier: MIT
 * used by   conv_winograd.c: x for fwd and bwd_weights; dy for bwd_weights and bwd_data (F_BLOCKS)
 * reads     x[n][h][w][c] at ((n*ih + h)*iw + w)*ic + c; tile (n, th, tw) has its window at h = min(th, big_h)*step_h0 + max(th - big_h, 0)*step_h1 - pad_top, w likewise
 * writes    F_BLOCKS 0: v[e][t][c] at (before + t)*ld + c;  e < P_QH0*P_QW0, planes of points as in planes.h, t the tile's row in its plane
 *           F_BLOCKS 1: v[e][q][t][r] at before*ld + (q*rows + t)*nr + r;  channel = q*nr + r, ld = whole panels
 * edges     outside x reads as 0; channels ic <= c < ld are written as 0 with F_BLOCKS and left alone without
 * launch    global (ceil(vectors of ld or ic / vectors), ceil(all tiles / tiles)), local (1, 1) or (64, 1), global rounded up: one work-item = `vectors` vectors of channels of `tiles` tiles
 * memory    private P_QH*P_RW vectors and a column or a row, local none, barriers none
 * numerics  fp32; one NaN or inf in x spoils its whole tile (gather does not)
 * arguments x v ic ih iw pad_top pad_left step_h0 step_h1 step_w0 step_w1 images tiles_h big_h tiles_w big_w ld nr vectors tiles stream (0, 1: store past the caches)    T_VW in {1,4,8,16}, dividing ic, ld and nr    F_BLOCKS in {0,1}    P_ of winograd.h, P_GAP >= 0 */
#include "out_of_line.h"
#include "winograd.h"
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

#define D_NEXT (F_BLOCKS ? nr : ld) /* to the next tile's row */

#define WRITE(i, j, value)                                                                                                                 \
    {                                                                                                                                      \
        __global float *to = v + D_AT(i, j);                                                                                               \
        D_STREAM(value, to, streams);                                                                                                      \
        if (!streams)                                                                                                                      \
            PREFETCH_WRITE(to + D_NEXT);                                                                                                   \
    }

/* Columns are read in code of their own each, rows are transformed and stored in a loop. */
#define READ_COLUMNS(H, W)                                                                                                                 \
    _Pragma("unroll") for (int j = 0; j < P_RW##W; ++j) {                                                                                  \
        const int column_valid = w0 + j >= 0 && w0 + j < iw && c < ic;                                                                     \
        __global const float *column = x + (corner + j) * ic + c;                                                                          \
        vec_float in[P_RH##H];                                                                                                             \
        _Pragma("unroll") for (int i = 0; i < P_RH##H; ++i) {                                                                              \
            const int valid = column_valid && h0 + i >= 0 && h0 + i < ih;                                                                  \
            __global const float *pixel = valid ? column + (long)i * iw * ic : x;                                                          \
            if (j >= P_RW##W - 4)                                                                                                          \
                PREFETCH(pixel + (long)step_w0 * ic);                                                                                      \
            const vec_float value = D_LOAD(pixel);                                                                                         \
            in[i] = valid ? value : (vec_float)(0.0f);                                                                                     \
        }                                                                                                                                  \
        transform_h##H(in, 1, between + j, P_RW0);                                                                                         \
    }

#define PACK_TILE(H, W)                                                                                                                    \
    {                                                                                                                                      \
        vec_float between[D_BETWEEN];                                                                                                      \
        READ_COLUMNS(H, W)                                                                                                                 \
        ROWS(W, P_QH##H, WRITE)                                                                                                            \
    }

/* Unrolled transforms of four kinds of tiles in one program: PoCL builds them in 0.6 s, Intel's runtime (2026.22) takes 7 to 11 s. */
#if P_RH1 && P_RW1 && !defined(POCL_DEVICE_ADDRESS_BITS)
static inline vec_float read_pixel(__global const float *x, __global const float *pixel, int valid) {
    const vec_float value = D_LOAD(valid ? pixel : x);
    return valid ? value : (vec_float)(0.0f);
}

#define READ(i, j)                                                                                                                         \
    read_pixel(x, x + (corner + (long)(i)*iw + (j)) * ic + c, h0 + (i) >= 0 && h0 + (i) < ih && c < ic && w0 + (j) >= 0 && w0 + (j) < iw)
#define PACK(th, tw) TRANSFORM_IN_LOOPS(th, tw, READ, WRITE)
#else
#define PACK(th, tw) FOR_KIND(PACK_TILE, th, tw)
#endif

/* The vectors of channels from first_c to last_c of the tiles from first_t to last_t. */
static OUT_OF_LINE void pack_tiles(__global const float *restrict x, __global float *restrict v, int ic, int ih, int iw, int pad_top,
                                   int pad_left, int step_h0, int step_h1, int step_w0, int step_w1, int images, int tiles_h, int big_h,
                                   int tiles_w, int big_w, int ld, int nr, int first_c, int last_c, int first_t, int last_t, int streams) {
    for (int t = first_t; t < last_t; ++t) {
        const int tw = t % tiles_w, th = t / tiles_w % tiles_h, n = t / (tiles_w * tiles_h);
        const int h0 = min(th, big_h) * step_h0 + max(th - big_h, 0) * step_h1 - pad_top;
        const int w0 = min(tw, big_w) * step_w0 + max(tw - big_w, 0) * step_w1 - pad_left;
        /* The window's corner may lie before the image; it is only ever moved inside before it is read. */
        const long corner = ((long)n * ih + h0) * iw + w0;
        for (int c = first_c; c < last_c; c += T_VW) {
            PACK(th, tw)
        }
    }
}

__kernel void pack_winograd_pixels(__global const float *restrict x, ulong x_offset, __global float *restrict v, ulong v_offset, int ic,
                                   int ih, int iw, int pad_top, int pad_left, int step_h0, int step_h1, int step_w0, int step_w1,
                                   int images, int tiles_h, int big_h, int tiles_w, int big_w, int ld, int nr, int vectors, int tiles,
                                   int stream) {
    const int first_c = get_global_id(0) * vectors * T_VW;
    const int last_c = min(first_c + vectors * T_VW, F_BLOCKS ? ld : ic);
    const int first_t = get_global_id(1) * tiles, last_t = min(first_t + tiles, images * tiles_h * tiles_w);
    const int streams = D_CAN_STREAM(stream, v + v_offset);
    pack_tiles(x + x_offset, v + v_offset, ic, ih, iw, pad_top, pad_left, step_h0, step_h1, step_w0, step_w1, images, tiles_h, big_h,
               tiles_w, big_w, ld, nr, first_c, last_c, first_t, last_t, streams);
}
