/* gemm_matrix_unit.h: what a wave of a tile GEMM sums with a matrix unit: the tile of a wave, its operands, three-term splitting, the store; and its plain twin.
 * SPDX-License-Identifier: MIT
 *
 * A wave of D_WAVE work-items owns T_WM x T_WN values of C, in fragments of D_FM x D_FN that take D_FK values of k at a time. The file that includes it says
 * how a fragment lies in a wave: value i of lane l is A[a_row(l, i)][a_k(l, i)], B[b_k(l, i)][b_column(l, i)], C[c_row(l, i)][c_column(l, i)]; and, from the
 * instruction's own definition and not from these, who owns an element: a_lane, a_index, b_lane, b_index. And it says what the instruction is: mma.
 *
 * F_EMULATE 1 needs no matrix unit: each lane sums its values of C over what the owners of the operands would have handed to the instruction, which the owners
 * and all others can read in local memory; operands are cut as the instruction cuts them. A wrong place in either direction gives wrong sums there too.
 *
 * D_TF32 1: operands have 10 bits of fraction, 13 less than a float. F_SPLIT 1 makes up for it: x = big + small, big the nearest operand to x and small the
 * exact rest, cut, and small*big + big*small + big*big leaves out at most 2^-20 of a product. Each step of D_FK is summed from zero and added to C outside of the unit, whose own
 * additions cut (Ootomo and Yokota, "Recovering single precision accuracy from Tensor Cores while surpassing the FP32 theoretical peak performance", 2022). */
#define D_FRAGMENTS_M (T_WM / D_FM)
#define D_FRAGMENTS_N (T_WN / D_FN)
#define D_SUMS        (D_FRAGMENTS_M * D_FRAGMENTS_N)
#define D_WAVES_N     (T_TN / T_WN)
#define D_ITEMS       (T_TM / T_WM * D_WAVES_N * D_WAVE)
#include "gemm_tile_stage.h"
#if D_FRAGMENTS_M * D_FM * (T_TM / T_WM) != T_TM || D_FRAGMENTS_N * D_FN * D_WAVES_N != T_TN || T_TK % D_FK
#error "a work-group's tile must be whole waves' tiles, a wave's tile and T_TK whole fragments"
#endif

/* First row and column of a work-item's wave. */
static inline int wave_row(int item) {
    return item / D_WAVE / D_WAVES_N * T_WM;
}
static inline int wave_column(int item) {
    return item / D_WAVE % D_WAVES_N * T_WN;
}

/* Value i of a lane's part of an A fragment that begins at *tile, the same of B. */
static inline float a_value(__local const float *tile, int lane, int i) {
    return tile[a_k(lane, i) * D_LINE_A + a_row(lane, i)];
}
static inline float b_value(__local const float *tile, int lane, int i) {
    return tile[b_k(lane, i) * D_LINE_B + b_column(lane, i)];
}

#if D_TF32
#define D_CUT_MASK 0xffffe000u

/* The nearest operand; a tie goes away from zero. Not the conversion instruction, which runs at a quarter of the rate of these. A split NaN need not survive
 * here, it does in the rest. */
static inline float big_part(float x) {
    const uint nearest = (as_uint(x) + 0x1000u) & D_CUT_MASK;
#if F_SPLIT
    return as_float(nearest);
#else
    return isnan(x) ? x : as_float(nearest);
#endif
}
static inline float small_part(float x) {
    return as_float(as_uint(x - big_part(x)) & D_CUT_MASK);
}
#else
static inline float big_part(float x) {
    return x;
}
#endif

#if F_EMULATE
/* What the instruction sees of an operand. */
static inline float cut(float x) {
#if D_TF32
    return isnan(x) ? x : as_float(as_uint(x) & D_CUT_MASK);
#else
    return x;
#endif
}

