/* conv_bwd_weights_winograd.c: dw of a convolution by Winograd F(rh x rw, mh x mw), and db.
 * SPDX-License-Identifier: MIT
 * computes   dw[fh][fw][c][k] = sum n, p, q  x[n][p + fh - pad_top][q + fw - pad_left][c] * dy[n][p][q][k] (through the phases of a stride), db[k] = sum dy
 * method     over a tile, dw is a correlation of an (mh + rh - 1) x (mw + rw - 1) window of x with mh x mw values of dy: minimal filtering in which dy is
 *            the filter and dw the output. The points, and with them the transform of x, are those of the forward pass; the sum over tiles and images is
 *            taken at the points, so only one tile of dw is transformed back
 * applies to filters of 2 to 7 taps after the phases of a stride; one group, dilation 1, not in STRICT math
 * launches   a chunk of images: 1 pack_phases x -> copy (strided only)   2 pack_winograd_pixels x -> A[points][tiles][IC]
 *            3 pack_winograd_pixels dy -> B[points][OC][tiles]   4 gemm GB=points GM=IC GN=OC GK=tiles -> C[points][IC][OC], added from the second chunk on
 *            5 pack_pixels dy -> partial sums     at the end: 6 unpack_winograd_filter C -> dw   7 phases_filter (strided only)   8 sum_rows -> db
 * workspace  C + dw's phases + partial sums + copy, A and B of a chunk      order: chunks in order, so results are bitwise repeatable
 * tests/bench test_conv_bwd_weights.c, test_winograd.c */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "conv/conv_gather.h"
#include "conv/conv_winograd.h"
#include "opencl/context_internal.h"

/* Floats of A and B of a chunk. On a CPU small ones stay in the cache, but each chunk reads and writes the sums C, so that A and B should be larger than C. */
#define CHUNK_CPU   ((size_t)1 << 21)
#define CHUNK_PER_C ((size_t)2)
#define CHUNK_GPU   ((size_t)1 << 26)

/* Rows of dy that one work-item sums. */
#define SUM_ROWS 128

typedef struct recipe {
    convcl_conv_shape shape;
    convcl_winograd_view view;
    convcl_winograd_tile tile;
    convcl_gemm *gemm;
    convcl_kernel *pack_x, *pack_dy, *unpack, *phases, *phases_filter, *sum_pixels, *sum_rows;
    int chunk, points, lda, ldb, vector;
    size_t c_size, filter_size, partial_size, copy_size, a_size, b_size;
    char description[160];
} recipe;

static const char *refuse(const convcl_conv_shape *shape, int tile) {
    return convcl_winograd__refuse(shape, CONVCL_CONV_BWD_WEIGHTS, tile);
}

static double cost(const convcl_conv_shape *shape) {
    const convcl_winograd_view view = convcl_winograd__view(shape, CONVCL_CONV_BWD_WEIGHTS);
    double work = 0.0;
    convcl_winograd__choose(shape, &view, 0, &work);
    return work;
}

static void destroy(void *state) {
    recipe *r = state;
    if (!r)
        return;
    convcl_gemm__destroy(r->gemm);
    convcl_kernel__destroy(r->pack_x);
    convcl_kernel__destroy(r->pack_dy);
    convcl_kernel__destroy(r->unpack);
    convcl_kernel__destroy(r->phases);
    convcl_kernel__destroy(r->phases_filter);
    convcl_kernel__destroy(r->sum_pixels);
    convcl_kernel__destroy(r->sum_rows);
    free(r);
}

static convcl_status create_kernels(convcl_context *context, recipe *r, const convcl_conv_choice *choice) {
    convcl_status status = CONVCL_OK;
    const convcl_winograd_view *v = &r->view;
    const convcl_winograd_tile *t = &r->tile;
    char options[64];
    const convcl_gemm_request request = {.variant = choice->gemm, .source = CONVCL_GEMM_TURNED, .run = v->k};
    CONVCL_TRY(convcl_gemm__create(context, &request, &r->gemm));
    /* x as in the forward pass; dy takes the part of the filter, dw that of the output: F(rh x rw, mh x mw). */
    CONVCL_TRY(convcl_winograd__create_kernel(context, "pack_winograd_pixels", CONVCL_WINOGRAD_INPUT, t->mh, t->mw, v->rh, v->rw, v->k,
                                              "-DF_PANELS=0", &r->pack_x));
    CONVCL_TRY(convcl_winograd__create_kernel(context, "pack_winograd_pixels", CONVCL_WINOGRAD_FILTER, v->rh, v->rw, t->mh, t->mw, v->gn,
                                              "-DF_PANELS=1", &r->pack_dy));
    CONVCL_TRY(convcl_winograd__create_kernel(context, "unpack_winograd_filter", CONVCL_WINOGRAD_OUTPUT, v->rh, v->rw, t->mh, t->mw, v->gn,
                                              "", &r->unpack));
    if (v->phases) {
        CONVCL_TRY(convcl_kernel__create(context, "pack_phases", "pack_phases", NULL, &r->phases));
        CONVCL_TRY(convcl_kernel__create(context, "phases_filter", "phases_filter", "-DF_BACK=1", &r->phases_filter));
    }
    if (r->shape.desc.has_bias) {
        snprintf(options, sizeof options, "-DT_VW=%d -DF_PANELS=0 -DF_SUM=1", r->vector);
        CONVCL_TRY(convcl_kernel__create(context, "pack_pixels", "pack_pixels", options, &r->sum_pixels));
        CONVCL_TRY(convcl_kernel__create(context, "sum_rows", "sum_rows", NULL, &r->sum_rows));
    }
cleanup:
    return status;
}

