/* lrn_bwd.h: the kernel of lrn_bwd.cl (F_POOL 0) and of lrn_maxpool_bwd.cl (F_POOL 1), whose dy is gathered from the windows of a pooling.
 * SPDX-License-Identifier: MIT
 * With s = bias + alpha * sum of x^2 over the window and t = dy * x * s^(-beta - 1), dx = dy * s^-beta - 2 * alpha * beta * x * sum of t over the window. */
#ifndef F_RELU_MASK
#define F_RELU_MASK 0 /* 1: x came out of a ReLU whose gradient is taken too */
#endif

#include "lrn_window.h"

#define D_IS_GROUP (T_LANES * T_ROWS > 1)

#if D_IS_GROUP
#define D_SPAN (T_BLOCK + 2 * P_RADIUS) /* channels of a block, with the neighbours that its windows reach */
#else
#define D_SPAN (T_BLOCK + T_VW - 1 + 4 * P_RADIUS) /* and those that the windows of these reach */
#define D_TILE (T_TILE > D_SPAN ? T_TILE : D_SPAN)
#endif

#if F_POOL
#include "maxpool_windows.h"
#define D_FIND(number)          D_FIND_PIXEL(windows, number)
#define D_NEXT                  D_NEXT_PIXEL(windows)
#define D_GRADIENT(at, channel) gather_windows(dy, index, &windows, channels, ow, window_w, stride_h, stride_w, channel)
#else
#define D_FIND(number)
#define D_NEXT
#define D_GRADIENT(at, channel) D_LOAD(dy + (at))
#endif

__kernel void D_KERNEL(__global const float *restrict x, ulong x_offset, __global const float *restrict dy, ulong dy_offset,
#if F_POOL
                       __global const ushort *restrict index, ulong index_offset,
#endif
                       __global float *restrict dx, ulong dx_offset, ulong pixels, int channels,
#if F_POOL
                       int ih, int iw, int oh, int ow, int window_h, int window_w, int stride_h, int stride_w, int pad_top, int pad_left,
#endif
                       int steps, float bias, float alpha, float beta) {
    const int begin = (int)get_group_id(0) * T_BLOCK;
    const int end = get_group_id(0) + 1 == get_num_groups(0) ? channels : begin + T_BLOCK;
    const int low = max(begin - P_RADIUS, 0), high = min(end + P_RADIUS, channels); /* channels whose t the block needs */
    x += x_offset;
    dy += dy_offset;
    dx += dx_offset;
#if F_POOL
    index += index_offset;
    pool_pixel windows;
#endif
#if D_IS_GROUP
    __local float t_rows[T_ROWS][D_SPAN];      /* t of channel c at c - begin + P_RADIUS */
    __local float scaled_rows[T_ROWS][D_SPAN]; /* dy * s^-beta, at the same place */
    __local float *t = t_rows[get_local_id(1)], *scaled = scaled_rows[get_local_id(1)];
    const int lane = (int)get_local_id(0), origin = begin - P_RADIUS;
    for (int i = lane; i < low - origin; i += T_LANES)
        t[i] = 0.0f;
    for (int i = high - origin + lane; i < end - origin + P_RADIUS; i += T_LANES)
        t[i] = 0.0f;
    size_t pixel = get_group_id(1) * (size_t)steps * T_ROWS + get_local_id(1);
    for (int step = 0; step < steps; ++step, pixel += T_ROWS) {
        const int is_inside = pixel < pixels;
        if (is_inside)
            D_FIND(pixel);
        for (int c = low + lane; is_inside && c < high; c += T_LANES) {
            const size_t at = pixel * channels + c;
            float inverse;
            const float power = power_of_s_one(bias + alpha * sum_squares_one(x, at, c, channels), beta, &inverse);
            const float product = D_GRADIENT(at, c) * power;
            scaled[c - origin] = product;
            t[c - origin] = product * x[at] * inverse;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int c = begin + lane; is_inside && c < end; c += T_LANES) {
            const size_t at = pixel * channels + c;
            float sum = 0.0f;
            for (int d = -P_RADIUS; d <= P_RADIUS; ++d)
                sum += t[c - origin + d];
            const float result = scaled[c - origin] - (2.0f * alpha * beta) * x[at] * sum;
            dx[at] = F_RELU_MASK && !(x[at] > 0.0f) ? 0.0f : result;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
#else
    float squares[D_TILE], t[D_TILE], scaled[D_TILE]; /* of channel c at c - origin, `pitch` floats for each pixel */
    const int origin = begin - 2 * P_RADIUS, pitch = end - begin + 4 * P_RADIUS, most = D_TILE / pitch;
    const int squares_low = max(origin, 0), squares_high = min(end + 2 * P_RADIUS, channels);
    clear_ends(squares, most, pitch, origin, squares_low, squares_high);
    clear_ends(t, most, pitch, origin, low, high);
    size_t pixel = get_group_id(1) * (size_t)steps;
    const size_t pixel_end = min(pixel + steps, (size_t)pixels);
    D_FIND(pixel);
    for (; pixel < pixel_end; pixel += most) {
        const int count = (int)min((size_t)most, pixel_end - pixel);
        for (int i = 0; i < count; ++i)
            store_squares(x + (pixel + i) * channels, squares_low, squares_high, origin, squares + i * pitch);
        for (int i = 0; i < count; ++i) {
            for (int c = low; c < high; c += T_VW) {
                const int first = min(c, high - T_VW), place = i * pitch + first - origin;
                const size_t at = (pixel + i) * channels + first;
                vec_float inverse;
                const vec_float power = power_of_s(bias + alpha * sum_window(squares + place), beta, &inverse);
                const vec_float product = D_GRADIENT(at, first) * power;
                D_STORE_PRIVATE(product, scaled + place);
                D_STORE_PRIVATE(product * D_LOAD(x + at) * inverse, t + place);
            }
            D_NEXT;
        }
        for (int i = 0; i < count; ++i) {
            for (int c = begin; c < end; c += T_VW) {
                const int first = min(c, end - T_VW), place = i * pitch + first - origin;
                const size_t at = (pixel + i) * channels + first;
                const vec_float value = D_LOAD(x + at);
                vec_float result = D_LOAD(scaled + place) - (2.0f * alpha * beta) * value * sum_window(t + place);
#if F_RELU_MASK
                result = select((vec_float)(0.0f), result, value > 0.0f);
#endif
                D_STORE(result, dx + at);
            }
        }
    }
#endif
}
