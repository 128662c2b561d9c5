/* dropout_bwd.cl: dx = dy * scale where the element was kept, else 0.
 * SPDX-License-Identifier: MIT
 * used by   dropout.c
 * reads     dy[i] at i; x[i] at i, only with F_RELU_MASK
 * writes    dx[i] at i
 * edges     the last count % 4 elements take a part of their four random words
 * launch    global (work-groups * L), local (L), any L: a work-group takes T_STEPS * L groups of four elements, lanes side by side
 * memory    private about 10 values, local none, barriers none
 * numerics  one fp32 product; what was dropped is +0, also where dy is a NaN
 * arguments dy, dx may be the same; the rest as in dropout_fwd.cl
 *           T_  T_STEPS >= 1     F_  F_RELU_MASK in {0,1}: also dx = x > 0 ? dx : 0 */
#ifndef T_STEPS
#define T_STEPS 1 /* groups of four a work-item takes */
#endif
#ifndef F_RELU_MASK
#define F_RELU_MASK 0 /* 1: x came out of a ReLU whose gradient is taken too */
#endif

#include "dropout_mask.h"

__kernel void dropout_bwd(__global const float *dy, ulong dy_offset, __global const float *x, ulong x_offset, __global float *dx,
                          ulong dx_offset, float scale, int least, int key0, int key1, int stream, int step, ulong count) {
    dy += dy_offset;
    dx += dx_offset;
    const size_t lanes = get_local_size(0);
    size_t group = get_group_id(0) * T_STEPS * lanes + get_local_id(0);
    for (int turn = 0; turn < T_STEPS && group * 4 < count; ++turn, group += lanes) {
        const int elements = (int)min(count - group * 4, (ulong)4);
        uint words[4];
        dropout_words(group, (uint)key0, (uint)key1, (uint)stream, (uint)step, words);
        for (int i = 0; i < elements; ++i) {
            const float gradient = (int)(words[i] >> 8) >= least ? dy[group * 4 + i] * scale : 0.0f;
#if F_RELU_MASK
            dx[group * 4 + i] = x[x_offset + group * 4 + i] > 0.0f ? gradient : 0.0f;
#else
            dx[group * 4 + i] = gradient;
#endif
        }
    }
}
