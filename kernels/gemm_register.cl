/* gemm_register.cl: C = A * B, one work-item a register tile of T_MR rows by T_NV vectors: the form for CPUs.
 * SPDX-License-Identifier: MIT
 * used by   src/gemm/gemm_register.c
 * reads     P_A 0: a[e][p][k][r] at ((e*panels_m + p)*gk + k)*T_MR + r, row p*T_MR + r        P_A 1, 2: a through gather_map.h
 *           P_A 3: a[e][row][k] at (e*gm + row)*lda + k        P_A 4: a[e][k][row] at (e*gk + k)*lda + row
 *           b[e][q][k][r] at ((e*panels_n + q)*gk + k)*D_NR + r, column q*D_NR + r;  D_NR = T_NV*T_VW
 *           bias[column], mask as c
 * writes    c[e][row][column] at (e*gm + row)*ldc + column, the row through gather_map.h for P_A 1
 * edges     panels are whole (the packer writes zeros); rows >= gm and columns >= gn are computed and not stored.
 *           P_A 1: taps outside the source read from `zeros`, `run` values of 0.  P_A 2: they are left out
 * launch    global (ceil(row panels / tiles), panels_n, gb), local (1, 1, 1). Row panels go fastest, so that a panel of b stays in the private cache.
 *           P_A 2 counts the row panels of each tap apart: ceil(run / T_MR) a tap
 * memory    private T_MR*D_NR floats in registers, local none, barriers none
 * numerics  fp32, one fma an element of k in ascending order
 * arguments a b c bias mask zeros gm gn gk lda (P_A 3, 4) ldc accumulate (0, 1) tiles (row panels a work-item), then the map for P_A 1, 2
 *           T_MR in 1..16, T_NV in 1..4, T_VW in {4,8,16}    F_CHECK F_BIAS F_RELU F_MASK in {0,1}    P_A in 0..4 */
#ifndef T_MR
#define T_MR 6 /* 1..16 rows of a tile */
#endif
#ifndef T_NV
#define T_NV 2 /* 1..4 vectors of a tile */
#endif
#ifndef T_VW
#define T_VW 8 /* 4, 8, 16 floats of a vector */
#endif
#define D_CAT(a, b)  a##b
#define D_XCAT(a, b) D_CAT(a, b)
#define D_VEC        D_XCAT(float, T_VW)
#define D_VLOAD      D_XCAT(vload, T_VW)
#define D_VSTORE     D_XCAT(vstore, T_VW)
#define D_NR         (T_NV * T_VW)
#include "gather_map.h"
#include "gemm_epilogue.h"

/* acc += column a[0..T_MR) times row b; A_AT(i) is the value of row i. */
#define MULTIPLY(A_AT)                                                                                                                     \
    {                                                                                                                                      \
        D_VEC row_b[T_NV];                                                                                                                 \
        _Pragma("unroll") for (int j = 0; j < T_NV; ++j) row_b[j] = D_VLOAD(j, b);                                                         \
        _Pragma("unroll") for (int i = 0; i < T_MR; ++i) {                                                                                 \
            const D_VEC value = (D_VEC)(A_AT(i));                                                                                          \
            _Pragma("unroll") for (int j = 0; j < T_NV; ++j) acc[i][j] = fma(value, row_b[j], acc[i][j]);                                  \
        }                                                                                                                                  \
        b += D_NR;                                                                                                                         \
    }

