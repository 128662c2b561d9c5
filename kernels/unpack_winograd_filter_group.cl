/* unpack_winograd_filter_group.cl: unpack_winograd_filter.cl for GPUs: a work-group shares the taps of a filter's gradient.
 * SPDX-License-Identifier: MIT
 * used by   conv_winograd_bwd.c (dw)
 * reads     as unpack_winograd_filter.cl
 * writes    as unpack_winograd_filter.cl
 * edges     none
 * launch    global (T_LANES * ceil(oc / T_LANES) * ic, 8), local (T_LANES, 8)
 * memory    private a column, then a row of points, local 64*T_LANES floats, barriers 1
 * numerics  fp32, the same bits as unpack_winograd_filter.cl
 * arguments as unpack_winograd_filter.cl, vectors, rows and stream not read    T_LANES in {8,32}    T_VW 1    P_ of winograd.h */
#include "winograd_group.h"

#define READ(i, j) (k < oc ? m[(ulong)((i)*P_RW0 + (j)) * (plane + P_GAP)] : 0.0f)
#define WRITE(i, j, value)                                                                                                                 \
    if (k < oc)                                                                                                                            \
        w[(ulong)((i)*P_QW0 + (j)) * plane] = value;

__kernel __attribute__((reqd_work_group_size(T_LANES, D_POINTS, 1))) void unpack_winograd_filter_group(__global const float *restrict m,
                                                                                                       ulong m_offset,
                                                                                                       __global float *restrict w,
                                                                                                       ulong w_offset, int ic, int oc,
                                                                                                       int vectors, int rows, int stream) {
    __local float between[D_TILE_LOCAL];
    D_HELD;
    const int blocks = (oc + T_LANES - 1) / T_LANES;
    const int c = get_group_id(0) / blocks, lane = get_local_id(0), place = get_local_id(1);
    const int k = (get_group_id(0) - c * blocks) * T_LANES + lane;
    const ulong plane = (ulong)ic * oc;
    m += m_offset + (ulong)c * oc + k;
    w += w_offset + (ulong)c * oc + k;
    COLUMN(0, 0, READ)
    barrier(CLK_LOCAL_MEM_FENCE);
    ROW(0, 0, WRITE)
}
