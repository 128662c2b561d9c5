/* lrn_internal.h: what the normalization shares with operations that compute it on the way. For src/layers alone.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_LAYERS_LRN_INTERNAL_H
#define CONVCL_LAYERS_LRN_INTERNAL_H

#include "convcl/lrn.h"
#include "layers/layer_grid.h"

/* Checks every field; statuses and texts of convcl_lrn_plan_create. */
convcl_status convcl_lrn__validate(const convcl_lrn_desc *desc);

/* Spreads pixels over the device in work-groups that take one block of channels each: {blocks * lanes, groups * rows}. block_out: T_BLOCK of lrn_window.h. */
convcl_layer_grid convcl_lrn__grid(const convcl_context *context, const convcl_lrn_desc *desc, size_t pixels, int *block_out);

/* Blocks of `block` channels, of which the last takes all that are left, at least `vector_width`. */
int convcl_lrn__blocks(int channels, int block, int vector_width);

/* Build options of the kernels that include lrn_window.h, without those of one kernel alone. Returns `text`. */
#define CONVCL_LRN_OPTIONS 160
const char *convcl_lrn__options(const convcl_lrn_desc *desc, const convcl_layer_grid *grid, int block, char text[CONVCL_LRN_OPTIONS]);

#endif
