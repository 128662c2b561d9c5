/* fill_truncated_normal.cl: normal values, those further than 2 stddev from the mean drawn again.
 * SPDX-License-Identifier: MIT
 * used by   fill.c
 * reads     nothing
 * writes    y[i] at i; element i is the first fitting one of the values of counters (i, stream, 1), (i, stream, 2), ... under the key (seed)
 * edges     the last vector is written element by element
 * launch    global (work-groups * L), local (L), any L: a work-group takes T_STEPS * L * T_VW elements, lanes side by side
 * memory    private about 20 vectors, local none, barriers none
 * numerics  the same bits on every device and for every T_VW, see philox.h
 * arguments mean stddev; key0 key1: low and high half of the seed; stream; count: elements     T_  T_STEPS >= 1, T_VW     F_  none */
#ifndef T_STEPS
#define T_STEPS 1 /* vectors a work-item takes */
#endif

#include "layer_vector.h"
#define PHILOX_LANES T_VW
#include "philox.h"

__kernel void fill_truncated_normal(__global float *y, ulong y_offset, float mean, float stddev, int key0, int key1, int stream,
                                    ulong count) {
    y += y_offset;
    const size_t lanes = get_local_size(0);
    size_t i = (get_group_id(0) * T_STEPS * lanes + get_local_id(0)) * T_VW;
    for (int step = 0; step < T_STEPS && i < count; ++step, i += lanes * T_VW) {
        const philox_floats z = philox_truncated_normal(i + PHILOX_LANE, (uint)key0, (uint)key1, (uint)stream);
        const philox_floats value = PHILOX_FMA(stddev, z, mean);
        if (count - i >= T_VW)
            D_STORE(value, y + i);
        else {
            float one[T_VW];
            D_STORE_PRIVATE(value, one);
            for (int lane = 0; lane < T_VW; ++lane)
                if (i + lane < count)
                    y[i + lane] = one[lane];
        }
    }
}
