/* lrn_fwd.cl: local response normalization across channels, y = x * (bias + alpha * sum of x^2 over the window)^-beta.
 * SPDX-License-Identifier: MIT
 * used by   lrn.c
 * reads     x[pixel][c]       at pixel*channels + c
 * writes    y[pixel][c]       the same
 * edges     channels outside a pixel count as 0; the last vector of a pixel begins at channels - T_VW, so channels >= T_VW
 * launch    global (L, work-groups * R), local (L, R), any L and R: a work-group takes steps * R whole pixels, L vectors of T_VW channels at a time
 * memory    private two vectors, local none, barriers none
 * numerics  fp32, about 3e-7 relative; inf or NaN in x spoils the channels whose window holds it
 * arguments pixels channels; steps: pixels a work-item takes; bias alpha beta
 *           P_  P_RADIUS >= 0, < channels     T_  T_VW in {1,4,8,16}     F_  F_BETA_075 in {0,1} */
#include "lrn_window.h"

__kernel void lrn_fwd(__global const float *restrict x, ulong x_offset, __global float *restrict y, ulong y_offset, ulong pixels,
                      int channels, int steps, float bias, float alpha, float beta) {
    x += x_offset;
    y += y_offset;
    const int stride = (int)get_local_size(0) * T_VW;
    size_t pixel = get_group_id(1) * (size_t)steps * get_local_size(1) + get_local_id(1);
    for (int step = 0; step < steps && pixel < pixels; ++step, pixel += get_local_size(1)) {
        for (int c = (int)get_local_id(0) * T_VW; c < channels; c += stride) {
            const int first = min(c, channels - T_VW);
            const size_t at = pixel * channels + first;
#if T_VW > 1
            if (D_IS_INSIDE(at, pixels * channels)) {
                const vec_float s = bias + alpha * sum_squares(x, at, first, channels);
                vec_float inverse;
                D_STORE(D_LOAD(x + at) * power_of_s(s, beta, &inverse), y + at);
                continue;
            }
#endif
            for (int lane = 0; lane < D_COUNT(first, channels); ++lane) {
                const float s = bias + alpha * sum_squares_one(x, at + lane, first + lane, channels);
                float inverse;
                y[at + lane] = x[at + lane] * power_of_s_one(s, beta, &inverse);
            }
        }
    }
}