static int blocks_of(int pixels) {
    return (pixels + SUM_ROWS - 1) / SUM_ROWS;
}

static void plan_chunks(const convcl_context *context, recipe *r) {
    const convcl_winograd_view *v = &r->view;
    const size_t tiles = (size_t)r->tile.tiles_h * (size_t)r->tile.tiles_w, points = (size_t)r->points;
    const int nr = convcl_gemm__panel_columns(r->gemm, v->gn);
    r->lda = convcl_winograd__stride(v->k);
    r->ldb = (v->gn + nr - 1) / nr * nr;
    const size_t a_image = points * tiles * (size_t)r->lda, b_image = points * tiles * (size_t)r->ldb;
    const size_t copy_image = v->phases ? (size_t)v->h * (size_t)v->w * (size_t)v->k : 0;
    r->c_size = points * (size_t)v->k * (size_t)v->gn;
    const size_t least = CHUNK_PER_C * r->c_size, cpu = least > CHUNK_CPU ? least : CHUNK_CPU;
    r->chunk =
        convcl_conv_gather__chunk(&r->shape, a_image + b_image + copy_image, convcl_context__prefers_registers(context) ? cpu : CHUNK_GPU);
    const int chunks = (r->shape.desc.n + r->chunk - 1) / r->chunk;
    r->filter_size = v->phases ? (size_t)v->rh * (size_t)v->rw * (size_t)v->k * (size_t)v->gn : 0;
    r->partial_size = r->shape.desc.has_bias ? (size_t)chunks * (size_t)blocks_of(r->chunk * v->oh * v->ow) * (size_t)v->gn : 0;
    r->copy_size = (size_t)r->chunk * copy_image;
    r->a_size = (size_t)r->chunk * a_image;
    r->b_size = (size_t)r->chunk * b_image;
}

static convcl_status create(convcl_context *context, const convcl_conv_shape *shape, const convcl_conv_choice *choice, void **state_out) {
    convcl_status status = CONVCL_OK;
    recipe *r = NULL;
    *state_out = NULL;
    CONVCL_TRY(convcl_alloc(sizeof *r, &r));
    r->shape = *shape;
    r->view = convcl_winograd__view(shape, CONVCL_CONV_BWD_WEIGHTS);
    r->tile = convcl_winograd__choose(shape, &r->view, choice->tile, NULL);
    r->points = r->tile.nh * r->tile.nw;
    r->vector = convcl_context__vector_width(context) >= 4 ? convcl_context__vector_width(context) : 4;
    CONVCL_TRY(create_kernels(context, r, choice));
    plan_chunks(context, r);
    snprintf(r->description, sizeof r->description, "F(%dx%d, %dx%d)%s, %s, %d images a chunk", r->view.rh, r->view.rw, r->tile.mh,
             r->tile.mw, r->view.phases ? " by phases" : "", r->gemm->description, r->chunk);
    *state_out = r;
    r = NULL;
cleanup:
    destroy(r);
    return status;
}

static size_t workspace(const void *state) {
    const recipe *r = state;
    return r->c_size + r->filter_size + r->partial_size + r->copy_size + r->a_size + r->b_size;
}

static const char *describe(const void *state) {
    return ((const recipe *)state)->description;
}

/* Where the parts of the workspace begin. */
typedef struct parts {
    convcl_buffer c, filter, partial, copy, a, b;
} parts;

static parts cut(const recipe *r, convcl_buffer workspace) {
    parts p = {.c = workspace};
    p.filter = convcl_buffer_at(p.c, r->c_size);
    p.partial = convcl_buffer_at(p.filter, r->filter_size);
    p.copy = convcl_buffer_at(p.partial, r->partial_size);
    p.a = convcl_buffer_at(p.copy, r->copy_size);
    p.b = convcl_buffer_at(p.a, r->a_size);
    return p;
}

/* Enqueues the sums of dy's columns in blocks of rows, behind `rows` that are there. */
static convcl_status sum_pixels(const recipe *r, convcl_stream *stream, convcl_buffer dy, convcl_buffer partial, int rows, int pixels) {
    const int gn = r->view.gn, width = (gn + r->vector - 1) / r->vector * r->vector;
    const convcl_arg args[] = {
        convcl_arg_tensor(dy), convcl_arg_tensor(partial), convcl_arg_tensor(convcl_buffer_at(partial, (size_t)rows * (size_t)gn)),
        convcl_arg_int(gn),    convcl_arg_int(width),      convcl_arg_int(pixels),
        convcl_arg_int(gn),    convcl_arg_int(SUM_ROWS)};
    return convcl_stream__launch(stream, r->sum_pixels, args, 8,
                                 &(convcl_range){{(size_t)(width / r->vector), (size_t)blocks_of(pixels), 1}, {1, 1, 1}});
}

