/* winograd.h: two-dimensional Winograd transforms of vectors of channels, made of the generated one-dimensional ones.
 * SPDX-License-Identifier: MIT
 *
 * Along each axis there are one or two kinds of tiles, 0 the larger. The host puts four functions before this text (src/conv/cook_toom.c): transform_h0 and
 * transform_h1 take columns of P_RH0 or P_RH1 values to P_QH0 or P_QH1, transform_w0 and transform_w1 rows likewise. A kind that does not exist has P_R 0.
 * Without them (F_GENERATED 0) the text stands alone with the input transform of F(1, 1), which is the identity.
 * The host takes a T_VW that divides the number of channels, so that no vector is cut. */
#include "layer_vector.h"
#include "prefetch.h"
#ifndef F_GENERATED
#define F_GENERATED 0 /* 0, 1: the host has put the transforms before this text */
#endif
#ifndef P_RH0
#define P_RH0 1 /* 1..8 rows in */
#endif
#ifndef P_RW0
#define P_RW0 1 /* 1..8 columns in */
#endif
#ifndef P_QH0
#define P_QH0 1 /* 1..8 rows out */
#endif
#ifndef P_QW0
#define P_QW0 1 /* 1..8 columns out */
#endif
#ifndef P_RH1
#define P_RH1 0 /* 0..7 rows in of the smaller kind */
#endif
#ifndef P_RW1
#define P_RW1 0 /* 0..7 */
#endif
#ifndef P_QH1
#define P_QH1 0 /* 0..7 */
#endif
#ifndef P_QW1
#define P_QW1 0 /* 0..7 */
#endif

#if !F_GENERATED
static inline void transform_h0(const vec_float *in, int is, vec_float *out, int os) {
    out[0 * os] = in[0 * is];
}
static inline void transform_w0(const vec_float *in, int is, vec_float *out, int os) {
    out[0 * os] = in[0 * is];
}
#endif

/* A tile in two loops that are not unrolled, over its columns and then over the rows between. READ(i, j) is the value in row i, column j of the tile,
 * WRITE(i, j, value) takes that of the transform. Tiles of two kinds along both axes then need two loops of each axis in place of four whole transforms, and a program is
 * built in a fraction of the time. Rows lose nothing in a loop, or gain; columns that are read from planes of points or from images took longer in one: processors foresee
 * addresses by the instruction that reads them. unpack_winograd_windows asks for the next tile's points and so loses nothing. */
