/* gemm_mma_amd.cl: C = A * B with AMD's matrix units: gemm_tile.cl with waves that multiply fragments by mfma in float32.
 * SPDX-License-Identifier: MIT
 * used by   src/gemm/gemm_mma.c, on devices that pass its probe: CDNA (gfx908, gfx90a, gfx94x)
 * reads     as gemm_tile.cl
 * writes    as gemm_tile.cl
 *           v_mfma_f32_32x32x2_f32, from AMD's CDNA instruction set guide, "Matrix Arithmetic Instructions"; lane 0..63:
 *           A (32 x 2)   a0 [lane % 32][lane / 32]
 *           B (2 x 32)   b0 [lane / 32][lane % 32]
 *           C (32 x 32)  c0..c15: ci [i / 4 * 8 + lane / 32 * 4 + i % 4][lane % 32]
 * edges     as gemm_tile.cl
 * launch    global (D_ITEMS*panels_n*panels_m, gb or splits), local (D_ITEMS, 1), D_ITEMS = T_TM/T_WM * T_TN/T_WN waves of 64
 * memory    private T_WM*T_WN/64 sums and a fragment row's operands, local 2*T_TK*(T_TM + 4 + T_TN) floats (and the pixels of P_A 2), barriers as gemm_tile.cl
 * numerics  fp32, two products an addition: not the bits of gemm_tile.cl; NaN and inf keep their meaning
 * arguments as gemm_tile.cl
 *           T_TM, T_TN in {32,64,128}, T_TK in {8,16}, T_WM, T_WN in {32,64}, T_RV in {1,4}, the limits of gemm_tile.cl
 *           F_EMULATE F_CHECK F_BIAS F_RELU F_MASK in {0,1}    P_A in 0..5 */
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
#define T_WM 32 /* 32, 64 rows of a wave */
#endif
#ifndef T_WN
#define T_WN 32 /* 32, 64 columns of a wave */
#endif
#ifndef T_RV
#define T_RV 1 /* 1, 4 contiguous values of a mapped A that a load takes */
#endif
#ifndef F_EMULATE
#define F_EMULATE 1 /* 0, 1: the plain twin, on any device; the host asks for 0 */
#endif
#define P_PARTS    1 /* nothing to make up for */
#define D_KERNEL   gemm_mma_amd
#define D_WAVE     64
#define D_FM       32
#define D_FN       32
#define D_FK       2
#define D_A_VALUES 1
#define D_B_VALUES 1
#define D_A_WORDS  1
#define D_B_WORDS  1
#define D_C_VALUES 16
#define D_FORMAT   0
#define D_PAD_A    4
#define D_PAD_B    0
typedef float16 sum_type;

/* What a lane holds. */
static inline int a_row(int lane, int i) {
    (void)i;
    return lane % 32;
}
static inline int a_k(int lane, int i) {
    (void)i;
    return lane / 32;
}
static inline int b_k(int lane, int i) {
    (void)i;
    return lane / 32;
}
static inline int b_column(int lane, int i) {
    (void)i;
    return lane % 32;
}
static inline int c_row(int lane, int i) {
    return i / 4 * 8 + lane / 32 * 4 + i % 4;
}
static inline int c_column(int lane, int i) {
    (void)i;
    return lane % 32;
}

#if F_EMULATE
/* Who holds an element of A and of B. */
static inline int a_lane(int row, int k) {
    return k * 32 + row;
}
static inline int a_index(int row, int k) {
    (void)row, (void)k;
    return 0;
}
static inline int b_lane(int k, int column) {
    return k * 32 + column;
}
static inline int b_index(int k, int column) {
    (void)k, (void)column;
    return 0;
}
#else
#if !__has_builtin(__builtin_amdgcn_mfma_f32_32x32x2f32)
#error "this compiler has no matrix instructions"
#endif
typedef float a_word;
typedef float b_word;
static inline float a_pack(float value, float same) {
    (void)same;
    return value;
}
#define b_pack a_pack

/* a * b + c. */
static inline float16 mma(const float a[1], const float b[1], float16 c) {
    return __builtin_amdgcn_mfma_f32_32x32x2f32(a[0], b[0], c, 0, 0, 0);
}
#endif

#include "gemm_matrix_unit.h"
#include "gemm_tile_main.h"