/* Enqueues the transforms and the product of one chunk; x and dy begin at its first image. */
static convcl_status enqueue_chunk(const recipe *r, convcl_stream *stream, const parts *w, int images, bool accumulate, convcl_buffer x,
                                   convcl_buffer dy) {
    convcl_status status = CONVCL_OK;
    const convcl_winograd_view *v = &r->view;
    const convcl_winograd_tile *t = &r->tile;
    const convcl_winograd_pixels in = {v->h, v->w, v->k, v->pad_top, v->pad_left, t->mh, t->mw, t->tiles_h, t->tiles_w, r->lda, 0};
    const convcl_winograd_pixels out = {
        v->oh, v->ow, v->gn, 0, 0, t->mh, t->mw, t->tiles_h, t->tiles_w, r->ldb, convcl_gemm__panel_columns(r->gemm, v->gn)};
    const convcl_gemm_call call = {.a = w->a,
                                   .b = w->b,
                                   .c = w->c,
                                   .gm = v->k,
                                   .gn = v->gn,
                                   .gk = images * t->tiles_h * t->tiles_w,
                                   .gb = r->points,
                                   .lda = r->lda,
                                   .ldc = v->gn,
                                   .accumulate = accumulate};
    if (v->phases) {
        CONVCL_TRY(convcl_winograd__pack_phases(stream, r->phases, &r->shape, v, images, x, w->copy));
        x = w->copy;
    }
    CONVCL_TRY(convcl_winograd__pack_pixels(stream, r->pack_x, &in, images, x, w->a));
    CONVCL_TRY(convcl_winograd__pack_pixels(stream, r->pack_dy, &out, images, dy, w->b));
    CONVCL_TRY(convcl_gemm__enqueue(r->gemm, stream, &call));
cleanup:
    return status;
}

/* Enqueues the way back from the points to dw. */
static convcl_status unpack(const recipe *r, convcl_stream *stream, const parts *w, convcl_buffer dw) {
    const convcl_winograd_view *v = &r->view;
    const convcl_winograd_grid grid = convcl_winograd__grid(stream->context, v->gn, v->gn, v->k, false);
    const convcl_arg args[] = {convcl_arg_tensor(w->c), convcl_arg_tensor(v->phases ? w->filter : dw), convcl_arg_int(v->k),
                               convcl_arg_int(v->gn), convcl_arg_int(grid.rows)};
    const convcl_status status = convcl_stream__launch(stream, r->unpack, args, 5, &grid.range);
    if (status != CONVCL_OK || !v->phases)
        return status;
    return convcl_winograd__phases_filter(stream, r->phases_filter, &r->shape, v, w->filter, dw);
}

static convcl_status enqueue(const void *state, convcl_stream *stream, const convcl_conv_tensors *t) {
    const recipe *r = state;
    const convcl_conv_shape *s = &r->shape;
    const parts w = cut(r, t->workspace);
    convcl_status status = CONVCL_OK;
    int rows = 0;
    for (int first = 0; first < s->desc.n; first += r->chunk) {
        const int images = first + r->chunk < s->desc.n ? r->chunk : s->desc.n - first, pixels = images * s->oh * s->ow;
        const convcl_buffer x = convcl_buffer_at(t->x, (size_t)first * (s->x / (size_t)s->desc.n));
        const convcl_buffer dy = convcl_buffer_at(t->y, (size_t)first * (s->y / (size_t)s->desc.n));
        CONVCL_TRY(enqueue_chunk(r, stream, &w, images, first > 0, x, dy));
        if (s->desc.has_bias)
            CONVCL_TRY(sum_pixels(r, stream, dy, w.partial, rows, pixels));
        rows += blocks_of(pixels);
    }
    CONVCL_TRY(unpack(r, stream, &w, t->w));
    if (s->desc.has_bias) {
        const convcl_arg args[] = {convcl_arg_tensor(w.partial), convcl_arg_tensor(t->b), convcl_arg_int(rows), convcl_arg_int(s->desc.oc)};
        CONVCL_TRY(convcl_stream__launch(stream, r->sum_rows, args, 4, &(convcl_range){{(size_t)s->desc.oc, 1, 1}, {1, 1, 1}}));
    }
cleanup:
    return status;
}

const convcl_conv_algo convcl_conv_bwd_weights_winograd = {
    .name = "winograd",
    .dir = CONVCL_CONV_BWD_WEIGHTS,
    .refuse = refuse,
    .cost = cost,
    .create = create,
    .destroy = destroy,
    .workspace = workspace,
    .describe = describe,
    .enqueue = enqueue,
};
