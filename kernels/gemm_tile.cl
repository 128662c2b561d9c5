/* gemm_tile.cl: C = A * B for GPUs, one work-group a T_TM x T_TN tile: two buffers of local memory, vectors throughout, a register tile for each work-item.
 * SPDX-License-Identifier: MIT
 * used by   src/gemm/gemm_tile.c
 * reads     P_A 0: a[e][p][k][r] at ((e*panels_m + p)*gk + k)*T_TM + r, row p*T_TM + r        P_A 1, 2: a through gather_map.h, straight into local memory
 *           P_A 3: a[e][row][k] at (e*gm + row)*lda + k        P_A 4: a[e][k][row] at (e*gk + k)*lda + row
 *           b[e][q][k][r] at ((e*panels_n + q)*gk + k)*T_TN + r, column q*T_TN + r
 * writes    c[e][row][column] at (e*gm + row)*ldc + column, the row through gather_map.h for P_A 1
 *           with several splits (P_A 2 only): the sum over k of split s to c[s][row][column] at (s*gm + row)*ldc + column
 * edges     panels are whole (the packer writes zeros); k >= gk, rows >= gm and taps outside the source enter as 0; rows >= gm and columns >= gn are not stored
 * launch    global (D_ITEMS*panels_n*panels_m, gb or splits), local (D_ITEMS, 1), D_ITEMS = T_TM/T_WM * T_TN/T_WN: neighbouring groups share rows of A
 * memory    private T_WM*T_WN sums, T_WM + T_WN operands and the next step's share, local 2*T_TK*(T_TM + 4 + T_TN) floats (and the pixels of P_A 2),
 *           barriers 1 a step of T_TK, their number the same for all work-items
 * numerics  fp32, one fma an element of k in ascending order: the same bits as gemm_local.cl, but for splits
 * arguments a b c bias mask gm gn gk lda (P_A 3, 4) ldc accumulate (0, 1) split_k (values of k a split, a multiple of T_TK; P_A 2 only), the map for P_A 1, 2
 *           T_TM, T_TN in {32,64,128}, T_TK in {8,16}, T_WM, T_WN in {4,8}, T_RV in {1,4}: the map's run is a multiple of it
 *           T_TM*T_TK/4 and T_TN*T_TK/4 multiples of D_ITEMS; D_ITEMS a multiple of T_TM/T_RV    F_CHECK F_BIAS F_RELU F_MASK in {0,1}    P_A in 0..4 */
#ifndef T_TM
#define T_TM 64 /* 32, 64, 128 rows of a work-group's tile */
#endif
#ifndef T_TN
#define T_TN 64 /* 32, 64, 128 columns of a work-group's tile */
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
#ifndef T_RV
#define T_RV 1 /* 1, 4 contiguous values of a mapped A that a load takes */
#endif
#include "gather_map.h"
#include "gemm_epilogue.h"

#define D_ITEMS_N (T_TN / T_WN)
#define D_ITEMS_M (T_TM / T_WM)
#define D_ITEMS   (D_ITEMS_M * D_ITEMS_N)
#define D_LINE_A  (T_TM + 4) /* row of the staged A; four more, because most forms store it a column at a time */
#if D_MAPPED
#define D_VA T_RV
#else
#define D_VA 4
#endif
#define D_LOADS_A (T_TM * T_TK / D_VA / D_ITEMS)
#define D_LOADS_B (T_TN * T_TK / 4 / D_ITEMS)

#if D_LOADS_A * D_VA * D_ITEMS != T_TM * T_TK || D_LOADS_B * 4 * D_ITEMS != T_TN * T_TK
#error "the tile's values must be a multiple of what its work-items load at once"
#endif

#include "gemm_tile_stage.h"

/* acc += column k of the staged A times row k of the staged B, for all k of a step. */
static inline void multiply(__local const float *tile_a, __local const float *tile_b, int item_m, int item_n, float4 acc[T_WM][T_WN / 4]) {
#pragma unroll
    for (int k = 0; k < T_TK; ++k) {
        float4 column_a[T_WM / 4], row_b[T_WN / 4];
#pragma unroll
        for (int i = 0; i < T_WM / 4; ++i)
            column_a[i] = *(__local const float4 *)(tile_a + k * D_LINE_A + (i * D_ITEMS_M + item_m) * 4);
#pragma unroll
        for (int j = 0; j < T_WN / 4; ++j)
            row_b[j] = *(__local const float4 *)(tile_b + k * T_TN + (j * D_ITEMS_N + item_n) * 4);
#pragma unroll
        for (int i = 0; i < T_WM / 4; ++i) {
#pragma unroll
            for (int j = 0; j < T_WN / 4; ++j) {
                acc[i * 4 + 0][j] = fma((float4)(column_a[i].s0), row_b[j], acc[i * 4 + 0][j]);
                acc[i * 4 + 1][j] = fma((float4)(column_a[i].s1), row_b[j], acc[i * 4 + 1][j]);
                acc[i * 4 + 2][j] = fma((float4)(column_a[i].s2), row_b[j], acc[i * 4 + 2][j]);
                acc[i * 4 + 3][j] = fma((float4)(column_a[i].s3), row_b[j], acc[i * 4 + 3][j]);
            }
        }
    }
}

