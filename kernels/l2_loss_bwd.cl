/* l2_loss_bwd.cl: dx = x * scale.
 * SPDX-License-Identifier: MIT
 * used by   loss.c
 * reads     x[i] at i
 * writes    dx[i] at i
 * edges     the last count % T_VW elements go one by one
 * launch    global (work-groups * L), local (L), any L: a work-group takes T_STEPS * L vectors of T_VW elements, lanes side by side
 * memory    private one vector, local none, barriers none
 * numerics  one rounding
 * arguments x, dx may be the same; scale; count: elements     T_  T_VW in {1,4,8,16}  T_STEPS >= 1     F_  none */
#ifndef T_STEPS
#define T_STEPS 4 /* vectors a work-item takes */
#endif

#include "layer_vector.h"

__kernel void l2_loss_bwd(__global const float *x, ulong x_offset, __global float *dx, ulong dx_offset, float scale, ulong count) {
    x += x_offset;
    dx += dx_offset;
    const size_t lanes = get_local_size(0);
    size_t i = (get_group_id(0) * T_STEPS * lanes + get_local_id(0)) * T_VW;
    for (int step = 0; step < T_STEPS; ++step, i += lanes * T_VW) {
        if (i + T_VW <= count) {
            D_STORE(D_LOAD(x + i) * scale, dx + i);
        } else {
            for (size_t j = i; j < count; ++j)
                dx[j] = x[j] * scale;
        }
    }
}
