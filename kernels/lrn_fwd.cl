/* lrn_fwd.cl: local response normalization across channels, y = x * (bias + alpha * sum of x^2 over the window)^-beta.
 * SPDX-License-Identifier: MIT
 * used by   lrn.c
 * reads     x[pixel][c]       at pixel*channels + c
 * writes    y[pixel][c]       the same
 * edges     channels outside a pixel count as 0; the last vector of a block begins T_VW before its end, so channels >= T_VW
 * launch    CPU (T_LANES * T_ROWS = 1): global (blocks, work-items), local (1, 1): a work-item takes one block of T_BLOCK channels (the last block takes all that are
 *           left, at least T_VW, less than T_BLOCK + T_VW) of `steps` pixels, as many at a time as fit T_TILE
 *           GPU: global (T_LANES, work-groups * T_ROWS), local (T_LANES, T_ROWS): a work-group takes all channels of steps * T_ROWS pixels
 * memory    private D_TILE floats on a CPU, local none, barriers none
 * numerics  fp32, about 1e-7 relative RMS; inf or NaN in x spoils the channels whose window holds it
 * arguments pixels channels; steps: pixels a work-item takes; bias alpha beta
 *           P_  P_RADIUS >= 0, < channels     T_  T_VW in {1,4,8,16}, 1 on a GPU  T_LANES T_ROWS: local size, 1 1 on a CPU  T_BLOCK >= T_VW  T_TILE
 *           F_  F_BETA_075 in {0,1} */
#include "lrn_normalize.h"

__kernel void lrn_fwd(__global const float *restrict x, ulong x_offset, __global float *restrict y, ulong y_offset, ulong pixels,
                      int channels, int steps, float bias, float alpha, float beta) {
    x += x_offset;
    y += y_offset;
#if T_LANES * T_ROWS > 1
    size_t pixel = get_group_id(1) * (size_t)steps * T_ROWS + get_local_id(1);
    for (int step = 0; step < steps && pixel < pixels; ++step, pixel += T_ROWS)
        for (int c = (int)get_local_id(0); c < channels; c += T_LANES)
            y[pixel * channels + c] = normalize_one(x, pixel * channels + c, c, channels, bias, alpha, beta);
#else
    float squares[D_TILE];
    const int begin = (int)get_group_id(0) * T_BLOCK;
    const int end = get_group_id(0) + 1 == get_num_groups(0) ? channels : begin + T_BLOCK;
    const int pitch = end - begin + 2 * P_RADIUS, most = D_TILE / pitch;
    clear_squares(squares, most, begin, end, channels);
    size_t pixel = get_group_id(1) * (size_t)steps;
    const size_t pixel_end = min(pixel + steps, (size_t)pixels);
    for (; pixel < pixel_end; pixel += most) {
        const int count = (int)min((size_t)most, pixel_end - pixel);
        normalize_global(x + pixel * channels, count, channels, begin, end, squares, y + pixel * channels + begin, channels, bias, alpha,
                         beta);
    }
#endif
}
