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

/* A convolution seen as one of stride 1, from x to y: a strided one is split by phases into more channels, with its padding made real. */
typedef struct convcl_winograd_view {
    bool phases;           /* a copy is made */
    int h, w, k;           /* source size and channels */
    int rh, rw;            /* taps */
    int pad_top, pad_left; /* */
    int oh, ow, gn;        /* output size and channels */
} convcl_winograd_view;

/* Tiles along an axis: first count[0] of m[0] outputs, then count[1] of m[1] < m[0]; the second kind may be absent, with all its fields 0. */
typedef struct convcl_winograd_axis {
    int m[2], points[2], count[2];
} convcl_winograd_axis;

/* What the three directions agree on, so that a transform made for one serves another: the view, the tiles, the images of a chunk and the rows of
 * the transforms. Planes of points lie as in kernels/planes.h. */
typedef struct convcl_winograd_layout {
    convcl_winograd_view view;
    convcl_winograd_axis h, w;
    int points;         /* of the larger tile: planes */
    size_t rows;        /* of all planes, for one image */
    int chunk;          /* images */
    bool large;         /* the transforms of a chunk are more than the caches hold, because its filters are */
    int ldv;            /* V, the transform of x: v[plane][tile][ldv] */
    size_t gaps;        /* floats between all planes of a chunk */
    size_t v_size;      /* floats of V for a chunk */
    size_t copy_size;   /* floats of the phases of a chunk; 0 without phases */
    size_t filter_size; /* floats of the phases of a filter; 0 without phases */
} convcl_winograd_layout;

/* Decides it. tile: outputs of every tile along both axes; 0: what makes the least estimated work. chunk: images; 0: what suits the caches. */
convcl_winograd_layout convcl_winograd__layout(const convcl_context *context, const convcl_conv_shape *shape, int tile, int chunk);

/* False where direct sums are preferred whatever is faster: below four images, see docs/accuracy.md, and with few channels. */
bool convcl_winograd__wanted(const convcl_conv_shape *shape);

/* Estimated work with that tile, which must not be refused; 0: with the best. */
double convcl_winograd__tile_cost(const convcl_context *context, const convcl_conv_shape *shape, int tile);

/* The shared refusal and cost, see convcl_conv_algo. */
const char *convcl_winograd__refuse(const convcl_context *context, const convcl_conv_shape *shape, int tile);
double convcl_winograd__cost(const convcl_context *context, const convcl_conv_shape *shape);

/* "F(5x5, 3x3)", or with two kinds of tiles "F(5+4x5+4, 3x3)"; weights: as bwd_weights sees it, "F(3x3, 5x5)". */
void convcl_winograd__describe(const convcl_winograd_layout *layout, bool weights, char *text, size_t size);

/* Floats of V for all chunks, as the forward pass keeps it. */
size_t convcl_winograd__kept(const convcl_winograd_layout *layout, const convcl_conv_shape *shape);

/* Writes what V depends on: plans of the same key can hand it on. */
#define CONVCL_WINOGRAD_KEY 160
void convcl_winograd__kept_key(const convcl_winograd_layout *layout, const convcl_conv_shape *shape, char key[CONVCL_WINOGRAD_KEY]);

/* One of the transforms of F(mh x mw, rh x rw), see cook_toom.h. */
typedef enum convcl_winograd_matrix {
    CONVCL_WINOGRAD_INPUT,          /* Bt: windows of x to points */
    CONVCL_WINOGRAD_FILTER,         /* G: filter to points */
    CONVCL_WINOGRAD_OUTPUT,         /* At: points to tiles of y */
    CONVCL_WINOGRAD_DY,             /* A, scaled as G: tiles of dy to points */
    CONVCL_WINOGRAD_DX,             /* B: points to windows of dx */
    CONVCL_WINOGRAD_FILTER_PLAIN,   /* G without its scale, for bwd_data, where dy carries it */
    CONVCL_WINOGRAD_FILTER_GRADIENT /* G transposed, without its scale: points to dw */
} convcl_winograd_matrix;

