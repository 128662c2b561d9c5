/* unpack_winograd_pixels.cl: transforms the points of a Winograd GEMM back into P_QH x P_QW tiles of an image, with bias, ReLU and mask.
 * SPDX-License-Identifier: MIT
 * used by   conv_fwd_winograd.c (y), conv_bwd_data_winograd.c (dx)
 * reads     m[e][t][c] at (e*nt + t)*oc + c;  e < P_RH*P_RW
 * writes    y[n][h][w][c] at ((n*oh + h)*ow + w)*oc + c; tile t = (n*tiles_h + th)*tiles_w + tw begins at h = th*P_QH, w = tw*P_QW
 * edges     pixels outside y are not stored
 * launch    global (ceil(vectors of oc / vectors), ceil(nt / tiles)), local (1, 1) or (64, 1), global rounded up: one work-item = `vectors` vectors of channels of `tiles` tiles
 * memory    private (P_RH*P_RW + P_QH*P_RW + P_QH*P_QW) vectors, local none, barriers none
 * numerics  fp32
 * arguments m y bias mask oc oh ow tiles_h tiles_w nt vectors tiles    T_VW in {1,4,8,16}, dividing oc    F_BIAS F_RELU F_MASK in {0,1}    P_ of winograd.h */
#include "winograd.h"
#ifndef F_BIAS
#define F_BIAS 0 /* 0, 1: add a value to each channel */
#endif
#ifndef F_RELU
#define F_RELU 0 /* 0, 1: keep what is positive; a NaN stays */
#endif
#ifndef F_MASK
#define F_MASK 0 /* 0, 1: keep where the mask, which lies as y does, is positive */
#endif

__kernel void unpack_winograd_pixels(__global const float *restrict m, ulong m_offset, __global float *restrict y, ulong y_offset,
                                     __global const float *restrict bias, ulong bias_offset, __global const float *restrict mask,
                                     ulong mask_offset, int oc, int oh, int ow, int tiles_h, int tiles_w, int nt, int vectors, int tiles) {
    const int first_c = get_global_id(0) * vectors * T_VW, last_c = min(first_c + vectors * T_VW, oc);
    const int first_t = get_global_id(1) * tiles, last_t = min(first_t + tiles, nt);
    m += m_offset;
    y += y_offset;
    bias += bias_offset;
    mask += mask_offset;
    for (int t = first_t; t < last_t; ++t) {
        const int h0 = t / tiles_w % tiles_h * P_QH, w0 = t % tiles_w * P_QW;
        const ulong corner = (((ulong)(t / (tiles_w * tiles_h)) * oh + h0) * ow + w0) * oc;
        for (int c = first_c; c < last_c; c += T_VW) {
            vec_float in[P_RH * P_RW], out[P_QH * P_QW];
            __global const float *from = m + (ulong)t * oc + c;
            const ulong plane = (ulong)nt * oc;
#pragma unroll
            for (int e = 0; e < P_RH * P_RW; ++e)
                in[e] = D_LOAD(from + e * plane);
            transform(in, out);
#if F_BIAS
            const vec_float b = D_LOAD(bias + c);
#endif
#pragma unroll
            for (int i = 0; i < P_QH; ++i) {
#pragma unroll
                for (int j = 0; j < P_QW; ++j) {
                    if (h0 + i < oh && w0 + j < ow) {
                        const ulong at = corner + ((ulong)i * ow + j) * oc + c;
                        vec_float value = out[i * P_QW + j];
#if F_BIAS
                        value += b;
#endif
#if F_RELU
                        value = value <= 0.0f ? (vec_float)(0.0f) : value;
#endif
#if F_MASK
                        value = D_LOAD(mask + at) > 0.0f ? value : (vec_float)(0.0f);
#endif
                        D_STORE(value, y + at);
                    }
                }
            }
        }
    }
}
