/* philox.h: the counter-based generator Philox 4x32-10, and normal values made of it. Reads as OpenCL C and as C, with the same bits.
 * SPDX-License-Identifier: MIT
 * Generator: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011. Normal values: Box and Muller, 1958.
 * Every floating-point step is one that OpenCL rounds correctly on every device: +, -, *, fma, conversions of integers below 2^25. There is no division, no
 * built-in square root, logarithm or sine, no denormal, and no product is added to anything but by fma, so that a compiler has nothing to contract.
 * Everything is done for PHILOX_LANES counters at a time, each in a lane of its own: a C compiler for a CPU does not make vectors of these loops by itself. */
#ifndef PHILOX_LANES
#define PHILOX_LANES 1 /* 1, 4, 8, 16; more than 1 in OpenCL C only */
#endif

/* Offline compilers, which know no device, define only the language's version. */
#if defined(__OPENCL_VERSION__) || defined(__OPENCL_C_VERSION__)
#pragma OPENCL FP_CONTRACT OFF
#define PHILOX_INLINE static
#if PHILOX_LANES == 1
#define PHILOX_NAME(name) name
#define PHILOX_ANY(mask)  (mask)
#else
#define PHILOX_JOIN2(a, b) a##b
#define PHILOX_JOIN(a, b)  PHILOX_JOIN2(a, b)
#define PHILOX_NAME(name)  PHILOX_JOIN(name, PHILOX_LANES)
#define PHILOX_ANY(mask)   any(mask)
#endif
typedef uint philox_u32;
typedef PHILOX_NAME(uint) philox_words;
typedef PHILOX_NAME(ulong) philox_counts;
typedef PHILOX_NAME(int) philox_ints;
typedef PHILOX_NAME(float) philox_floats;
#define PHILOX_FMA(a, b, c) fma((philox_floats)(a), (philox_floats)(b), (philox_floats)(c))
#define PHILOX_BITS(x)      PHILOX_NAME(as_uint)(x)
#define PHILOX_FLOAT(bits)  PHILOX_NAME(as_float)(bits)
#define PHILOX_TO_FLOAT(i)  PHILOX_NAME(convert_float)(i)
#define PHILOX_TO_INT(word) PHILOX_NAME(convert_int)(word)
#define PHILOX_TO_WORD(i)   PHILOX_NAME(convert_uint)(i)
#define PHILOX_TO_COUNT(i)  PHILOX_NAME(convert_ulong)(i)
#else
#include <math.h>
#include <stdint.h>
#include <string.h>
typedef uint32_t philox_u32;
typedef uint32_t philox_words;
typedef uint64_t philox_counts;
typedef int32_t philox_ints;
typedef float philox_floats;
#define PHILOX_FMA(a, b, c) fmaf(a, b, c)
#define PHILOX_BITS(x)      philox_bits(x)
#define PHILOX_FLOAT(bits)  philox_float(bits)
#define PHILOX_TO_FLOAT(i)  (float)(i)
#define PHILOX_TO_INT(word) (int32_t)(word)
#define PHILOX_TO_WORD(i)   (uint32_t)(i)
#define PHILOX_TO_COUNT(i)  (uint64_t)(i)
#define PHILOX_ANY(mask)    (mask)
#define PHILOX_INLINE       static inline
static inline uint32_t philox_bits(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}
static inline float philox_float(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}
#endif

/* 0, 1, 2, ... in the lanes. */
#if PHILOX_LANES == 16
#define PHILOX_LANE (philox_counts)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
#elif PHILOX_LANES == 8
#define PHILOX_LANE (philox_counts)(0, 1, 2, 3, 4, 5, 6, 7)
#elif PHILOX_LANES == 4
#define PHILOX_LANE (philox_counts)(0, 1, 2, 3)
#else
#define PHILOX_LANE 0u
#endif

/* a where the condition, a comparison, is true, else b. */
#define PHILOX_SELECT(type, condition, a, b) ((condition) ? (type)(a) : (type)(b))

