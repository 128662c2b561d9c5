/* conv_algo.h: what a convolution's algorithm is: a recipe file ends with one of these, conv_algos.c lists them, the plan drives them.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_CONV_CONV_ALGO_H
#define CONVCL_CONV_CONV_ALGO_H

#include <stdbool.h>

#include "conv/conv_shape.h"
#include "opencl/kernel.h"

/* The tensors of one enqueue: fwd reads x, w (or w packed before, when `packed` is not NULL), b and writes y; bwd_data reads dy (in y) w x and writes dx;
 * bwd_weights reads x dy (in y) and writes dw db; bwd does what both do. When `kept` is not NULL, fwd leaves there what it made of x, and bwd_weights and bwd
 * read that instead of x. */
typedef struct convcl_conv_tensors {
    convcl_buffer x, w, packed, b, y, dx, dw, db, kept, workspace;
} convcl_conv_tensors;

/* What the caller or the tuner may decide for an algorithm; 0 or NULL: what its cost model says. */
typedef struct convcl_conv_choice {
    const char *gemm; /* a GEMM variant */
    int tile;         /* winograd: outputs of a tile along an axis */
    int chunk;        /* images of a chunk; more than there can be count as all. Not read where `chunk` below is NULL */
    int mr, prefetch; /* see convcl_gemm_request; bwd: mr of the product for dx, the one for dw chooses its rows by what divides them */
    int space;
} convcl_conv_choice;

/* The fields of a convcl_gemm_request that a choice sets. */
#define CONVCL_CONV_REQUEST(choice, rows) .variant = (choice)->gemm, .space = (choice)->space, .mr = (rows), .prefetch = (choice)->prefetch

/* One algorithm in one direction. */
typedef struct convcl_conv_algo {
    const char *name;
    convcl_conv_dir dir;
    bool own_product; /* it has no GEMM: a caller who names one gets another algorithm */
    /* NULL when it can compute the shape (with that tile, 0: any) on the context's device; otherwise why not. context NULL: on some device. */
    const char *(*refuse)(const convcl_context *context, const convcl_conv_shape *shape, int tile);
    /* Estimated work in multiplications of the direct method, to choose by when nobody says. */
    double (*cost)(const convcl_context *context, const convcl_conv_shape *shape);
    /* Builds kernels and decides everything. *state_out is the recipe's own; NULL on failure. */
    convcl_status (*create)(convcl_context *context, const convcl_conv_shape *shape, const convcl_conv_choice *choice, void **state_out);
    void (*destroy)(void *state); /* NULL is fine */
    size_t (*workspace)(const void *state);
    /* Floats of a packed filter, and its packing. NULL where the filter is not an input. The workspace is the enqueue's. */
    size_t (*packed)(const void *state);
    convcl_status (*pack)(const void *state, convcl_stream *stream, convcl_buffer w, convcl_buffer packed, convcl_buffer workspace);
    /* Floats of what fwd can keep of x for the backward pass, or of what that can read; NULL where there is nothing. *key_out, owned by the state, says how it lies:
     * what a forward plan kept is good for a backward plan of the same key. */
    size_t (*kept)(const void *state, const char **key_out);
    /* Images of a chunk; 0 where this shape's workspace and sums do not depend on it. NULL where none do. */
    int (*chunk)(const void *state);
    /* Words about the choices made, without the algorithm's name; owned by the state. */
    const char *(*describe)(const void *state);
    convcl_status (*enqueue)(const void *state, convcl_stream *stream, const convcl_conv_tensors *tensors);
} convcl_conv_algo;

/* All algorithms in all directions, NULL-terminated. */
extern const convcl_conv_algo *const convcl_conv_algos[];

/* The rows of the table, one for each recipe file. */
extern const convcl_conv_algo convcl_conv_fwd_gather;
extern const convcl_conv_algo convcl_conv_bwd_data_gather;
extern const convcl_conv_algo convcl_conv_bwd_weights_gather;
extern const convcl_conv_algo convcl_conv_fwd_winograd;
extern const convcl_conv_algo convcl_conv_bwd_data_winograd;
extern const convcl_conv_algo convcl_conv_bwd_weights_winograd;
extern const convcl_conv_algo convcl_conv_bwd_winograd;
extern const convcl_conv_algo convcl_conv_fwd_winograd_fused;
extern const convcl_conv_algo convcl_conv_bwd_data_winograd_fused;

#endif
