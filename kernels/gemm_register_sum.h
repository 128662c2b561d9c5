/* gemm_register_sum.h: the sums of a register tile, one way for each form of A; for gemm_register.cl, which defines MULTIPLY and the tile's size.
 * SPDX-License-Identifier: MIT
 * Each way has panel_count (panels of T_MR rows in a plane), sum_panel (acc += the rows of a panel times b; returns which rows these are) and, through out_row,
 * where row i of the tile goes. Rows beyond the last one repeat it and are not stored. */
typedef struct matrix_a {
    __global const float *a, *zeros;
    int lda, block, rows, gk;
#if D_MAPPED
    gather_map map;
#endif
} matrix_a;

/* The rows of C that a tile holds. */
typedef struct tile_rows {
    int first, count;
#if P_A == A_ROWS
    gather_pixel at; /* of the next row to store */
#endif
} tile_rows;

static inline void clear(D_VEC (*acc)[T_NV]) {
#pragma unroll
    for (int i = 0; i < T_MR; ++i) {
#pragma unroll
        for (int j = 0; j < T_NV; ++j)
            acc[i][j] = (D_VEC)(0.0f);
    }
}

static inline void copy(D_VEC (*from)[T_NV], D_VEC (*to)[T_NV]) {
#pragma unroll
    for (int i = 0; i < T_MR; ++i) {
#pragma unroll
        for (int j = 0; j < T_NV; ++j)
            to[i][j] = from[i][j];
    }
}

static inline int panel_count(const matrix_a *m) {
#if P_A == A_SUM
    return m->map.th * m->map.tw * ((m->map.run + T_MR - 1) / T_MR);
#else
    return (m->rows + T_MR - 1) / T_MR;
#endif
}

/* Rows are asked for in order. */
static inline ulong out_row(const matrix_a *m, tile_rows *rows, int i) {
#if P_A == A_ROWS
    const ulong out = gather_out_row(&m->map, rows->at);
    gather_pixel_next(&m->map, &rows->at);
    return out;
#else
    return rows->first + i;
#endif
}

/* Asks for the lines of C that the tile will write, so that they have come when the sums are done. */
static inline void prefetch_rows(const matrix_a *m, int panel, __global float *c, int ldc) {
#if P_A != A_ROWS && P_A != A_SUM
#pragma unroll
    for (int i = 0; i < T_MR; ++i) {
        __global float *row = c + (ulong)min(panel * T_MR + i, m->rows - 1) * ldc;
#pragma unroll
        for (int j = 0; j < D_NR; j += 16)
            PREFETCH_WRITE(row + j);
    }
#endif
}

#if P_A == A_PANELS
static inline tile_rows sum_panel(const matrix_a *m, int panel, __global const float *b, D_VEC (*acc)[T_NV]) {
    const tile_rows rows = {panel * T_MR, min(m->rows - panel * T_MR, T_MR)};
    __global const float *a = m->a + (ulong)panel * m->gk * T_MR;
    for (int k = 0; k < m->gk; ++k) {
#define A_AT(i) a[i]
        MULTIPLY(A_AT)
#undef A_AT
        a += T_MR;
    }
    return rows;
}

#elif P_A == A_PLAIN
static inline tile_rows sum_panel(const matrix_a *m, int panel, __global const float *b, D_VEC (*acc)[T_NV]) {
    const tile_rows rows = {panel * T_MR, min(m->rows - panel * T_MR, T_MR)};
    __global const float *source[T_MR];
#pragma unroll
    for (int i = 0; i < T_MR; ++i)
        source[i] = m->a + (ulong)min(rows.first + i, m->rows - 1) * m->lda;
    __global const float *next = m->a + (ulong)min(rows.first + T_MR, m->rows - 1) * m->lda;
    for (int k = 0; k < m->gk; ++k) {
        PREFETCH(next + (k & 15) * m->lda + (k & ~15)); /* the next panel's rows, line by line */
#define A_AT(i) source[i][k]
        MULTIPLY(A_AT)
#undef A_AT
    }
    return rows;
}

#elif P_A == A_BLOCKS
/* Blocks are D_NR wide: they are panels of B. Whole panels of rows lie in one piece of a block, which is one pointer with constant steps. One loop over all k: with a
 * loop over blocks around it, Intel's CPU runtime (2026.22) keeps the sums in memory and takes twice as long. Retest with the second GEMM of conv4 bwd in
 * `bench --launches`. */
static inline tile_rows sum_panel(const matrix_a *m, int panel, __global const float *b, D_VEC (*result)[T_NV]) {
    D_VEC acc[T_MR][T_NV];
    clear(acc);
    const tile_rows rows = {panel * T_MR, min(m->rows - panel * T_MR, T_MR)};
    const long to_next = ((long)m->rows - 1) * D_NR; /* from the end of a block's row to the next block */
    __global const float *source = m->a + (ulong)rows.first * D_NR;
    if (rows.count == T_MR) {
        for (int k = 0; k < m->gk; ++k) {
            PREFETCH(source + (T_MR + (k & 15)) * D_NR);
#define A_AT(i) source[i * D_NR]
            MULTIPLY(A_AT)
#undef A_AT
            source += 1 + ((k + 1) % D_NR == 0 ? to_next : 0);
        }
    } else {
        for (int k = 0; k < m->gk; ++k) {
#define A_AT(i) source[min(i, rows.count - 1) * D_NR]
            MULTIPLY(A_AT)
#undef A_AT
            source += 1 + ((k + 1) % D_NR == 0 ? to_next : 0);
        }
    }
    copy(acc, result);
    return rows;
}

