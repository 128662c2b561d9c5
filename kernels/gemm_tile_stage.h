/* gemm_tile_stage.h: how a work-group of gemm_tile.cl brings its share of A and B from global into local memory: load_* into registers, store_* into a tile, copy_* without registers.
 * SPDX-License-Identifier: MIT
 *
 * The staged A is tile[k][row] at k*D_LINE_A + row, the staged B tile[k][column] at k*D_LINE_B + column. A load takes D_VA values that lie side by side in global
 * memory, and neighbours take neighbouring loads. What lies outside the matrices is 0. */

#include "gather_map.h"
#include "gemm_epilogue.h"
#include "load_four.h"
#include "planes.h"

#ifndef T_ASYNC
#define T_ASYNC 0 /* 0, 1, 2: B through registers, by copies that run beside the arithmetic, by their twin */
#endif
#if T_ASYNC
#include "async_copy_nvidia.h"
#endif

#if D_MAPPED
#define D_VA T_RV
#else
#define D_VA 4
#endif
#define D_LINE_A  (T_TM + D_PAD_A) /* rows of the staged matrices, with a few more so that no two work-items meet in a bank */
#define D_LINE_B  (T_TN + D_PAD_B)
#define D_LOADS_A (T_TM * T_TK / D_VA / D_ITEMS)
#define D_LOADS_B (T_TN * T_TK / 4 / D_ITEMS)
#if D_LOADS_A * D_VA * D_ITEMS != T_TM * T_TK || D_LOADS_B * 4 * D_ITEMS != T_TN * T_TK
#error "the tile's values must be a multiple of what its work-items load at once"
#endif

/* Where a work-group's tile of C goes. */
typedef struct result {
    __global float *c;
    __global const float *bias, *mask;
    int first_row, first_column, gm, gn, ldc, accumulate;
#if P_A == A_ROWS
    const gather_map *map;
#endif
} result;

/* Values from the beginning of C to a row of it. */
static inline ulong result_line(const result *to, int row) {
#if P_A == A_ROWS
    return gather_out_row(to->map, gather_pixel_of(to->map, row)) * to->ldc;
#else
    return (ulong)row * to->ldc;
#endif
}

/* What is the same for all loads of a work-item. */
typedef struct source {
    int item, first_row, gm, end_k, ld, block;
    int a_aligned, b_aligned; /* whole float4s may be read at once: the pointer, and the distance between rows, are multiples of 16 bytes */
} source;

/* Four values of which `left` lie inside. */
static inline float4 load4_of(__global const float *p, int aligned, int left) {
    if (left >= 4)
        return load4(p, aligned);
    return (float4)(left > 0 ? p[0] : 0.0f, left > 1 ? p[1] : 0.0f, left > 2 ? p[2] : 0.0f, 0.0f);
}

static inline void load_b(const source *from, __global const float *b, int first_k, float4 values[D_LOADS_B]) {
#pragma unroll
    for (int i = 0; i < D_LOADS_B; ++i) {
        const int at = (from->item + i * D_ITEMS) * 4;
        values[i] = first_k + at / T_TN < from->end_k ? load4(b + (ulong)first_k * T_TN + at, from->b_aligned) : (float4)(0.0f);
    }
}

static inline void store_b(__local float *tile, int item, const float4 values[D_LOADS_B]) {
#pragma unroll
    for (int i = 0; i < D_LOADS_B; ++i) {
        const int at = (item + i * D_ITEMS) * 4;
        *(__local float4 *)(tile + at / T_TN * D_LINE_B + at % T_TN) = values[i];
    }
}

#if T_ASYNC
/* Of B alone: most kinds of A are turned on their way, which such copies could do for one value at a time only. What lies outside is read at the beginning of B. */
static inline void copy_b(const source *from, __global const float *b, int first_k, __local float *tile) {
#pragma unroll
    for (int i = 0; i < D_LOADS_B; ++i) {
        const int at = (from->item + i * D_ITEMS) * 4, inside = first_k + at / T_TN < from->end_k;
        __global const float *values = inside ? b + (ulong)first_k * T_TN + at : b;
        __local float *to = tile + at / T_TN * D_LINE_B + at % T_TN;
        if (from->b_aligned) {
            copy16(to, values, inside ? 16 : 0);
        } else {
#pragma unroll
            for (int j = 0; j < 4; ++j)
                copy4(to + j, values + j, inside ? 4 : 0);
        }
    }
}
#endif