/* One value of C: the sum over a fragment's k. */
static inline float emulate_value(__local const float *tile_a, __local const float *tile_b, int row, int column, float c) {
#if F_SPLIT
    float sum = 0.0f;
#else
    float sum = c;
#endif
    for (int k = 0; k < D_FK; ++k) {
        const float a = a_value(tile_a, a_lane(row, k), a_index(row, k)), b = b_value(tile_b, b_lane(k, column), b_index(k, column));
#if F_SPLIT
        sum = fma(cut(small_part(a)), cut(big_part(b)), sum);
        sum = fma(cut(big_part(a)), cut(small_part(b)), sum);
#endif
        sum = fma(cut(big_part(a)), cut(big_part(b)), sum);
    }
#if F_SPLIT
    sum += c;
#endif
    return sum;
}

static inline void multiply(__local const float *tile_a, __local const float *tile_b, int item, sum_type acc[D_SUMS]) {
    const int lane = item % D_WAVE;
    tile_a += wave_row(item);
    tile_b += wave_column(item);
    for (int k = 0; k < T_TK; k += D_FK)
        for (int f = 0; f < D_SUMS; ++f) {
            float *values = (float *)&acc[f];
            for (int i = 0; i < D_C_VALUES; ++i)
                values[i] = emulate_value(tile_a + k * D_LINE_A + f / D_FRAGMENTS_N * D_FM,
                                          tile_b + k * D_LINE_B + f % D_FRAGMENTS_N * D_FN, c_row(lane, i), c_column(lane, i), values[i]);
        }
}
#else
/* acc += A * B for the wave's tile and all k of a step. */
static inline void multiply(__local const float *tile_a, __local const float *tile_b, int item, sum_type acc[D_SUMS]) {
    const int lane = item % D_WAVE;
    tile_a += wave_row(item);
    tile_b += wave_column(item);
#pragma unroll
    for (int k = 0; k < T_TK; k += D_FK) {
        float a[D_FRAGMENTS_M][D_A_VALUES];
#if F_SPLIT
        float a_small[D_FRAGMENTS_M][D_A_VALUES];
#endif
#pragma unroll
        for (int m = 0; m < D_FRAGMENTS_M; ++m) {
#pragma unroll
            for (int i = 0; i < D_A_VALUES; ++i) {
                const float x = a_value(tile_a + k * D_LINE_A + m * D_FM, lane, i);
                a[m][i] = big_part(x);
#if F_SPLIT
                a_small[m][i] = small_part(x);
#endif
            }
        }
#pragma unroll
        for (int n = 0; n < D_FRAGMENTS_N; ++n) {
            float b[D_B_VALUES];
#if F_SPLIT
            float b_small[D_B_VALUES];
#endif
#pragma unroll
            for (int i = 0; i < D_B_VALUES; ++i) {
                const float x = b_value(tile_b + k * D_LINE_B + n * D_FN, lane, i);
                b[i] = big_part(x);
#if F_SPLIT
                b_small[i] = small_part(x);
#endif
            }
#pragma unroll
            for (int m = 0; m < D_FRAGMENTS_M; ++m) {
                sum_type *sum = &acc[m * D_FRAGMENTS_N + n];
#if F_SPLIT
                *sum += mma(a[m], b, mma(a[m], b_small, mma(a_small[m], b, (sum_type)(0.0f))));
#else
                *sum = mma(a[m], b, *sum);
#endif
            }
        }
    }
}
#endif

/* Stores what a work-item has summed. */
static inline void store(const sum_type acc[D_SUMS], const result *to, int item) {
    const int lane = item % D_WAVE;
    const int first_row = to->first_row + wave_row(item), first_column = to->first_column + wave_column(item);
#pragma unroll
    for (int m = 0; m < D_FRAGMENTS_M; ++m) {
#pragma unroll
        for (int i = 0; i < D_C_VALUES; ++i) {
            const int row = first_row + m * D_FM + c_row(lane, i);
            if (row < to->gm) {
                const ulong line = result_line(to, row);
#pragma unroll
                for (int n = 0; n < D_FRAGMENTS_N; ++n) {
                    const int column = first_column + n * D_FN + c_column(lane, i);
                    const ulong at = line + column;
                    if (column < to->gn)
                        to->c[at] = epilogue(((const float *)&acc[m * D_FRAGMENTS_N + n])[i], to->accumulate, to->c + at, to->bias + column,
                                             to->mask + at);
                }
            }
        }
    }
}
