/* lrn_normalize.h: the forward normalization of one value (GPU) and of a few pixels (CPU), for the kernels that store it and those that pool it.
 * SPDX-License-Identifier: MIT */
#include "lrn_window.h"

#define D_SPAN (T_BLOCK + T_VW - 1 + 2 * P_RADIUS) /* channels of the longest block, with the neighbours that its windows reach */
#define D_TILE (T_TILE > D_SPAN ? T_TILE : D_SPAN)

/* y of channel c of a pixel; x points to the tensor, at = pixel * channels + c. */
static float normalize_one(__global const float *x, size_t at, int c, int channels, float bias, float alpha, float beta) {
    float inverse;
    return x[at] * power_of_s_one(bias + alpha * sum_squares_one(x, at, c, channels), beta, &inverse);
}

/* Makes the ends of `pixels` rows of squares for channels begin to end; the calls below leave them alone. */
static void clear_squares(float *squares, int pixels, int begin, int end, int channels) {
    clear_ends(squares, pixels, end - begin + 2 * P_RADIUS, begin - P_RADIUS, max(begin - P_RADIUS, 0), min(end + P_RADIUS, channels));
}

/* y of channels begin to end of `pixels` pixels, `y_pitch` floats apart, and whether a NaN is among them. x points to the first pixel, y to where channel `begin` of it
 * goes. Two passes, so that the squares are in the cache, and not in flight to it, when the windows read them across the borders of what was stored. */
#define D_DEFINE_NORMALIZE(name, space, STORE)                                                                                             \
    static int name(__global const float *x, int pixels, int channels, int begin, int end, float *squares, space float *y, int y_pitch,    \
                    float bias, float alpha, float beta) {                                                                                 \
        const int pitch = end - begin + 2 * P_RADIUS;                                                                                      \
        const int low = max(begin - P_RADIUS, 0), high = min(end + P_RADIUS, channels);                                                    \
        vec_int is_nan = 0;                                                                                                                \
        for (int i = 0; i < pixels; ++i)                                                                                                   \
            store_squares(x + (size_t)i * channels, low, high, begin - P_RADIUS, squares + i * pitch);                                     \
        for (int i = 0; i < pixels; ++i) {                                                                                                 \
            for (int c = begin; c < end; c += T_VW) {                                                                                      \
                const int first = min(c, end - T_VW), place = first - begin;                                                               \
                const vec_float s = bias + alpha * sum_window(squares + i * pitch + place + P_RADIUS);                                     \
                vec_float inverse;                                                                                                         \
                const vec_float value = D_LOAD(x + (size_t)i * channels + first) * power_of_s(s, beta, &inverse);                          \
                STORE(value, y + (size_t)i * y_pitch + place);                                                                             \
                is_nan |= value != value;                                                                                                  \
            }                                                                                                                              \
        }                                                                                                                                  \
        return D_ANY(is_nan);                                                                                                              \
    }
#if T_LANES * T_ROWS == 1
D_DEFINE_NORMALIZE(normalize_global, __global, D_STORE)
D_DEFINE_NORMALIZE(normalize_private, __private, D_STORE_PRIVATE)
#endif