#if P_A == A_PANELS || P_A == A_TURNED || P_A == A_SUM
/* Loads run along rows. */
#define D_LANES (T_TM / D_VA)
static inline void store_a(__local float *tile, int item, const float values[D_LOADS_A * D_VA]) {
#pragma unroll
    for (int i = 0; i < D_LOADS_A; ++i) {
        __local float *to = tile + (item / D_LANES + i * (D_ITEMS / D_LANES)) * D_LINE_A + item % D_LANES * D_VA;
#if D_MAPPED && T_RV == 1
        *to = values[i];
#else
        *(__local float4 *)to = (float4)(values[i * 4], values[i * 4 + 1], values[i * 4 + 2], values[i * 4 + 3]);
#endif
    }
}
#else
/* Loads run along k. */
#define D_LANES (T_TK / D_VA)
static inline void store_a(__local float *tile, int item, const float values[D_LOADS_A * D_VA]) {
    tile += item % D_LANES * D_VA * D_LINE_A + item / D_LANES;
#pragma unroll
    for (int i = 0; i < D_LOADS_A; ++i) {
#pragma unroll
        for (int j = 0; j < D_VA; ++j)
            tile[j * D_LINE_A + i * (D_ITEMS / D_LANES)] = values[i * D_VA + j];
    }
}
#endif

static inline void keep4(float *values, float4 v) {
    values[0] = v.s0;
    values[1] = v.s1;
    values[2] = v.s2;
    values[3] = v.s3;
}

#if P_A == A_PANELS
#define LOAD_A(values, k, at) load_a(&from, a, k, values)
static inline void load_a(const source *from, __global const float *a, int first_k, float values[D_LOADS_A * 4]) {
#pragma unroll
    for (int i = 0; i < D_LOADS_A; ++i) {
        const int at = (from->item + i * D_ITEMS) * 4;
        keep4(values + i * 4, first_k + at / T_TM < from->end_k ? load4(a + (ulong)first_k * T_TM + at, from->a_aligned) : (float4)(0.0f));
    }
}
#elif P_A == A_PLAIN
#define LOAD_A(values, k, at) load_a(&from, a, k, values)
static inline void load_a(const source *from, __global const float *a, int first_k, float values[D_LOADS_A * 4]) {
    const int k = first_k + from->item % D_LANES * 4;
#pragma unroll
    for (int i = 0; i < D_LOADS_A; ++i) {
        const int row = from->first_row + from->item / D_LANES + i * (D_ITEMS / D_LANES);
        const int left = row < from->gm ? from->end_k - k : 0;
        keep4(values + i * 4, load4_of(a + (ulong)row * from->ld + k, from->a_aligned, left));
    }
}
#elif P_A == A_BLOCKS
#define LOAD_A(values, k, at) load_a(&from, a, k, values)
static inline void load_a(const source *from, __global const float *a, int first_k, float values[D_LOADS_A * 4]) {
    const int k = first_k + from->item % D_LANES * 4, block = k / from->block;
    a += (ulong)block * from->gm * from->block + (k - block * from->block);
#pragma unroll
    for (int i = 0; i < D_LOADS_A; ++i) {
        const int row = from->first_row + from->item / D_LANES + i * (D_ITEMS / D_LANES);
        const int left = row < from->gm ? from->end_k - k : 0;
        keep4(values + i * 4, load4_of(a + (ulong)row * from->block, from->a_aligned, left));
    }
}
#elif P_A == A_TURNED
#define LOAD_A(values, k, at) load_a(&from, a, k, values)
static inline void load_a(const source *from, __global const float *a, int first_k, float values[D_LOADS_A * 4]) {
    const int row = from->first_row + from->item % D_LANES * 4;
#pragma unroll
    for (int i = 0; i < D_LOADS_A; ++i) {
        const int k = first_k + from->item / D_LANES + i * (D_ITEMS / D_LANES);
        const int left = k < from->end_k ? from->gm - row : 0;
        keep4(values + i * 4, load4_of(a + (ulong)k * from->ld + row, from->a_aligned, left));
    }
}
#elif P_A == A_ROWS
#define LOAD_A(values, k, at) load_a(&map, &rows, &from, a, k, values)

/* The pixels of the rows that a work-item loads, found once: of the first tap. Pixels are counted in an int; one in the padding may lie far outside, and unsigned
 * its number comes back to the right place with its tap. */
