/* sum_rows_group.cl: sum_rows.cl for GPUs: neighbouring work-items take neighbouring columns, and eight share one.
 * SPDX-License-Identifier: MIT
 * used by   conv_bwd_weights_gather.c, conv_winograd_bwd.c (the partial sums of dy -> db)
 * reads     partial[row][column] at row*columns + column
 * writes    sum[column], times scale
 * edges     work-items past the last column add nothing
 * launch    global (ceil(columns / T_LANES) * T_LANES, 8), local (T_LANES, 8)
 * memory    private one sum, local 8*T_LANES floats, barriers 1
 * numerics  fp32, eight interleaved sums added as a tree
 * arguments partial sum rows columns scale    T_LANES in {8,32} */
#include "column_sums.h"

__kernel __attribute__((reqd_work_group_size(T_LANES, D_ROWS, 1))) void sum_rows_group(__global const float *restrict partial,
                                                                                       ulong partial_offset, __global float *restrict sum,
                                                                                       ulong sum_offset, int rows, int columns,
                                                                                       float scale) {
    __local float sums[D_ROWS * T_LANES];
    const int column = get_global_id(0);
    float mine = 0.0f;
    if (column < columns)
        for (int row = get_local_id(1); row < rows; row += D_ROWS)
            mine += partial[partial_offset + (ulong)row * columns + column];
    const float all = column_sum(sums, mine);
    if (get_local_id(1) == 0 && column < columns)
        sum[sum_offset + column] = scale * all;
}