/* Four random words out of a counter and a key; v holds the counter and receives the words. */
PHILOX_INLINE void philox_4x32_10(philox_words v[4], philox_u32 key0, philox_u32 key1) {
    for (int round = 0; round < 10; ++round) {
        const philox_counts a = PHILOX_TO_COUNT(v[0]) * 0xD2511F53u;
        const philox_counts b = PHILOX_TO_COUNT(v[2]) * 0xCD9E8D57u;
        const philox_words v1 = v[1], v3 = v[3];
        v[0] = PHILOX_TO_WORD(b >> 32) ^ v1 ^ key0;
        v[1] = PHILOX_TO_WORD(b);
        v[2] = PHILOX_TO_WORD(a >> 32) ^ v3 ^ key1;
        v[3] = PHILOX_TO_WORD(a);
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
}

/* -2 * ln(u) for u = ((word >> 8) + 1) / 2^24, so 0 < u <= 1. The polynomial is that of logf in Moshier's Cephes library. */
PHILOX_INLINE philox_floats philox_minus_two_log(philox_words word) {
    const philox_words bits = PHILOX_BITS(PHILOX_TO_FLOAT(PHILOX_TO_INT((word >> 8) + 1u)));
    const philox_ints is_upper = (bits & 0x007fffffu) > 0x003504f3u; /* mantissa above the square root of 2 */
    const philox_floats m = PHILOX_FLOAT((bits & 0x007fffffu) | PHILOX_SELECT(philox_words, is_upper, 0x3f000000u, 0x3f800000u));
    const philox_floats e = PHILOX_TO_FLOAT(PHILOX_TO_INT(bits >> 23) - 127 - 24 + PHILOX_SELECT(philox_ints, is_upper, 1, 0));
    const philox_floats t = m - 1.0f;
    const philox_floats z = t * t;
    philox_floats p = 7.0376836292e-2f;
    p = PHILOX_FMA(p, t, -1.1514610310e-1f);
    p = PHILOX_FMA(p, t, 1.1676998740e-1f);
    p = PHILOX_FMA(p, t, -1.2420140846e-1f);
    p = PHILOX_FMA(p, t, 1.4249322787e-1f);
    p = PHILOX_FMA(p, t, -1.6668057665e-1f);
    p = PHILOX_FMA(p, t, 2.0000714765e-1f);
    p = PHILOX_FMA(p, t, -2.4999993993e-1f);
    p = PHILOX_FMA(p, t, 3.3333331174e-1f);
    p = p * (t * z);
    p = PHILOX_FMA(e, -2.12194440e-4f, p); /* ln 2 in two parts */
    p = PHILOX_FMA(-0.5f, z, p);
    p = t + p;
    p = PHILOX_FMA(e, 0.693359375f, p);
    return -2.0f * p;
}

/* Square root of 0 <= x < 2^60 by Newton's iteration on 1 / sqrt(x). */
PHILOX_INLINE philox_floats philox_sqrt(philox_floats x) {
    const philox_floats half_x = 0.5f * x;
    philox_floats y = PHILOX_FLOAT(0x5f3759dfu - ((PHILOX_BITS(x) & 0x7fffffffu) >> 1));
    for (int i = 0; i < 3; ++i) {
        const philox_floats xy = half_x * y;
        y = PHILOX_FMA(y, PHILOX_FMA(-xy, y, 0.5f), y);
    }
    return x * y;
}

/* Two independent normal values of mean 0 and standard deviation 1, at most 5.77 from 0. */
PHILOX_INLINE void philox_normal_pair(philox_words word0, philox_words word1, philox_floats z[2]) {
    const philox_floats radius = philox_sqrt(philox_minus_two_log(word0));
    /* The angle: a quarter turn from the top two bits, and within it a from -pi/4 to pi/4 from the next 24. Polynomials of Cephes's sinf and cosf. */
    const philox_floats a = PHILOX_TO_FLOAT(PHILOX_TO_INT((word1 >> 5) & 0x01fffffeu) - 0x00ffffff) * 4.681337853654911e-8f;
    const philox_floats aa = a * a;
    philox_floats s = PHILOX_FMA(-1.9515295891e-4f, aa, 8.3321608736e-3f);
    s = PHILOX_FMA(s, aa, -1.6666654611e-1f);
    s = PHILOX_FMA(s, aa * a, a);
    philox_floats c = PHILOX_FMA(2.443315711809948e-5f, aa, -1.388731625493765e-3f);
    c = PHILOX_FMA(c, aa, 4.166664568298827e-2f);
    c = PHILOX_FMA(c, aa, -0.5f);
    c = PHILOX_FMA(c, aa, 1.0f);
    const philox_words quarter = word1 >> 30;
    const philox_ints is_odd = (quarter & 1u) != 0u;
    const philox_floats cosine = PHILOX_SELECT(philox_floats, is_odd, s, c), sine = PHILOX_SELECT(philox_floats, is_odd, c, s);
    z[0] = radius * PHILOX_SELECT(philox_floats, (quarter == 1u) | (quarter == 2u), -cosine, cosine);
    z[1] = radius * PHILOX_SELECT(philox_floats, (quarter & 2u) != 0u, -sine, sine);
}

/* Elements 4*group to 4*group+3 of a normal tensor. */
PHILOX_INLINE void philox_normal(philox_counts group, philox_u32 key0, philox_u32 key1, philox_u32 stream, philox_floats z[4]) {
    philox_words v[4];
    v[0] = PHILOX_TO_WORD(group & 0xffffffffu);
    v[1] = PHILOX_TO_WORD(group >> 32);
    v[2] = stream;
    v[3] = 0;
    philox_4x32_10(v, key0, key1);
    philox_normal_pair(v[0], v[1], z);
    philox_normal_pair(v[2], v[3], z + 2);
}

#define PHILOX_ATTEMPTS 64 /* of four values each; all fail with probability 1e-343 */

/* Element `element` of a truncated normal tensor: its first value that is at most 2 from 0. */
PHILOX_INLINE philox_floats philox_truncated_normal(philox_counts element, philox_u32 key0, philox_u32 key1, philox_u32 stream) {
    philox_floats z[2], found = 0.0f;
    philox_ints missing = -1;
    for (philox_u32 attempt = 1; attempt <= PHILOX_ATTEMPTS; ++attempt) {
        philox_words v[4];
        v[0] = PHILOX_TO_WORD(element & 0xffffffffu);
        v[1] = PHILOX_TO_WORD(element >> 32);
        v[2] = stream;
        v[3] = attempt;
        philox_4x32_10(v, key0, key1);
        for (int pair = 0; pair < 4; pair += 2) {
            philox_normal_pair(v[pair], v[pair + 1], z);
            for (int i = 0; i < 2; ++i) {
                const philox_ints fits = (z[i] >= -2.0f) & (z[i] <= 2.0f);
                found = PHILOX_SELECT(philox_floats, missing & fits, z[i], found);
                missing = missing & (fits == 0);
            }
            if (!PHILOX_ANY(missing))
                return found;
        }
    }
    return PHILOX_SELECT(philox_floats, missing, PHILOX_SELECT(philox_floats, z[0] < 0.0f, -2.0f, 2.0f), found);
}
