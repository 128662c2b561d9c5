/* winograd.h: a two-dimensional Winograd transform of vectors of channels, made of the generated one-dimensional ones.
 * SPDX-License-Identifier: MIT
 *
 * The host puts two functions before this text (src/conv/cook_toom.c): transform_h takes columns of P_RH values to P_QH, transform_w rows of P_RW values to
 * P_QW. Without them (F_GENERATED 0) the text stands alone with the input transform of F(1, 1), which is the identity.
 * The host takes a T_VW that divides the number of channels, so that no vector is cut.
 * All loops are unrolled and all indices constant, so that the arrays can live in registers. */
#include "layer_vector.h"
#ifndef F_GENERATED
#define F_GENERATED 0 /* 0, 1: the host has put transform_h and transform_w before this text */
#endif
#ifndef P_RH
#define P_RH 1 /* 1..8 rows in */
#endif
#ifndef P_RW
#define P_RW 1 /* 1..8 columns in */
#endif
#ifndef P_QH
#define P_QH 1 /* 1..8 rows out */
#endif
#ifndef P_QW
#define P_QW 1 /* 1..8 columns out */
#endif

#if !F_GENERATED
static inline void transform_h(const vec_float *in, int is, vec_float *out, int os) {
    out[0 * os] = in[0 * is];
}
static inline void transform_w(const vec_float *in, int is, vec_float *out, int os) {
    out[0 * os] = in[0 * is];
}
#endif

/* out[P_QH][P_QW] = the transform of in[P_RH][P_RW] */
static inline void transform(const vec_float *in, vec_float *out) {
    vec_float half_way[P_QH * P_RW];
#pragma unroll
    for (int j = 0; j < P_RW; ++j)
        transform_h(in + j, P_RW, half_way + j, P_RW);
#pragma unroll
    for (int i = 0; i < P_QH; ++i)
        transform_w(half_way + i * P_RW, 1, out + i * P_QW, 1);
}
