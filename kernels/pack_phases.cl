/* pack_phases.cl: splits images by stride into phases, space to depth, so that a strided convolution becomes one of stride 1 over more channels.
 * SPDX-License-Identifier: MIT
 * used by   conv_fwd_winograd.c, conv_winograd_bwd.c (x)
 * reads     x[n][h][w][c] at ((n*ih + h)*iw + w)*ic + c
 * writes    y[n][p][q][k] at ((n*oh + p)*ow + q)*kc + k;  k = (rh*stride_w + rw)*ic + c, kc = stride_h*stride_w*ic, h = p*stride_h + rh - pad_top, w likewise
 * edges     outside x writes 0
 * launch    global (oh, n), local (1, 1): one work-item = one row of y
 * memory    private none, local none, barriers none
 * numerics  a copy
 * arguments x y ih iw ic oh ow stride_h stride_w pad_top pad_left */
__kernel void pack_phases(__global const float *restrict x, ulong x_offset, __global float *restrict y, ulong y_offset, int ih, int iw,
                          int ic, int oh, int ow, int stride_h, int stride_w, int pad_top, int pad_left) {
    const int p = get_global_id(0), n = get_global_id(1);
    const int run = stride_w * ic, kc = stride_h * run;
    y += y_offset + ((ulong)n * oh + p) * ow * kc;
    for (int rh = 0; rh < stride_h; ++rh) {
        const int h = p * stride_h + rh - pad_top;
        const int inside = h >= 0 && h < ih;
        __global const float *row = x + x_offset + ((ulong)n * ih + (inside ? h : 0)) * iw * ic;
        for (int q = 0; q < ow; ++q) {
            const int from = (q * stride_w - pad_left) * ic;
            __global float *to = y + (ulong)q * kc + rh * run;
            if (inside && from >= 0 && from + run <= iw * ic) {
                for (int k = 0; k < run; ++k)
                    to[k] = row[from + k];
            } else {
                for (int k = 0; k < run; ++k)
                    to[k] = inside && from + k >= 0 && from + k < iw * ic ? row[from + k] : 0.0f;
            }
        }
    }
}
