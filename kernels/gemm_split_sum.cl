/* gemm_split_sum.cl: adds up the splits of a GEMM's long sum, in ascending order.
 * SPDX-License-Identifier: MIT
 * used by   src/gemm/gemm_tile.c
 * reads     partial[s][row][column] at (s*gm + row)*gn + column;  s < splits
 * writes    c[row][column] at row*ldc + column
 * edges     work-items past the last element do nothing
 * launch    global (ceil(gm*gn / L) * L), local (L), any L: one work-item = one element, neighbours side by side
 * memory    private one sum, local none, barriers none
 * numerics  fp32, in the order of s, then what c held
 * arguments partial c gm gn ldc splits accumulate (0, 1) */
__kernel void gemm_split_sum(__global const float *restrict partial, ulong partial_offset, __global float *restrict c, ulong c_offset,
                             int gm, int gn, int ldc, int splits, int accumulate) {
    const ulong count = (ulong)gm * gn, i = get_global_id(0);
    if (i >= count)
        return;
    partial += partial_offset + i;
    c += c_offset + i / gn * ldc + i % gn;
    float sum = 0.0f;
    for (int s = 0; s < splits; ++s)
        sum += partial[s * count];
    *c = accumulate ? sum + *c : sum;
}
