/* conv_gather.h: what the three gather recipes share: maps, the padded copy, packing of filters; for src/conv alone.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_CONV_CONV_GATHER_H
#define CONVCL_CONV_CONV_GATHER_H

#include "conv/conv_algo.h"
#include "gemm/gemm.h"

/* How the GEMM sees x: as it is, or through a copy with the padding made real, in which a whole row of the filter is one run of fw * ic values.
 * The copy pays when a tap is short (few channels): conv1's runs are 33 long instead of 3. */
typedef struct convcl_conv_source {
    bool padded;           /* a copy is made */
    bool check;            /* taps may lie outside */
    convcl_gather_map map; /* of one image or many; for one group */
    int copy_h, copy_w;    /* size of the copy */
    convcl_kernel *pad;    /* pack_pad, when a copy is made */
    int chunk;             /* values of a row that a work-item of it copies */
} convcl_conv_source;

/* Decides how x is seen (fwd, bwd_weights) and builds the kernel that needs. */
convcl_status convcl_conv_source__create(convcl_context *context, const convcl_conv_shape *shape, convcl_conv_source *source);
void convcl_conv_source__destroy(convcl_conv_source *source);

/* Floats of the copy of `images` images; 0 when none is made. */
size_t convcl_conv_source__size(const convcl_conv_source *source, const convcl_conv_shape *shape, int images);

/* Enqueues the copy of images [first, first + images) of x, if one is made, and says where the GEMM reads them. */
convcl_status convcl_conv_source__pack(const convcl_conv_source *source, const convcl_conv_shape *shape, convcl_stream *stream,
                                       convcl_buffer x, int first, int images, convcl_buffer copy, convcl_buffer *a_out);

/* The multiplications of the direct method: taps * channels * outputs. */
double convcl_conv_gather__cost(const convcl_context *context, const convcl_conv_shape *shape);

/* True when a tap of the map lies outside its source for some pixel. */
bool convcl_conv_gather__leaves_source(const convcl_gather_map *map);

/* Images that one chunk may hold, so that `per_image` floats of workspace an image stay below `limit` and pixels are counted in an int; at least 1. wanted: so
 * many images, whatever they take; 0: as many as fit. */
int convcl_conv_gather__chunk(const convcl_conv_shape *shape, size_t per_image, size_t limit, int wanted);

/* Which taps of a filter pack_filter takes, and how its channels run. */
typedef struct convcl_filter_pack {
    int gn, run, th, tw;
    int first_h, step_h, first_w, step_w;
    int stride_j, stride_column; /* in w, of a value of a run and of a column */
} convcl_filter_pack;

/* Enqueues the packing of w (its offset at the group's first value) into B panels nr wide. Nothing happens without taps. */
convcl_status convcl_conv_gather__pack_filter(const convcl_conv_shape *shape, convcl_stream *stream, convcl_kernel *kernel,
                                              const convcl_filter_pack *pack, convcl_buffer w, convcl_buffer b, int nr);

/* The buffer `count` elements further on. */
static inline convcl_buffer convcl_buffer_at(convcl_buffer buffer, size_t count) {
    buffer.offset += count;
    return buffer;
}

#endif
