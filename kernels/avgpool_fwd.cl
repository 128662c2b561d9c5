/* avgpool_fwd.cl: average over windows.
 * SPDX-License-Identifier: MIT
 * used by   avgpool.c
 * reads     x[n][h][w][c]         at ((n*ih + h)*iw + w)*channels + c
 * writes    y[n][p][q][c]         at ((n*oh + p)*ow + q)*channels + c
 * edges     places outside x are left out of the sum; the last vector of a pixel begins at channels - T_VW, so channels >= T_VW
 * launch    global (L, work-groups * R), local (L, R), any L and R: a work-group takes steps * R output pixels, L vectors of T_VW channels at a time
 * memory    private one vector, local none, barriers none
 * numerics  fp32 sums in the order of h then w, one division
 * arguments pixels: output pixels, n*oh*ow; channels ih iw oh ow window_h window_w stride_h stride_w pad_top pad_left; steps: pixels a work-item takes
 *           T_  T_VW in {1,4,8,16}     F_  F_COUNT_PADDING in {0,1}: divide by all places of the window */
#ifndef F_COUNT_PADDING
#define F_COUNT_PADDING 0 /* 1: places outside x count */
#endif

#include "layer_vector.h"

__kernel void avgpool_fwd(__global const float *restrict x, ulong x_offset, __global float *restrict y, ulong y_offset, ulong pixels,
                          int channels, int ih, int iw, int oh, int ow, int window_h, int window_w, int stride_h, int stride_w, int pad_top,
                          int pad_left, int steps) {
    x += x_offset;
    y += y_offset;
    const int lanes = (int)get_local_size(0) * T_VW;
    size_t pixel = get_group_id(1) * (size_t)steps * get_local_size(1) + get_local_id(1);
    for (int step = 0; step < steps && pixel < pixels; ++step, pixel += get_local_size(1)) {
        const int h = (int)(pixel / ow % oh) * stride_h - pad_top, w = (int)(pixel % ow) * stride_w - pad_left;
        const int h_first = max(h, 0), h_end = min(h + window_h, ih);
        const int w_first = max(w, 0), w_end = min(w + window_w, iw);
        const size_t image = pixel / ow / oh * ih;
#if F_COUNT_PADDING
        const float places = (float)window_h * (float)window_w;
#else
        const float places = (float)(h_end - h_first) * (float)(w_end - w_first);
#endif
        for (int c = (int)get_local_id(0) * T_VW; c < channels; c += lanes) {
            const int first = min(c, channels - T_VW);
            vec_float sum = 0.0f;
            for (int row = h_first; row < h_end; ++row) {
                __global const float *at = x + ((image + row) * iw + w_first) * channels + first;
                for (int column = w_first; column < w_end; ++column, at += channels)
                    sum += D_LOAD(at);
            }
            D_STORE(sum / places, y + pixel * channels + first);
        }
    }
}
