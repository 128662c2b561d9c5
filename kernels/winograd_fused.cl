/* winograd_fused.cl: a convolution of stride 1 by Winograd's minimal filtering in one launch: a work-group transforms its windows of x, multiplies and transforms back.
 * SPDX-License-Identifier: MIT
 * used by   conv_winograd_fused.c: y of x (fwd), dx of dy (bwd_data, the filter turned)
 * reads     x[n][h][w][c] at ((n*ih + h)*iw + w)*ic + c
 *           u[e][q][c][r] at e*plane + (q*ic + c)*T_CHANNELS + r;  column q*T_CHANNELS + r, point e = i*P_WAW + j: pack_winograd_filter's panels
 * writes    y[n][h][w][c] at ((n*oh + h)*ow + w)*oc + c; tile (n, th, tw) begins at h = th*P_WOH, w = tw*P_WOW; bias, ReLU and mask applied
 * edges     outside x reads as 0; tiles, channels and pixels outside y are not stored; columns >= oc of u are there (the packer writes zeros)
 * launch    global (D_ITEMS * ceil(oc / T_CHANNELS) * ceil(all tiles / T_TILES)), local (D_ITEMS), D_ITEMS = points * T_TILES/T_WT * T_CHANNELS/T_WC: a work-item has one
 *           point, T_WT tiles and T_WC channels; neighbouring groups share windows
 * memory    private T_WT*T_WC sums, T_WT + 2*T_WC operands, columns of the next windows; local points*T_KC*(T_TILES + 4) + 3*T_TILES floats;
 *           barriers 3 a step of T_KC channels, 3 a slice of T_KC channels of y, their number the same for all work-items
 * numerics  fp32, one fma a channel in ascending order; one NaN or inf in x spoils its whole tile (gather does not)
 * arguments x u y bias mask ic ih iw pad_top pad_left (may be negative: windows begin inside) oc oh ow images tiles_h tiles_w plane
 *           T_TILES in {4,8,16,32}, T_CHANNELS 32, T_KC in {4,8}, T_WT in {4,8}, T_WC in {4,8}    F_BIAS F_RELU F_MASK in {0,1}
 *           P_WAH in 2..8, P_WAW in 1..8 points along an axis, P_WOH P_WOW in 1..8 outputs; F_GENERATED 1: the host has put transform_in_h, transform_in_w (P_WA values to
 *           P_WA), transform_out_h and transform_out_w (P_WA to P_WO) before this text */
#include "each.h"
#include "gemm_epilogue.h"
#include "load_four.h"
#ifndef F_GENERATED
#define F_GENERATED 0 /* 0, 1 */
#endif
#ifndef P_WAH
#define P_WAH 2 /* 2..8 points along the height */
#endif
#ifndef P_WAW
#define P_WAW 1 /* 1..8 points along the width */
#endif
#ifndef P_WOH
#define P_WOH 2 /* 1..8 rows of a tile of y */
#endif
#ifndef P_WOW
#define P_WOW 1 /* 1..8 columns of a tile of y */
#endif
#ifndef T_TILES
#define T_TILES 16 /* 4, 8, 16, 32 tiles of a work-group */
#endif
#ifndef T_CHANNELS
#define T_CHANNELS 32 /* 32 channels of y of a work-group */
#endif
#ifndef T_KC
#define T_KC 8 /* 4, 8 channels of x a step, and of y a slice on the way back */
#endif
#ifndef T_WT
#define T_WT 8 /* 4, 8 tiles of a work-item */
#endif
#ifndef T_WC
#define T_WC 8 /* 4, 8 channels of y of a work-item */
#endif
#define D_POINTS      (P_WAH * P_WAW)
#define D_ITEMS_T     (T_TILES / T_WT)
#define D_ITEMS_C     (T_CHANNELS / T_WC)
#define D_ITEMS_POINT (D_ITEMS_T * D_ITEMS_C)
#define D_ITEMS       (D_POINTS * D_ITEMS_POINT)
#define D_LINE        (T_TILES + 4) /* a few more, so that the channels of a step do not meet in a bank */
#define D_HELD        8             /* values of a column or row at most */
#define D_WINDOWS     (T_TILES * T_KC)
#if D_ITEMS_T * T_WT != T_TILES || D_ITEMS_C * T_WC != T_CHANNELS || T_CHANNELS % T_KC != 0
#error "a work-group's tiles and channels must be multiples of a work-item's, its channels of a step's"
#endif

