/* fill_constant.cl: every element is `value`.
 * SPDX-License-Identifier: MIT
 * used by   fill.c (not clEnqueueFillBuffer, which is broken on very large buffers of some drivers)
 * reads     nothing
 * writes    y[i] at i
 * edges     the last count % T_VW elements go one by one
 * launch    global (work-groups * L), local (L), any L: a work-group takes T_STEPS * L vectors of T_VW elements, lanes side by side
 * memory    private one vector, local none, barriers none
 * numerics  exact
 * arguments value; count: elements     T_  T_VW in {1,4,8,16}  T_STEPS >= 1     F_  none */
#ifndef T_STEPS
#define T_STEPS 4 /* vectors a work-item takes */
#endif

#include "layer_vector.h"

__kernel void fill_constant(__global float *y, ulong y_offset, float value, ulong count) {
    y += y_offset;
    const size_t lanes = get_local_size(0);
    size_t i = (get_group_id(0) * T_STEPS * lanes + get_local_id(0)) * T_VW;
    for (int step = 0; step < T_STEPS; ++step, i += lanes * T_VW) {
        if (i + T_VW <= count) {
            D_STORE((vec_float)(value), y + i);
        } else {
            for (size_t j = i; j < count; ++j)
                y[j] = value;
        }
    }
}
