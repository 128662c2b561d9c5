/* sum_rows.cl: sums the columns of a small matrix, in a fixed order.
 * SPDX-License-Identifier: MIT
 * used by   conv_bwd_weights_gather.c, conv_winograd_bwd.c (the partial sums of dy -> db)
 * reads     partial[row][column] at row*columns + column
 * writes    sum[column], times scale
 * edges     none
 * launch    global (columns), local (1): one work-item = one column
 * memory    private 8 sums, local none, barriers none
 * numerics  fp32, eight interleaved sums added at the end
 * arguments partial sum rows columns scale */
__kernel void sum_rows(__global const float *restrict partial, ulong partial_offset, __global float *restrict sum, ulong sum_offset,
                       int rows, int columns, float scale) {
    const int column = get_global_id(0);
    partial += partial_offset + column;
    float sums[8] = {0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f};
    for (int row = 0; row < rows; row += 8)
        for (int i = 0; i < 8 && row + i < rows; ++i)
            sums[i] += partial[(ulong)(row + i) * columns];
    sum[sum_offset + column] = scale * (((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7])));
}