/* Stores row i of a tile: columns from `column` on, `left` of them inside the matrix. */
static inline void store_row(const D_VEC *acc, __global float *c, __global const float *bias, __global const float *mask, int left,
                             int accumulate) {
#pragma unroll
    for (int j = 0; j < T_NV; ++j) {
        if (left >= (j + 1) * T_VW) {
            D_VEC v = acc[j];
            if (accumulate)
                v += D_VLOAD(j, c);
#if F_BIAS
            v += D_VLOAD(j, bias);
#endif
#if F_RELU
            v = select(v, (D_VEC)(0.0f), v <= 0.0f);
#endif
#if F_MASK
            v = select((D_VEC)(0.0f), v, D_VLOAD(j, mask) > 0.0f);
#endif
            D_VSTORE(v, j, c);
        } else {
            float values[T_VW];
            D_VSTORE(acc[j], 0, values);
            for (int e = 0; e < T_VW && j * T_VW + e < left; ++e)
                c[j * T_VW + e] = epilogue(values[e], accumulate, c + j * T_VW + e, bias + j * T_VW + e, mask + j * T_VW + e);
        }
    }
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void gemm_register(
    __global const float *restrict a, ulong a_offset, __global const float *restrict b_base, ulong b_offset, __global float *restrict c,
    ulong c_offset, __global const float *restrict bias, ulong bias_offset, __global const float *restrict mask, ulong mask_offset,
    __global const float *restrict zeros, ulong zeros_offset, int gm, int gn, int gk, int lda, int ldc, int accumulate, int tiles
#if D_MAPPED
    ,
    GATHER_MAP_ARGS
#endif
) {
    const int panel_n = get_global_id(1);
    const int panels_n = get_global_size(1);
    const int batch = get_global_id(2);
    const int column = panel_n * D_NR;
#if D_MAPPED
    GATHER_MAP_MAKE(map);
    zeros += zeros_offset;
#endif
#if P_A == A_SUM
    const int tap_panels = (run + T_MR - 1) / T_MR;
    const int panels_m = th * tw * tap_panels;
#else
    const int panels_m = (gm + T_MR - 1) / T_MR;
#endif
    a += a_offset;
    c += c_offset + (ulong)batch * gm * ldc + column;
    bias += bias_offset + column;
    mask += mask_offset + (ulong)batch * gm * ldc + column;
    b_base += b_offset + ((ulong)batch * panels_n + panel_n) * gk * D_NR;

    for (int t = 0; t < tiles; ++t) {
        const int panel_m = get_global_id(0) * tiles + t;
        if (panel_m >= panels_m)
            return;
        __global const float *b = b_base;
        D_VEC acc[T_MR][T_NV];
#pragma unroll
        for (int i = 0; i < T_MR; ++i) {
#pragma unroll
            for (int j = 0; j < T_NV; ++j)
                acc[i][j] = (D_VEC)(0.0f);
        }

#if P_A == A_PANELS
        __global const float *panel_a = a + ((ulong)batch * panels_m + panel_m) * gk * T_MR;
        for (int k = 0; k < gk; ++k) {
#define A_AT(i) panel_a[i]
            MULTIPLY(A_AT)
#undef A_AT
            panel_a += T_MR;
        }
        const int row = panel_m * T_MR;
#pragma unroll
        for (int i = 0; i < T_MR; ++i)
            if (row + i < gm)
                store_row(acc[i], c + (ulong)(row + i) * ldc, bias, mask + (ulong)(row + i) * ldc, gn - column, accumulate);

#elif P_A == A_PLAIN
        const int row = panel_m * T_MR;
        __global const float *source[T_MR];
#pragma unroll
        for (int i = 0; i < T_MR; ++i) /* rows beyond the last repeat it */
            source[i] = a + ((ulong)batch * gm + min(row + i, gm - 1)) * lda;
        for (int k = 0; k < gk; ++k) {
#define A_AT(i) source[i][k]
            MULTIPLY(A_AT)
#undef A_AT
        }
#pragma unroll
        for (int i = 0; i < T_MR; ++i)
            if (row + i < gm)
                store_row(acc[i], c + (ulong)(row + i) * ldc, bias, mask + (ulong)(row + i) * ldc, gn - column, accumulate);

#elif P_A == A_TURNED
        const int row = panel_m * T_MR, rows = min(gm - row, T_MR);
        __global const float *source = a + (ulong)batch * gk * lda + row;
        if (rows == T_MR) {
            for (int k = 0; k < gk; ++k) {
#define A_AT(i) source[i]
                MULTIPLY(A_AT)
#undef A_AT
                source += lda;
            }
        } else { /* the last panel: rows beyond the matrix repeat the last one and are not stored */
            for (int k = 0; k < gk; ++k) {
#define A_AT(i) source[min(i, rows - 1)]
                MULTIPLY(A_AT)
#undef A_AT
                source += lda;
            }
        }
#pragma unroll
        for (int i = 0; i < T_MR; ++i)
            if (i < rows)
                store_row(acc[i], c + (ulong)(row + i) * ldc, bias, mask + (ulong)(row + i) * ldc, gn - column, accumulate);

#elif P_A == A_ROWS
        const int row = panel_m * T_MR;
        int pixel_h[T_MR], pixel_w[T_MR];
        __global const float *image[T_MR];
        gather_pixel at = gather_pixel_of(&map, row);
#pragma unroll
        for (int i = 0; i < T_MR; ++i) {
            pixel_h[i] = gather_h(&map, at.p, 0);
            pixel_w[i] = gather_w(&map, at.q, 0);
            image[i] = a + gather_address(&map, at.n, 0, 0);
            if (row + i + 1 < gm) /* rows beyond the last repeat it */
                gather_pixel_next(&map, &at);
        }
        for (int ta = 0; ta < th; ++ta)
            for (int tb = 0; tb < tw; ++tb) {
                __global const float *source[T_MR];
#pragma unroll
                for (int i = 0; i < T_MR; ++i) {
                    const int h = pixel_h[i] + ta * tap_h, w = pixel_w[i] + tb * tap_w;
                    source[i] = gather_valid(&map, h, w) ? image[i] + ((long)h * sw + w) * pixel : zeros;
                }
                for (int k = 0; k < run; ++k) {
#define A_AT(i) source[i][k]
                    MULTIPLY(A_AT)
#undef A_AT
                }
            }
        at = gather_pixel_of(&map, row);
#pragma unroll
        for (int i = 0; i < T_MR; ++i) {
            if (row + i < gm) {
                const ulong out = gather_out_row(&map, at) * ldc;
                store_row(acc[i], c + out, bias, mask + out, gn - column, accumulate);
                gather_pixel_next(&map, &at);
            }
        }

#else /* A_SUM */
        const int tap = panel_m / tap_panels, first = (panel_m % tap_panels) * T_MR;
        const int ta = tap / tw, tb = tap % tw, rows = min(run - first, T_MR);
        /* The columns of pixels whose tap lies inside; the others add nothing. */
        int q_begin = 0, q_end = pw;
#if F_CHECK
        while (q_begin < q_end && gather_w(&map, q_begin, tb) < 0)
            ++q_begin;
        while (q_end > q_begin && gather_w(&map, q_end - 1, tb) >= sw)
            --q_end;
#endif
        const int images = gk / (ph * pw);
        for (int n = 0; n < images; ++n)
            for (int p = 0; p < ph; ++p) {
                const int h = gather_h(&map, p, ta);
                if (!gather_valid(&map, h, 0))
                    continue;
                __global const float *source = a + gather_address(&map, n, h, 0) + (long)gather_w(&map, q_begin, tb) * pixel + first;
                b = b_base + ((ulong)(n * ph + p) * pw + q_begin) * D_NR;
                if (rows == T_MR) {
                    for (int q = q_begin; q < q_end; ++q) {
#define A_AT(i) source[i]
                        MULTIPLY(A_AT)
#undef A_AT
                        source += step_w * pixel;
                    }
                } else { /* the last panel of a tap: rows beyond it repeat the last value and are not stored */
                    for (int q = q_begin; q < q_end; ++q) {
#define A_AT(i) source[min(i, rows - 1)]
                        MULTIPLY(A_AT)
#undef A_AT
                        source += step_w * pixel;
                    }
                }
            }
        const int row = tap * run + first;
#pragma unroll
        for (int i = 0; i < T_MR; ++i)
            if (i < rows)
                store_row(acc[i], c + (ulong)(row + i) * ldc, bias, mask + (ulong)(row + i) * ldc, gn - column, accumulate);
#endif
    }
}
