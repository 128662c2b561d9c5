/* pack_winograd_filter_group.cl: pack_winograd_filter.cl for GPUs: a work-group shares the taps of a filter.
 * SPDX-License-Identifier: MIT
 * used by   conv_fwd_winograd.c (as it is), conv_winograd_bwd.c (channels turned)
 * reads     as pack_winograd_filter.cl
 * writes    as pack_winograd_filter.cl
 * edges     columns gn <= column < panels*nr are written as 0
 * launch    global (T_LANES * ceil(panels*nr / T_LANES) * gk, 8), local (T_LANES, 8)
 * memory    private a column, then a row of taps, local 64*T_LANES floats, barriers 1
 * numerics  fp32, the same bits as pack_winograd_filter.cl
 * arguments as pack_winograd_filter.cl, vectors, rows and stream not read    T_LANES in {8,32}    T_VW 1    P_ of winograd.h */
#include "winograd_group.h"

#define READ(i, j) (column < gn ? w[(long)(i)*stride_fh + (long)(j)*stride_fw] : 0.0f)
#define WRITE(i, j, value)                                                                                                                 \
    if (column < panels * nr)                                                                                                              \
        b[(ulong)((i)*P_QW0 + (j)) * plane] = value;

__kernel __attribute__((reqd_work_group_size(T_LANES, D_POINTS, 1))) void pack_winograd_filter_group(
    __global const float *restrict w, ulong w_offset, __global float *restrict b, ulong b_offset, int gn, int gk, int nr, int panels,
    int stride_fh, int stride_fw, int stride_k, int stride_column, ulong plane, int vectors, int rows, int stream) {
    __local float between[D_TILE_LOCAL];
    D_HELD;
    const int blocks = (panels * nr + T_LANES - 1) / T_LANES;
    const int k = get_group_id(0) / blocks, lane = get_local_id(0), place = get_local_id(1);
    const int column = (get_group_id(0) - k * blocks) * T_LANES + lane;
    w += w_offset + (ulong)k * stride_k + (ulong)column * stride_column;
    b += b_offset + ((ulong)(column / nr) * gk + k) * nr + column % nr;
    COLUMN(0, 0, READ)
    barrier(CLK_LOCAL_MEM_FENCE);
    ROW(0, 0, WRITE)
}
