/* pack_filter_group.cl: pack_filter.cl for GPUs: neighbouring work-items write neighbouring values.
 * SPDX-License-Identifier: MIT
 * used by   conv_fwd_gather.c, conv_bwd_data_gather.c
 * reads     w at fh*stride_fh + fw*stride_fw + j*stride_j + column*stride_column, fh = first_h + ta*step_h, fw = first_w + tb*step_w
 * writes    b[q][k][r] at (q*gk + k)*nr + r;  k = (ta*tw + tb)*run + j, column = q*nr + r, gk = th*tw*run
 * edges     columns >= gn are written as 0; work-items past the end of a panel do nothing
 * launch    global (ceil(gk*nr / L) * L, panels), local (L, 1), any L: one work-item = one value
 * memory    private none, local none, barriers none
 * numerics  a copy
 * arguments as pack_filter.cl */
__kernel void pack_filter_group(__global const float *restrict w, ulong w_offset, __global float *restrict b, ulong b_offset, int gn,
                                int nr, int run, int th, int tw, int first_h, int step_h, int first_w, int step_w, int stride_fh,
                                int stride_fw, int stride_j, int stride_column) {
    const ulong i = get_global_id(0);
    const int panel = get_global_id(1), gk = th * tw * run, k = i / nr, r = i - (ulong)k * nr, column = panel * nr + r;
    if (k >= gk)
        return;
    const int tap = k / run, j = k - tap * run, ta = tap / tw, tb = tap - ta * tw;
    const int fh = first_h + ta * step_h, fw = first_w + tb * step_w;
    w += w_offset + (ulong)fh * stride_fh + (ulong)fw * stride_fw + (ulong)j * stride_j;
    b[b_offset + ((ulong)panel * gk + k) * nr + r] = column < gn ? w[(ulong)column * stride_column] : 0.0f;
}
