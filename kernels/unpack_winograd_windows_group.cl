/* unpack_winograd_windows_group.cl: unpack_winograd_windows.cl for GPUs: a work-group shares the windows of an image, one after the other.
 * SPDX-License-Identifier: MIT
 * used by   conv_winograd_bwd.c (dx, or its phases)
 * reads     as unpack_winograd_windows.cl
 * writes    as unpack_winograd_windows.cl
 * edges     pixels outside dx are not stored
 * launch    global (T_LANES * ceil(channels / T_LANES) * images, 8), local (T_LANES, 8)
 * memory    private a column, then a row of a window, local 64*T_LANES floats, barriers 2 a window, their number the same for all work-items
 * numerics  fp32; the windows over a pixel add up in the order of th, then tw: the same bits as unpack_winograd_windows.cl
 * arguments as unpack_winograd_windows.cl, vectors not read    T_LANES in {8,32}    T_VW 1    F_MASK in {0,1}    P_OVERLAP_H P_OVERLAP_W in 0..6    P_ of winograd.h */
#include "winograd_group.h"
#ifndef F_MASK
#define F_MASK 0 /* 0, 1: keep where the mask is positive */
#endif
#ifndef P_OVERLAP_H
#define P_OVERLAP_H 0 /* 0..6 */
#endif
#ifndef P_OVERLAP_W
#define P_OVERLAP_W 0 /* 0..6 */
#endif
#define D_POINTS_W P_RW0
#define D_SMALL_H  (P_RH1 ? P_RH1 : P_RH0)
#define D_SMALL_W  (P_RW1 ? P_RW1 : P_RW0)

/* Adds a value to a pixel that an earlier window has written, or writes it; the mask comes with the last. */
static inline void add_pixel(float value, __global float *dx, __global const float *mask, int is_first, int is_last) {
    if (!is_first)
        value += *dx;
#if F_MASK
    if (is_last)
        value = *mask > 0.0f ? value : 0.0f;
#endif
    *dx = value;
}

#define READ(i, j) (c < channels ? m[D_PLANE(i, j, channels) + D_ROW(i, j, n, th, tw) * channels + c] : 0.0f)
/* One pixel of the row, of a window `wide` pixels wide. */
#define ADD_PIXEL(j, wide)                                                                                                                 \
    {                                                                                                                                      \
        if (inside && w0 + j >= 0 && w0 + j < iw) {                                                                                        \
            const ulong at = (corner + (long)place * iw + j) * channels + c;                                                               \
            const int is_first = first_row && (j >= P_OVERLAP_W || tw == 0);                                                               \
            const int is_last = last_row && (j < wide - P_OVERLAP_W || tw == tiles_w - 1);                                                 \
            add_pixel(out[j], dx + at, mask + at, is_first, is_last);                                                                      \
        }                                                                                                                                  \
    }
#define ADD_ROW(H, W)                                                                                                                      \
    {                                                                                                                                      \
        if (place < P_QH##H) {                                                                                                             \
            const int inside = c < channels && h0 + place >= 0 && h0 + place < ih;                                                         \
            const int first_row = place >= P_OVERLAP_H || th == 0, last_row = place < P_QH##H - P_OVERLAP_H || th == tiles_h - 1;          \
            EACH(P_RW##W, ROW_IN, 0)                                                                                                       \
            transform_w##W(in, 1, out, 1);                                                                                                 \
            EACH(P_QW##W, ADD_PIXEL, P_QW##W)                                                                                              \
        }                                                                                                                                  \
    }
#define FIRST(H, W) COLUMN(H, W, READ)

__kernel __attribute__((reqd_work_group_size(T_LANES, D_POINTS, 1))) void unpack_winograd_windows_group(
    __global const float *restrict m, ulong m_offset, __global float *restrict dx, ulong dx_offset, __global const float *restrict mask,
    ulong mask_offset, int channels, int ih, int iw, int pad_top, int pad_left, int images, int tiles_h, int big_h, int tiles_w, int big_w,
    int vectors) {
    __local float between[D_TILE_LOCAL];
    D_HELD;
    const int blocks = (channels + T_LANES - 1) / T_LANES;
    const int n = get_group_id(0) / blocks, lane = get_local_id(0), place = get_local_id(1);
    const int c = (get_group_id(0) - n * blocks) * T_LANES + lane;
    m += m_offset;
    dx += dx_offset;
    mask += mask_offset;
    for (int t = 0; t < tiles_h * tiles_w; ++t) {
        const int th = t / tiles_w, tw = t - th * tiles_w;
        const int h0 = min(th, big_h) * (P_QH0 - P_OVERLAP_H) + max(th - big_h, 0) * (P_QH1 - P_OVERLAP_H) - pad_top;
        const int w0 = min(tw, big_w) * (P_QW0 - P_OVERLAP_W) + max(tw - big_w, 0) * (P_QW1 - P_OVERLAP_W) - pad_left;
        const long corner = ((long)n * ih + h0) * iw + w0;
        FOR_KIND(FIRST, th, tw)
        /* Another work-item of the group adds to what this one has written. */
        barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);
        FOR_KIND(ADD_ROW, th, tw)
        barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE);
    }
}