#if !F_GENERATED
static inline void transform_in_h(const float *in, int is, float *out, int os) {
    out[0 * os] = in[0 * is];
    out[1 * os] = in[1 * is];
}
static inline void transform_in_w(const float *in, int is, float *out, int os) {
    out[0 * os] = in[0 * is];
}
#define transform_out_h transform_in_h
#define transform_out_w transform_in_w
#endif

/* Rounds in which the work-items of a group take `tasks`, of which the last may leave some idle. */
#define D_ROUNDS(tasks) (((tasks) + D_ITEMS - 1) / D_ITEMS)
#define D_LOADS         D_ROUNDS(D_WINDOWS *P_WAW)
#if D_LOADS > 8
#error "a work-item takes eight columns of windows at most"
#endif

/* Point (i, j) of tile t, channel c of a step or slice, in local memory. */
#define POINT(i, j, c, t) v[(((i)*P_WAW + (j)) * T_KC + (c)) * D_LINE + (t)]

/* Where the tiles of a group begin in y: image, row, column. */
typedef struct tiles {
    int n[T_TILES], h[T_TILES], w[T_TILES];
} tiles;

/* What the loads need to know. */
typedef struct source {
    __global const float *x;
    int ic, ih, iw, pad_top, pad_left;
} source;

static inline void place_tiles(__local tiles *at, int item, int first, int images, int tiles_h, int tiles_w) {
    for (int t = item; t < T_TILES; t += D_ITEMS) {
        const int tile = first + t, n = tile / (tiles_h * tiles_w);
        at->n[t] = n < images ? n : 0;
        at->h[t] = n < images ? tile / tiles_w % tiles_h * P_WOH : 1 << 29; /* below every image: nothing is read or stored */
        at->w[t] = tile % tiles_w * P_WOW;
    }
}

/* ---- x to points ---- */

/* Task `item + round*D_ITEMS` is column j of the window of tile t, channel c; neighbours read neighbouring channels. */
#define IN_TASK                                                                                                                            \
    const int task = item + round * D_ITEMS, c = task % T_KC, t = task / T_KC % T_TILES, j = task / D_WINDOWS;                             \
    const int is_task = (round + 1) * D_ITEMS <= D_WINDOWS * P_WAW || task < D_WINDOWS * P_WAW;

#define LOAD(i, unused) column[i] = inside && h + (i) >= 0 && h + (i) < from->ih ? corner[(long)(i)*from->iw * from->ic] : 0.0f;

/* Inlined by force: clang replaces an argument that is always the same local array by that array, and PoCL 3.1 then knows its place in the kernel alone (retest: without the
 * attribute test_conv_fwd reads zeros on PoCL). */
static inline __attribute__((always_inline)) void load_column(const source *from, __local const tiles *at, int item, int round, int first_c,
                                                              float column[P_WAH]) {
    IN_TASK
    const int h = at->h[t] - from->pad_top, w = at->w[t] + j - from->pad_left;
    const int inside = is_task && first_c + c < from->ic && w >= 0 && w < from->iw;
    __global const float *corner = from->x + (((long)at->n[t] * from->ih + h) * from->iw + w) * from->ic + first_c + c;
    EACH(P_WAH, LOAD, 0)
}

#define PUT_COLUMN(i, unused) POINT(i, j, c, t) = out[i];

static inline __attribute__((always_inline)) void transform_column(__local float *v, int item, int round, const float column[P_WAH]) {
    IN_TASK
    float out[D_HELD];
    transform_in_h(column, 1, out, 1);
    if (is_task) {
        EACH(P_WAH, PUT_COLUMN, 0)
    }
}

/* All that a work-item holds of the next windows. */
#define LOAD_ROUND(round, first_c)     load_column(&from, &at, item, round, first_c, columns + (round)*P_WAH);
#define TRANSFORM_ROUND(round, unused) transform_column(v, item, round, columns + (round)*P_WAH);

#define GET_ROW(j, unused) in[j] = POINT(i, j, c, t);
#define PUT_ROW(j, unused) POINT(i, j, c, t) = out[j];

/* In place: a row is read and written by one work-item. */
static inline void transform_rows(__local float *v, int item) {
#pragma unroll
    for (int round = 0; round < D_ROUNDS(D_WINDOWS * P_WAH); ++round) {
        const int task = item + round * D_ITEMS, t = task % T_TILES, c = task / T_TILES % T_KC, i = task / D_WINDOWS;
        if (task < D_WINDOWS * P_WAH) {
            float in[D_HELD], out[D_HELD];
            EACH(P_WAW, GET_ROW, 0)
            transform_in_w(in, 1, out, 1);
            EACH(P_WAW, PUT_ROW, 0)
        }
    }
}

