/* cook_toom.h: derives the matrices of Winograd's minimal filtering F(m, r) and writes them as OpenCL C; for src/conv alone.
 * SPDX-License-Identifier: MIT
 *
 * y = At [(G g) . (Bt d)]: m outputs of a filter of r taps from n = m + r - 1 inputs with n multiplications. At is m x n, G is n x r, Bt is n x n.
 * Tiles of several sizes can share one transformed filter: the points of a smaller tile are the first ones of the largest. At and G are powers of the points;
 * what depends on the set of points is a scale for each, which G carries for the largest tile, and Bt as a ratio for the smaller ones.
 * The method is Toom and Cook's: a product of polynomials by interpolation at n - 1 points and at infinity, transposed. Everything is exact: rational numbers
 * until the last step, so no transform is typed in by hand.
 * Sources: Winograd, Arithmetic Complexity of Computations, 1980; Blahut, Fast Algorithms for Signal Processing, 2010, chapter 5; Lavin and Gray, CVPR 2016;
 * Barabasz, Anderson, Soodhalter, Gregg, ACM TOMS 2020 (points that keep the error small). */
#ifndef CONVCL_CONV_COOK_TOOM_H
#define CONVCL_CONV_COOK_TOOM_H

#include "base/text.h"

/* Largest n = m + r - 1. Beyond it the points grow apart and float32 loses what the fewer multiplications gain. */
#define CONVCL_COOK_TOOM_MAX 8

/* An exact fraction; den > 0, lowest terms. */
typedef struct convcl_fraction {
    long long num, den;
} convcl_fraction;

typedef struct convcl_cook_toom {
    int m, r, n;
    convcl_fraction at[CONVCL_COOK_TOOM_MAX][CONVCL_COOK_TOOM_MAX]; /* at[output][point] */
    convcl_fraction g[CONVCL_COOK_TOOM_MAX][CONVCL_COOK_TOOM_MAX];  /* g[point][tap] */
    convcl_fraction bt[CONVCL_COOK_TOOM_MAX][CONVCL_COOK_TOOM_MAX]; /* bt[point][input] */
    convcl_fraction plain[CONVCL_COOK_TOOM_MAX]
                         [CONVCL_COOK_TOOM_MAX]; /* plain[point][tap]: g without its scale, the transpose of at for r outputs */
} convcl_cook_toom;

/* Derives the matrices. m >= 1, r >= 1, m + r - 1 <= CONVCL_COOK_TOOM_MAX (asserted).
 *
 * set  points of the largest tile that shares the transformed filter, m + r - 1 <= set <= CONVCL_COOK_TOOM_MAX. Only the first m + r - 1 points are used. The
 *      first is infinity. */
void convcl_cook_toom__make(int m, int r, int set, convcl_cook_toom *matrices_out);

/* Adds the function `static inline void <name>(const vec_float *in, int is, vec_float *out, int os)` that computes out = M in along a row of vectors `is` and
 * `os` apart. Rows that belong to the points +p and -p share their even and odd parts; columns of such points share sums and differences. */
void convcl_cook_toom__write(convcl_text *text, const char *name, convcl_fraction (*matrix)[CONVCL_COOK_TOOM_MAX], int rows, int columns);

/* transposed_out[j][i] = matrix[i][j] */
void convcl_cook_toom__transpose(convcl_fraction (*matrix)[CONVCL_COOK_TOOM_MAX], convcl_fraction (*transposed_out)[CONVCL_COOK_TOOM_MAX]);

#endif
