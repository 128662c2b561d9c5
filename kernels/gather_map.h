/* gather_map.h: where a GEMM that reads a convolution's tensors finds element (m, k) of A, and where row m of C goes. The GEMM knows no convolution, only this map.
 * SPDX-License-Identifier: MIT
 *
 * The source is a tensor s[n][sh][sw][pixel]. The map spans pixels (n, p, q), 0 <= p < ph, 0 <= q < pw, numbered (n*ph + p)*pw + q, and taps (ta, tb),
 * 0 <= ta < th, 0 <= tb < tw, of `run` contiguous values each. Pixel (n, p, q) at tap (ta, tb) begins at
 *   h = p*step_h + ta*tap_h + base_h      w = q*step_w + tb*tap_w + base_w      s[n][h][w][0]
 * and reads as 0 where h or w lies outside (only with F_CHECK; without it the host has made sure that none does).
 *   P_A 1 (rows)  A[m][k]: m a pixel, k = (ta*tw + tb)*run + j         C row m goes to pixel (p*out_step_h + out_base_h, q*out_step_w + out_base_w) of
 *                                                                      an image of out_h by out_w
 *   P_A 2 (sum)   A[m][k]: k a pixel, m = (ta*tw + tb)*run + j         C row m goes to row m */
#define A_PANELS 0
#define A_ROWS   1
#define A_SUM    2
#define A_PLAIN  3 /* no map: A[e][m][k] at (e*gm + m)*lda + k */
#define A_TURNED 4 /* no map: A[e][m][k] at (e*gk + k)*lda + m */
#define A_BLOCKS 5 /* no map: A[e][m][k] at e*gm*lda + (k/block*gm + m)*block + k%block */
#ifndef P_A
#define P_A A_PANELS /* 0..5: what A is */
#endif
#ifndef F_CHECK
#define F_CHECK 1 /* 0, 1: taps may lie outside the source */
#endif

#define D_MAPPED (P_A == A_ROWS || P_A == A_SUM)

typedef struct gather_map {
    int ph, pw; /* pixels */
    int sh, sw; /* source size */
    int pixel;  /* values from one source pixel to the next */
    int th, tw; /* taps */
    int run;    /* contiguous values of a tap */
    int step_h, tap_h, base_h;
    int step_w, tap_w, base_w;
    int out_h, out_w;
    int out_step_h, out_base_h;
    int out_step_w, out_base_w;
} gather_map;

/* The map as kernel arguments: a struct by value is passed differently by some drivers, ints are not. */
#define GATHER_MAP_ARGS                                                                                                                    \
    int ph, int pw, int sh, int sw, int pixel, int th, int tw, int run, int step_h, int tap_h, int base_h, int step_w, int tap_w,          \
        int base_w, int out_h, int out_w, int out_step_h, int out_base_h, int out_step_w, int out_base_w
#define GATHER_MAP_MAKE(map)                                                                                                               \
    const gather_map map = {ph,     pw,     sh,    sw,     pixel, th,    tw,         run,        step_h,     tap_h,                        \
                            base_h, step_w, tap_w, base_w, out_h, out_w, out_step_h, out_base_h, out_step_w, out_base_w}

typedef struct gather_pixel {
    int n, p, q;
} gather_pixel;

static inline gather_pixel gather_pixel_of(const gather_map *map, int m) {
    gather_pixel at;
    at.q = m % map->pw;
    m /= map->pw;
    at.p = m % map->ph;
    at.n = m / map->ph;
    return at;
}

static inline void gather_pixel_next(const gather_map *map, gather_pixel *at) {
    if (++at->q == map->pw) {
        at->q = 0;
        if (++at->p == map->ph) {
            at->p = 0;
            ++at->n;
        }
    }
}

static inline int gather_h(const gather_map *map, int p, int ta) {
    return p * map->step_h + ta * map->tap_h + map->base_h;
}

static inline int gather_w(const gather_map *map, int q, int tb) {
    return q * map->step_w + tb * map->tap_w + map->base_w;
}

static inline int gather_valid(const gather_map *map, int h, int w) {
#if F_CHECK
    return h >= 0 && h < map->sh && w >= 0 && w < map->sw;
#else
    return 1;
#endif
}

/* Values from the source's beginning to s[n][h][w][0]. */
static inline ulong gather_address(const gather_map *map, int n, int h, int w) {
    return (((ulong)n * map->sh + h) * map->sw + w) * map->pixel;
}

/* Rows of C from its beginning to the row of a pixel. */
static inline ulong gather_out_row(const gather_map *map, gather_pixel at) {
    return ((ulong)at.n * map->out_h + at.p * map->out_step_h + map->out_base_h) * map->out_w + at.q * map->out_step_w + map->out_base_w;
}
