/* lrn_maxpool_fwd.cl: max-pooling of the local response normalization of x, which is never stored.
 * SPDX-License-Identifier: MIT
 * used by   lrn_maxpool.c
 * reads     x[n][h][w][c]         at ((n*ih + h)*iw + w)*channels + c
 * writes    y[n][p][q][c]         at ((n*oh + p)*ow + q)*channels + c
 *           index[n][p][q][c]     the same; dh * window_w + dw of the first NaN, or else of the first maximum; nothing where index is NULL
 * edges     places outside x are left out; the last vector of a block begins T_VW before its end, so channels >= T_VW
 * launch    F_RING 1 (CPU): global (blocks, column tiles, images * strips), local (1, 1, 1): a work-item takes one block of T_BLOCK channels (the last takes all that are
 *           left, at least T_VW, less than T_BLOCK + T_VW) of `rows` rows and `columns` columns of y. It walks down x and keeps the last window_h normalized rows in a
 *           ring, so that rows which windows share are normalized once. The caller sees that window_h * ((columns - 1) * stride_w + window_w) * the longest
 *           block's channels <= T_RING
 *           F_RING 0 (GPU, and windows that fit no ring): global (T_LANES, work-groups * T_ROWS), local (T_LANES, T_ROWS): a work-group takes all channels of
 *           `rows` * T_ROWS pixels of y and normalizes each place of a window anew, from values that the cache holds
 * memory    private T_RING + D_TILE floats with F_RING, local none, barriers none
 * numerics  the maxima and places of what lrn_fwd computes: with F_RING to the bit, otherwise up to the rounding of the compiler's choice of instructions
 * arguments pixels: of y, n*oh*ow; channels ih iw oh ow window_h window_w stride_h stride_w pad_top pad_left; rows columns (1 without F_RING); bias alpha beta
 *           P_  P_RADIUS >= 0, < channels     T_  T_VW in {1,4,8,16}, 1 without F_RING  T_LANES T_ROWS: local size, 1 1 with F_RING  T_BLOCK >= T_VW  T_TILE  T_RING
 *           F_  F_BETA_075 in {0,1}  F_RING in {0,1} */
#ifndef F_RING
#define F_RING 0 /* 1: a work-item walks down a strip of rows */
#endif
#ifndef T_RING
#define T_RING 4096 /* floats: a third of the first cache of a CPU, which two threads may share */
#endif

#include "lrn_normalize.h"

#if F_RING
/* Maximum and place of one window for T_VW channels: window rows h_first to h_end of row `slot` and on of the ring, columns w_first to w_end; base: the place of the first.
 * Without a NaN the chain from one value to the next is one maximum. */
#define D_POOL(WINS, BETTER)                                                                                                               \
    for (int row = 0; row < height; ++row, base += window_w) {                                                                             \
        const float *at = ring + slot * slot_pitch;                                                                                        \
        for (int column = 0; column < width; ++column, at += pitch) {                                                                      \
            const vec_float value = D_LOAD(at);                                                                                            \
            const vec_int wins = WINS;                                                                                                     \
            best = BETTER;                                                                                                                 \
            place = select(place, (vec_int)(base + column), wins);                                                                         \
        }                                                                                                                                  \
        slot = slot + 1 == window_h ? 0 : slot + 1;                                                                                        \
    }
static vec_float pool_window(const float *ring, int slot, int slot_pitch, int pitch, int height, int width, int base, int window_h,
                             int window_w, int has_nan, vec_int *place_out) {
    vec_float best = D_LOAD(ring + slot * slot_pitch);
    vec_int place = base;
    if (has_nan) {
        D_POOL(!(value <= best) & (best == best), select(best, value, wins))
    } else {
        D_POOL(value > best, value > best ? value : best)
    }
    *place_out = place;
    return best;
}
#endif

