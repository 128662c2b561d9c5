/* column_sums.h: how a work-group of T_LANES columns by T_ROWS rows adds up what its work-items hold of each column: a tree, always in the same order.
 * SPDX-License-Identifier: MIT */
#ifndef T_LANES
#define T_LANES 32 /* 8, 32 columns of a work-group */
#endif
#define D_ROWS 8 /* work-items that share a column */

/* The column's sum, for the work-item of row 0. Holds a barrier: all work-items of the group call it. */
static inline float column_sum(__local float *sums, float sum) {
    const int lane = get_local_id(0), row = get_local_id(1);
    sums[row * T_LANES + lane] = sum;
    barrier(CLK_LOCAL_MEM_FENCE);
    sums += lane;
    return ((sums[0] + sums[1 * T_LANES]) + (sums[2 * T_LANES] + sums[3 * T_LANES])) +
           ((sums[4 * T_LANES] + sums[5 * T_LANES]) + (sums[6 * T_LANES] + sums[7 * T_LANES]));
}
