/* unpack_phases_group.cl: unpack_phases.cl for GPUs: neighbouring work-items write neighbouring values.
 * SPDX-License-Identifier: MIT
 * used by   conv_winograd_bwd.c (dx)
 * reads     as unpack_phases.cl
 * writes    as unpack_phases.cl
 * edges     pixels of x behind the last phase are written as 0; work-items past the end of an image do nothing
 * launch    global (ceil(ih*iw*ic / L) * L, n), local (L, 1), any L: one work-item = one value
 * memory    private none, local none, barriers none
 * numerics  a copy
 * arguments as unpack_phases.cl    F_MASK in {0,1} */
#ifndef F_MASK
#define F_MASK 0 /* 0, 1 */
#endif

__kernel void unpack_phases_group(__global const float *restrict y, ulong y_offset, __global float *restrict x, ulong x_offset,
                                  __global const float *restrict mask, ulong mask_offset, int ih, int iw, int ic, int oh, int ow,
                                  int stride_h, int stride_w, int pad_top, int pad_left) {
    const int i = get_global_id(0), n = get_global_id(1), kc = stride_h * stride_w * ic;
    const int pixel = i / ic, c = i - pixel * ic, h = pixel / iw, w = pixel - h * iw;
    if (h >= ih)
        return;
    const int p = (h + pad_top) / stride_h, rh = (h + pad_top) % stride_h, q = (w + pad_left) / stride_w, rw = (w + pad_left) % stride_w;
    const ulong at = (ulong)n * ih * iw * ic + i;
    float value = p < oh && q < ow ? y[y_offset + (((ulong)n * oh + p) * ow + q) * kc + (rh * stride_w + rw) * ic + c] : 0.0f;
#if F_MASK
    value = mask[mask_offset + at] > 0.0f ? value : 0.0f;
#endif
    x[x_offset + at] = value;
}
