/* pack_winograd_filter.cl: transforms the P_RH0 x P_RW0 taps of a filter into B panels of a Winograd GEMM over P_QH0 * P_QW0 points, U = G w Gt.
 * SPDX-License-Identifier: MIT
 * used by   conv_fwd_winograd.c (as it is), conv_winograd_bwd.c (channels turned)
 * reads     w at fh*stride_fh + fw*stride_fw + k*stride_k + column*stride_column
 * writes    b[e][q][k][r] at e*plane + (q*gk + k)*nr + r;  column = q*nr + r, panels = ceil(gn / nr)
 * edges     columns gn <= column < panels*nr are written as 0
 * launch    global (ceil(panels*nr / T_VW / vectors), ceil(gk / rows)), local (1, 1) or (64, 1), global rounded up: one work-item = `vectors` vectors of columns of
 *           `rows` rows
 * memory    private P_QH0*P_RW0 vectors and a column or a row, local none, barriers none
 * numerics  fp32
 * arguments w b gn gk nr panels stride_fh stride_fw stride_k stride_column plane vectors rows stream (0, 1: store past the caches)    T_VW in {1,4,8,16}, dividing gn and nr    P_ of winograd.h */
#include "out_of_line.h"
#include "winograd.h"

#define READ(i, j) read_tap(from + (long)(i)*stride_fh + (long)(j)*stride_fw, gn - column, stride_column)
#define WRITE(i, j, value)                                                                                                                 \
    {                                                                                                                                      \
        __global float *to = b + ((i)*P_QW0 + (j)) * plane + at;                                                                           \
        D_STREAM(value, to, streams);                                                                                                      \
        if (!streams)                                                                                                                      \
            PREFETCH_WRITE(to + nr);                                                                                                       \
    }

/* One tap of T_VW columns. */
static inline vec_float read_tap(__global const float *tap, int left, int stride_column) {
#if T_VW > 1
    if (left > 0 && stride_column != 1) {
        float lanes[T_VW];
        for (int e = 0; e < T_VW; ++e)
            lanes[e] = tap[(long)e * stride_column];
        return D_JOIN(vload, T_VW)(0, lanes);
    }
#endif
    return left > 0 ? D_LOAD(tap) : (vec_float)(0.0f);
}

/* The rows from first to last of the columns from first_column to last_column. */
static OUT_OF_LINE void pack_rows(__global const float *restrict w, __global float *restrict b, int gn, int gk, int nr, int stride_fh,
                                  int stride_fw, int stride_k, int stride_column, ulong plane, int first_column, int last_column, int first,
                                  int last, int streams) {
    for (int k = first; k < last; ++k)
        for (int column = first_column; column < last_column; column += T_VW) {
            __global const float *from = w + (long)k * stride_k + (long)column * stride_column;
            const ulong at = ((ulong)(column / nr) * gk + k) * nr + column % nr;
            TRANSFORM_IN_LOOPS(0, 0, READ, WRITE)
        }
}

__kernel void pack_winograd_filter(__global const float *restrict w, ulong w_offset, __global float *restrict b, ulong b_offset, int gn,
                                   int gk, int nr, int panels, int stride_fh, int stride_fw, int stride_k, int stride_column, ulong plane,
                                   int vectors, int rows, int stream) {
    const int first_column = get_global_id(0) * vectors * T_VW, last_column = min(first_column + vectors * T_VW, panels * nr);
    const int first = get_global_id(1) * rows, last = min(first + rows, gk);
    const int streams = D_CAN_STREAM(stream && nr % T_VW == 0 && plane % T_VW == 0, b + b_offset);
    pack_rows(w + w_offset, b + b_offset, gn, gk, nr, stride_fh, stride_fw, stride_k, stride_column, plane, first_column, last_column,
              first, last, streams);
}
