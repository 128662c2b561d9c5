/* unpack_phases.cl: puts the phases of an image together again, the way back of pack_phases.cl: depth to space.
 * SPDX-License-Identifier: MIT
 * used by   conv_winograd_bwd.c (dx)
 * reads     y[n][p][q][k] at ((n*oh + p)*ow + q)*kc + k;  k = (rh*stride_w + rw)*ic + c, kc = stride_h*stride_w*ic; mask as x
 * writes    x[n][h][w][c] at ((n*ih + h)*iw + w)*ic + c, h = p*stride_h + rh - pad_top, w likewise
 * edges     pixels of x behind the last phase are written as 0
 * launch    global (ih, n), local (1, 1): one work-item = one row of x
 * memory    private none, local none, barriers none
 * numerics  a copy
 * arguments y x mask ih iw ic oh ow stride_h stride_w pad_top pad_left    F_MASK in {0,1}: 0 where the mask is not positive */
#ifndef F_MASK
#define F_MASK 0 /* 0, 1 */
#endif

__kernel void unpack_phases(__global const float *restrict y, ulong y_offset, __global float *restrict x, ulong x_offset,
                            __global const float *restrict mask, ulong mask_offset, int ih, int iw, int ic, int oh, int ow, int stride_h,
                            int stride_w, int pad_top, int pad_left) {
    const int h = get_global_id(0), n = get_global_id(1);
    const int p = (h + pad_top) / stride_h, rh = (h + pad_top) % stride_h, kc = stride_h * stride_w * ic;
    const ulong row = ((ulong)n * ih + h) * iw * ic;
    __global const float *from = y + y_offset + (((ulong)n * oh + p) * ow) * kc + (ulong)rh * stride_w * ic;
    x += x_offset + row;
    mask += mask_offset + row;
    for (int w = 0; w < iw; ++w) {
        const int q = (w + pad_left) / stride_w, rw = (w + pad_left) % stride_w;
        for (int c = 0; c < ic; ++c) {
            float value = p < oh && q < ow ? from[(ulong)q * kc + rw * ic + c] : 0.0f;
#if F_MASK
            value = mask[w * ic + c] > 0.0f ? value : 0.0f;
#endif
            x[w * ic + c] = value;
        }
    }
}
