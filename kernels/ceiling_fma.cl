/* ceiling_fma.cl: nothing but fused multiply-adds in registers, as many as asked for: what the device can do at most.
 * SPDX-License-Identifier: MIT
 * used by   bench/ceilings.c
 * reads     nothing
 * writes    y[i], i < number of work-items: the sum of the item's values, so that the work is not left out
 * edges     none
 * launch    global a multiple of T_GROUP, local (T_GROUP, 1, 1)
 * memory    private T_CHAINS vectors in registers, local none, barriers none
 * numerics  each chain x = x * 0.9999 + 0.0001 goes towards 1: no inf, no NaN, no denormal
 * arguments y rounds: the item does rounds * T_CHAINS * D_UNROLL vector fmas, 2 * T_VW operations each
 *           T_VW in {1,4,8,16}    T_CHAINS in 1..32: independent chains, at least latency * fmas a cycle, at most the registers    T_GROUP >= 1 */
#ifndef T_VW
#define T_VW 8 /* 1, 4, 8, 16 floats of a vector */
#endif
#ifndef T_CHAINS
#define T_CHAINS 12 /* 1..32 vectors */
#endif
#ifndef T_GROUP
#define T_GROUP 1 /* work-items of a work-group */
#endif
#include "layer_vector.h"
#define D_UNROLL 8 /* fmas of each chain in a round; FMA_ROUND below holds as many */

#define FMA_STEP  _Pragma("unroll") for (int i = 0; i < T_CHAINS; ++i) x[i] = fma(x[i], scale, shift);
#define FMA_ROUND FMA_STEP FMA_STEP FMA_STEP FMA_STEP FMA_STEP FMA_STEP FMA_STEP FMA_STEP

__kernel __attribute__((reqd_work_group_size(T_GROUP, 1, 1))) void ceiling_fma(__global float *restrict y, ulong y_offset, int rounds) {
    const int item = get_global_id(0);
    const vec_float scale = (vec_float)(0.9999f), shift = (vec_float)(0.0001f);
    vec_float x[T_CHAINS];
#pragma unroll
    for (int i = 0; i < T_CHAINS; ++i)
        x[i] = (vec_float)((float)(item % 64 + i));
    for (int round = 0; round < rounds; ++round) {
        FMA_ROUND
    }
    vec_float sum = x[0];
#pragma unroll
    for (int i = 1; i < T_CHAINS; ++i)
        sum += x[i];
    float values[T_VW], total = 0.0f;
    D_STORE_PRIVATE(sum, values);
#pragma unroll
    for (int i = 0; i < T_VW; ++i)
        total += values[i];
    y[y_offset + item] = total;
}