/* ---- the product ---- */

/* A work-item's four channels of each of its groups of u, in row `c`; rows past the end are 0. */
static inline void load_u(__global const float *u, int c, int ic, int aligned, float4 row[T_WC / 4]) {
#pragma unroll
    for (int j = 0; j < T_WC / 4; ++j)
        row[j] = c < ic ? load4(u + (ulong)c * T_CHANNELS + j * D_ITEMS_C * 4, aligned) : (float4)(0.0f);
}

/* sums[channel][tiles] += the channels of a step. `row` is the one of u that comes first, and afterwards the one that comes next: it is loaded a row ahead, straight
 * from global memory, as no other work-items need it but the few that share its point. */
static inline void multiply(__local const float *v, __global const float *u, int first_c, int ic, int aligned, float4 row[T_WC / 4],
                            float4 sums[T_WC * T_WT / 4]) {
#pragma unroll 2 /* of more, compilers load all rows of u before the first product */
    for (int c = 0; c < T_KC; ++c) {
        float4 next[T_WC / 4], tile[T_WT / 4];
        load_u(u, first_c + c + 1, ic, aligned, next);
#pragma unroll
        for (int i = 0; i < T_WT / 4; ++i)
            tile[i] = *(__local const float4 *)(v + c * D_LINE + i * D_ITEMS_T * 4);
#pragma unroll
        for (int j = 0; j < T_WC / 4; ++j) {
#pragma unroll
            for (int i = 0; i < T_WT / 4; ++i) {
                float4 *sum = sums + j * T_WT + i; /* four channels, T_WT / 4 apart */
                sum[0 * T_WT / 4] = fma((float4)(row[j].s0), tile[i], sum[0 * T_WT / 4]);
                sum[1 * T_WT / 4] = fma((float4)(row[j].s1), tile[i], sum[1 * T_WT / 4]);
                sum[2 * T_WT / 4] = fma((float4)(row[j].s2), tile[i], sum[2 * T_WT / 4]);
                sum[3 * T_WT / 4] = fma((float4)(row[j].s3), tile[i], sum[3 * T_WT / 4]);
            }
        }
#pragma unroll
        for (int j = 0; j < T_WC / 4; ++j)
            row[j] = next[j];
    }
}

/* ---- points to y ---- */

/* Puts what a work-item has of the channels of a slice at its point; `lane` is its place among those of the point. */
static inline void put_sums(__local float *v, int point, int lane, int slice, const float4 sums[T_WC * T_WT / 4]) {
#pragma unroll
    for (int j = 0; j < T_WC / 4; ++j) {
        const int four = j * D_ITEMS_C + lane % D_ITEMS_C; /* channels */
        if (four / (T_KC / 4) == slice) {
            __local float *line = v + (point * T_KC + four % (T_KC / 4) * 4) * D_LINE + lane / D_ITEMS_C * 4;
#pragma unroll
            for (int i = 0; i < T_WT / 4; ++i) {
                const float4 *sum = sums + j * T_WT + i;
                __local float *to = line + i * D_ITEMS_T * 4;
                *(__local float4 *)(to + 0 * D_LINE) = sum[0 * T_WT / 4];
                *(__local float4 *)(to + 1 * D_LINE) = sum[1 * T_WT / 4];
                *(__local float4 *)(to + 2 * D_LINE) = sum[2 * T_WT / 4];
                *(__local float4 *)(to + 3 * D_LINE) = sum[3 * T_WT / 4];
            }
        }
    }
}

#define GET_COLUMN(i, unused) in[i] = POINT(i, j, c, t);

/* In place, P_WAH values of a column to P_WOH. */
static inline void transform_columns_back(__local float *v, int item) {
#pragma unroll
    for (int round = 0; round < D_ROUNDS(D_WINDOWS * P_WAW); ++round) {
        const int task = item + round * D_ITEMS, t = task % T_TILES, c = task / T_TILES % T_KC, j = task / D_WINDOWS;
        if (task < D_WINDOWS * P_WAW) {
            float in[D_HELD], out[D_HELD];
            EACH(P_WAH, GET_COLUMN, 0)
            transform_out_h(in, 1, out, 1);
            EACH(P_WOH, PUT_COLUMN, 0)
        }
    }
}

/* Where y lies, from the first channel of a group on. */
typedef struct target {
    __global float *y;
    __global const float *bias, *mask;
    int channels, oc, oh, ow; /* channels: of them inside y */
} target;