typedef struct staged_rows {
    uint pixel[D_LOADS_A];
    int h[D_LOADS_A], w[D_LOADS_A];
    int valid[D_LOADS_A];
} staged_rows;

static inline void find_rows(const gather_map *map, const source *from, staged_rows *rows) {
#pragma unroll
    for (int i = 0; i < D_LOADS_A; ++i) {
        const int row = from->first_row + from->item / D_LANES + i * (D_ITEMS / D_LANES);
        const gather_pixel at = gather_pixel_of(map, min(row, from->gm - 1));
        rows->h[i] = gather_h(map, at.p, 0);
        rows->w[i] = gather_w(map, at.q, 0);
        rows->pixel[i] = ((uint)at.n * (uint)map->sh + (uint)rows->h[i]) * (uint)map->sw + (uint)rows->w[i];
        rows->valid[i] = row < from->gm;
    }
}

static inline void load_a(const gather_map *map, const staged_rows *rows, const source *from, __global const float *a, int first_k,
                          float values[D_LOADS_A * D_VA]) {
    const int k = first_k + from->item % D_LANES * D_VA;
    const int tap = k / map->run, j = k - tap * map->run;
    const int ta = tap / map->tw, tb = tap - ta * map->tw;
    const int tap_h = ta * map->tap_h, tap_w = tb * map->tap_w;
    const uint moved = (uint)tap_h * (uint)map->sw + (uint)tap_w;
#pragma unroll
    for (int i = 0; i < D_LOADS_A; ++i) {
        const int inside = k < from->end_k && rows->valid[i] && gather_valid(map, rows->h[i] + tap_h, rows->w[i] + tap_w);
        __global const float *p = a + (ulong)(rows->pixel[i] + moved) * map->pixel + j;
#if T_RV == 4
        keep4(values + i * 4, inside ? load4(p, from->a_aligned) : (float4)(0.0f));
#else
        values[i] = inside ? *p : 0.0f;
#endif
    }
}
#else
#define LOAD_A(values, k, at) load_a(&map, &tap, &pixels[at], &from, a, k, values)

/* The pixels of one step's values of k. */
typedef struct staged_pixels {
    uint pixel[T_TK]; /* of the first tap, as in staged_rows */
    int h[T_TK], w[T_TK];
} staged_pixels;

static inline void find_pixels(const gather_map *map, int item, int first_k, int end_k, __local staged_pixels *pixels) {
    if (item < T_TK) {
        const gather_pixel at = gather_pixel_of(map, min(first_k + item, end_k - 1));
        const int h = gather_h(map, at.p, 0), w = gather_w(map, at.q, 0);
        pixels->h[item] = h;
        pixels->w[item] = w;
        pixels->pixel[item] = ((uint)at.n * (uint)map->sh + (uint)h) * (uint)map->sw + (uint)w;
    }
}

/* The tap, and the place in its run, that a work-item loads: the same in every step. */
typedef struct staged_tap {
    int h, w, j, valid;
    uint moved;
} staged_tap;

static inline staged_tap find_tap(const gather_map *map, const source *from) {
    const int row = from->first_row + from->item % D_LANES * D_VA;
    const int tap = row / map->run, ta = tap / map->tw, tb = tap - ta * map->tw;
    staged_tap at;
    at.h = ta * map->tap_h;
    at.w = tb * map->tap_w;
    at.moved = (uint)at.h * (uint)map->sw + (uint)at.w;
    at.j = row - tap * map->run;
    at.valid = row < from->gm;
    return at;
}

static inline void load_a(const gather_map *map, const staged_tap *tap, __local const staged_pixels *pixels, const source *from,
                          __global const float *a, int first_k, float values[D_LOADS_A * D_VA]) {
#pragma unroll
    for (int i = 0; i < D_LOADS_A; ++i) {
        const int k = from->item / D_LANES + i * (D_ITEMS / D_LANES);
        const int inside = tap->valid && first_k + k < from->end_k && gather_valid(map, pixels->h[k] + tap->h, pixels->w[k] + tap->w);
        __global const float *p = a + (ulong)(pixels->pixel[k] + tap->moved) * map->pixel + tap->j;
#if T_RV == 4
        keep4(values + i * 4, inside ? load4(p, from->a_aligned) : (float4)(0.0f));
#else
        values[i] = inside ? *p : 0.0f;
#endif
    }
}
#endif
