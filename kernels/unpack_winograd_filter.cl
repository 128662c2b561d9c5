/* unpack_winograd_filter.cl: transforms the points of a Winograd GEMM back into the P_QH0 x P_QW0 taps of a filter's gradient.
 * SPDX-License-Identifier: MIT
 * used by   conv_winograd_bwd.c (dw)
 * reads     m[e][c][k] at (e*ic + c)*oc + e*P_GAP + k;  e < P_RH0*P_RW0
 * writes    w[fh][fw][c][k] at ((fh*P_QW0 + fw)*ic + c)*oc + k
 * edges     none
 * launch    global (ceil(vectors of oc / vectors), ceil(ic / rows)), local (1, 1) or (64, 1), global rounded up: one work-item = `vectors` vectors of output channels
 *           of `rows` input channels
 * memory    private P_QH0*P_RW0 vectors and a column or a row, local none, barriers none
 * numerics  fp32
 * arguments m w ic oc vectors rows stream (0, 1: store past the caches)    T_VW in {1,4,8,16}, dividing oc    P_ of winograd.h, P_GAP >= 0 */
#include "out_of_line.h"
#include "winograd.h"

#define READ(i, j)         D_LOAD(m + ((i)*P_RW0 + (j)) * (plane + P_GAP) + at)
#define WRITE(i, j, value) D_STREAM(value, w + ((i)*P_QW0 + (j)) * plane + at, streams);

/* The input channels from first_c to last_c of the output channels from first_k to last_k. */
static OUT_OF_LINE void unpack_rows(__global const float *restrict m, __global float *restrict w, int ic, int oc, int first_c, int last_c,
                                    int first_k, int last_k, int streams) {
    const ulong plane = (ulong)ic * oc;
    for (int c = first_c; c < last_c; ++c)
        for (int k = first_k; k < last_k; k += T_VW) {
            const ulong at = (ulong)c * oc + k;
            TRANSFORM_IN_LOOPS(0, 0, READ, WRITE)
        }
}

__kernel void unpack_winograd_filter(__global const float *restrict m, ulong m_offset, __global float *restrict w, ulong w_offset, int ic,
                                     int oc, int vectors, int rows, int stream) {
    const int first_k = get_global_id(0) * vectors * T_VW, last_k = min(first_k + vectors * T_VW, oc);
    const int first_c = get_global_id(1) * rows, last_c = min(first_c + rows, ic);
    unpack_rows(m + m_offset, w + w_offset, ic, oc, first_c, last_c, first_k, last_k, D_CAN_STREAM(stream, w + w_offset));
}
