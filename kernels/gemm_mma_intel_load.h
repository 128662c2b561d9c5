/* gemm_mma_intel_load.h: how gemm_mma_intel.cl makes operands of Intel's matrix units out of floats in local memory, and multiplies them.
 * SPDX-License-Identifier: MIT
 *
 * The plain twin reads the operands that this makes. In vectors throughout: Intel's compiler keeps arrays of that size in memory, even where all loops are unrolled. */

#if P_WAVE == 8
typedef int8 a_words; /* a row each, two values of k */
#else
typedef short8 a_words; /* a row each, one value of k */
#endif

typedef struct a_operand {
    a_words part[P_PARTS];
} a_operand;
typedef struct b_operand {
    int8 part[P_PARTS]; /* two rows each, the first in the lower bits */
} b_operand;

#define D_STRIDE_A (T_TM + D_PAD_A)
#define D_STRIDE_B (T_TN + D_PAD_B)

/* The bits of one part of x, in the lower half of each word; x keeps the rest, 0 after the last. A tie goes away from zero; a NaN need
 * not survive here, it does in the final part. */
static inline uint8 next_part(float8 *x) {
#if F_HALF
    ushort8 bits;
    vstore_half8_rte(*x, 0, (half *)&bits);
    return convert_uint8(bits);
#else
    const uint8 bits = (as_uint8(*x) + 0x8000u) & 0xffff0000u;
    *x -= as_float8(bits);
    return bits >> 16;
#endif
}
/* What is left. The third bfloat16 has no more bits than it can hold. */
static inline uint8 final_part(float8 x) {
#if F_HALF
    return next_part(&x);
#elif P_PARTS == 3
    return as_uint8(x) >> 16;
#else
    return select(as_uint8(x) + 0x8000u, as_uint8(x), as_uint8(isnan(x))) >> 16;
#endif
}

/* Eight values at rows of the tile that are `step` apart. */
static inline float8 eight_of(__local const float *tile, int step) {
    return (float8)(tile[0], tile[step], tile[2 * step], tile[3 * step], tile[4 * step], tile[5 * step], tile[6 * step], tile[7 * step]);
}

/* Two sets of eight values, as words of two, in parts. */
static inline void pair_up(float8 even, float8 odd, int8 part[P_PARTS]) {
#if P_PARTS > 1
    part[0] = as_int8(next_part(&even) | next_part(&odd) << 16);
#endif
#if P_PARTS > 2
    part[1] = as_int8(next_part(&even) | next_part(&odd) << 16);
#endif
    part[P_PARTS - 1] = as_int8(final_part(even) | final_part(odd) << 16);
}

static inline a_operand a_load(__local const float *tile, int lane) {
    a_operand to;
#if P_WAVE == 8
    tile += 2 * lane * D_STRIDE_A;
    pair_up(eight_of(tile, 1), eight_of(tile + D_STRIDE_A, 1), to.part);
#else
    float8 rows = eight_of(tile + lane * D_STRIDE_A, 1);
#if P_PARTS > 1
    to.part[0] = as_short8(convert_ushort8(next_part(&rows)));
#endif
#if P_PARTS > 2
    to.part[1] = as_short8(convert_ushort8(next_part(&rows)));
#endif
    to.part[P_PARTS - 1] = as_short8(convert_ushort8(final_part(rows)));
#endif
    return to;
}

static inline b_operand b_load(__local const float *tile, int lane) {
    b_operand to;
    pair_up(eight_of(tile + lane, 2 * D_STRIDE_B), eight_of(tile + lane + D_STRIDE_B, 2 * D_STRIDE_B), to.part);
    return to;
}

#if F_EMULATE
/* Value i of a lane's part, as the unit sees it. */
static inline float seen(uint bits) {
#if F_HALF
    const ushort value = bits;
    return vload_half(0, (const half *)&value);
#else
    return as_float(bits << 16);
#endif
}
static inline float a_seen(const a_operand *a, int part, int i) {
    return seen(((const ushort *)&a->part[part])[i]);
}
static inline float b_seen(const b_operand *b, int part, int i) {
    const uint word = ((const uint *)&b->part[part])[i / 2];
    return seen(i % 2 ? word >> 16 : word & 0xffffu);
}
#else
/* a * b + c. */
static inline float8 mma(a_words a, int8 b, float8 c) {
#if F_HALF
    return intel_sub_group_f16_f16_matrix_mad_k16(a, b, c);
#else
    return intel_sub_group_bf16_bf16_matrix_mad_k16(a, b, c);
#endif
}
#endif
