/* pack_filter.cl: copies the taps of a filter into B panels, as they are (fwd) or with channels turned (bwd_data).
 * SPDX-License-Identifier: MIT
 * used by   conv_fwd_gather.c, conv_bwd_data_gather.c
 * reads     w at fh*stride_fh + fw*stride_fw + j*stride_j + column*stride_column, fh = first_h + ta*step_h, fw = first_w + tb*step_w
 * writes    b[q][k][r] at (q*gk + k)*nr + r;  k = (ta*tw + tb)*run + j, column = q*nr + r, gk = th*tw*run
 * edges     columns >= gn are written as 0
 * launch    global (panels, th*tw, blocks), for channels turned (blocks, th*tw, panels), blocks = ceil(run / T_BLOCK), local (1, 1, 1): one work-item = T_BLOCK
 *           rows of one panel, and the next one reads on where it ends, as each line of w has pages of its own
 * memory    private none, local none, barriers none
 * numerics  a copy
 * arguments w b gn nr run th tw first_h step_h first_w step_w stride_fh stride_fw stride_j stride_column    T_BLOCK in {16,32,64} */
#ifndef T_BLOCK
#define T_BLOCK 32 /* 16, 32, 64 rows of a panel a work-item writes */
#endif

__kernel void pack_filter(__global const float *restrict w, ulong w_offset, __global float *restrict b, ulong b_offset, int gn, int nr,
                          int run, int th, int tw, int first_h, int step_h, int first_w, int step_w, int stride_fh, int stride_fw,
                          int stride_j, int stride_column) {
    const bool turned = stride_j < stride_column;
    const int first = get_global_id(0), tap = get_global_id(1), last = get_global_id(2);
    const int panel = turned ? last : first, begin = (turned ? first : last) * T_BLOCK, end = min(begin + T_BLOCK, run);
    const int fh = first_h + tap / tw * step_h, fw = first_w + tap % tw * step_w;
    const int columns = min(nr, gn - panel * nr);
    w += w_offset + (ulong)fh * stride_fh + (ulong)fw * stride_fw + (ulong)panel * nr * stride_column;
    b += b_offset + ((ulong)panel * th * tw + tap) * run * nr;
    for (int j = begin; j < end; ++j) {
        __global const float *source = w + (ulong)j * stride_j;
        __global float *target = b + (ulong)j * nr;
        for (int r = 0; r < columns; ++r)
            target[r] = source[(ulong)r * stride_column];
        for (int r = columns; r < nr; ++r)
            target[r] = 0.0f;
    }
}
