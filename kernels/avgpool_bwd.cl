/* avgpool_bwd.cl: gradient of average pooling: each element of dx adds up its part of dy of the windows that hold it.
 * SPDX-License-Identifier: MIT
 * used by   avgpool.c
 * reads     dy[n][p][q][c]        at ((n*oh + p)*ow + q)*channels + c
 *           x[n][h][w][c]         at ((n*ih + h)*iw + w)*channels + c, only with F_RELU_MASK
 * writes    dx[n][h][w][c]        the same; every element, 0 where no window lies
 * edges     only windows that exist are looked at; the last vector of a pixel begins at channels - T_VW, so channels >= T_VW
 * launch    global (L, work-groups * R), local (L, R), any L and R: a work-group takes steps * R input pixels, L vectors of T_VW channels at a time
 * memory    private two vectors, local none, barriers none
 * numerics  fp32 quotients, their sums in the order of p then q
 * arguments pixels: input pixels, n*ih*iw; channels ih iw oh ow window_h window_w stride_h stride_w pad_top pad_left; steps: pixels a work-item takes
 *           T_  T_VW in {1,4,8,16}     F_  F_COUNT_PADDING in {0,1} as in avgpool_fwd; F_RELU_MASK in {0,1}: also dx = x > 0 ? dx : 0 */
#ifndef F_COUNT_PADDING
#define F_COUNT_PADDING 0 /* 1: places outside x count */
#endif
#ifndef F_RELU_MASK
#define F_RELU_MASK 0 /* 1: x came out of a ReLU whose gradient is taken too */
#endif

#include "layer_vector.h"
#include "maxpool_windows.h"

/* How many places of the window that begins at `first`, counted from -pad, lie inside an axis of `size`. */
static int places_inside(int first, int window, int pad, int size) {
    return min(first - pad + window, size) - max(first - pad, 0);
}

__kernel void avgpool_bwd(__global const float *restrict dy, ulong dy_offset, __global const float *restrict x, ulong x_offset,
                          __global float *restrict dx, ulong dx_offset, ulong pixels, int channels, int ih, int iw, int oh, int ow,
                          int window_h, int window_w, int stride_h, int stride_w, int pad_top, int pad_left, int steps) {
    dy += dy_offset;
    dx += dx_offset;
    const int lanes = (int)get_local_size(0) * T_VW;
    size_t pixel = get_group_id(1) * (size_t)steps * get_local_size(1) + get_local_id(1);
    for (int step = 0; step < steps && pixel < pixels; ++step, pixel += get_local_size(1)) {
        pool_pixel windows;
        D_FIND_PIXEL(windows, pixel);
        for (int c = (int)get_local_id(0) * T_VW; c < channels; c += lanes) {
            const int first = min(c, channels - T_VW);
            vec_float sum = 0.0f;
            for (int p = windows.p_first; p < windows.p_end; ++p) {
                for (int q = windows.q_first; q < windows.q_end; ++q) {
#if F_COUNT_PADDING
                    const float places = (float)window_h * (float)window_w;
#else
                    const float places = (float)places_inside(p * stride_h, window_h, pad_top, ih) *
                                         (float)places_inside(q * stride_w, window_w, pad_left, iw);
#endif
                    sum += D_LOAD(dy + ((windows.image + p) * ow + q) * channels + first) / places;
                }
            }
#if F_RELU_MASK
            sum = select((vec_float)(0.0f), sum, D_LOAD(x + x_offset + pixel * channels + first) > 0.0f);
#endif
            D_STORE(sum, dx + pixel * channels + first);
        }
    }
}
