/* pack_pixels_group.cl: pack_pixels.cl for GPUs: neighbouring work-items take neighbouring columns, and eight share one.
 * SPDX-License-Identifier: MIT
 * used by   conv_bwd_weights_gather.c (dy; the sums are db), conv_winograd_bwd.c (the sums alone, of dy or of a plane of its points)
 * reads     F_BLOCKS 0: d[k][column] at k*ld + column;  k < gk, column < gn        F_BLOCKS 1: d[q][k][r] at (q*gk + k)*nr + r;  column = q*nr + r
 * writes    F_PANELS: b[q][k][r] at (q*gk + k)*nr + r;  column = q*nr + r
 *           F_SUM: partial[block][column] at block*gn + column, the sum over the block's rows
 * edges     columns >= gn are written as 0 up to the end of the last panel
 * launch    global (ceil(panels*nr / T_LANES) * T_LANES, blocks * 8), local (T_LANES, 8)
 * memory    private one sum, local 8*T_LANES floats with F_SUM, barriers 1 with F_SUM
 * numerics  a copy; the sums are fp32, eight interleaved ones added as a tree
 * arguments d b partial gn nr gk ld (F_BLOCKS 0) rows (of a block)    T_LANES in {8,32}    F_PANELS, F_SUM, F_BLOCKS in {0,1} */
#ifndef F_PANELS
#define F_PANELS 1 /* 0, 1: write the panels */
#endif
#ifndef F_SUM
#define F_SUM 1 /* 0, 1: write the sums of columns */
#endif
#ifndef F_BLOCKS
#define F_BLOCKS 0 /* 0, 1: d is panels already */
#endif
#include "column_sums.h"

__kernel __attribute__((reqd_work_group_size(T_LANES, D_ROWS, 1))) void pack_pixels_group(__global const float *restrict d, ulong d_offset,
                                                                                          __global float *restrict b, ulong b_offset,
                                                                                          __global float *restrict partial,
                                                                                          ulong partial_offset, int gn, int nr, int gk,
                                                                                          int ld, int rows) {
    const int column = get_global_id(0), block = get_group_id(1);
    const int begin = block * rows, end = min(begin + rows, gk);
    const int panel = column / nr, left = (gn + nr - 1) / nr * nr - column;
    float sum = 0.0f;
    const ulong place = (ulong)panel * gk * nr + (column - panel * nr);
    const int step = F_BLOCKS ? nr : ld;
    d += d_offset + (F_BLOCKS ? place : column);
    b += b_offset + place;
    for (int k = begin + (int)get_local_id(1); k < end; k += D_ROWS) {
        const float v = column < gn ? d[(ulong)k * step] : 0.0f;
#if F_PANELS
        if (left > 0)
            b[(ulong)k * nr] = v;
#endif
        sum += v;
    }
#if F_SUM
    __local float sums[D_ROWS * T_LANES];
    const float all = column_sum(sums, sum);
    if (get_local_id(1) == 0 && column < gn)
        partial[partial_offset + (ulong)block * gn + column] = all;
#endif
}