#define STORE(j, unused)                                                                                                                   \
    if (w + (j) < to->ow) {                                                                                                                \
        const ulong place = corner + (ulong)(j)*to->oc;                                                                                    \
        to->y[place] = epilogue(out[j], 0, to->y + place, to->bias + channel, to->mask + place);                                           \
    }

/* Neighbours store neighbouring channels. */
static inline void store_rows(__local const float *v, const target *to, __local const tiles *at, int item, int slice) {
#pragma unroll
    for (int round = 0; round < D_ROUNDS(D_WINDOWS * P_WOH); ++round) {
        const int task = item + round * D_ITEMS, c = task % T_KC, t = task / T_KC % T_TILES, i = task / D_WINDOWS;
        const int channel = slice * T_KC + c;
        if (task < D_WINDOWS * P_WOH && channel < to->channels && at->h[t] + i < to->oh) {
            float in[D_HELD], out[D_HELD];
            const int w = at->w[t];
            const ulong corner = (((ulong)at->n[t] * to->oh + at->h[t] + i) * to->ow + w) * to->oc + channel;
            EACH(P_WAW, GET_ROW, 0)
            transform_out_w(in, 1, out, 1);
            EACH(P_WOW, STORE, 0)
        }
    }
}

__kernel __attribute__((reqd_work_group_size(D_ITEMS, 1, 1))) void winograd_fused(
    __global const float *restrict x, ulong x_offset, __global const float *restrict u, ulong u_offset, __global float *restrict y,
    ulong y_offset, __global const float *restrict bias, ulong bias_offset, __global const float *restrict mask, ulong mask_offset, int ic,
    int ih, int iw, int pad_top, int pad_left, int oc, int oh, int ow, int images, int tiles_h, int tiles_w, ulong plane) {
    __local float v[D_POINTS * T_KC * D_LINE] __attribute__((aligned(16)));
    __local tiles at;
    const int item = get_local_id(0), point = item / D_ITEMS_POINT, lane = item % D_ITEMS_POINT;
    const int blocks = (oc + T_CHANNELS - 1) / T_CHANNELS, group = get_group_id(0) / blocks, block = get_group_id(0) - group * blocks;
    const source from = {.x = x + x_offset, .ic = ic, .ih = ih, .iw = iw, .pad_top = pad_top, .pad_left = pad_left};
    float columns[D_LOADS * P_WAH];
    float4 row[T_WC / 4], sums[T_WC * T_WT / 4];
    u += u_offset + point * plane + (ulong)block * ic * T_CHANNELS + lane % D_ITEMS_C * 4;
    const int aligned = ((size_t)u & 15) == 0;
    place_tiles(&at, item, group * T_TILES, images, tiles_h, tiles_w);
    barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll
    for (int i = 0; i < T_WC * T_WT / 16; ++i) /* four by four, as Intel's compiler for pvc keeps what a loop indexes in memory */
        sums[i * 4] = sums[i * 4 + 1] = sums[i * 4 + 2] = sums[i * 4 + 3] = (float4)(0.0f);
    EACH(D_LOADS, LOAD_ROUND, 0)
    load_u(u, 0, ic, aligned, row);
    for (int c = 0; c < ic; c += T_KC) {
        EACH(D_LOADS, TRANSFORM_ROUND, 0)
        barrier(CLK_LOCAL_MEM_FENCE);
        transform_rows(v, item);
        barrier(CLK_LOCAL_MEM_FENCE);
        /* What comes past the end reads as 0 and is never multiplied. */
        EACH(D_LOADS, LOAD_ROUND, c + T_KC)
        multiply(v + point * T_KC * D_LINE + lane / D_ITEMS_C * 4, u, c, ic, aligned, row, sums);
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    const target to = {.y = y + y_offset + block * T_CHANNELS,
                       .bias = bias + bias_offset + block * T_CHANNELS,
                       .mask = mask + mask_offset + block * T_CHANNELS,
                       .channels = oc - block * T_CHANNELS,
                       .oc = oc,
                       .oh = oh,
                       .ow = ow};
    for (int slice = 0; slice < T_CHANNELS / T_KC; ++slice) {
        put_sums(v, point, lane, slice, sums);
        barrier(CLK_LOCAL_MEM_FENCE);
        transform_columns_back(v, item);
        barrier(CLK_LOCAL_MEM_FENCE);
        store_rows(v, &to, &at, item, slice);
        barrier(CLK_LOCAL_MEM_FENCE);
    }
}
