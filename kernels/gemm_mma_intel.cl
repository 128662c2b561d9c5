/* gemm_mma_intel.cl: C = A * B with Intel's matrix units: gemm_tile.cl with sub-groups that multiply fragments of bfloat16s or halves.
 * SPDX-License-Identifier: MIT
 * used by   src/gemm/gemm_mma.c, on devices that pass its probe: Xe-HPG (P_WAVE 8) and Xe-HPC (P_WAVE 16) with cl_intel_subgroup_matrix_multiply_accumulate
 * reads     as gemm_tile.cl
 * writes    as gemm_tile.cl
 *           intel_sub_group_bf16_bf16_matrix_mad_k16 and _f16_f16_, from the extension's text; lane 0..P_WAVE-1:
 *           A (8 x 16)       P_WAVE 8: ai [i / 2][2*lane + i % 2], i < 16     P_WAVE 16: ai [i][lane], i < 8
 *           B (16 x P_WAVE)  bi [i][lane], i < 16
 *           C (8 x P_WAVE)   ci [i][lane], i < 8
 * edges     as gemm_tile.cl
 * launch    global (D_ITEMS*panels_n*panels_m, gb or splits), local (D_ITEMS, 1), D_ITEMS = T_TM/T_WM * T_TN/T_WN sub-groups of P_WAVE
 * memory    private T_WM*T_WN/P_WAVE sums and a fragment row's operands, local 2*T_TK*(T_TM + 4 + T_TN) floats (and the pixels of P_A 2), barriers as gemm_tile.cl
 * numerics  sums in float32. F_HALF 0: 4e-6 relative RMS over 384 values with P_PARTS 2, 2e-7 with 3 (its twin, test_gemm_mma); an inf, or a finite value above
 *           3.39e38, comes out as NaN. F_HALF 1: as gemm_mma_half_nvidia.cl
 * arguments as gemm_tile.cl
 *           T_TM, T_TN in {32,64}, T_TK 16, T_WM in {8,16,32}, T_WN in {8,16,32} and no less than P_WAVE, T_RV in {1,4}, the limits of gemm_tile.cl
 *           F_HALF F_EMULATE F_CHECK F_BIAS F_RELU F_MASK in {0,1}    P_WAVE in {8,16}, P_PARTS in {1,2,3} (F_HALF 1: 1), P_A in 0..5 */
#ifndef T_TM
#define T_TM 64 /* 32, 64 rows of a work-group's tile */
#endif
#ifndef T_TN
#define T_TN 64 /* 32, 64 columns of a work-group's tile */
#endif
#ifndef T_TK
#define T_TK 16 /* 16 values of k staged at a time */
#endif
#ifndef T_WM
#define T_WM 8 /* 8, 16, 32 rows of a sub-group */
#endif
#ifndef T_WN
#define T_WN 16 /* 8, 16, 32 columns of a sub-group */
#endif
#ifndef T_RV
#define T_RV 1 /* 1, 4 contiguous values of a mapped A that a load takes */
#endif
#ifndef P_WAVE
#define P_WAVE 8 /* 8, 16 work-items of a sub-group: what the unit is made for */
#endif
#ifndef F_HALF
#define F_HALF 0 /* 0, 1: halves instead of bfloat16s */
#endif
#ifndef P_PARTS
#define P_PARTS (F_HALF ? 1 : 3) /* 1, 2, 3: bfloat16s that an operand is the sum of */
#endif
#ifndef F_EMULATE
#define F_EMULATE 1 /* 0, 1: the plain twin, on any device; the host asks for 0 */
#endif
#define D_KERNEL   gemm_mma_intel
#define D_WAVE     P_WAVE
#define D_FM       8
#define D_FN       P_WAVE
#define D_FK       16
#define D_C_VALUES 8
#define D_PAD_A    4
#define D_PAD_B    0
typedef float8 sum_type;

/* What a lane holds; of A and B: gemm_mma_intel_load.h. */
static inline int c_row(int lane, int i) {
    (void)lane;
    return i;
}
static inline int c_column(int lane, int i) {
    (void)i;
    return lane;
}

#if F_EMULATE
/* Who holds an element of A and of B. */
static inline int a_lane(int row, int k) {
    (void)row;
    return k * P_WAVE / 16;
}
static inline int a_index(int row, int k) {
    return P_WAVE == 8 ? 2 * row + k % 2 : row;
}
static inline int b_lane(int k, int column) {
    (void)k;
    return column;
}
static inline int b_index(int k, int column) {
    (void)column;
    return k;
}
#else
#if !defined(cl_intel_subgroup_matrix_multiply_accumulate)
#error "this compiler has no matrix instructions"
#endif
#define D_ATTRIBUTES __attribute__((intel_reqd_sub_group_size(P_WAVE)))
#endif

#include "gemm_mma_intel_load.h"

#define D_OWN_LOADS 1
#include "gemm_matrix_unit.h"
#include "gemm_tile_main.h"
