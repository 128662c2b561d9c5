/* lrn_window.h: what the kernels of the normalization share: the window of 2 * P_RADIUS + 1 channels, and powers of s.
 * SPDX-License-Identifier: MIT
 * On a CPU a work-item keeps the squares of a few pixels in a small private array, with P_RADIUS zeros at both ends of a pixel, and then reads each window from there as
 * 2 * P_RADIUS + 1 unaligned vectors: no channel is special, and nothing outside the tensor is read. A GPU takes channels one by one from x, which its caches hold. */
#ifndef P_RADIUS
#define P_RADIUS 4 /* channels at each side, 0 <= P_RADIUS < channels */
#endif
#ifndef F_BETA_075
#define F_BETA_075 1 /* 1: beta is 0.75 and s a normal number, no power function; 0: any beta, by pow */
#endif
#ifndef T_LANES
#define T_LANES 1 /* work-items side by side along channels */
#endif
#ifndef T_ROWS
#define T_ROWS 1 /* pixels side by side */
#endif
#ifndef T_BLOCK
#define T_BLOCK 256 /* channels of a work-group; the last block has up to T_VW - 1 more */
#endif
#ifndef T_TILE
#define T_TILE 512 /* floats of a private array of a CPU's work-item, for as many pixels as it has room for */
#endif

#include "layer_vector.h"

/* s^-beta, and s^-1 with little more. */
static float power_of_s_one(float s, float beta, float *inverse_out) {
    if (F_BETA_075) { /* products of s^-0.25, so that an infinite s gives 0 and not a NaN */
        const float root = 1.0f / sqrt(sqrt(s));
        const float power = root * root * root;
        *inverse_out = power * root;
        return power;
    }
    *inverse_out = 1.0f / s;
    return pow(s, -beta);
}

#if T_VW > 1
/* The same for T_VW channels. For beta 0.75 two square roots and a division would take longer than all the rest: instead y ~ s^-0.25 from the bits of s, within 3.2%;
 * one step of third order on the residual r = 1 - s * y^4, which leaves |r| < 1.1e-4; then s^-0.75 = y^3 * (1 - r)^-0.75 and s^-1 = y^4 / (1 - r) by two terms of their
 * series. Within 1.7e-7 of the exact power, 4.3e-8 relative RMS (three roots multiplied: 4.0e-7 and 1.2e-7). */
static vec_float power_of_s(vec_float s, float beta, vec_float *inverse_out) {
    if (F_BETA_075) {
        vec_float y = D_NAME(as_float)(0x4F580000 - (D_NAME(as_int)(s) >> 2));
        vec_float y2 = y * y;
        vec_float r = 1.0f - s * y2 * y2;
        y = y + y * r * (0.25f + r * (0.15625f + r * 0.1171875f));
        y2 = y * y;
        r = 1.0f - s * y2 * y2;
        const vec_float y3 = y2 * y, y4 = y2 * y2;
        const vec_int is_infinite = s == INFINITY; /* r is no number then */
        *inverse_out = select(y4 + y4 * r, (vec_float)(0.0f), is_infinite);
        return select(y3 + (y3 * r) * 0.75f, (vec_float)(0.0f), is_infinite);
    }
    *inverse_out = 1.0f / s;
    return pow(s, (vec_float)(-beta));
}
#else
#define power_of_s power_of_s_one
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

/* Nine channels by sums of two, four and eight, whose shifts are shuffles: nine vectors at odd places, each across a border of cache lines, would take longer.
 * D_SHIFTk: 24 values lie in v (0..15) and w (8..23); lanes k..k+15 of them. D_SHIFT_LASTk: lanes k..15 of w; the rest is not used. */
#define D_BY_SHUFFLES 0
#if T_VW == 16 && P_RADIUS == 4 && defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#undef D_BY_SHUFFLES
#define D_BY_SHUFFLES    1
#define D_SHIFT1(v, w)   __builtin_shufflevector(v, w, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 24)
#define D_SHIFT2(v, w)   __builtin_shufflevector(v, w, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25)
#define D_SHIFT4(v, w)   __builtin_shufflevector(v, w, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27)
#define D_SHIFT_LAST1(w) __builtin_shufflevector(w, w, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 15)
#define D_SHIFT_LAST2(w) __builtin_shufflevector(w, w, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 15, 15)
#endif
#endif

/* Sum over the window around a place of a private array. */
#if D_BY_SHUFFLES
static vec_float sum_window(const float *center) {
    const vec_float one = D_LOAD(center - 4), one_on = D_LOAD(center + 4);
    const vec_float two = one + D_SHIFT1(one, one_on), two_on = one_on + D_SHIFT_LAST1(one_on);
    const vec_float four = two + D_SHIFT2(two, two_on), four_on = two_on + D_SHIFT_LAST2(two_on);
    return four + D_SHIFT4(four, four_on) + one_on;
}
#else
static vec_float sum_window(const float *center) {
    vec_float sum = D_LOAD(center - P_RADIUS);
    for (int d = 1 - P_RADIUS; d <= P_RADIUS; ++d)
        sum += D_LOAD(center + d);
    return sum;
}
#endif

/* Squares of the channels low to high of a pixel, at least T_VW of them; squares[0] is for channel `origin`. */
static void store_squares(__global const float *pixel, int low, int high, int origin, float *squares) {
    for (int c = low; c < high; c += T_VW) {
        const int first = min(c, high - T_VW);
        const vec_float value = D_LOAD(pixel + first);
        D_STORE_PRIVATE(value * value, squares + (first - origin));
    }
}

/* Zeros at both ends of `pixels` rows of `pitch` floats, of which the first is for channel `origin`: before channel low and from channel high on. */
static void clear_ends(float *rows, int pixels, int pitch, int origin, int low, int high) {
    for (int i = 0; i < pixels; ++i, rows += pitch) {
        for (int j = 0; j < low - origin; ++j)
            rows[j] = 0.0f;
        for (int j = high - origin; j < pitch; ++j)
            rows[j] = 0.0f;
    }
}
