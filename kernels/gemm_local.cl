/* gemm_local.cl: C = A * B, one work-group a T_TM x T_TN tile staged through local memory: the plain form for GPUs.
 * SPDX-License-Identifier: MIT
 * used by   src/gemm/gemm_local.c
 * reads     P_A 0: a[e][p][k][r] at ((e*panels_m + p)*gk + k)*T_TM + r, row p*T_TM + r        P_A 1, 2: a through gather_map.h
 *           P_A 3: a[e][row][k] at (e*gm + row)*lda + k        P_A 4: a[e][k][row] at (e*gk + k)*lda + row
 *           P_A 5: a[e][k / block][row][k % block] at e*gm*lda + (k/block*gm + row)*block + k%block
 *           b[e][q][k][r] at ((e*panels_n + q)*gk + k)*T_TN + r, column q*T_TN + r
 * writes    c[e][row][column] at (e*gm + row)*ldc + column, the row through gather_map.h for P_A 1
 * edges     panels are whole (the packer writes zeros); k >= gk, rows >= gm and taps outside the source enter as 0; rows >= gm and columns >= gn are not stored
 * launch    global (D_ITEMS*panels_n, panels_m, gb), local (D_ITEMS, 1, 1), D_ITEMS = T_TM/T_WM * T_TN/T_WN work-items, each with T_WM x T_WN of the tile
 * memory    private T_WM*T_WN floats, local T_TK*(T_TM + T_TN) floats, barriers 2 a step of T_TK, their number the same for all work-items
 * numerics  fp32, one fma an element of k in ascending order: the same bits as gemm_register.cl, but for taps that it leaves out
 * arguments a b c bias mask gm gn gk lda (P_A 3, 4, 5) block (P_A 5) ldc accumulate (0, 1), then the map for P_A 1, 2
 *           T_TM, T_TN in {16,32,64,128}, T_TK in {8,16}, T_WM, T_WN in {4,8}; T_TM*T_TK and T_TN*T_TK multiples of D_ITEMS, D_ITEMS of T_TM and T_TK
 *           F_CHECK F_BIAS F_RELU F_MASK in {0,1}    P_A in 0..5 */
#ifndef T_TM
#define T_TM 64 /* 16..128 rows of a work-group's tile */
#endif
#ifndef T_TN
#define T_TN 64 /* 16..128 columns of a work-group's tile */
#endif
#ifndef T_TK
#define T_TK 16 /* 8, 16 values of k staged at a time */
#endif
#ifndef T_WM
#define T_WM 4 /* 4, 8 rows of a work-item */
#endif
#ifndef T_WN
#define T_WN 4 /* 4, 8 columns of a work-item */
#endif
#define D_ITEMS_N (T_TN / T_WN)
#define D_ITEMS   ((T_TM / T_WM) * D_ITEMS_N)
#include "gather_map.h"
#include "gemm_epilogue.h"

#if P_A == A_ROWS
#define D_LOADS    (T_TM * T_TK / D_ITEMS) /* values of A that a work-item stages a step: rows D_ROW_STEP apart, one k */
#define D_ROW_STEP (D_ITEMS / T_TK)

/* Rows that a work-item stages, found once. */
typedef struct staged_rows {
    int n[D_LOADS], h[D_LOADS], w[D_LOADS]; /* n is -1 for rows >= gm */
} staged_rows;

static inline void find_rows(const gather_map *map, int row, int gm, staged_rows *rows) {
    for (int i = 0; i < D_LOADS; ++i, row += D_ROW_STEP) {
        const gather_pixel at = gather_pixel_of(map, min(row, gm - 1));
        rows->n[i] = row < gm ? at.n : -1;
        rows->h[i] = gather_h(map, at.p, 0);
        rows->w[i] = gather_w(map, at.q, 0);
    }
}
#endif

/* Stages A[first_row .. + T_TM)[first_k .. + T_TK) as tile[k][row]. */
static inline void stage_a(__local float *tile, __global const float *a,
#if P_A == A_ROWS
                           const gather_map *map, const staged_rows *rows,
#elif P_A == A_SUM
                           const gather_map *map,
#endif
                           int first_row, int first_k, int gm, int gk, int lda, int block, int item) {
#if P_A == A_PANELS
    /* `a` points at the panel; it is contiguous. */
    for (int i = item; i < T_TM * T_TK; i += D_ITEMS)
        tile[i] = first_k + i / T_TM < gk ? a[(ulong)first_k * T_TM + i] : 0.0f;
#elif P_A == A_PLAIN
    const int lane = item % T_TK, k = first_k + lane; /* neighbours read neighbouring values of k */
    for (int row = item / T_TK; row < T_TM; row += D_ITEMS / T_TK)
        tile[lane * T_TM + row] = first_row + row < gm && k < gk ? a[(ulong)(first_row + row) * lda + k] : 0.0f;
#elif P_A == A_BLOCKS
    const int lane = item % T_TK, k = first_k + lane;
    a += (ulong)(k / block) * gm * block + k % block;
    for (int row = item / T_TK; row < T_TM; row += D_ITEMS / T_TK)
        tile[lane * T_TM + row] = first_row + row < gm && k < gk ? a[(ulong)(first_row + row) * block] : 0.0f;
#elif P_A == A_TURNED
    for (int i = item; i < T_TM * T_TK; i += D_ITEMS) {
        const int row = first_row + i % T_TM, k = first_k + i / T_TM;
        tile[i] = row < gm && k < gk ? a[(ulong)k * lda + row] : 0.0f;
    }
#elif P_A == A_ROWS
    const int lane = item % T_TK, k = first_k + lane; /* neighbours read neighbouring channels */
    const int tap = k / map->run, j = k - tap * map->run;
    const int ta = tap / map->tw, tb = tap - ta * map->tw;
    for (int i = 0; i < D_LOADS; ++i) {
        const int h = rows->h[i] + ta * map->tap_h, w = rows->w[i] + tb * map->tap_w;
        const int inside = rows->n[i] >= 0 && k < gk && gather_valid(map, h, w);
        tile[lane * T_TM + item / T_TK + i * D_ROW_STEP] = inside ? a[gather_address(map, rows->n[i], h, w) + j] : 0.0f;
    }
#else
    const int lane = item % T_TM, row = first_row + lane; /* neighbours read neighbouring channels */
    const int tap = row / map->run, j = row - tap * map->run;
    const int ta = tap / map->tw, tb = tap - ta * map->tw;
    for (int k = item / T_TM; k < T_TK; k += D_ITEMS / T_TM) {
        const gather_pixel at = gather_pixel_of(map, min(first_k + k, gk - 1));
        const int h = gather_h(map, at.p, ta), w = gather_w(map, at.q, tb);
        const int inside = row < gm && first_k + k < gk && gather_valid(map, h, w);
        tile[k * T_TM + lane] = inside ? a[gather_address(map, at.n, h, w) + j] : 0.0f;
    }
#endif
}