#elif P_A == A_TURNED
static inline tile_rows sum_panel(const matrix_a *m, int panel, __global const float *b, D_VEC (*result)[T_NV]) {
    D_VEC acc[T_MR][T_NV];
    clear(acc);
    const tile_rows rows = {panel * T_MR, min(m->rows - panel * T_MR, T_MR)};
    __global const float *source = m->a + rows.first;
    if (rows.count == T_MR) {
        for (int k = 0; k < m->gk; ++k) {
            PREFETCH(source + 8 * m->lda);
#define A_AT(i) source[i]
            MULTIPLY(A_AT)
#undef A_AT
            source += m->lda;
        }
    } else {
        for (int k = 0; k < m->gk; ++k) {
#define A_AT(i) source[min(i, rows.count - 1)]
            MULTIPLY(A_AT)
#undef A_AT
            source += m->lda;
        }
    }
    copy(acc, result);
    return rows;
}

#elif P_A == A_ROWS
static inline tile_rows sum_panel(const matrix_a *m, int panel, __global const float *b, D_VEC (*result)[T_NV]) {
    D_VEC acc[T_MR][T_NV]; /* of its own: through a pointer, Intel's CPU runtime (2026.22) keeps the sums of nested loops in memory */
    clear(acc);
    const gather_map *map = &m->map;
    const tile_rows rows = {panel * T_MR, min(m->rows - panel * T_MR, T_MR), gather_pixel_of(map, panel * T_MR)};
    int pixel_h[T_MR], pixel_w[T_MR];
    __global const float *image[T_MR];
    gather_pixel at = rows.at;
#pragma unroll
    for (int i = 0; i < T_MR; ++i) {
        pixel_h[i] = gather_h(map, at.p, 0);
        pixel_w[i] = gather_w(map, at.q, 0);
        image[i] = m->a + gather_address(map, at.n, 0, 0);
        if (i + 1 < rows.count)
            gather_pixel_next(map, &at);
    }
    for (int ta = 0; ta < map->th; ++ta)
        for (int tb = 0; tb < map->tw; ++tb) {
            __global const float *source[T_MR];
#pragma unroll
            for (int i = 0; i < T_MR; ++i) {
                const int h = pixel_h[i] + ta * map->tap_h, w = pixel_w[i] + tb * map->tap_w;
                source[i] = gather_valid(map, h, w) ? image[i] + ((long)h * map->sw + w) * map->pixel : m->zeros;
            }
            for (int k = 0; k < map->run; ++k) {
#define A_AT(i) source[i][k]
                MULTIPLY(A_AT)
#undef A_AT
            }
        }
    copy(acc, result);
    return rows;
}

#else /* A_SUM */
static inline tile_rows sum_panel(const matrix_a *m, int panel, __global const float *b_panel, D_VEC (*result)[T_NV]) {
    D_VEC acc[T_MR][T_NV]; /* as above */
    clear(acc);
    const gather_map *map = &m->map;
    const int tap_panels = (map->run + T_MR - 1) / T_MR;
    const int tap = panel / tap_panels, first = (panel % tap_panels) * T_MR;
    const int ta = tap / map->tw, tb = tap % map->tw, count = min(map->run - first, T_MR);
    /* The columns of pixels whose tap lies inside; the others add nothing. */
    int q_begin = 0, q_end = map->pw;
#if F_CHECK
    while (q_begin < q_end && gather_w(map, q_begin, tb) < 0)
        ++q_begin;
    while (q_end > q_begin && gather_w(map, q_end - 1, tb) >= map->sw)
        --q_end;
#endif
    const int images = m->gk / (map->ph * map->pw);
    for (int n = 0; n < images; ++n)
        for (int p = 0; p < map->ph; ++p) {
            const int h = gather_h(map, p, ta);
            if (!gather_valid(map, h, 0))
                continue;
            __global const float *source = m->a + gather_address(map, n, h, 0) + (long)gather_w(map, q_begin, tb) * map->pixel + first;
            __global const float *b = b_panel + ((ulong)(n * map->ph + p) * map->pw + q_begin) * D_NR;
            if (count == T_MR) {
                for (int q = q_begin; q < q_end; ++q) {
#define A_AT(i) source[i]
                    MULTIPLY(A_AT)
#undef A_AT
                    source += map->step_w * map->pixel;
                }
            } else {
                for (int q = q_begin; q < q_end; ++q) {
#define A_AT(i) source[min(i, count - 1)]
                    MULTIPLY(A_AT)
#undef A_AT
                    source += map->step_w * map->pixel;
                }
            }
        }
    const tile_rows rows = {tap * map->run + first, count};
    copy(acc, result);
    return rows;
}
#endif
