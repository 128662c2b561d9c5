/* lrn_bwd.cl: gradient of local response normalization, dx = dy * s^-beta - 2 * alpha * beta * x * sum of t over the window,
 * with s = bias + alpha * sum of x^2 over the window and t = dy * x * s^(-beta - 1).
 * SPDX-License-Identifier: MIT
 * used by   lrn.c
 * reads     x[pixel][c], dy[pixel][c]     at pixel*channels + c
 * writes    dx[pixel][c]                  the same
 * edges     channels outside a pixel count as 0; the last vector of a run of channels begins T_VW before its end, so channels >= T_VW
 * launch    global (blocks * T_LANES, work-groups * T_ROWS), local (T_LANES, T_ROWS): a work-group takes one block of T_BLOCK channels (the last
 *           block takes all that are left, at least T_VW, less than T_BLOCK + T_VW) of steps * T_ROWS pixels
 * memory    per row 2 * D_SPAN floats: private where a work-group is one work-item (CPU), local otherwise; barriers 2 a step (none on a CPU)
 * numerics  fp32, about 5e-7 relative RMS; inf or NaN in x or dy spoils the channels that depend on it
 * arguments pixels channels; steps: pixels a work-item takes; bias alpha beta
 *           P_  P_RADIUS >= 0, < channels     T_  T_VW in {1,4,8,16}  T_LANES T_ROWS: local size, 1 1 where T_VW > 1  T_BLOCK: a multiple of T_VW
 *           F_  F_BETA_075 in {0,1}  F_RELU_MASK in {0,1}: also dx = x > 0 ? dx : 0 */
#ifndef T_LANES
#define T_LANES 1 /* work-items side by side along channels */
#endif
#ifndef T_ROWS
#define T_ROWS 1 /* pixels side by side */
#endif
#ifndef T_BLOCK
#define T_BLOCK 256 /* channels */
#endif
#ifndef F_RELU_MASK
#define F_RELU_MASK 0 /* 1: x came out of a ReLU whose gradient is taken too */
#endif

#include "lrn_window.h"

#define D_SPAN (T_BLOCK + T_VW - 1 + 2 * P_RADIUS) /* channels of the longest block, with the neighbours that its windows reach */

#if T_LANES * T_ROWS > 1
#define D_SHARED  __local
#define D_BARRIER barrier(CLK_LOCAL_MEM_FENCE)
#else
#define D_SHARED __private
#define D_BARRIER
#endif

__kernel void lrn_bwd(__global const float *restrict x, ulong x_offset, __global const float *restrict dy, ulong dy_offset,
                      __global float *restrict dx, ulong dx_offset, ulong pixels, int channels, int steps, float bias, float alpha,
                      float beta) {
    D_SHARED float t_rows[T_ROWS][D_SPAN];      /* t of channel c at c - begin + P_RADIUS */
    D_SHARED float scaled_rows[T_ROWS][D_SPAN]; /* dy * s^-beta, at the same place */
    D_SHARED float *t = t_rows[get_local_id(1)];
    D_SHARED float *scaled = scaled_rows[get_local_id(1)];
    const int begin = (int)get_group_id(0) * T_BLOCK;
    const int end = get_group_id(0) + 1 == get_num_groups(0) ? channels : begin + T_BLOCK;
    const int low = max(begin - P_RADIUS, 0), high = min(end + P_RADIUS, channels);
    const int start = (int)get_local_id(0) * T_VW, stride = T_LANES * T_VW;
    x += x_offset;
    dy += dy_offset;
    dx += dx_offset;
    for (int i = (int)get_local_id(0); i < low - (begin - P_RADIUS); i += T_LANES)
        t[i] = 0.0f;
    for (int i = high - begin + P_RADIUS + (int)get_local_id(0); i < end - begin + 2 * P_RADIUS; i += T_LANES)
        t[i] = 0.0f;
    size_t pixel = get_group_id(1) * (size_t)steps * T_ROWS + get_local_id(1);
    for (int step = 0; step < steps; ++step, pixel += T_ROWS) {
        const int is_inside = pixel < pixels;
        for (int c = low + start; is_inside && c < high; c += stride) {
            const int first = min(c, high - T_VW);
            const size_t at = pixel * channels + first;
            const int place = first - begin + P_RADIUS;
#if T_VW > 1
            if (D_IS_INSIDE(at, pixels * channels)) {
                const vec_float s = bias + alpha * sum_squares(x, at, first, channels);
                vec_float inverse;
                const vec_float product = D_LOAD(dy + at) * power_of_s(s, beta, &inverse);
                D_STORE(product, scaled + place);
                D_STORE(product * D_LOAD(x + at) * inverse, t + place);
                continue;
            }
#endif
            for (int lane = 0; lane < D_COUNT(first, channels); ++lane) {
                const float s = bias + alpha * sum_squares_one(x, at + lane, first + lane, channels);
                float inverse;
                const float product = dy[at + lane] * power_of_s_one(s, beta, &inverse);
                scaled[place + lane] = product;
                t[place + lane] = product * x[at + lane] * inverse;
            }
        }
        D_BARRIER;
        for (int c = begin + start; is_inside && c < end; c += stride) {
            const int first = min(c, end - T_VW);
            const size_t at = pixel * channels + first;
            vec_float sum = 0.0f;
            for (int d = 0; d <= 2 * P_RADIUS; ++d)
                sum += D_LOAD(t + (first - begin + d));
            const vec_float value = D_LOAD(x + at);
            vec_float result = D_LOAD(scaled + (first - begin + P_RADIUS)) - (2.0f * alpha * beta) * value * sum;
#if F_RELU_MASK
            result = select((vec_float)(0.0f), result, value > 0.0f);
#endif
            D_STORE(result, dx + at);
        }
        D_BARRIER;
    }
}
