/* pool_internal.h: what all poolings share: a window that moves over the image, its rules, and a plan's parts. For src/layers alone.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_LAYERS_POOL_INTERNAL_H
#define CONVCL_LAYERS_POOL_INTERNAL_H

#include "layers/layer_grid.h"

/* The fields of a pooling's description that say where its windows lie; their rules are those of convcl/maxpool.h. */
typedef struct convcl_pool_window {
    int n, ih, iw, c;
    int window_h, window_w, stride_h, stride_w;
    int pad_top, pad_bottom, pad_left, pad_right;
} convcl_pool_window;

/* The window of a description of either kind. */
#define CONVCL_POOL_WINDOW(desc)                                                                                                           \
    ((convcl_pool_window){(desc)->n, (desc)->ih, (desc)->iw, (desc)->c, (desc)->window_h, (desc)->window_w, (desc)->stride_h,              \
                          (desc)->stride_w, (desc)->pad_top, (desc)->pad_bottom, (desc)->pad_left, (desc)->pad_right})

/* Checks the window and computes the output's size; both are untouched on failure. INVALID, in words that begin with `what`, when a rule is broken. */
convcl_status convcl_pool__output_size(const char *what, const convcl_pool_window *window, int *oh_out, int *ow_out);

/* What a pooling's plan holds beside its description. */
typedef struct convcl_pool_plan {
    convcl_context *context;
    convcl_pool_window window;
    int oh, ow;
    size_t x_count, y_count;
    convcl_layer_grid fwd_grid, bwd_grid; /* over the pixels of y and of x */
    convcl_kernel *fwd, *bwd;
} convcl_pool_plan;

/* Fills all but the kernels. The window must be valid. INVALID when a tensor is too large for any memory. Clear it in any case. */
convcl_status convcl_pool__begin(const char *what, convcl_context *context, const convcl_pool_window *window, convcl_pool_plan *plan);

/* Releases what the plan holds. */
void convcl_pool__clear(convcl_pool_plan *plan);

/* The arguments behind the tensors, the same for the kernels of both directions and kinds: pixels, sizes, steps of the grid. */
#define CONVCL_POOL_ARGS 13
void convcl_pool__set_args(const convcl_pool_plan *plan, const convcl_layer_grid *grid, size_t count, convcl_arg args[CONVCL_POOL_ARGS]);

#endif
