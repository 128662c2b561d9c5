/* unpack_winograd_filter.cl: transforms the points of a Winograd GEMM back into the P_QH0 x P_QW0 taps of a filter's gradient.
 * SPDX-License-Identifier: MIT
 * used by   conv_bwd_weights_winograd.c (dw)
 * reads     m[e][c][k] at (e*ic + c)*oc + k;  e < P_RH0*P_RW0
 * writes    w[fh][fw][c][k] at ((fh*P_QW0 + fw)*ic + c)*oc + k
 * edges     none
 * launch    global (ceil(oc / T_VW), ceil(ic / rows)), local (1, 1) or (64, 1), global rounded up: one work-item = a vector of output channels of `rows` input channels
 * memory    private (P_RH0*P_RW0 + P_QH0*P_RW0 + P_QH0*P_QW0) vectors, local none, barriers none
 * numerics  fp32
 * arguments m w ic oc rows stream (0, 1: store past the caches)    T_VW in {1,4,8,16}, dividing oc    P_ of winograd.h */
#include "out_of_line.h"
#include "winograd.h"

/* The input channels from first to last of a vector of output channels, where m and w begin. */
static OUT_OF_LINE void unpack_rows(__global const float *restrict m, __global float *restrict w, int ic, int oc, int first, int last,
                                    int streams) {
    for (int c = first; c < last; ++c) {
        vec_float in[P_RH0 * P_RW0], out[P_QH0 * P_QW0];
        const ulong plane = (ulong)ic * oc, at = (ulong)c * oc;
#pragma unroll
        for (int e = 0; e < P_RH0 * P_RW0; ++e)
            in[e] = D_LOAD(m + e * plane + at);
        TRANSFORM(0, 0, in, out)
#pragma unroll
        for (int e = 0; e < P_QH0 * P_QW0; ++e)
            D_STREAM(out[e], w + e * plane + at, streams);
    }
}

__kernel void unpack_winograd_filter(__global const float *restrict m, ulong m_offset, __global float *restrict w, ulong w_offset, int ic,
                                     int oc, int rows, int stream) {
    const int k = get_global_id(0) * T_VW;
    const int first = get_global_id(1) * rows, last = min(first + rows, ic);
    if (k < oc)
        unpack_rows(m + m_offset + k, w + w_offset + k, ic, oc, first, last, D_CAN_STREAM(stream, w + w_offset));
}
