/* relu_fwd.cl: y = max(x, 0); a NaN stays a NaN.
 * SPDX-License-Identifier: MIT
 * used by   relu.c
 * reads     x[i] at i
 * writes    y[i] at i
 * edges     the last count % T_VW elements go one by one
 * launch    global (work-groups * L), local (L), any L: a work-group takes T_STEPS * L vectors of T_VW elements, lanes side by side
 * memory    private one vector, local none, barriers none
 * numerics  exact; -0 becomes +0
 * arguments x, y may be the same; count: elements     T_  T_VW in {1,4,8,16}  T_STEPS >= 1     F_  none */
#ifndef T_STEPS
#define T_STEPS 4 /* vectors a work-item takes */
#endif

#include "layer_vector.h"

__kernel void relu_fwd(__global const float *x, ulong x_offset, __global float *y, ulong y_offset, ulong count) {
    x += x_offset;
    y += y_offset;
    const size_t lanes = get_local_size(0);
    size_t i = (get_group_id(0) * T_STEPS * lanes + get_local_id(0)) * T_VW;
    for (int step = 0; step < T_STEPS; ++step, i += lanes * T_VW) {
        if (i + T_VW <= count) {
            const vec_float value = D_LOAD(x + i);
            D_STORE(select(value, (vec_float)(0.0f), value <= 0.0f), y + i);
        } else {
            for (size_t j = i; j < count; ++j)
                y[j] = x[j] <= 0.0f ? 0.0f : x[j];
        }
    }
}
