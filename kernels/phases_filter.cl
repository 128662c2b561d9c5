/* phases_filter.cl: splits the taps of a filter by stride as pack_phases.cl splits the pixels (F_BACK 0), or puts the parts of its gradient together (F_BACK 1).
 * SPDX-License-Identifier: MIT
 * used by   conv_fwd_winograd.c (w), conv_winograd_bwd.c (dw, F_BACK)
 * reads     F_BACK 0: w[fh][fw][c][column] at ((fh*fws + fw)*ic + c)*oc + column, fws taps a row        F_BACK 1: v
 * writes    F_BACK 0: v[a][b][k][column] at ((a*rw + b)*kc + k)*oc + column;  k = (sh*stride_w + sw)*ic + c, fh = a*stride_h + sh, fw = b*stride_w + sw
 *           F_BACK 1: w
 * edges     taps of v outside w are written as 0, or not read
 * launch    global (kc, rw, rh), local (1, 1, 1): one work-item = all columns of one tap and channel of v
 * memory    private none, local none, barriers none
 * numerics  a copy
 * arguments from to ic oc fh fw stride_h stride_w    F_BACK in {0,1} */
#ifndef F_BACK
#define F_BACK 0 /* 0, 1: from the parts to the whole */
#endif

__kernel void phases_filter(__global const float *restrict from, ulong from_offset, __global float *restrict to, ulong to_offset, int ic,
                            int oc, int fh, int fw, int stride_h, int stride_w) {
    const int k = get_global_id(0), b = get_global_id(1), a = get_global_id(2);
    const int kc = get_global_size(0), rw = get_global_size(1);
    const int h = a * stride_h + k / (stride_w * ic), w = b * stride_w + k / ic % stride_w;
    const ulong part = (((ulong)a * rw + b) * kc + k) * oc, whole = (((ulong)h * fw + w) * ic + k % ic) * oc;
    const int inside = h < fh && w < fw;
    from += from_offset;
    to += to_offset;
#if F_BACK
    if (inside)
        for (int column = 0; column < oc; ++column)
            to[whole + column] = from[part + column];
#else
    for (int column = 0; column < oc; ++column)
        to[part + column] = inside ? from[whole + column] : 0.0f;
#endif
}