/* Stores four columns of a row, of which `left` lie inside the matrix. */
static inline void store(float4 v, int left, int accumulate, __global float *c, __global const float *bias, __global const float *mask) {
    if (left >= 4) {
        if (accumulate)
            v += vload4(0, c);
#if F_BIAS
        v += vload4(0, bias);
#endif
#if F_RELU
        v = select(v, (float4)(0.0f), v <= 0.0f);
#endif
#if F_MASK
        v = select((float4)(0.0f), v, vload4(0, mask) > 0.0f);
#endif
        vstore4(v, 0, c);
        return;
    }
    if (left > 0)
        c[0] = epilogue(v.s0, accumulate, c, bias, mask);
    if (left > 1)
        c[1] = epilogue(v.s1, accumulate, c + 1, bias + 1, mask + 1);
    if (left > 2)
        c[2] = epilogue(v.s2, accumulate, c + 2, bias + 2, mask + 2);
}

__kernel __attribute__((reqd_work_group_size(D_ITEMS, 1, 1))) void gemm_tile(__global const float *restrict a, ulong a_offset,
                                                                             __global const float *restrict b, ulong b_offset,
                                                                             __global float *restrict c, ulong c_offset,
                                                                             __global const float *restrict bias, ulong bias_offset,
                                                                             __global const float *restrict mask, ulong mask_offset, int gm,
                                                                             int gn, int gk, int lda, int ldc, int accumulate, int split_k
#if D_MAPPED
                                                                             ,
                                                                             GATHER_MAP_ARGS
#endif
) {
    __local float tile_a[2 * T_TK * D_LINE_A] __attribute__((aligned(16)));
    __local float tile_b[2 * T_TK * T_TN] __attribute__((aligned(16)));
    const int item = get_local_id(0), item_m = item / D_ITEMS_N, item_n = item % D_ITEMS_N;
    const int panels_n = (gn + T_TN - 1) / T_TN, batch = get_group_id(1);
    const int panel_m = get_group_id(0) / panels_n, panel_n = get_group_id(0) - panel_m * panels_n;
    source from = {.item = item, .first_row = panel_m * T_TM, .gm = gm, .end_k = gk, .ld = lda};
    int first_k = 0;
    c += c_offset + (ulong)batch * gm * ldc;
    bias += bias_offset;
    mask += mask_offset + (ulong)batch * gm * ldc;
#if P_A == A_SUM
    first_k = batch * split_k;
    from.end_k = min(first_k + split_k, gk);
    b += b_offset + (ulong)panel_n * gk * T_TN;
#else
    b += b_offset + ((ulong)batch * panels_n + panel_n) * gk * T_TN;
#endif
    a += a_offset;
#if P_A == A_PANELS
    a += ((ulong)batch * ((gm + T_TM - 1) / T_TM) + panel_m) * gk * T_TM;
#elif P_A == A_PLAIN
    a += (ulong)batch * gm * lda;
#elif P_A == A_TURNED
    a += (ulong)batch * gk * lda;
#else
    GATHER_MAP_MAKE(map);
#endif
    from.a_aligned = ((size_t)a & 15) == 0;
    from.b_aligned = ((size_t)b & 15) == 0;
#if P_A == A_PLAIN || P_A == A_TURNED
    from.a_aligned &= lda % 4 == 0;
#elif P_A == A_ROWS
    from.a_aligned &= pixel % 4 == 0;
    staged_rows rows;
    find_rows(&map, &from, &rows);
#elif P_A == A_SUM
    from.a_aligned &= pixel % 4 == 0;
    __local staged_pixels pixels[2];
    const staged_tap tap = find_tap(&map, &from);
    find_pixels(&map, item, first_k, from.end_k, &pixels[0]);
    find_pixels(&map, item, first_k + T_TK, from.end_k, &pixels[1]);
    barrier(CLK_LOCAL_MEM_FENCE);
#endif

    float4 acc[T_WM][T_WN / 4];
    float next_a[D_LOADS_A * D_VA];
    float4 next_b[D_LOADS_B];
#pragma unroll
    for (int i = 0; i < T_WM; ++i) {
#pragma unroll
        for (int j = 0; j < T_WN / 4; ++j)
            acc[i][j] = (float4)(0.0f);
    }
    LOAD_A(next_a, first_k, 0);
    load_b(&from, b, first_k, next_b);
    store_a(tile_a, item, next_a);
    store_b(tile_b, item, next_b);
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int k = first_k, step = 0; k < from.end_k; k += T_TK, ++step) {
        const int now = step & 1;
        /* What comes past the end reads as 0 and is never multiplied. */
        LOAD_A(next_a, k + T_TK, now ^ 1);
        load_b(&from, b, k + T_TK, next_b);
#if P_A == A_SUM
        /* This step's pixels were read a step ago. Before the product, or AMD's compiler keeps all of its operands in registers. */
        find_pixels(&map, item, k + 2 * T_TK, from.end_k, &pixels[now]);
#endif
        multiply(tile_a + now * T_TK * D_LINE_A, tile_b + now * T_TK * T_TN, item_m, item_n, acc);
        store_a(tile_a + (now ^ 1) * T_TK * D_LINE_A, item, next_a);
        store_b(tile_b + (now ^ 1) * T_TK * T_TN, item, next_b);
        barrier(CLK_LOCAL_MEM_FENCE);
    }

#pragma unroll
    for (int i = 0; i < T_WM; ++i) {
        const int row = from.first_row + (i / 4 * D_ITEMS_M + item_m) * 4 + i % 4;
        if (row < gm) {
#if P_A == A_ROWS
            const ulong line = gather_out_row(&map, gather_pixel_of(&map, row)) * ldc;
#else
            const ulong line = (ulong)row * ldc;
#endif
#pragma unroll
            for (int j = 0; j < T_WN / 4; ++j) {
                const int column = panel_n * T_TN + (j * D_ITEMS_N + item_n) * 4;
                store(acc[i][j], gn - column, accumulate, c + line + column, bias + column, mask + line + column);
            }
        }
    }
}
