/* ceiling_copy.cl: y = x, in order, in vectors: what the device's memory can do at most. Of one vector it is also the least that a launch can be.
 * SPDX-License-Identifier: MIT
 * used by   bench/ceilings.c
 * reads     x[i] at i, i < count
 * writes    y[i] at i
 * edges     count is a multiple of T_VW * T_STEPS * local size * groups
 * launch    global (work-groups * L), local (L), any L: a work-group copies T_STEPS * L vectors that lie together, lanes side by side, `rounds` times over
 * memory    private one vector, local none, barriers none
 * numerics  exact
 * arguments x y rounds (blocks that a work-group copies one behind the other)     T_  T_VW in {1,4,8,16}  T_STEPS >= 1     F_  none */
#ifndef T_STEPS
#define T_STEPS 16 /* vectors a work-item copies in a round */
#endif

#include "layer_vector.h"

__kernel void ceiling_copy(__global const float *restrict x, ulong x_offset, __global float *restrict y, ulong y_offset, int rounds) {
    const size_t lanes = get_local_size(0), block = T_STEPS * lanes * T_VW;
    const size_t first = get_group_id(0) * rounds * block + get_local_id(0) * T_VW;
    x += x_offset + first;
    y += y_offset + first;
    for (int round = 0; round < rounds; ++round, x += block, y += block) {
#pragma unroll
        for (int step = 0; step < T_STEPS; ++step)
            D_STORE(D_LOAD(x + step * lanes * T_VW), y + step * lanes * T_VW);
    }
}
