/* gemm_epilogue.h: what every GEMM kernel does with a finished row of C before it is stored.
 * SPDX-License-Identifier: MIT
 *
 * v = acc;  accumulate: v += C;  F_BIAS: v += bias[column];  F_RELU: v = v > 0 ? v : 0, a NaN stays;  F_MASK: v = mask > 0 ? v : 0, mask lying as C does */
#ifndef F_BIAS
#define F_BIAS 0 /* 0, 1: add a value to each column */
#endif
#ifndef F_RELU
#define F_RELU 0 /* 0, 1: keep what is positive */
#endif
#ifndef F_MASK
#define F_MASK 0 /* 0, 1: keep where the mask is positive */
#endif

/* One value; c and mask point at its place. */
static inline float epilogue(float v, int accumulate, __global const float *c, __global const float *bias, __global const float *mask) {
    if (accumulate)
        v += *c;
#if F_BIAS
    v += *bias;
#endif
#if F_RELU
    v = v <= 0.0f ? 0.0f : v;
#endif
#if F_MASK
    v = *mask > 0.0f ? v : 0.0f;
#endif
    return v;
}
