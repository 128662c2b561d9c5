/* unpack_winograd_windows.cl: transforms the points of a Winograd GEMM into P_QH x P_QW windows of an image and adds them up where they overlap.
 * SPDX-License-Identifier: MIT
 * used by   conv_winograd_bwd.c (dx, or its phases)
 * reads     m[e][t][c] at (before + t)*channels + c;  e < P_RH0*P_RW0, planes of points as in planes.h, t the tile's row in its plane
 *           mask as dx, where it is not NULL: dx is kept where it is positive
 * writes    dx[n][h][w][c] at ((n*ih + h)*iw + w)*channels + c; tile (n, th, tw) has its window at h = min(th, big_h)*step_h0 + max(th - big_h, 0)*step_h1 - pad_top,
 *           w likewise, with step = P_Q - P_OVERLAP; the windows cover the image
 * edges     pixels outside dx are not stored
 * launch    global (ceil(vectors of channels / vectors), images), local (1, 1) or (64, 1), global rounded up: one work-item = `vectors` vectors of channels of an
 *           image, window after window
 * memory    private P_QH0*P_RW0 vectors and a column or a row, local none, barriers none
 * numerics  fp32; the windows over a pixel add up in the order of th, then tw
 * arguments m dx mask channels ih iw pad_top pad_left images tiles_h big_h tiles_w big_w vectors    T_VW in {1,4,8,16}, dividing channels
 *           P_OVERLAP_H P_OVERLAP_W: rows and columns that a window shares with the one before, 0..6    P_ of winograd.h, P_GAP >= 0 */
#include "winograd.h"
#ifndef P_OVERLAP_H
#define P_OVERLAP_H 0 /* 0..6 */
#endif
#ifndef P_OVERLAP_W
#define P_OVERLAP_W 0 /* 0..6 */
#endif
#define D_POINTS_W P_RW0
#define D_SMALL_H  (P_RH1 ? P_RH1 : P_RH0)
#define D_SMALL_W  (P_RW1 ? P_RW1 : P_RW0)

#define READ(i, j) read_point(m + D_PLANE(i, j, channels) + D_ROW(i, j, n, th, tw) * channels + c, channels)
#define WRITE(i, j, value)                                                                                                                 \
    if (h0 + (i) >= 0 && h0 + (i) < ih && w0 + (j) >= 0 && w0 + (j) < iw)                                                                  \
        add_pixel(value, dx + corner + ((long)(i)*iw + (j)) * channels, masked ? mask + corner + ((long)(i)*iw + (j)) * channels : 0,      \
                  ((i) < P_OVERLAP_H && th > 0) || ((j) < P_OVERLAP_W && tw > 0),                                                          \
                  ((i) < rows - P_OVERLAP_H || th == tiles_h - 1) && ((j) < columns - P_OVERLAP_W || tw == tiles_w - 1));

static inline vec_float read_point(__global const float *point, int channels) {
    PREFETCH(point + channels);
    return D_LOAD(point);
}

/* A pixel that an earlier window has written is added to; the mask comes with the last. */
static inline void add_pixel(vec_float value, __global float *dx, __global const float *mask, int begun, int last) {
    if (begun)
        value += D_LOAD(dx);
    if (mask && last)
        value = D_LOAD(mask) > 0.0f ? value : (vec_float)(0.0f);
    D_STORE(value, dx);
}

__kernel void unpack_winograd_windows(__global const float *restrict m, ulong m_offset, __global float *restrict dx, ulong dx_offset,
                                      __global const float *restrict mask, ulong mask_offset, int channels, int ih, int iw, int pad_top,
                                      int pad_left, int images, int tiles_h, int big_h, int tiles_w, int big_w, int vectors) {
    const int first_c = get_global_id(0) * vectors * T_VW, last_c = min(first_c + vectors * T_VW, channels), n = get_global_id(1);
    m += m_offset;
    dx += dx_offset;
    const int masked = mask != 0;
    if (masked)
        mask += mask_offset;
    for (int th = 0; th < tiles_h; ++th) {
        const int h0 = min(th, big_h) * (P_QH0 - P_OVERLAP_H) + max(th - big_h, 0) * (P_QH1 - P_OVERLAP_H) - pad_top;
        const int rows = th < big_h ? P_QH0 : P_QH1;
        for (int tw = 0; tw < tiles_w; ++tw) {
            const int w0 = min(tw, big_w) * (P_QW0 - P_OVERLAP_W) + max(tw - big_w, 0) * (P_QW1 - P_OVERLAP_W) - pad_left;
            const int columns = tw < big_w ? P_QW0 : P_QW1;
            for (int c = first_c; c < last_c; c += T_VW) {
                /* The window's corner may lie before the image. */
                const long corner = (((long)n * ih + h0) * iw + w0) * channels + c;
                TRANSFORM_IN_LOOPS(th, tw, READ, WRITE)
            }
        }
    }
}
