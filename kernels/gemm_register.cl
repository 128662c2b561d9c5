/* gemm_register.cl: C = A * B, one work-item a register tile of T_MR rows by T_NV vectors: the form for CPUs.
 * SPDX-License-Identifier: MIT
 * used by   src/gemm/gemm_register.c
 * reads     P_A 0: a[e][p][k][r] at ((e*panels_m + p)*gk + k)*T_MR + r, row p*T_MR + r        P_A 1, 2: a through gather_map.h
 *           P_A 3: a[e][row][k] at (before + row)*lda + k        P_A 5: a[e][k / block][row][k % block] at before*lda + (k/block*rows + row)*block + k%block
 *           P_A 4: a[e][k][row] at (before + k)*lda + row
 *           b[e][q][k][r] at e*b_stride + (q*gk + k)*D_NR + r, for P_A 4 at (before*panels_n + q*gk + k)*D_NR + r;  column q*D_NR + r, D_NR = T_NV*T_VW
 *           bias[column], mask as c
 * writes    c[e][row][column] at (before + row)*ldc + column, for P_A 4 at (e*gm + row)*ldc + column; the row through gather_map.h for P_A 1
 *           Plane e has `rows` rows (P_A 4: values of k) and `before` rows before it, see planes.h, and its gaps in a, c and P_A 4 b; gm (P_A 4: gk) is the most that a plane has
 * edges     panels are whole (the packer writes zeros); rows >= gm and columns >= gn are computed and not stored.
 *           P_A 1: taps outside the source read from `zeros`, `run` values of 0.  P_A 2: they are left out
 * launch    global (ceil(row panels / tiles), panels_n, gb), local (1, 1, 1). Row panels go fastest, so that a panel of b stays in the private cache.
 *           P_A 2 counts the row panels of each tap apart: ceil(run / T_MR) a tap
 * memory    private T_MR*D_NR floats in registers, local none, barriers none
 * numerics  fp32, one fma an element of k in ascending order
 * arguments a b c bias mask zeros gm gn gk lda (P_A 3, 4, 5) block (P_A 5) ldc b_stride accumulate (0, 1) tiles (row panels a work-item), the planes, then the map
 *           for P_A 1, 2
 *           T_MR in 1..16, T_NV in 1..4, T_VW in {4,8,16}    F_CHECK F_BIAS F_RELU F_MASK in {0,1}    P_A in 0..5 */
#ifndef T_MR
#define T_MR 6 /* 1..16 rows of a tile */
#endif
#ifndef T_NV
#define T_NV 2 /* 1..4 vectors of a tile */
#endif
#ifndef T_VW
#define T_VW 8 /* 4, 8, 16 floats of a vector */
#endif
#define D_CAT(a, b)  a##b
#define D_XCAT(a, b) D_CAT(a, b)
#define D_VEC        D_XCAT(float, T_VW)
#define D_VLOAD      D_XCAT(vload, T_VW)
#define D_VSTORE     D_XCAT(vstore, T_VW)
#define D_NR         (T_NV * T_VW)
#include "gather_map.h"
#include "gemm_epilogue.h"
#include "out_of_line.h"
#include "planes.h"
#include "prefetch.h"

/* acc += column a[0..T_MR) times row b; A_AT(i) is the value of row i. */
#define MULTIPLY(A_AT)                                                                                                                     \
    {                                                                                                                                      \
        D_VEC row_b[T_NV];                                                                                                                 \
        _Pragma("unroll") for (int j = 0; j < T_NV; ++j) row_b[j] = D_VLOAD(j, b);                                                         \
        _Pragma("unroll") for (int i = 0; i < T_MR; ++i) {                                                                                 \
            const D_VEC value = (D_VEC)(A_AT(i));                                                                                          \
            _Pragma("unroll") for (int j = 0; j < T_NV; ++j) acc[i][j] = fma(value, row_b[j], acc[i][j]);                                  \
        }                                                                                                                                  \
        b += D_NR;                                                                                                                         \
    }

