/* philox.h: the counter-based generator Philox 4x32-10, and normal values made of it. Reads as OpenCL C and as C, with the same bits.
 * SPDX-License-Identifier: MIT
 * Generator: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011. Normal values: Box and Muller, 1958.
 * Every floating-point step is one that OpenCL rounds correctly on every device: +, -, *, fma, conversions of integers below 2^25. There is no division, no
 * built-in square root, logarithm or sine, no denormal, and no product is added to anything but by fma, so that a compiler has nothing to contract. */
/* Offline compilers, which know no device, define only the language's version. */
#if defined(__OPENCL_VERSION__) || defined(__OPENCL_C_VERSION__)
#pragma OPENCL FP_CONTRACT OFF
typedef uint philox_u32;
typedef ulong philox_u64;
typedef int philox_i32;
#define PHILOX_FMA(a, b, c) fma(a, b, c)
#define PHILOX_BITS(x)      as_uint(x)
#define PHILOX_FLOAT(bits)  as_float(bits)
#define PHILOX_INLINE       static
#else
#include <math.h>
#include <stdint.h>
#include <string.h>
typedef uint32_t philox_u32;
typedef uint64_t philox_u64;
typedef int32_t philox_i32;
#define PHILOX_FMA(a, b, c) fmaf(a, b, c)
#define PHILOX_BITS(x)      philox_bits(x)
#define PHILOX_FLOAT(bits)  philox_float(bits)
#define PHILOX_INLINE       static inline
static inline philox_u32 philox_bits(float x) {
    philox_u32 bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}
static inline float philox_float(philox_u32 bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}
#endif

/* Four random words out of a counter and a key; v holds the counter and receives the words. */
PHILOX_INLINE void philox_4x32_10(philox_u32 v[4], philox_u32 key0, philox_u32 key1) {
    for (int round = 0; round < 10; ++round) {
        const philox_u64 a = (philox_u64)0xD2511F53u * v[0];
        const philox_u64 b = (philox_u64)0xCD9E8D57u * v[2];
        const philox_u32 v1 = v[1], v3 = v[3];
        v[0] = (philox_u32)(b >> 32) ^ v1 ^ key0;
        v[1] = (philox_u32)b;
        v[2] = (philox_u32)(a >> 32) ^ v3 ^ key1;
        v[3] = (philox_u32)a;
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
}

/* -2 * ln(u) for u = ((word >> 8) + 1) / 2^24, so 0 < u <= 1. The polynomial is that of logf in Moshier's Cephes library. */
PHILOX_INLINE float philox_minus_two_log(philox_u32 word) {
    const philox_u32 bits = PHILOX_BITS((float)(philox_i32)((word >> 8) + 1u));
    const int is_upper = (bits & 0x007fffffu) > 0x003504f3u; /* mantissa above the square root of 2 */
    const float m = PHILOX_FLOAT((bits & 0x007fffffu) | (is_upper ? 0x3f000000u : 0x3f800000u));
    const float e = (float)((philox_i32)(bits >> 23) - 127 - 24 + is_upper);
    const float t = m - 1.0f;
    const float z = t * t;
    float p = 7.0376836292e-2f;
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
PHILOX_INLINE float philox_sqrt(float x) {
    const float half_x = 0.5f * x;
    float y = PHILOX_FLOAT(0x5f3759dfu - ((PHILOX_BITS(x) & 0x7fffffffu) >> 1));
    for (int i = 0; i < 3; ++i) {
        const float xy = half_x * y;
        y = PHILOX_FMA(y, PHILOX_FMA(-xy, y, 0.5f), y);
    }
    return x * y;
}

/* Two independent normal values of mean 0 and standard deviation 1, at most 5.77 from 0. */
PHILOX_INLINE void philox_normal_pair(philox_u32 word0, philox_u32 word1, float z[2]) {
    const float radius = philox_sqrt(philox_minus_two_log(word0));
    /* The angle: a quarter turn from the top two bits, and within it a from -pi/4 to pi/4 from the next 24. Polynomials of Cephes's sinf and cosf. */
    const float a = (float)((philox_i32)((word1 >> 5) & 0x01fffffeu) - 0x00ffffff) * 4.681337853654911e-8f;
    const float aa = a * a;
    float s = PHILOX_FMA(-1.9515295891e-4f, aa, 8.3321608736e-3f);
    s = PHILOX_FMA(s, aa, -1.6666654611e-1f);
    s = PHILOX_FMA(s, aa * a, a);
    float c = PHILOX_FMA(2.443315711809948e-5f, aa, -1.388731625493765e-3f);
    c = PHILOX_FMA(c, aa, 4.166664568298827e-2f);
    c = PHILOX_FMA(c, aa, -0.5f);
    c = PHILOX_FMA(c, aa, 1.0f);
    const philox_u32 quarter = word1 >> 30;
    const float cosine = (quarter & 1u) ? s : c, sine = (quarter & 1u) ? c : s;
    z[0] = radius * ((quarter == 1u || quarter == 2u) ? -cosine : cosine);
    z[1] = radius * ((quarter & 2u) ? -sine : sine);
}

/* Elements 4*group to 4*group+3 of a normal tensor. */
PHILOX_INLINE void philox_normal(philox_u64 group, philox_u32 key0, philox_u32 key1, philox_u32 stream, float z[4]) {
    philox_u32 v[4];
    v[0] = (philox_u32)group;
    v[1] = (philox_u32)(group >> 32);
    v[2] = stream;
    v[3] = 0;
    philox_4x32_10(v, key0, key1);
    philox_normal_pair(v[0], v[1], z);
    philox_normal_pair(v[2], v[3], z + 2);
}

#define PHILOX_ATTEMPTS 64 /* of four values each; all fail with probability 1e-343 */

/* Element `element` of a truncated normal tensor: its first value that is at most 2 from 0. */
PHILOX_INLINE float philox_truncated_normal(philox_u64 element, philox_u32 key0, philox_u32 key1, philox_u32 stream) {
    float z[2];
    for (philox_u32 attempt = 1; attempt <= PHILOX_ATTEMPTS; ++attempt) {
        philox_u32 v[4];
        v[0] = (philox_u32)element;
        v[1] = (philox_u32)(element >> 32);
        v[2] = stream;
        v[3] = attempt;
        philox_4x32_10(v, key0, key1);
        for (int pair = 0; pair < 4; pair += 2) {
            philox_normal_pair(v[pair], v[pair + 1], z);
            for (int i = 0; i < 2; ++i)
                if (z[i] >= -2.0f && z[i] <= 2.0f)
                    return z[i];
        }
    }
    return z[0] < 0.0f ? -2.0f : 2.0f;
}
