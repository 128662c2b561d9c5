/* pack_winograd_pixels.cl: transforms P_RH x P_RW windows of an image for a Winograd GEMM over P_QH * P_QW points.
 * SPDX-License-Identifier: MIT
 * used by   conv_fwd_winograd.c (x), conv_bwd_data_winograd.c (dy), conv_bwd_weights_winograd.c (x; dy with F_PANELS)
 * reads     x[n][h][w][c] at ((n*ih + h)*iw + w)*ic + c; tile t = (n*tiles_h + th)*tiles_w + tw has its window at h = th*step_h - pad_top, w = tw*step_w - pad_left
 * writes    F_PANELS 0: v[e][t][c] at (e*nt + t)*ld + c;  e < P_QH*P_QW
 *           F_PANELS 1: v[e][q][t][r] at ((e*(ld / nr) + q)*nt + t)*nr + r;  channel = q*nr + r, ld = whole panels
 * edges     outside x reads as 0; channels ic <= c < ld are written as 0 with F_PANELS and left alone without
 * launch    global (ceil(vectors of ld or ic / vectors), ceil(nt / tiles)), local (1, 1) or (64, 1), global rounded up: one work-item = `vectors` vectors of channels of `tiles` tiles
 * memory    private (P_RH*P_RW + P_QH*P_RW + P_QH*P_QW) vectors, local none, barriers none
 * numerics  fp32; one NaN or inf in x spoils its whole tile (gather does not)
 * arguments x v ic ih iw pad_top pad_left step_h step_w tiles_h tiles_w nt ld nr vectors tiles    T_VW in {1,4,8,16}, dividing ic, ld and nr    F_PANELS in {0,1}    P_ of winograd.h */
#include "winograd.h"
#ifndef F_PANELS
#define F_PANELS 0 /* 0, 1: write panels */
#endif

__kernel void pack_winograd_pixels(__global const float *restrict x, ulong x_offset, __global float *restrict v, ulong v_offset, int ic,
                                   int ih, int iw, int pad_top, int pad_left, int step_h, int step_w, int tiles_h, int tiles_w, int nt,
                                   int ld, int nr, int vectors, int tiles) {
    const int first_c = get_global_id(0) * vectors * T_VW;
    const int last_c = min(first_c + vectors * T_VW, F_PANELS ? ld : ic);
    const int first_t = get_global_id(1) * tiles, last_t = min(first_t + tiles, nt);
    x += x_offset;
    v += v_offset;
    for (int t = first_t; t < last_t; ++t) {
        const int h0 = t / tiles_w % tiles_h * step_h - pad_top, w0 = t % tiles_w * step_w - pad_left;
        const int inside = h0 >= 0 && w0 >= 0 && h0 + P_RH <= ih && w0 + P_RW <= iw;
        /* The window's corner may lie before the image; it is only ever moved inside before it is read. */
        const long corner = ((long)(t / (tiles_w * tiles_h)) * ih + h0) * iw + w0;
        for (int c = first_c; c < last_c; c += T_VW) {
            vec_float in[P_RH * P_RW], out[P_QH * P_QW];
            if (inside && c < ic) {
                __global const float *from = x + corner * ic + c;
#pragma unroll
                for (int i = 0; i < P_RH; ++i) {
#pragma unroll
                    for (int j = 0; j < P_RW; ++j)
                        in[i * P_RW + j] = D_LOAD(from + ((ulong)i * iw + j) * ic);
                }
            } else {
#pragma unroll
                for (int i = 0; i < P_RH; ++i) {
#pragma unroll
                    for (int j = 0; j < P_RW; ++j) {
                        const int valid = h0 + i >= 0 && h0 + i < ih && w0 + j >= 0 && w0 + j < iw && c < ic;
                        in[i * P_RW + j] = valid ? D_LOAD(x + (corner + (long)i * iw + j) * ic + c) : (vec_float)(0.0f);
                    }
                }
            }
            transform(in, out);
#if F_PANELS
            __global float *to = v + ((ulong)(c / nr) * nt + t) * nr + c % nr;
            const ulong plane = (ulong)nt * ld;
#pragma unroll
            for (int e = 0; e < P_QH * P_QW; ++e)
                D_STORE(out[e], to + e * plane);
#else
            __global float *to = v + (ulong)t * ld + c;
            const ulong plane = (ulong)nt * ld;
#pragma unroll
            for (int e = 0; e < P_QH * P_QW; ++e)
                D_STORE(out[e], to + e * plane);
#endif
        }
    }
}
