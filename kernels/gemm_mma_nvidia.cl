/* gemm_mma_nvidia.cl: C = A * B with NVIDIA's matrix units: gemm_tile.cl with waves that multiply fragments by mma.sync in TF32, three times for float32 accuracy.
 * SPDX-License-Identifier: MIT
 * used by   src/gemm/gemm_mma.c, on devices that pass its probe: compute capability 8.0 and later
 * reads     as gemm_tile.cl
 * writes    as gemm_tile.cl
 *           mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32, from the PTX ISA 7.0, "Matrix Fragments for mma.m16n8k8"; g = lane / 4, t = lane % 4:
 *           A (16 x 8)  a0 [g][t]      a1 [g + 8][t]      a2 [g][t + 4]      a3 [g + 8][t + 4]
 *           B (8 x 8)   b0 [t][g]      b1 [t + 4][g]
 *           C (16 x 8)  c0 [g][2t]     c1 [g][2t + 1]     c2 [g + 8][2t]     c3 [g + 8][2t + 1]
 * edges     as gemm_tile.cl
 * launch    global (D_ITEMS*panels_n*panels_m, gb or splits), local (D_ITEMS, 1), D_ITEMS = T_TM/T_WM * T_TN/T_WN waves of 32
 * memory    private T_WM*T_WN/32 sums and a fragment row's operands, local 2*T_TK*(T_TM + 8 + T_TN + 8) floats (and the pixels of P_A 2): lines of 8 more than a
 *           multiple of 32, so that the 8 rows and 4 values of k of a load lie in 32 banks; barriers as gemm_tile.cl
 * numerics  P_PARTS 2: 2e-7 relative RMS over 384 values (its twin, test_gemm_mma); an inf, or a finite value above 3.4e38 * (1 - 2^-12), comes out as NaN
 *           P_PARTS 1: operands rounded to 10 bits of fraction, 3e-4 relative RMS; NaN and inf keep their meaning
 * arguments as gemm_tile.cl
 *           T_TM, T_TN in {32,64,128}, T_TK in {8,16}, T_WM in {16,32,64}, T_WN in {8,16,32,64}, T_RV in {1,4}, T_ASYNC in {0,1,2}, the limits of gemm_tile.cl
 *           F_EMULATE F_CHECK F_BIAS F_RELU F_MASK in {0,1}    P_PARTS in {1,2}, P_A in 0..5 */
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
#define T_WM 32 /* 16, 32, 64 rows of a wave */
#endif
#ifndef T_WN
#define T_WN 32 /* 8, 16, 32, 64 columns of a wave */
#endif
#ifndef T_RV
#define T_RV 1 /* 1, 4 contiguous values of a mapped A that a load takes */
#endif
#ifndef P_PARTS
#define P_PARTS 2 /* 1, 2: three products that keep float32 accuracy */
#endif
#ifndef F_EMULATE
#define F_EMULATE 1 /* 0, 1: the plain twin, on any device; the host asks for 0 */
#endif
#define D_KERNEL   gemm_mma_nvidia
#define D_WAVE     32
#define D_FM       16
#define D_FN       8
#define D_FK       8
#define D_A_VALUES 4
#define D_B_VALUES 2
#define D_A_WORDS  4
#define D_B_WORDS  2
#define D_C_VALUES 4
#define D_FORMAT   1
#define D_PAD_A    8
#define D_PAD_B    8
typedef float4 sum_type;

/* What a lane holds. */
static inline int a_row(int lane, int i) {
    return lane / 4 + i % 2 * 8;
}
static inline int a_k(int lane, int i) {
    return lane % 4 + i / 2 * 4;
}
static inline int b_k(int lane, int i) {
    return lane % 4 + i * 4;
}
static inline int b_column(int lane, int i) {
    (void)i;
    return lane / 4;
}
static inline int c_row(int lane, int i) {
    return lane / 4 + i / 2 * 8;
}
static inline int c_column(int lane, int i) {
    return lane % 4 * 2 + i % 2;
}

#if F_EMULATE
/* Who holds an element of A and of B. */
static inline int a_lane(int row, int k) {
    return row % 8 * 4 + k % 4;
}
static inline int a_index(int row, int k) {
    return (row >= 8 ? 1 : 0) + (k >= 4 ? 2 : 0);
}
static inline int b_lane(int k, int column) {
    return column * 4 + k % 4;
}
static inline int b_index(int k, int column) {
    (void)column;
    return k >= 4 ? 1 : 0;
}
#else
typedef uint a_word;
typedef uint b_word;
static inline uint a_pack(float value, float same) {
    (void)same;
    return as_uint(value);
}
#define b_pack a_pack

/* a * b + c. Volatile, because all lanes must be there: it may not sink into the branches of the store. */
static inline float4 mma(const uint a[4], const uint b[2], float4 c) {
    float c0 = c.s0, c1 = c.s1, c2 = c.s2, c3 = c.s3;
    __asm__ volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                     : "+f"(c0), "+f"(c1), "+f"(c2), "+f"(c3)
                     : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
    return (float4)(c0, c1, c2, c3);
}
#endif

#include "gemm_matrix_unit.h"
#include "gemm_tile_main.h"
