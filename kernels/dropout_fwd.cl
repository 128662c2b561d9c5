/* dropout_fwd.cl: y = x * scale where the element is kept, else 0.
 * SPDX-License-Identifier: MIT
 * used by   dropout.c
 * reads     x[i] at i
 * writes    y[i] at i
 * edges     the last count % 4 elements take a part of their four random words
 * launch    global (work-groups * L), local (L), any L: a work-group takes T_STEPS * L groups of four elements, lanes side by side
 * memory    private about 10 values, local none, barriers none
 * numerics  one fp32 product; what is dropped is +0, also where x is a NaN
 * arguments x, y may be the same; scale; least: words >> 8 from here on are kept; key0 key1: low and high half of the seed; stream step; count: elements
 *           T_  T_STEPS >= 1     F_  none */
#ifndef T_STEPS
#define T_STEPS 1 /* groups of four a work-item takes */
#endif

#include "dropout_mask.h"

__kernel void dropout_fwd(__global const float *x, ulong x_offset, __global float *y, ulong y_offset, float scale, int least, int key0,
                          int key1, int stream, int step, ulong count) {
    x += x_offset;
    y += y_offset;
    const size_t lanes = get_local_size(0);
    size_t group = get_group_id(0) * T_STEPS * lanes + get_local_id(0);
    for (int turn = 0; turn < T_STEPS && group * 4 < count; ++turn, group += lanes) {
        const int elements = (int)min(count - group * 4, (ulong)4);
        uint words[4];
        dropout_words(group, (uint)key0, (uint)key1, (uint)stream, (uint)step, words);
        for (int i = 0; i < elements; ++i)
            y[group * 4 + i] = (int)(words[i] >> 8) >= least ? x[group * 4 + i] * scale : 0.0f;
    }
}
