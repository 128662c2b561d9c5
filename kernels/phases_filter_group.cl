/* phases_filter_group.cl: phases_filter.cl for GPUs: neighbouring work-items take neighbouring columns.
 * SPDX-License-Identifier: MIT
 * used by   conv_winograd.c (w; dw with F_BACK)
 * reads     as phases_filter.cl
 * writes    as phases_filter.cl
 * edges     taps of v outside w are written as 0, or not read; work-items past the last value of a tap do nothing
 * launch    global (ceil(kc*oc / L) * L, rw*rh), local (L, 1), any L: one work-item = one value
 * memory    private none, local none, barriers none
 * numerics  a copy
 * arguments as phases_filter.cl    F_BACK in {0,1} */
#ifndef F_BACK
#define F_BACK 0 /* 0, 1: from the parts to the whole */
#endif

__kernel void phases_filter_group(__global const float *restrict from, ulong from_offset, __global float *restrict to, ulong to_offset,
                                  int ic, int oc, int fh, int fw, int stride_h, int stride_w) {
    const int i = get_global_id(0), tap = get_global_id(1), kc = stride_h * stride_w * ic, rw = (fw + stride_w - 1) / stride_w;
    const int k = i / oc, column = i - k * oc, a = tap / rw, b = tap - a * rw;
    if (k >= kc)
        return;
    const int h = a * stride_h + k / (stride_w * ic), w = b * stride_w + k / ic % stride_w;
    const ulong part = ((ulong)tap * kc + k) * oc + column, whole = (((ulong)h * fw + w) * ic + k % ic) * oc + column;
    const int inside = h < fh && w < fw;
    from += from_offset;
    to += to_offset;
#if F_BACK
    if (inside)
        to[whole] = from[part];
#else
    to[part] = inside ? from[whole] : 0.0f;
#endif
}