/* Stores row i of a tile: columns from `column` on, `left` of them inside the matrix. */
static inline void store_row(const D_VEC *acc, __global float *c, __global const float *bias, __global const float *mask, int left,
                             int accumulate) {
#pragma unroll
    for (int j = 0; j < T_NV; ++j) {
        if (left >= (j + 1) * T_VW) {
            D_VEC v = acc[j];
            if (accumulate)
                v += D_VLOAD(j, c);
#if F_BIAS
            v += D_VLOAD(j, bias);
#endif
#if F_RELU
            v = select(v, (D_VEC)(0.0f), v <= 0.0f);
#endif
#if F_MASK
            v = select((D_VEC)(0.0f), v, D_VLOAD(j, mask) > 0.0f);
#endif
            D_VSTORE(v, j, c);
        } else {
            float values[T_VW];
            D_VSTORE(acc[j], 0, values);
#pragma unroll 1
            for (int e = 0; e < T_VW && j * T_VW + e < left; ++e)
                c[j * T_VW + e] = epilogue(values[e], accumulate, c + j * T_VW + e, bias + j * T_VW + e, mask + j * T_VW + e);
        }
    }
}

#include "gemm_register_sum.h"

/* The row panels from first_panel on, `tiles` of them; left: columns from that where b, c, bias and mask begin to the last. */
static OUT_OF_LINE void sum_tiles(const matrix_a *parts, __global const float *restrict a, __global const float *restrict b,
                                  __global float *restrict c, __global const float *restrict bias, __global const float *restrict mask,
                                  int left, int ldc, int accumulate, int first_panel, int tiles) {
    matrix_a matrix = *parts;
    matrix.a = a;
    const int last_panel = min(first_panel + tiles, panel_count(&matrix));
    for (int panel_m = first_panel; panel_m < last_panel; ++panel_m) {
        D_VEC acc[T_MR][T_NV];
        clear(acc);
        prefetch_rows(&matrix, panel_m, c, ldc);
        tile_rows rows = sum_panel(&matrix, panel_m, b, acc);
#pragma unroll
        for (int i = 0; i < T_MR; ++i) {
            if (i < rows.count) {
                const ulong out = out_row(&matrix, &rows, i) * ldc;
                store_row(acc[i], c + out, bias, mask + out, left, accumulate);
            }
        }
    }
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void gemm_register(
    __global const float *restrict a, ulong a_offset, __global const float *restrict b, ulong b_offset, __global float *restrict c,
    ulong c_offset, __global const float *restrict bias, ulong bias_offset, __global const float *restrict mask, ulong mask_offset,
    __global const float *restrict zeros, ulong zeros_offset, int gm, int gn, int gk, int lda, int block, int ldc, ulong b_stride,
    int accumulate, int tiles, PLANES_ARGS
#if D_MAPPED
    ,
    GATHER_MAP_ARGS
#endif
) {
    const int panel_n = get_global_id(1), panels_n = get_global_size(1), batch = get_global_id(2);
    const int column = panel_n * D_NR;
    const plane here = plane_of(batch, images, points_w, small_h, tiles_h, big_h, small_w, tiles_w, big_w, gap);
    matrix_a matrix = {.a = a + a_offset, .zeros = zeros + zeros_offset, .lda = lda, .block = block, .rows = gm, .gk = gk};
#if D_MAPPED
    GATHER_MAP_MAKE(map);
    matrix.map = map;
#endif
    ulong first_row = (ulong)batch * gm;
#if P_A == A_TURNED
    matrix.gk = here.rows;
    matrix.a += here.before * lda + here.gaps;
    b += b_offset + (here.before * panels_n + (ulong)panel_n * here.rows) * D_NR + here.gaps;
#else
    b += b_offset + batch * b_stride + (ulong)panel_n * gk * D_NR;
#endif
#if P_A == A_PLAIN || P_A == A_BLOCKS
    matrix.rows = here.rows;
    matrix.a += here.before * lda + here.gaps;
    first_row = here.before;
#elif P_A == A_PANELS
    matrix.a += (ulong)batch * ((gm + T_MR - 1) / T_MR) * gk * T_MR;
#endif
    c += c_offset + first_row * ldc + here.gaps + column;
    bias += bias_offset + column;
    mask += mask_offset + first_row * ldc + column;
    sum_tiles(&matrix, matrix.a, b, c, bias, mask, gn - column, ldc, accumulate, get_global_id(0) * tiles, tiles);
}
