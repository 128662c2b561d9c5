/* pack_phases_group.cl: pack_phases.cl for GPUs: neighbouring work-items write neighbouring values.
 * SPDX-License-Identifier: MIT
 * used by   conv_winograd.c (x)
 * reads     as pack_phases.cl
 * writes    as pack_phases.cl
 * edges     outside x writes 0; work-items past the end of an image do nothing
 * launch    global (ceil(oh*ow*kc / L) * L, n), local (L, 1), any L: one work-item = one value
 * memory    private none, local none, barriers none
 * numerics  a copy
 * arguments as pack_phases.cl */
__kernel void pack_phases_group(__global const float *restrict x, ulong x_offset, __global float *restrict y, ulong y_offset, int ih,
                                int iw, int ic, int oh, int ow, int stride_h, int stride_w, int pad_top, int pad_left) {
    const int i = get_global_id(0), n = get_global_id(1), run = stride_w * ic, kc = stride_h * run;
    const int pixel = i / kc, k = i - pixel * kc, p = pixel / ow, q = pixel - p * ow, rh = k / run;
    if (p >= oh)
        return;
    const int h = p * stride_h + rh - pad_top, from = (q * stride_w - pad_left) * ic + k - rh * run;
    const int inside = h >= 0 && h < ih && from >= 0 && from < iw * ic;
    y[y_offset + (ulong)n * oh * ow * kc + i] = inside ? x[x_offset + ((ulong)n * ih + h) * iw * ic + from] : 0.0f;
}
