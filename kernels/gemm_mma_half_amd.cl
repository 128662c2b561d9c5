/* gemm_mma_half_amd.cl: C = A * B with AMD's matrix units of RDNA: gemm_tile.cl with waves that multiply fragments of halves by wmma.
 * SPDX-License-Identifier: MIT
 * used by   src/gemm/gemm_mma.c, on devices that pass its probe: RDNA 3 (gfx11)
 * reads     as gemm_tile.cl
 * writes    as gemm_tile.cl
 *           v_wmma_f32_16x16x16_f16 of a wave of 32, from AMD's RDNA 3 instruction set guide, "Wave Matrix Multiply Accumulate"; lane 0..31:
 *           A (16 x 16)  ai [lane % 16][i], i < 16: both halves of the wave hold all of A
 *           B (16 x 16)  bi [i][lane % 16]
 *           C (16 x 16)  ci [2*i + lane / 16][lane % 16], i < 8
 * edges     as gemm_tile.cl
 * launch    global (D_ITEMS*panels_n*panels_m, gb or splits), local (D_ITEMS, 1), D_ITEMS = T_TM/T_WM * T_TN/T_WN waves of 32
 * memory    private T_WM*T_WN/32 sums and a fragment row's operands, local 2*T_TK*(T_TM + 4 + T_TN) floats (and the pixels of P_A 2), barriers as gemm_tile.cl
 * numerics  operands rounded to halves, sums in float32: 3e-4 relative RMS (its twin, test_gemm_mma) for values in 6e-5 .. 65504; smaller ones lose bits and are 0
 *           below 3e-8, larger ones are inf; NaN and inf keep their meaning
 * arguments as gemm_tile.cl
 *           T_TM, T_TN in {32,64,128}, T_TK 16, T_WM, T_WN in {16,32,64}, T_RV in {1,4}, the limits of gemm_tile.cl
 *           F_EMULATE F_CHECK F_BIAS F_RELU F_MASK in {0,1}    P_A in 0..5 */
#ifndef T_TM
#define T_TM 64 /* 32, 64, 128 rows of a work-group's tile */
#endif
#ifndef T_TN
#define T_TN 64 /* 32, 64, 128 columns of a work-group's tile */
#endif
#ifndef T_TK
#define T_TK 16 /* 16 values of k staged at a time */
#endif
#ifndef T_WM
#define T_WM 32 /* 16, 32, 64 rows of a wave */
#endif
#ifndef T_WN
#define T_WN 32 /* 16, 32, 64 columns of a wave */
#endif
#ifndef T_RV
#define T_RV 1 /* 1, 4 contiguous values of a mapped A that a load takes */
#endif
#ifndef F_EMULATE
#define F_EMULATE 1 /* 0, 1: the plain twin, on any device; the host asks for 0 */
#endif
#define P_PARTS    1 /* a second would not widen the range */
#define D_KERNEL   gemm_mma_half_amd
#define D_WAVE     32
#define D_FM       16
#define D_FN       16
#define D_FK       16
#define D_A_VALUES 16
#define D_B_VALUES 16
#define D_A_WORDS  8
#define D_B_WORDS  8
#define D_C_VALUES 8
#define D_FORMAT   2
#define D_PAD_A    4
#define D_PAD_B    0
typedef float8 sum_type;

/* What a lane holds. */
static inline int a_row(int lane, int i) {
    (void)i;
    return lane % 16;
}
static inline int a_k(int lane, int i) {
    (void)lane;
    return i;
}
static inline int b_k(int lane, int i) {
    (void)lane;
    return i;
}
static inline int b_column(int lane, int i) {
    (void)i;
    return lane % 16;
}
static inline int c_row(int lane, int i) {
    return 2 * i + lane / 16;
}
static inline int c_column(int lane, int i) {
    (void)i;
    return lane % 16;
}

#if F_EMULATE
/* Who holds an element of A and of B; both halves of the wave do, and each is asked for some. */
static inline int a_lane(int row, int k) {
    return row + k % 2 * 16;
}
static inline int a_index(int row, int k) {
    (void)row;
    return k;
}
static inline int b_lane(int k, int column) {
    return column + k % 2 * 16;
}
static inline int b_index(int k, int column) {
    (void)column;
    return k;
}
#else
#if !__has_builtin(__builtin_amdgcn_wmma_f32_16x16x16_f16_w32)
#error "this compiler has no matrix instructions"
#endif
typedef uint a_word; /* two halves, the first in the lower bits */
typedef uint b_word;
/* OpenCL converts to half with an extension only, the compiler's own type without. */
typedef _Float16 two_halves __attribute__((ext_vector_type(2)));
static inline uint a_pack(float first, float second) {
    const two_halves pair = {(_Float16)first, (_Float16)second};
    return __builtin_astype(pair, uint);
}
#define b_pack a_pack

typedef half operand __attribute__((ext_vector_type(16)));
static inline operand operand_of(const uint words[8]) {
    return __builtin_astype((uint8)(words[0], words[1], words[2], words[3], words[4], words[5], words[6], words[7]), operand);
}
/* a * b + c. */
static inline float8 mma(const uint a[8], const uint b[8], float8 c) {
    return __builtin_amdgcn_wmma_f32_16x16x16_f16_w32(operand_of(a), operand_of(b), c);
}
#endif

#include "gemm_matrix_unit.h"
#include "gemm_tile_main.h"
