/* fill_normal.cl: normal values, mean + stddev * normal(0, 1).
 * SPDX-License-Identifier: MIT
 * used by   fill.c
 * reads     nothing
 * writes    y[i] at i; element i is value i % 4 of counter (i / 4, stream, 0) under the key (seed)
 * edges     what does not fill the last vector of groups is written element by element
 * launch    global (work-groups * L), local (L), any L: a work-group takes T_STEPS * L * T_VW groups of four elements, lanes side by side
 * memory    private about 20 vectors, local none, barriers none
 * numerics  the same bits on every device and for every T_VW, see philox.h
 * arguments mean stddev; key0 key1: low and high half of the seed; stream; count: elements     T_  T_STEPS >= 1, T_VW     F_  none */
#ifndef T_STEPS
#define T_STEPS 1 /* vectors of groups a work-item takes */
#endif

#include "layer_vector.h"
#define PHILOX_LANES T_VW
#include "philox.h"

__kernel void fill_normal(__global float *y, ulong y_offset, float mean, float stddev, int key0, int key1, int stream, ulong count) {
    y += y_offset;
    const size_t lanes = get_local_size(0);
    size_t group = (get_group_id(0) * T_STEPS * lanes + get_local_id(0)) * T_VW;
    for (int step = 0; step < T_STEPS && group * 4 < count; ++step, group += lanes * T_VW) {
        philox_floats z[4];
        float value[4][T_VW];
        philox_normal(group + PHILOX_LANE, (uint)key0, (uint)key1, (uint)stream, z);
        for (int i = 0; i < 4; ++i)
            D_STORE_PRIVATE(PHILOX_FMA(stddev, z[i], mean), value[i]);
        const size_t left = count - group * 4;
        if (left >= T_VW * 4)
            for (int i = 0; i < T_VW * 4; ++i)
                y[group * 4 + i] = value[i % 4][i / 4];
        else
            for (int i = 0; i < T_VW * 4; ++i)
                if (i < (int)left)
                    y[group * 4 + i] = value[i % 4][i / 4];
    }
}
