/* gemm_tile.cl: C = A * B for GPUs, one work-group a T_TM x T_TN tile: two buffers of local memory, vectors throughout, a register tile for each work-item.
 * SPDX-License-Identifier: MIT
 * used by   src/gemm/gemm_tile.c
 * reads     P_A 0: a[e][p][k][r] at ((e*panels_m + p)*gk + k)*T_TM + r, row p*T_TM + r        P_A 1, 2: a through gather_map.h, straight into local memory
 *           P_A 3: a[e][row][k] at (before + row)*lda + k        P_A 5: a[e][k / block][row][k % block] at before*lda + (k/block*rows + row)*block + k%block
 *           P_A 4: a[e][k][row] at (before + k)*lda + row
 *           b[e][q][k][r] at e*b_stride + (q*gk + k)*T_TN + r, for P_A 4 at (before*panels_n + q*rows + k)*T_TN + r;  column q*T_TN + r
 * writes    c[e][row][column] at (before + row)*ldc + column, for P_A 4 at (e*gm + row)*ldc + column; the row through gather_map.h for P_A 1
 *           with several splits (P_A 2 only): the sum over k of split s to c[s][row][column] at (s*gm + row)*ldc + column
 *           Plane e has `rows` rows (P_A 4: values of k) and `before` rows before it, see planes.h; gm (P_A 4: gk) is the most that a plane has
 * edges     panels are whole (the packer writes zeros); k >= gk, rows >= gm and taps outside the source enter as 0; rows >= gm and columns >= gn are not stored
 * launch    global (D_ITEMS*panels_n*panels_m, gb or splits), local (D_ITEMS, 1), D_ITEMS = T_TM/T_WM * T_TN/T_WN: neighbouring groups share rows of A
 * memory    private T_WM*T_WN sums, T_WM + T_WN operands and the next step's share, local 2*T_TK*(T_TM + 4 + T_TN) floats (and the pixels of P_A 2),
 *           barriers 1 a step of T_TK, their number the same for all work-items
 * numerics  fp32, one fma an element of k in ascending order: the same bits as gemm_local.cl, but for splits
 * arguments a b c bias mask gm gn gk lda (P_A 3, 4, 5) block (P_A 5, a multiple of 4) ldc b_stride accumulate (0, 1) split_k (values of k a split, a multiple of T_TK;
 *           P_A 2 only), the planes, the map for P_A 1, 2
 *           T_TM, T_TN in {32,64,128}, T_TK in {8,16}, T_WM, T_WN in {4,8}, T_ASYNC in {0,1,2}, T_RV in {1,4}: the map's run is a multiple of it
 *           T_TM*T_TK/4 and T_TN*T_TK/4 multiples of D_ITEMS; D_ITEMS a multiple of T_TM/T_RV    F_CHECK F_BIAS F_RELU F_MASK in {0,1}    P_A in 0..5 */
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
#define D_ITEMS_N (T_TN / T_WN)
#define D_ITEMS_M (T_TM / T_WM)
#define D_ITEMS   (D_ITEMS_M * D_ITEMS_N)
#define D_KERNEL  gemm_tile
#define D_PAD_A   4 /* because most forms of A are stored a column at a time */
#define D_PAD_B   0
#include "gemm_tile_stage.h"

/* A work-item's rows and columns come in groups of four, so that neighbours read neighbouring float4s of local memory. */
typedef float4 sum_type;
#define D_SUMS (T_WM * T_WN / 4)

/* acc += column k of the staged A times row k of the staged B, for all k of a step. */
static inline void multiply(__local const float *tile_a, __local const float *tile_b, int item, sum_type acc[D_SUMS]) {
    tile_a += item / D_ITEMS_N * 4;
    tile_b += item % D_ITEMS_N * 4;
#pragma unroll
    for (int k = 0; k < T_TK; ++k) {
        float4 column_a[T_WM / 4], row_b[T_WN / 4];
#pragma unroll
        for (int i = 0; i < T_WM / 4; ++i)
            column_a[i] = *(__local const float4 *)(tile_a + k * D_LINE_A + i * D_ITEMS_M * 4);
#pragma unroll
        for (int j = 0; j < T_WN / 4; ++j)
            row_b[j] = *(__local const float4 *)(tile_b + k * D_LINE_B + j * D_ITEMS_N * 4);
#pragma unroll
        for (int i = 0; i < T_WM / 4; ++i) {
#pragma unroll
            for (int j = 0; j < T_WN / 4; ++j) {
                sum_type *sums = acc + i * T_WN + j; /* four rows, T_WN / 4 apart */
                sums[0 * T_WN / 4] = fma((float4)(column_a[i].s0), row_b[j], sums[0 * T_WN / 4]);
                sums[1 * T_WN / 4] = fma((float4)(column_a[i].s1), row_b[j], sums[1 * T_WN / 4]);
                sums[2 * T_WN / 4] = fma((float4)(column_a[i].s2), row_b[j], sums[2 * T_WN / 4]);
                sums[3 * T_WN / 4] = fma((float4)(column_a[i].s3), row_b[j], sums[3 * T_WN / 4]);
            }
        }
    }
}

/* Stores four columns of a row, of which `left` lie inside the matrix. */
static inline void store_four(float4 v, int left, int accumulate, __global float *c, __global const float *bias,
                              __global const float *mask) {
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

/* Stores what a work-item has summed. */
static inline void store(const sum_type acc[D_SUMS], const result *to, int item) {
#pragma unroll
    for (int i = 0; i < T_WM; ++i) {
        const int row = to->first_row + (i / 4 * D_ITEMS_M + item / D_ITEMS_N) * 4 + i % 4;
        if (row < to->gm) {
            const ulong line = result_line(to, row);
#pragma unroll
            for (int j = 0; j < T_WN / 4; ++j) {
                const int column = to->first_column + (j * D_ITEMS_N + item % D_ITEMS_N) * 4;
                store_four(acc[i * (T_WN / 4) + j], to->gn - column, to->accumulate, to->c + line + column, to->bias + column,
                           to->mask + line + column);
            }
        }
    }
}

#include "gemm_tile_main.h"
