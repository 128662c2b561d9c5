/* gemm_matrix_unit.h: what a wave of a tile GEMM sums with a matrix unit: the tile of a wave, operands split into parts, the store; and its plain twin.
 * SPDX-License-Identifier: MIT
 *
 * A wave of D_WAVE work-items owns T_WM x T_WN values of C, in fragments of D_FM x D_FN that take D_FK values of k at a time. The file that includes it says
 * how a fragment lies in a wave: value i of lane l is A[a_row(l, i)][a_k(l, i)], B[b_k(l, i)][b_column(l, i)], C[c_row(l, i)][c_column(l, i)]; and, from the
 * instruction's own definition and not from these, who owns an element: a_lane, a_index, b_lane, b_index. And it says what the instruction is, mma,
 * what its operands are, D_A_WORDS a_words and D_B_WORDS b_words, and how one or two successive values become a word: a_pack and b_pack of the first and the last.
 * Or it sets D_OWN_LOADS and says how whole operands are loaded, a_operand a_load and b_operand b_load, and what the instruction sees in them: a_seen and b_seen.
 *
 * F_EMULATE 1 needs no matrix unit: each lane sums its values of C over what the owners of the operands would have handed to the instruction, which the owners
 * and all others can read in local memory; operands are cut as the instruction cuts them. A wrong place in either direction gives wrong sums there too.
 *
 * D_FORMAT says what an operand of the instruction is: 0 float32; 1 TF32, 10 bits of fraction where a float has 23; 2 half, 10 bits and a range of its own.
 * P_PARTS makes up for the bits that are cut: x = part 0 + part 1 (+ part 2), each the nearest operand to what those before it leave, and the products of parts
 * whose numbers add up to less than P_PARTS. Two parts (three products) leave out 2^-20 of a product in TF32 and 2^-16 in bfloat16, three (six products) 2^-24 in
 * bfloat16. Each step of D_FK is then summed from zero and added to C outside of the unit, whose own additions cut (Ootomo and Yokota, "Recovering single
 * precision accuracy from Tensor Cores while surpassing the FP32 theoretical peak performance", 2022). An inf, or what rounds to it, leaves NaN in the parts. */
#ifndef D_OWN_LOADS
#define D_OWN_LOADS 0
#endif
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

#if !D_OWN_LOADS
/* Value i of a lane's part of an A fragment that begins at *tile, the same of B. */
static inline float a_value(__local const float *tile, int lane, int i) {
    return tile[a_k(lane, i) * D_LINE_A + a_row(lane, i)];
}
static inline float b_value(__local const float *tile, int lane, int i) {
    return tile[b_k(lane, i) * D_LINE_B + b_column(lane, i)];
}

#define D_CUT_MASK 0xffffe000u /* what is left of a float in TF32 */

/* The nearest operand; a tie goes away from zero. Not the conversion instruction, which runs at a quarter of the rate of these. */
static inline float nearest(float x) {
    return as_float((as_uint(x) + (~D_CUT_MASK + 1u) / 2u) & D_CUT_MASK);
}

/* A NaN need not survive in the first part of two, it does in the second. Halves are rounded where they are packed. */
static inline void split(float x, float parts[P_PARTS]) {
#if P_PARTS == 2
    parts[0] = nearest(x);
    parts[1] = as_float(as_uint(x - parts[0]) & D_CUT_MASK);
#elif D_FORMAT == 1
    parts[0] = isnan(x) ? x : nearest(x);
#else
    parts[0] = x;
#endif
}

#if F_EMULATE
/* What the instruction sees of an operand. */
static inline float cut(float x) {
#if D_FORMAT == 1
    return isnan(x) ? x : as_float(as_uint(x) & D_CUT_MASK);
#elif D_FORMAT == 2
    ushort bits;
    vstore_half_rte(x, 0, (half *)&bits);
    return vload_half(0, (const half *)&bits);
#else
    return x;
#endif
}

/* Adds a product to a sum, by parts, the small ones first. */
static inline float emulate_product(__local const float *tile_a, __local const float *tile_b, int row, int column, int k, float sum) {
    float a[P_PARTS], b[P_PARTS];
    split(a_value(tile_a, a_lane(row, k), a_index(row, k)), a);
    split(b_value(tile_b, b_lane(k, column), b_index(k, column)), b);
    for (int order = P_PARTS - 1; order >= 0; --order)
        for (int p = order; p >= 0; --p)
            sum = fma(cut(a[p]), cut(b[order - p]), sum);
    return sum;
}
#endif
#elif F_EMULATE
static inline float emulate_product(__local const float *tile_a, __local const float *tile_b, int row, int column, int k, float sum) {
    const a_operand a = a_load(tile_a, a_lane(row, k));
    const b_operand b = b_load(tile_b, b_lane(k, column));
    for (int order = P_PARTS - 1; order >= 0; --order)
        for (int p = order; p >= 0; --p)
            sum = fma(a_seen(&a, p, a_index(row, k)), b_seen(&b, order - p, b_index(k, column)), sum);
    return sum;
}
#endif

