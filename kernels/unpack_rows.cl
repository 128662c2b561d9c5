/* unpack_rows.cl: brings a plain C to its place with bias, ReLU and mask, for GEMM variants without an epilogue of their own.
 * SPDX-License-Identifier: MIT
 * used by   src/gemm/gemm_clblast.c
 * reads     m[row][column] at row*gn + column
 * writes    c at out*ldc + column; out is the row through gather_map.h for P_A 1, the row itself otherwise
 * edges     gk 0 (no taps): m was not written and reads as 0
 * launch    global (gm), local (1): one work-item = one row
 * memory    private none, local none, barriers none
 * numerics  fp32
 * arguments m c bias mask gn gk ldc accumulate (0, 1), then the map    F_BIAS F_RELU F_MASK in {0,1}    P_A in {0,1,2} */
#include "gather_map.h"
#include "gemm_epilogue.h"

__kernel void unpack_rows(__global const float *restrict m, ulong m_offset, __global float *restrict c, ulong c_offset,
                          __global const float *restrict bias, ulong bias_offset, __global const float *restrict mask, ulong mask_offset,
                          int gn, int gk, int ldc, int accumulate, GATHER_MAP_ARGS) {
    const int row = get_global_id(0);
#if P_A == A_ROWS
    GATHER_MAP_MAKE(map);
    const ulong out = gather_out_row(&map, gather_pixel_of(&map, row)) * ldc;
#else
    const ulong out = (ulong)row * ldc;
#endif
    m += m_offset + (ulong)row * gn;
    c += c_offset + out;
    bias += bias_offset;
    mask += mask_offset + out;
    for (int column = 0; column < gn; ++column)
        c[column] = epilogue(gk > 0 ? m[column] : 0.0f, accumulate, c + column, bias + column, mask + column);
}
