/* pack_pad_group.cl: pack_pad.cl for GPUs: neighbouring work-items write neighbouring values.
 * SPDX-License-Identifier: MIT
 * used by   conv_fwd_gather.c, conv_bwd_weights_gather.c (few input channels: conv1)
 * reads     x[n][h][w][c] at ((n*ih + h)*iw + w)*ic + c, given as rows of iw*ic values
 * writes    y[n][h][w][c] at ((n*oh + h)*ow + w)*ic + c, given as rows of `width` = ow*ic values
 * edges     outside x writes 0; work-items past the last value do nothing
 * launch    global (ceil(lines*width / L) * L), local (L), any L: one work-item = one value
 * memory    private none, local none, barriers none
 * numerics  a copy
 * arguments x y ih oh pad_top row (iw*ic) before (pad_left*ic) width lines (n*oh) */
__kernel void pack_pad_group(__global const float *restrict x, ulong x_offset, __global float *restrict y, ulong y_offset, int ih, int oh,
                             int pad_top, int row, int before, int width, int lines) {
    const ulong i = get_global_id(0);
    const int line = (int)(i / width), n = line / oh, h = line - n * oh - pad_top, at = (int)(i - (ulong)line * width) - before;
    if (line >= lines)
        return;
    const int inside = h >= 0 && h < ih && at >= 0 && at < row;
    y[y_offset + i] = inside ? x[x_offset + ((ulong)n * ih + h) * row + at] : 0.0f;
}