#define D_BETWEEN (P_QH0 * P_RW0)
#define COLUMNS(H, columns, READ)                                                                                                          \
    _Pragma("unroll 1") for (int j = 0; j < (columns); ++j) {                                                                              \
        vec_float in[P_RH##H];                                                                                                             \
        _Pragma("unroll") for (int i = 0; i < P_RH##H; ++i) in[i] = READ(i, j);                                                            \
        transform_h##H(in, 1, between + j, P_RW0);                                                                                         \
    }
#define ROWS(W, rows, WRITE)                                                                                                               \
    _Pragma("unroll 1") for (int i = 0; i < (rows); ++i) {                                                                                 \
        vec_float out[P_QW##W];                                                                                                            \
        transform_w##W(between + i * P_RW0, 1, out, 1);                                                                                    \
        _Pragma("unroll") for (int j = 0; j < P_QW##W; ++j) {                                                                              \
            WRITE(i, j, out[j])                                                                                                            \
        }                                                                                                                                  \
    }

/* The transform of a tile of the kinds of (th, tw). */
#if P_RH1
#define D_BIG_H(th, big, small) (th < big_h ? (big) : (small))
#define TRANSFORM_COLUMNS(th, columns, READ)                                                                                               \
    if (th < big_h)                                                                                                                        \
        COLUMNS(0, columns, READ)                                                                                                          \
    else                                                                                                                                   \
        COLUMNS(1, columns, READ)
#else
#define D_BIG_H(th, big, small)              (big)
#define TRANSFORM_COLUMNS(th, columns, READ) COLUMNS(0, columns, READ)
#endif
#if P_RW1
#define D_BIG_W(tw, big, small) (tw < big_w ? (big) : (small))
#define TRANSFORM_ROWS(tw, rows, WRITE)                                                                                                    \
    if (tw < big_w)                                                                                                                        \
        ROWS(0, rows, WRITE)                                                                                                               \
    else                                                                                                                                   \
        ROWS(1, rows, WRITE)
#else
#define D_BIG_W(tw, big, small)         (big)
#define TRANSFORM_ROWS(tw, rows, WRITE) ROWS(0, rows, WRITE)
#endif
#define TRANSFORM_IN_LOOPS(th, tw, READ, WRITE)                                                                                            \
    {                                                                                                                                      \
        vec_float between[D_BETWEEN];                                                                                                      \
        TRANSFORM_COLUMNS(th, D_BIG_W(tw, P_RW0, P_RW1), READ)                                                                             \
        TRANSFORM_ROWS(tw, D_BIG_H(th, P_QH0, P_QH1), WRITE)                                                                               \
    }

/* Does TILE(H, W) for the kinds of tile (th, tw). */
#if P_RH1 && P_RW1
#define FOR_KIND(TILE, th, tw)                                                                                                             \
    if (th < big_h) {                                                                                                                      \
        if (tw < big_w)                                                                                                                    \
            TILE(0, 0)                                                                                                                     \
        else                                                                                                                               \
            TILE(0, 1)                                                                                                                     \
    } else {                                                                                                                               \
        if (tw < big_w)                                                                                                                    \
            TILE(1, 0)                                                                                                                     \
        else                                                                                                                               \
            TILE(1, 1)                                                                                                                     \
    }
#elif P_RH1
#define FOR_KIND(TILE, th, tw)                                                                                                             \
    if (th < big_h)                                                                                                                        \
        TILE(0, 0)                                                                                                                         \
    else                                                                                                                                   \
        TILE(1, 0)
#elif P_RW1
#define FOR_KIND(TILE, th, tw)                                                                                                             \
    if (tw < big_w)                                                                                                                        \
        TILE(0, 0)                                                                                                                         \
    else                                                                                                                                   \
        TILE(0, 1)
#else
#define FOR_KIND(TILE, th, tw) TILE(0, 0)
#endif

#ifndef P_GAP
#define P_GAP 0 /* floats between planes of points, see planes.h */
#endif

/* Where the planes of points lie, see planes.h: point (i, j) of tile (n, th, tw) is row D_ROW of a plane that has D_ROWS rows and D_BEFORE before it.
 * The kernel defines D_POINTS_W, points of the larger kind, and D_SMALL_H, D_SMALL_W, points of the smaller kind, or of the larger when there is no other. */
#define D_TILES(place, small, tiles, big)   ((place) < (small) ? (tiles) : (big))
#define D_BEFORE1(place, small, tiles, big) ((place) < (small) ? (place) * (tiles) : (small) * (tiles) + ((place) - (small)) * (big))
#define D_ROW(i, j, n, th, tw)              (((ulong)(n)*D_TILES(i, D_SMALL_H, tiles_h, big_h) + (th)) * D_TILES(j, D_SMALL_W, tiles_w, big_w) + (tw))
#define D_ROWS(i, j)                        ((ulong)images * D_TILES(i, D_SMALL_H, tiles_h, big_h) * D_TILES(j, D_SMALL_W, tiles_w, big_w))
#define D_BEFORE(i, j)                                                                                                                     \
    ((ulong)images * ((ulong)D_BEFORE1(i, D_SMALL_H, tiles_h, big_h) * D_BEFORE1(D_POINTS_W, D_SMALL_W, tiles_w, big_w) +                  \
                      (ulong)D_TILES(i, D_SMALL_H, tiles_h, big_h) * D_BEFORE1(j, D_SMALL_W, tiles_w, big_w)))
/* Where plane (i, j) begins when its rows have ld floats. */
#define D_PLANE(i, j, ld) (D_BEFORE(i, j) * (ld) + ((i)*D_POINTS_W + (j)) * P_GAP)
