/* l2_loss_total.cl: loss = half the sum of the partial sums.
 * SPDX-License-Identifier: MIT
 * used by   loss.c, after l2_loss_partial
 * reads     partial[i] at i
 * writes    loss[0]
 * edges     none
 * launch    global (T_LANES), local (T_LANES): one work-group
 * memory    private two floats, local T_LANES floats where T_LANES > 1, barriers log2(T_LANES) + 1
 * numerics  compensated sums (Kahan) in each work-item, then a tree: a fixed order
 * arguments count: partial sums     T_  T_LANES a power of two, 1 on a CPU     F_  none */
#ifndef T_LANES
#define T_LANES 1 /* work-items of the one work-group */
#endif

__kernel void l2_loss_total(__global const float *restrict partial, ulong partial_offset, __global float *restrict loss, ulong loss_offset,
                            ulong count) {
    partial += partial_offset;
    float sum = 0.0f, lost = 0.0f;
    for (size_t i = get_local_id(0); i < count; i += T_LANES) {
        const float wanted = partial[i] - lost;
        const float next = sum + wanted;
        lost = next == INFINITY ? 0.0f : (next - sum) - wanted;
        sum = next;
    }
    sum -= lost;
#if T_LANES > 1
    __local float sums[T_LANES];
    const int lane = (int)get_local_id(0);
    sums[lane] = sum;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int half_size = T_LANES / 2; half_size > 0; half_size /= 2) {
        if (lane < half_size)
            sums[lane] += sums[lane + half_size];
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    sum = sums[0];
#endif
    if (get_local_id(0) == 0)
        loss[loss_offset] = 0.5f * sum;
}
