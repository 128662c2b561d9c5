/* maxpool_fwd.cl: maximum over windows and where it was.
 * SPDX-License-Identifier: MIT
 * used by   maxpool.c
 * reads     x[n][h][w][c]         at ((n*ih + h)*iw + w)*channels + c
 * writes    y[n][p][q][c]         at ((n*oh + p)*ow + q)*channels + c
 *           index[n][p][q][c]     the same; dh * window_w + dw of the first NaN, or else of the first maximum; nothing where index is NULL
 * edges     places outside x are left out; the last vector of a pixel begins at channels - T_VW, so channels >= T_VW
 * launch    global (L, work-groups * R), local (L, R), any L and R: a work-group takes steps * R output pixels, L vectors of T_VW channels at a time
 * memory    private two vectors, local none, barriers none
 * numerics  exact; a NaN wins over everything, -inf is a value
 * arguments pixels: output pixels, n*oh*ow; channels ih iw oh ow window_h window_w stride_h stride_w pad_top pad_left; steps: pixels a work-item takes
 *           T_  T_VW in {1,4,8,16}     P_  P_WINDOW_H P_WINDOW_W in 0..4     F_  none */
#ifndef P_WINDOW_H
#define P_WINDOW_H 0 /* 1..4: the window, to unroll it; 0: any, by window_h */
#endif
#ifndef P_WINDOW_W
#define P_WINDOW_W 0 /* the same across */
#endif
#include "layer_vector.h"

/* Takes over a value that is greater, or the first NaN. */
#define TAKE(pointer_value, number)                                                                                                        \
    {                                                                                                                                      \
        const vec_float value = pointer_value;                                                                                             \
        const vec_int wins = !(value <= best) & (best == best);                                                                            \
        best = select(best, value, wins);                                                                                                  \
        place = select(place, (vec_int)(number), wins);                                                                                    \
    }

__kernel void maxpool_fwd(__global const float *restrict x, ulong x_offset, __global float *restrict y, ulong y_offset,
                          __global ushort *restrict index, ulong index_offset, ulong pixels, int channels, int ih, int iw, int oh, int ow,
                          int window_h, int window_w, int stride_h, int stride_w, int pad_top, int pad_left, int steps) {
    x += x_offset;
    y += y_offset;
    const int lanes = (int)get_local_size(0) * T_VW;
    size_t pixel = get_group_id(1) * (size_t)steps * get_local_size(1) + get_local_id(1);
    for (int step = 0; step < steps && pixel < pixels; ++step, pixel += get_local_size(1)) {
        const int q = (int)(pixel % ow), p = (int)(pixel / ow % oh);
        const int h = p * stride_h - pad_top, w = q * stride_w - pad_left;
        const int h_first = max(h, 0), h_end = min(h + window_h, ih);
        const int w_first = max(w, 0), w_end = min(w + window_w, iw);
        const size_t image = pixel / ow / oh * ih;
        for (int c = (int)get_local_id(0) * T_VW; c < channels; c += lanes) {
            const int first = min(c, channels - T_VW);
            vec_float best = D_LOAD(x + ((image + h_first) * iw + w_first) * channels + first);
            vec_int place = (h_first - h) * window_w + (w_first - w);
#if P_WINDOW_H && P_WINDOW_W
            if (h >= 0 && w >= 0 && h + P_WINDOW_H <= ih &&
                w + P_WINDOW_W <= iw) { /* unrolled: a fifth to a quarter less time than the loops below on AlexNet */
                __global const float *corner = x + ((image + h) * iw + w) * channels + first;
#pragma unroll
                for (int row = 0; row < P_WINDOW_H; ++row) {
#pragma unroll
                    for (int column = row == 0; column < P_WINDOW_W; ++column)
                        TAKE(D_LOAD(corner + ((size_t)row * iw + column) * channels), row * P_WINDOW_W + column)
                }
            } else
#endif
                for (int row = h_first; row < h_end; ++row) {
                    __global const float *at = x + ((image + row) * iw + w_first) * channels + first;
                    for (int column = w_first; column < w_end; ++column, at += channels)
                        TAKE(D_LOAD(at), (row - h) * window_w + (column - w))
                }
            D_STORE(best, y + pixel * channels + first);
            if (index)
                D_STORE_USHORT(D_NAME(convert_ushort)(place), index + index_offset + pixel * channels + first);
        }
    }
}