__kernel void lrn_maxpool_fwd(__global const float *restrict x, ulong x_offset, __global float *restrict y, ulong y_offset,
                              __global ushort *restrict index, ulong index_offset, ulong pixels, int channels, int ih, int iw, int oh,
                              int ow, int window_h, int window_w, int stride_h, int stride_w, int pad_top, int pad_left, int rows,
                              int columns, float bias, float alpha, float beta) {
    x += x_offset;
    y += y_offset;
#if F_RING
    float squares[D_TILE], ring[T_RING];
    const int begin = (int)get_group_id(0) * T_BLOCK;
    const int end = get_group_id(0) + 1 == get_num_groups(0) ? channels : begin + T_BLOCK;
    const int strips = (oh + rows - 1) / rows;
    const size_t image = get_group_id(2) / strips;
    const int p_begin = (int)(get_group_id(2) % strips) * rows, p_end = min(p_begin + rows, oh);
    const int q_begin = (int)get_group_id(1) * columns, q_end = min(q_begin + columns, ow);
    const int left = max(q_begin * stride_w - pad_left, 0), right = min((q_end - 1) * stride_w - pad_left + window_w, iw);
    const int span = end - begin, slot_pitch = (right - left) * span, most = D_TILE / (span + 2 * P_RADIUS);
    clear_squares(squares, min(most, right - left), begin, end, channels);
    int done = 0, has_nan = 0;
    for (int p = p_begin; p < p_end; ++p) {
        const int h = p * stride_h - pad_top, h_first = max(h, 0), h_end = min(h + window_h, ih);
        for (done = max(done, h_first); done < h_end; ++done)
            for (int w = left; w < right; w += most)
                has_nan |= normalize_private(x + ((image * ih + done) * iw + w) * channels, min(most, right - w), channels, begin, end,
                                             squares, ring + done % window_h * slot_pitch + (w - left) * span, span, bias, alpha, beta);
        for (int q = q_begin; q < q_end; ++q) {
            const int w = q * stride_w - pad_left, w_first = max(w, 0), w_end = min(w + window_w, iw);
            const size_t to = ((image * oh + p) * ow + q) * channels + begin;
            for (int c = 0; c < span; c += T_VW) {
                const int first = min(c, span - T_VW);
                vec_int place;
                D_STORE(pool_window(ring + (w_first - left) * span + first, h_first % window_h, slot_pitch, span, h_end - h_first,
                                    w_end - w_first, (h_first - h) * window_w + (w_first - w), window_h, window_w, has_nan, &place),
                        y + to + first);
                if (index)
                    D_STORE_USHORT(D_NAME(convert_ushort)(place), index + index_offset + to + first);
            }
        }
    }
#else
    size_t pixel = get_group_id(1) * (size_t)rows * T_ROWS + get_local_id(1);
    for (int step = 0; step < rows && pixel < pixels; ++step, pixel += T_ROWS) {
        const int q = (int)(pixel % ow), p = (int)(pixel / ow % oh);
        const int h = p * stride_h - pad_top, w = q * stride_w - pad_left;
        const int h_first = max(h, 0), h_end = min(h + window_h, ih);
        const int w_first = max(w, 0), w_end = min(w + window_w, iw);
        const size_t image = pixel / ow / oh * ih;
        for (int c = (int)get_local_id(0); c < channels; c += T_LANES) {
            float best = -INFINITY;
            int place = (h_first - h) * window_w + (w_first - w);
            for (int row = h_first; row < h_end; ++row)
                for (int column = w_first; column < w_end; ++column) {
                    const size_t at = ((image + row) * iw + column) * channels + c;
                    const float value = normalize_one(x, at, c, channels, bias, alpha, beta);
                    if (!(value <= best) && best == best) {
                        best = value;
                        place = (row - h) * window_w + (column - w);
                    }
                }
            y[pixel * channels + c] = best;
            if (index)
                (index + index_offset)[pixel * channels + c] = (ushort)place;
        }
    }
#endif
}
