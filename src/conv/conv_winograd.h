/* conv_winograd.h: what the three Winograd recipes share: the view of a convolution as one of stride 1, the choice of the tile, transforms; for src/conv alone.
 * SPDX-License-Identifier: MIT
 *
 * A filter of rh x rw taps over tiles of mh x mw outputs takes nh * nw = (mh + rh - 1) * (mw + rw - 1) points instead of mh * mw * rh * rw products. At each
 * point the channels of all tiles are one GEMM: [tiles x channels in] * [channels in x channels out].
 * Sources: Lavin and Gray, "Fast algorithms for convolutional neural networks", CVPR 2016; Jia, Zlateski, Durand, Li, "Optimizing N-dimensional,
 * Winograd-based convolution for manycore CPUs", PPoPP 2018; Huang et al., "DWM: a decomposable Winograd method", AAAI 2020 (strides by phases). */
#ifndef CONVCL_CONV_CONV_WINOGRAD_H
#define CONVCL_CONV_CONV_WINOGRAD_H

#include "conv/conv_algo.h"
#include "conv/cook_toom.h"
#include "gemm/gemm.h"

/* A convolution seen as one of stride 1: a strided one is split by phases into more channels, with its padding made real. */
typedef struct convcl_winograd_view {
    bool phases;           /* a copy is made */
    int h, w, k;           /* source size and channels */
    int rh, rw;            /* taps */
    int pad_top, pad_left; /* may be negative in bwd_data */
    int oh, ow, gn;        /* output size and channels */
} convcl_winograd_view;

convcl_winograd_view convcl_winograd__view(const convcl_conv_shape *shape, convcl_conv_dir dir);

/* Tiles over the output, and the points of each. */
typedef struct convcl_winograd_tile {
    int mh, mw;           /* outputs */
    int nh, nw;           /* points */
    int tiles_h, tiles_w; /* of an image */
} convcl_winograd_tile;

/* The shared refusal, see convcl_conv_algo. */
const char *convcl_winograd__refuse(const convcl_conv_shape *shape, convcl_conv_dir dir, int tile);

/* The tile that makes the least estimated work; `tile` forces the outputs along both axes (0: free). *cost_out (may be NULL) is in multiplications. */
convcl_winograd_tile convcl_winograd__choose(const convcl_conv_shape *shape, const convcl_winograd_view *view, int tile, double *cost_out);

/* One of the transforms of F(mh x mw, rh x rw). */
typedef enum convcl_winograd_matrix { CONVCL_WINOGRAD_INPUT, CONVCL_WINOGRAD_FILTER, CONVCL_WINOGRAD_OUTPUT } convcl_winograd_matrix;

/* Width of the vectors for that many channels: the device's, or the largest below it that divides them. */
int convcl_winograd__vector(const convcl_context *context, int channels);

/* Builds kernels/<file>.cl around that transform, for vectors of `channels` channels. more: further options. */
convcl_status convcl_winograd__create_kernel(convcl_context *context, const char *file, convcl_winograd_matrix matrix, int mh, int mw,
                                             int rh, int rw, int channels, const char *more, convcl_kernel **kernel_out);

/* How a launch over `count` rows (tiles, or rows of a filter) of `lanes` values, in the vectors of `channels`, is cut into work-items. */
typedef struct convcl_winograd_grid {
    int vectors, rows; /* of a work-item */
    convcl_range range;
} convcl_winograd_grid;

/* whole_rows: a work-item may take all channels of a row. */
convcl_winograd_grid convcl_winograd__grid(const convcl_context *context, int channels, int lanes, int count, bool whole_rows);

/* Distance between the rows of a plain A of `columns` values: rows a multiple of 4 KiB apart would share cache sets. */
int convcl_winograd__stride(int columns);

/* Enqueues pack_winograd_pixels over `images` images of the view. nr 0: plain rows of `ld` values; otherwise panels nr wide, ld values in all. */
typedef struct convcl_winograd_pixels {
    int h, w, c;           /* the source's size */
    int pad_top, pad_left; /* */
    int step_h, step_w;    /* from tile to tile */
    int tiles_h, tiles_w;  /* of an image */
    int ld, nr;
} convcl_winograd_pixels;
convcl_status convcl_winograd__pack_pixels(convcl_stream *stream, convcl_kernel *kernel, const convcl_winograd_pixels *pixels, int images,
                                           convcl_buffer from, convcl_buffer to);

/* Enqueues pack_phases for `images` images. */
convcl_status convcl_winograd__pack_phases(convcl_stream *stream, convcl_kernel *kernel, const convcl_conv_shape *shape,
                                           const convcl_winograd_view *view, int images, convcl_buffer from, convcl_buffer to);

/* Enqueues phases_filter. */
convcl_status convcl_winograd__phases_filter(convcl_stream *stream, convcl_kernel *kernel, const convcl_conv_shape *shape,
                                             const convcl_winograd_view *view, convcl_buffer from, convcl_buffer to);

#endif
