/* planes.h: where each plane of a batch begins, when planes have unequal numbers of rows.
 * SPDX-License-Identifier: MIT
 * The planes form a grid of points_h x points_w; plane (i, j) is number e = i*points_w + j and has images * tiles(i) * tiles(j) rows, where along each axis
 * the first `small` places have `tiles` and the others `big`. Planes lie one behind the other, so plane e begins at the sum of the rows before it, and
 * `gap` floats further for each of them, so that the lines of a point in all planes do not share one set of the caches.
 * A plain batch of equal planes is images 1, points_w = gb, small_h = tiles_w = 1, small_w = gb, tiles_h = rows, gap 0. */
#define PLANES_ARGS int images, int points_w, int small_h, int tiles_h, int big_h, int small_w, int tiles_w, int big_w, int gap

typedef struct plane {
    int rows;
    ulong before; /* rows of the planes before */
    ulong gaps;   /* floats between them */
} plane;

static inline int tiles_before(int place, int small, int tiles, int big) {
    return place < small ? place * tiles : small * tiles + (place - small) * big;
}

static inline plane plane_of(int e, PLANES_ARGS) {
    const int i = e / points_w, j = e % points_w;
    const int heights = i < small_h ? tiles_h : big_h, widths = j < small_w ? tiles_w : big_w;
    plane p;
    p.rows = images * heights * widths;
    p.before = (ulong)images * ((ulong)tiles_before(i, small_h, tiles_h, big_h) * tiles_before(points_w, small_w, tiles_w, big_w) +
                                (ulong)heights * tiles_before(j, small_w, tiles_w, big_w));
    p.gaps = (ulong)e * gap;
    return p;
}
