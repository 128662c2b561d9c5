/* l2_loss_partial.cl: each work-item sums the squares of its share of x.
 * SPDX-License-Identifier: MIT
 * used by   loss.c, followed by l2_loss_total
 * reads     x[i] at i
 * writes    partial[work-item], one each; their sum is the sum of x[i]^2
 * edges     a work-item without a share writes 0; the last count % T_VW elements go one by one
 * launch    global (work-groups * L), local (L), any L: a work-group takes blocks * D_BLOCK * L vectors of T_VW elements, lanes side by side
 * memory    private D_BLOCK vectors and two running sums, local none, barriers none
 * numerics  D_BLOCK squares in plain sums, then a compensated sum (Kahan), so the error does not grow with count: about 2e-7 relative
 * arguments blocks: blocks a work-item takes; count: elements     T_  T_VW in {1,4,8,16}     F_  none */
#include "layer_vector.h"

#define D_BLOCK 8 /* vectors whose squares are added before they go to the compensated sum */

/* The true sum is sum - lost; adds value to it. Of an infinite sum nothing is lost. */
static void add_compensated(vec_float value, vec_float *sum, vec_float *lost) {
    const vec_float wanted = value - *lost;
    const vec_float next = *sum + wanted;
    *lost = select((next - *sum) - wanted, (vec_float)(0.0f), next == INFINITY);
    *sum = next;
}

__kernel void l2_loss_partial(__global const float *restrict x, ulong x_offset, __global float *restrict partial, ulong partial_offset,
                              int blocks, ulong count) {
    x += x_offset;
    const size_t stride = get_local_size(0) * T_VW;
    size_t i = get_group_id(0) * (size_t)blocks * D_BLOCK * stride + get_local_id(0) * T_VW;
    vec_float sum = 0.0f, lost = 0.0f;
    float rest = 0.0f;
    for (int block = 0; block < blocks && i < count; ++block, i += D_BLOCK * stride) {
        if (i + (D_BLOCK - 1) * stride + T_VW <= count) {
            vec_float even = 0.0f, odd = 0.0f;
            for (int j = 0; j < D_BLOCK; j += 2) {
                const vec_float a = D_LOAD(x + i + j * stride), b = D_LOAD(x + i + (j + 1) * stride);
                even += a * a;
                odd += b * b;
            }
            add_compensated(even + odd, &sum, &lost);
        } else {
            size_t at = i;
            int j = 0;
            for (; j < D_BLOCK && at + T_VW <= count; ++j, at += stride) {
                const vec_float a = D_LOAD(x + at);
                add_compensated(a * a, &sum, &lost);
            }
            for (; j < D_BLOCK && at < count; ++at)
                rest += x[at] * x[at];
        }
    }
    float lane[T_VW];
    D_STORE_PRIVATE(sum - lost, lane);
    for (int j = 0; j < T_VW; ++j)
        rest += lane[j];
    partial[partial_offset + get_global_id(0)] = rest;
}
