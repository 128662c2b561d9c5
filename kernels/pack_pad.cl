/* pack_pad.cl: copies images into larger ones with a border of zeros, so that the taps of a row of the filter are contiguous and none lies outside.
 * SPDX-License-Identifier: MIT
 * used by   conv_fwd_gather.c, conv_bwd_weights_gather.c (few input channels: conv1)
 * reads     x[n][h][w][c] at ((n*ih + h)*iw + w)*ic + c, given as rows of iw*ic values
 * writes    y[n][h][w][c] at ((n*oh + h)*ow + w)*ic + c, given as rows of `width` = ow*ic values
 * edges     outside x writes 0
 * launch    global (ceil(width / chunk), n*oh), local (1, 1): one work-item = `chunk` values of one row
 * memory    private none, local none, barriers none
 * numerics  a copy
 * arguments x y ih oh pad_top row (iw*ic) before (pad_left*ic) width chunk    T_VW in {4,8,16} */
#ifndef T_VW
#define T_VW 8 /* 4, 8, 16 floats of a vector */
#endif
#define D_CAT(a, b)  a##b
#define D_XCAT(a, b) D_CAT(a, b)
#define D_VLOAD      D_XCAT(vload, T_VW)
#define D_VSTORE     D_XCAT(vstore, T_VW)

__kernel void pack_pad(__global const float *restrict x, ulong x_offset, __global float *restrict y, ulong y_offset, int ih, int oh,
                       int pad_top, int row, int before, int width, int chunk) {
    const int line = get_global_id(1), n = line / oh, h = line % oh - pad_top;
    const int begin = get_global_id(0) * chunk, end = min(begin + chunk, width);
    const int inside = h >= 0 && h < ih;
    /* [from, to) of the row comes from x. */
    const int from = inside ? clamp(before, begin, end) : end, to = inside ? clamp(before + row, begin, end) : end;
    x += x_offset + ((ulong)n * ih + (inside ? h : 0)) * row;
    y += y_offset + (ulong)line * width;
    int i = begin;
    for (; i < from; ++i)
        y[i] = 0.0f;
    for (; i + T_VW <= to; i += T_VW)
        D_VSTORE(D_VLOAD(0, x + (i - before)), 0, y + i);
    for (; i < to; ++i)
        y[i] = x[i - before];
    for (; i < end; ++i)
        y[i] = 0.0f;
}
