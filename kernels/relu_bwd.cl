/* relu_bwd.cl: dx = y > 0 ? dy : 0.
 * SPDX-License-Identifier: MIT
 * used by   relu.c
 * reads     y[i], dy[i] at i
 * writes    dx[i] at i
 * edges     the last count % T_VW elements go one by one
 * launch    global (work-groups * L), local (L), any L: a work-group takes T_STEPS * L vectors of T_VW elements, lanes side by side
 * memory    private two vectors, local none, barriers none
 * numerics  exact; where y is a NaN dx is 0
 * arguments dy, dx may be the same; count: elements     T_  T_VW in {1,4,8,16}  T_STEPS >= 1     F_  none */
#ifndef T_STEPS
#define T_STEPS 4 /* vectors a work-item takes */
#endif

#include "layer_vector.h"

__kernel void relu_bwd(__global const float *y, ulong y_offset, __global const float *dy, ulong dy_offset, __global float *dx,
                       ulong dx_offset, ulong count) {
    y += y_offset;
    dy += dy_offset;
    dx += dx_offset;
    const size_t lanes = get_local_size(0);
    size_t i = (get_group_id(0) * T_STEPS * lanes + get_local_id(0)) * T_VW;
    for (int step = 0; step < T_STEPS; ++step, i += lanes * T_VW) {
        if (i + T_VW <= count) {
            const vec_float gradient = D_LOAD(dy + i);
            D_STORE(select((vec_float)(0.0f), gradient, D_LOAD(y + i) > 0.0f), dx + i);
        } else {
            for (size_t j = i; j < count; ++j)
                dx[j] = y[j] > 0.0f ? dy[j] : 0.0f;
        }
    }
}
