/* pack_gather.cl: writes the A that gather_map.h describes into panels (implicit im2col made explicit), for GEMM variants that read panels only.
 * SPDX-License-Identifier: MIT
 * used by   the gather recipes of src/conv when the GEMM variant cannot read through the map
 * reads     a through gather_map.h
 * writes    v[p][k][r] at (p*gk + k)*mr + r, row p*mr + r
 * edges     rows >= gm and taps outside the source are written as 0
 * launch    global (ceil(panels*mr / T_ROWS), ceil(gk / T_BLOCK)), local (1, 1): one work-item = T_ROWS rows at T_BLOCK values of k
 * memory    private none, local none, barriers none
 * numerics  a copy
 * arguments a v gm gk mr, then the map    T_ROWS in {4,8,16}, T_BLOCK in {16,32,64}    F_CHECK in {0,1}    P_A in {1,2} */
#ifndef P_A
#define P_A 1 /* 1, 2: see gather_map.h */
#endif
#ifndef T_ROWS
#define T_ROWS 8 /* 4, 8, 16 rows a work-item writes */
#endif
#ifndef T_BLOCK
#define T_BLOCK 32 /* 16, 32, 64 values of k a work-item writes */
#endif
#include "gather_map.h"

__kernel void pack_gather(__global const float *restrict a, ulong a_offset, __global float *restrict v, ulong v_offset, int gm, int gk,
                          int mr, GATHER_MAP_ARGS) {
    GATHER_MAP_MAKE(map);
    const int begin = get_global_id(1) * T_BLOCK, end = min(begin + T_BLOCK, gk);
    const int first = get_global_id(0) * T_ROWS, last = min(first + T_ROWS, (gm + mr - 1) / mr * mr);
    a += a_offset;
    v += v_offset;
    for (int k = begin; k < end; ++k)
        for (int m = first; m < last; ++m) {
            float value = 0.0f;
            if (m < gm) {
#if P_A == A_ROWS
                const gather_pixel at = gather_pixel_of(&map, m);
                const int tap = k / run, j = k % run;
#else
                const gather_pixel at = gather_pixel_of(&map, k);
                const int tap = m / run, j = m % run;
#endif
                const int h = gather_h(&map, at.p, tap / tw), w = gather_w(&map, at.q, tap % tw);
                if (gather_valid(&map, h, w))
                    value = a[gather_address(&map, at.n, h, w) + j];
            }
            v[((ulong)(m / mr) * gk + k) * mr + m % mr] = value;
        }
}
