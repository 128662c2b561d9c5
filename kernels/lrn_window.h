/* lrn_window.h: what both directions of the normalization share: sums over 2 * P_RADIUS + 1 channels, and powers of s.
 * SPDX-License-Identifier: MIT
 * On a CPU (T_VW > 1) a vector's window is 2 * P_RADIUS + 1 unaligned loads. Near the first and last channel of a pixel these reach into the neighbouring
 * pixels, whose values are masked. At the two ends of the tensor, where that would read outside, and on a GPU, channels are taken one by one.
 * Intel's CPU runtime (2026.22) takes vectors of 4 and 8 apart, 4 to 7 times slower, where the one-by-one way gives its results as a vector or is unrolled: so
 * it writes to memory and counts to D_COUNT, which is T_VW, without the compiler knowing. Retest with T_VW 8 on any CPU, AlexNet's 56x56x64. */
#ifndef P_RADIUS
#define P_RADIUS 4 /* channels at each side, 0 <= P_RADIUS < channels */
#endif
#ifndef F_BETA_075
#define F_BETA_075 1 /* 1: beta is 0.75, taken by square roots; 0: any beta, by pow */
#endif

#include "layer_vector.h"

#if T_VW == 4
#define D_LANES (uint4)(0, 1, 2, 3)
#elif T_VW == 8
#define D_LANES (uint8)(0, 1, 2, 3, 4, 5, 6, 7)
#elif T_VW == 16
#define D_LANES (uint16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
#endif

/* Sum of x[j]^2 over the window of channel c of a pixel; x points to the tensor, at = pixel * channels + c. */
static float sum_squares_one(__global const float *x, size_t at, int c, int channels) {
    const int first = max(-P_RADIUS, -c), last = min(P_RADIUS, channels - 1 - c);
    float sum = 0.0f;
    for (int d = first; d <= last; ++d) {
        const float value = (x + at)[d];
        sum += value * value;
    }
    return sum;
}

/* s^-beta, and s^-1 with little more. For beta 0.75 both are products of s^-0.25, so that an infinite s gives 0 and not a NaN. */
#define D_DEFINE_POWER_OF_S(name, type)                                                                                                    \
    static type name(type s, float beta, type *inverse_out) {                                                                              \
        if (F_BETA_075) {                                                                                                                  \
            const type root = 1.0f / sqrt(sqrt(s));                                                                                        \
            const type power = root * root * root;                                                                                         \
            *inverse_out = power * root;                                                                                                   \
            return power;                                                                                                                  \
        }                                                                                                                                  \
        *inverse_out = 1.0f / s;                                                                                                           \
        return pow(s, (type)(-beta));                                                                                                      \
    }
D_DEFINE_POWER_OF_S(power_of_s_one, float)

#if T_VW > 1
D_DEFINE_POWER_OF_S(power_of_s, vec_float)

/* The same sums for T_VW channels; all that the loads reach lies in the tensor. */
static vec_float sum_squares(__global const float *x, size_t at, int c, int channels) {
    vec_float sum = 0.0f;
    if (c >= P_RADIUS && c + T_VW + P_RADIUS <= channels) {
        for (int d = -P_RADIUS; d <= P_RADIUS; ++d) {
            const vec_float value = D_LOAD(x + at + d);
            sum += value * value;
        }
    } else {
        const vec_uint place = D_LANES + (uint)c;
        for (int d = -P_RADIUS; d <= P_RADIUS; ++d) {
            const vec_float value = select((vec_float)(0.0f), D_LOAD(x + at + d), place + (uint)d < (vec_uint)((uint)channels));
            sum += value * value;
        }
    }
    return sum;
}
#endif

/* True where the loads of sum_squares lie in the tensor of `size` elements. */
#define D_IS_INSIDE(at, size) (T_VW > 1 && (at) >= P_RADIUS && (at) + T_VW + P_RADIUS <= (size))

/* Channels of the vector that begins at channel `first`: always T_VW. */
#define D_COUNT(first, channels) min(T_VW, (channels) - (first))
