/* pack_pixels.cl: copies the rows of a matrix, dy as pixels by channels, into B panels, and sums its columns by the way.
 * SPDX-License-Identifier: MIT
 * used by   conv_bwd_weights_gather.c (dy; the sums are db), conv_winograd_bwd.c (the sums alone, of dy or of a plane of its points)
 * reads     F_BLOCKS 0: d[k][column] at k*ld + column;  k < gk, column < gn        F_BLOCKS 1: d[q][k][r] at (q*gk + k)*nr + r;  column = q*nr + r
 * writes    F_PANELS: b[q][k][r] at (q*gk + k)*nr + r;  column = q*nr + r
 *           F_SUM: partial[block][column] at block*gn + column, the sum over the block's rows in ascending order
 * edges     columns >= gn are written as 0
 * launch    global (ceil(panels*nr / T_VW), ceil(gk / rows)), local (1, 1): one work-item = T_VW columns of `rows` rows
 * memory    private one vector, local none, barriers none
 * numerics  a copy; the sums are fp32 over `rows` values each
 * arguments d b partial gn nr gk ld (F_BLOCKS 0) rows    T_VW in {4,8,16}, dividing nr unless there is one panel    F_PANELS, F_SUM, F_BLOCKS in {0,1} */
#ifndef T_VW
#define T_VW 8 /* 4, 8, 16 floats of a vector */
#endif
#ifndef F_PANELS
#define F_PANELS 1 /* 0, 1: write the panels */
#endif
#ifndef F_SUM
#define F_SUM 1 /* 0, 1: write the sums of columns */
#endif
#ifndef F_BLOCKS
#define F_BLOCKS 0 /* 0, 1: d is panels already */
#endif
#define D_CAT(a, b)  a##b
#define D_XCAT(a, b) D_CAT(a, b)
#define D_VEC        D_XCAT(float, T_VW)
#define D_VLOAD      D_XCAT(vload, T_VW)
#define D_VSTORE     D_XCAT(vstore, T_VW)

__kernel void pack_pixels(__global const float *restrict d, ulong d_offset, __global float *restrict b, ulong b_offset,
                          __global float *restrict partial, ulong partial_offset, int gn, int nr, int gk, int ld, int rows) {
    const int first = get_global_id(0) * T_VW; /* column */
    const int block = get_global_id(1);
    const int begin = block * rows, end = min(begin + rows, gk);
    const int left = gn - first, room = nr - first % nr; /* columns of the matrix, of the panel */
    const ulong panel = (ulong)(first / nr) * gk * nr + first % nr;
    const int step = F_BLOCKS ? nr : ld;
    d += d_offset + (F_BLOCKS ? panel : first);
    b += b_offset + panel;
    D_VEC sum = (D_VEC)(0.0f);
    for (int k = begin; k < end; ++k) {
        D_VEC v;
        if (left >= T_VW) {
            v = D_VLOAD(0, d + (ulong)k * step);
        } else {
            float values[T_VW];
            for (int e = 0; e < T_VW; ++e)
                values[e] = e < left ? d[(ulong)k * step + e] : 0.0f;
            v = D_VLOAD(0, values);
        }
#if F_PANELS
        if (room >= T_VW) {
            D_VSTORE(v, 0, b + (ulong)k * nr);
        } else {
            float values[T_VW];
            D_VSTORE(v, 0, values);
            for (int e = 0; e < room; ++e)
                b[(ulong)k * nr + e] = values[e];
        }
#endif
        sum += v;
    }
#if F_SUM
    float sums[T_VW];
    D_VSTORE(sum, 0, sums);
    for (int e = 0; e < T_VW && e < left; ++e)
        partial[partial_offset + (ulong)block * gn + first + e] = sums[e];
#endif
}
