/* winograd_group.h: two-dimensional Winograd transforms by a work-group of T_LANES channels by 8: a work-item takes a column of a channel's tile, then a row, and
 * passes them on through local memory. No work-item holds a whole tile, which would spill on every GPU.
 * SPDX-License-Identifier: MIT */
#include "each.h"
#include "winograd.h"
#ifndef T_LANES
#define T_LANES 32 /* 8, 32 channels of a work-group */
#endif
#define D_POINTS     8 /* points along an axis at most: work-items that share a tile */
#define D_TILE_LOCAL (D_POINTS * D_POINTS * T_LANES)

/* The value in row i, column j of the work-item's channel, between the two transforms. */
#define BETWEEN(i, j) between[((i)*D_POINTS + (j)) * T_LANES + lane]

/* The column or row that a work-item holds: one pair of arrays for all kinds of tiles, because Intel's compiler keeps only few of them in registers. */
#define D_HELD vec_float in[D_POINTS], out[D_POINTS]

#define COLUMN_IN(i, READ)    in[i] = READ(i, place);
#define COLUMN_OUT(i, unused) BETWEEN(i, place) = out[i];
#define ROW_IN(j, unused)     in[j] = BETWEEN(place, j);
#define ROW_OUT(j, WRITE)     WRITE(place, j, out[j])

/* Transforms column `place` of a tile of kind H, W; READ(i, j) is the value in row i. */
#define COLUMN(H, W, READ)                                                                                                                 \
    {                                                                                                                                      \
        if (place < P_RW##W) {                                                                                                             \
            EACH(P_RH##H, COLUMN_IN, READ)                                                                                                 \
            transform_h##H(in, 1, out, 1);                                                                                                 \
            EACH(P_QH##H, COLUMN_OUT, 0)                                                                                                   \
        }                                                                                                                                  \
    }

/* Transforms row `place`; WRITE(i, j, value) stores the value in column j. */
#define ROW(H, W, WRITE)                                                                                                                   \
    {                                                                                                                                      \
        if (place < P_QH##H) {                                                                                                             \
            EACH(P_RW##W, ROW_IN, 0)                                                                                                       \
            transform_w##W(in, 1, out, 1);                                                                                                 \
            EACH(P_QW##W, ROW_OUT, WRITE)                                                                                                  \
        }                                                                                                                                  \
    }