__kernel __attribute__((reqd_work_group_size(D_ITEMS, 1, 1))) void gemm_local(
    __global const float *restrict a, ulong a_offset, __global const float *restrict b, ulong b_offset, __global float *restrict c,
    ulong c_offset, __global const float *restrict bias, ulong bias_offset, __global const float *restrict mask, ulong mask_offset, int gm,
    int gn, int gk, int lda, int block, int ldc, int accumulate
#if D_MAPPED
    ,
    GATHER_MAP_ARGS
#endif
) {
    __local float tile_a[T_TK * T_TM], tile_b[T_TK * T_TN];
    const int item = get_local_id(0);
    const int panel_n = get_group_id(0), panel_m = get_group_id(1), batch = get_group_id(2);
    const int row = panel_m * T_TM + item / D_ITEMS_N * T_WM, column = panel_n * T_TN + item % D_ITEMS_N * T_WN;
    a += a_offset;
    b += b_offset + ((ulong)batch * get_num_groups(0) + panel_n) * gk * T_TN;
    c += c_offset + (ulong)batch * gm * ldc;
    mask += mask_offset + (ulong)batch * gm * ldc;
    bias += bias_offset;
#if P_A == A_PANELS
    a += ((ulong)batch * get_num_groups(1) + panel_m) * gk * T_TM;
#elif P_A == A_PLAIN || P_A == A_BLOCKS
    a += (ulong)batch * gm * lda;
#elif P_A == A_TURNED
    a += (ulong)batch * gk * lda;
#else
    GATHER_MAP_MAKE(map);
#if P_A == A_ROWS
    staged_rows rows;
    find_rows(&map, panel_m * T_TM + item / T_TK, gm, &rows);
#endif
#endif

    float acc[T_WM][T_WN];
#pragma unroll
    for (int i = 0; i < T_WM; ++i) {
#pragma unroll
        for (int j = 0; j < T_WN; ++j)
            acc[i][j] = 0.0f;
    }
    for (int first_k = 0; first_k < gk; first_k += T_TK) {
#if !D_MAPPED
        stage_a(tile_a, a, panel_m * T_TM, first_k, gm, gk, lda, block, item);
#elif P_A == A_ROWS
        stage_a(tile_a, a, &map, &rows, panel_m * T_TM, first_k, gm, gk, lda, block, item);
#else
        stage_a(tile_a, a, &map, panel_m * T_TM, first_k, gm, gk, lda, block, item);
#endif
        for (int i = item; i < T_TN * T_TK; i += D_ITEMS)
            tile_b[i] = first_k + i / T_TN < gk ? b[(ulong)first_k * T_TN + i] : 0.0f;
        barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll
        for (int k = 0; k < T_TK; ++k) {
            float column_a[T_WM], row_b[T_WN];
#pragma unroll
            for (int i = 0; i < T_WM; ++i)
                column_a[i] = tile_a[k * T_TM + item / D_ITEMS_N * T_WM + i];
#pragma unroll
            for (int j = 0; j < T_WN; ++j)
                row_b[j] = tile_b[k * T_TN + item % D_ITEMS_N * T_WN + j];
#pragma unroll
            for (int i = 0; i < T_WM; ++i) {
#pragma unroll
                for (int j = 0; j < T_WN; ++j)
                    acc[i][j] = fma(column_a[i], row_b[j], acc[i][j]);
            }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }

#pragma unroll
    for (int i = 0; i < T_WM; ++i) {
        if (row + i >= gm)
            continue;
#if P_A == A_ROWS
        const ulong out = gather_out_row(&map, gather_pixel_of(&map, row + i)) * ldc + column;
#else
        const ulong out = (ulong)(row + i) * ldc + column;
#endif
#pragma unroll
        for (int j = 0; j < T_WN; ++j)
            if (column + j < gn)
                c[out + j] = epilogue(acc[i][j], accumulate, c + out + j, bias + column + j, mask + out + j);
    }
}