/* Adds to `functions` what computes that transform of one kind of tile along one axis, m outputs of a filter of r taps; set: points of the larger kind. Values it takes
 * and gives. */
void convcl_winograd__add_function(convcl_text *functions, convcl_winograd_matrix matrix, const char *name, int m, int r, int set,
                                   int *in_out, int *out_out);

/* Cuts `outputs` of an axis into tiles of m, without smaller ones. */
convcl_winograd_axis convcl_winograd__axis(int outputs, int m, int r);

/* The factor by which estimated work outweighs every gain of a tile where direct sums are preferred, else 1. */
double convcl_winograd__preference(const convcl_conv_shape *shape);

/* Width of the vectors for that many channels: the device's, or the largest below it that divides them. */
int convcl_winograd__vector(const convcl_context *context, int channels);

/* Builds kernels/<file>.cl around that transform, for vectors of `channels` channels. more: further options. */
convcl_status convcl_winograd__create_kernel(convcl_context *context, const char *file, convcl_winograd_matrix matrix,
                                             const convcl_winograd_layout *layout, int channels, const char *more,
                                             convcl_kernel **kernel_out);

/* How a launch over `count` rows (tiles, or rows of a filter) of `lanes` values, in the vectors of `channels`, is cut into work-items. */
typedef struct convcl_winograd_grid {
    int vectors, rows; /* of a work-item */
    convcl_range range;
} convcl_winograd_grid;

/* most: vectors of a row that a work-item may take, 0: all. Blocks of channels are taken block by block, so that the rows a work-item writes to a plane touch. */
convcl_winograd_grid convcl_winograd__grid(const convcl_context *context, int channels, int lanes, int count, int most);

/* The planes of a chunk of `images` images, and the rows of the tallest. */
convcl_gemm_planes convcl_winograd__planes(const convcl_winograd_layout *layout, int images, int *tallest_out);

/* Finds the plane of Z = A dy that holds the sum of each tile of dy, times a factor: the points 1 of both axes. False where there is none. */
bool convcl_winograd__sum_plane(const convcl_winograd_layout *layout, int *plane_out, double *factor_out);

/* Distance between the B of two points: `floats` and some more, so that the points do not share cache sets. */
size_t convcl_winograd__plane_stride(size_t floats);

/* Enqueues the transform of `images` images of x into V. keep: V is for later as well. phases, copy: the kernel pack_phases and where it puts its result; not read
 * without phases. */
convcl_status convcl_winograd__pack_x(const convcl_winograd_layout *layout, const convcl_conv_shape *shape, convcl_stream *stream,
                                      convcl_kernel *phases, convcl_kernel *pack, int images, convcl_buffer x, convcl_buffer copy,
                                      convcl_buffer v, bool keep);

/* Enqueues the transform of `images` images of dy into blocks of nr channels, `ld` in all. */
convcl_status convcl_winograd__pack_dy(const convcl_winograd_layout *layout, convcl_stream *stream, convcl_kernel *kernel, int images,
                                       int ld, int nr, convcl_buffer dy, convcl_buffer z);

/* Enqueues the transform of a filter into panels of B, nr wide, `stride` floats from point to point. turned: columns are the channels of x and k runs over
 * those of y, for bwd_data; otherwise the other way round. */
convcl_status convcl_winograd__pack_filter(const convcl_winograd_layout *layout, convcl_stream *stream, convcl_kernel *kernel, bool turned,
                                           int nr, size_t stride, convcl_buffer w, convcl_buffer b);

/* Enqueues phases_filter. */
convcl_status convcl_winograd__phases_filter(const convcl_winograd_layout *layout, convcl_stream *stream, convcl_kernel *kernel,
                                             const convcl_conv_shape *shape, convcl_buffer from, convcl_buffer to);

#endif