#if F_EMULATE
/* One value of C: the sum over a fragment's k. */
static inline float emulate_value(__local const float *tile_a, __local const float *tile_b, int row, int column, float c) {
    float sum = P_PARTS > 1 ? 0.0f : c;
    for (int k = 0; k < D_FK; ++k)
        sum = emulate_product(tile_a, tile_b, row, column, k, sum);
    return P_PARTS > 1 ? sum + c : sum;
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
#if !D_OWN_LOADS
#define D_A_IN_WORD (D_A_VALUES / D_A_WORDS)
#define D_B_IN_WORD (D_B_VALUES / D_B_WORDS)

/* A lane's part of a fragment, in words of the instruction. */
typedef struct a_operand {
    a_word part[P_PARTS][D_A_WORDS];
} a_operand;
typedef struct b_operand {
    b_word part[P_PARTS][D_B_WORDS];
} b_operand;

static inline a_operand a_load(__local const float *tile, int lane) {
    a_operand to;
#pragma unroll
    for (int w = 0; w < D_A_WORDS; ++w) {
        float parts[D_A_IN_WORD][P_PARTS];
#pragma unroll
        for (int i = 0; i < D_A_IN_WORD; ++i)
            split(a_value(tile, lane, w * D_A_IN_WORD + i), parts[i]);
#pragma unroll
        for (int p = 0; p < P_PARTS; ++p)
            to.part[p][w] = a_pack(parts[0][p], parts[D_A_IN_WORD - 1][p]);
    }
    return to;
}

static inline b_operand b_load(__local const float *tile, int lane) {
    b_operand to;
#pragma unroll
    for (int w = 0; w < D_B_WORDS; ++w) {
        float parts[D_B_IN_WORD][P_PARTS];
#pragma unroll
        for (int i = 0; i < D_B_IN_WORD; ++i)
            split(b_value(tile, lane, w * D_B_IN_WORD + i), parts[i]);
#pragma unroll
        for (int p = 0; p < P_PARTS; ++p)
            to.part[p][w] = b_pack(parts[0][p], parts[D_B_IN_WORD - 1][p]);
    }
    return to;
}

#endif

/* sum += a * b, the small products first. */
static inline sum_type multiply_parts(const a_operand *a, const b_operand *b, sum_type sum) {
#if P_PARTS == 1
    return mma(a->part[0], b->part[0], sum);
#else
    sum_type step = (sum_type)(0.0f);
#if P_PARTS == 3
    step = mma(a->part[0], b->part[2], mma(a->part[1], b->part[1], mma(a->part[2], b->part[0], step)));
#endif
    return sum + mma(a->part[0], b->part[0], mma(a->part[0], b->part[1], mma(a->part[1], b->part[0], step)));
#endif
}

/* acc += A * B for the wave's tile and all k of a step. */
static inline void multiply(__local const float *tile_a, __local const float *tile_b, int item, sum_type acc[D_SUMS]) {
    const int lane = item % D_WAVE;
    tile_a += wave_row(item);
    tile_b += wave_column(item);
#pragma unroll
    for (int k = 0; k < T_TK; k += D_FK) {
#if D_OWN_LOADS
        /* The operands of both in no array, see gemm_mma_intel_load.h; tiles of one fragment's height load nothing twice. */
#pragma unroll
        for (int m = 0; m < D_FRAGMENTS_M; ++m) {
            const a_operand a = a_load(tile_a + k * D_LINE_A + m * D_FM, lane);
#pragma unroll
            for (int n = 0; n < D_FRAGMENTS_N; ++n) {
                const b_operand b = b_load(tile_b + k * D_LINE_B + n * D_FN, lane);
                acc[m * D_FRAGMENTS_N + n] = multiply_parts(&a, &b, acc[m * D_FRAGMENTS_N + n]);
            }
        }
#else
        a_operand a[D_FRAGMENTS_M];
#pragma unroll
        for (int m = 0; m < D_FRAGMENTS_M; ++m)
            a[m] = a_load(tile_a + k * D_LINE_A + m * D_FM, lane);
#pragma unroll
        for (int n = 0; n < D_FRAGMENTS_N; ++n) {
            const b_operand b = b_load(tile_b + k * D_LINE_B + n * D_FN, lane);
#pragma unroll
            for (int m = 0; m < D_FRAGMENTS_M; ++m)
                acc[m * D_FRAGMENTS_N + n] = multiply_parts(&a[m], &b, acc[m * D_FRAGMENTS_N + n]);
        }
#endif
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
