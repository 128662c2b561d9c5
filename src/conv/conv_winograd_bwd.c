/* conv_winograd_bwd.c: the backward pass by Winograd, chunk by chunk of images.
 * SPDX-License-Identifier: MIT
 * computes   dx[n][h][w][c] = sum over the y that read it of dy[n][p][q][k] * w[fh][fw][c][k];   dw[fh][fw][c][k] = sum n, p, q  x[n][p + fh - pad_top]
 *            [q + fw - pad_left][c] * dy[n][p][q][k];   db[k] = sum dy   (through the phases of a stride)
 * method     the forward pass is y = At [(G w) . (Bt x)], tile by tile. Transposed, dx = B [(G w) . (A dy)], where the windows of neighbouring tiles add up, and
 *            dw = Gt [sum over tiles (Bt x) . (A dy)]: minimal filtering with dy as the filter, whose sum is taken at the points, so that only one tile of dw is
 *            transformed back. Both read the same Z = A dy, and dw reads the V = Bt x of the forward pass
 * launches   1 pack_winograd_filter w -> B[points][IC][OC] (dx; strided: phases_filter before)   a chunk of images: 2 pack_winograd_pixels dy -> Z[points][OC / nr][tiles][nr]
 *            for dw: 3 pack_phases, pack_winograd_pixels x -> V[points][tiles][IC], unless the forward pass kept it   4 gemm GB=points GM=IC GN=OC GK=tiles ->
 *            C[points][IC][OC], added from the second chunk on   5 pack_pixels: partial sums of the plane of Z that holds each tile's sum, or else of dy
 *            for dx: 6 gemm GB=points GM=tiles GN=IC GK=OC -> D[points][tiles][IC]   7 unpack_winograd_windows D -> dx, mask applied (strided: through unpack_phases)
 *            at the end, for dw: 8 unpack_winograd_filter C -> dw   9 phases_filter (strided only)   10 sum_rows -> db
 * workspace  for each what it needs of B, filter's phases, C, partial sums; of a chunk copy, V, Z, D      order: chunks in order, so results are bitwise repeatable
 * Source: the transposition principle of bilinear algorithms, e.g. Blahut, Fast Algorithms for Signal Processing, 2010, section 5.8 */
#include "conv/conv_winograd_bwd.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "conv/conv_form.h"
#include "conv/conv_gather.h"
#include "opencl/context_internal.h"

/* Rows of dy or Z that one work-item sums. */
#define SUM_ROWS 128

/* Vectors of channels that a work-item takes on the way back to dw and dx: so many lines of a plane touch. For dx fewer, where a compute unit would get less than
 * ITEMS_PER_UNIT work-items. */
#define DW_VECTORS     16
#define DX_VECTORS     8
#define ITEMS_PER_UNIT 8

typedef struct recipe {
    convcl_conv_shape shape;
    convcl_winograd_layout layout;
    bool data, weights; /* what is asked for */
    convcl_gemm *gemm_data, *gemm_weights;
    convcl_kernel *pack_filter, *pack_x, *pack_dy, *unpack_dx, *unpack_dw, *phases, *unpack_phases, *phases_filter, *phases_gradient,
        *sum_pixels, *sum_rows;
    int ldz, nr, vector; /* channels of Z and of one of its blocks; vector of sum_pixels */
    bool sums_in_z;      /* a plane of Z holds the sums of dy's tiles */
    int sum_plane;       /* which */
    double sum_factor;   /* times what */
    size_t b_stride;
    size_t b_size, filter_size, c_size, partial_size, copy_size, v_size, z_size, d_size;
    char kept_key[CONVCL_WINOGRAD_KEY], description[200];
} recipe;

void convcl_winograd_bwd__destroy(void *state) {
    recipe *r = state;
    if (!r)
        return;
    convcl_gemm__destroy(r->gemm_data);
    convcl_gemm__destroy(r->gemm_weights);
    convcl_kernel__destroy(r->pack_filter);
    convcl_kernel__destroy(r->pack_x);
    convcl_kernel__destroy(r->pack_dy);
    convcl_kernel__destroy(r->unpack_dx);
    convcl_kernel__destroy(r->unpack_dw);
    convcl_kernel__destroy(r->phases);
    convcl_kernel__destroy(r->unpack_phases);
    convcl_kernel__destroy(r->phases_filter);
    convcl_kernel__destroy(r->phases_gradient);
    convcl_kernel__destroy(r->sum_pixels);
    convcl_kernel__destroy(r->sum_rows);
    free(r);
}

static convcl_status create_data_kernels(convcl_context *context, recipe *r, const convcl_conv_choice *choice) {
    convcl_status status = CONVCL_OK;
    const convcl_winograd_layout *l = &r->layout;
    const int mask = r->shape.desc.relu_mask;
    char options[96];
    const convcl_gemm_request request = {CONVCL_CONV_REQUEST(choice, choice->mr), .source = CONVCL_GEMM_BLOCKS, .math = r->shape.desc.math};
    CONVCL_TRY(convcl_gemm__create(context, &request, &r->gemm_data));
    CONVCL_TRY(
        convcl_winograd__create_kernel(context, "pack_winograd_filter", CONVCL_WINOGRAD_FILTER_PLAIN, l, l->view.k, "", &r->pack_filter));
    /* The form for CPUs looks at run time whether there is a mask: its program takes long to build. */
    snprintf(options, sizeof options, "-DP_OVERLAP_H=%d -DP_OVERLAP_W=%d%s", l->view.rh - 1, l->view.rw - 1,
             mask && !l->view.phases && !convcl_context__prefers_registers(context) ? " -DF_MASK=1" : "");
    CONVCL_TRY(
        convcl_winograd__create_kernel(context, "unpack_winograd_windows", CONVCL_WINOGRAD_DX, l, l->view.k, options, &r->unpack_dx));
    if (l->view.phases) {
        snprintf(options, sizeof options, "-DF_MASK=%d", mask);
        CONVCL_TRY(convcl_conv_form__create(context, "unpack_phases", options, options, &r->unpack_phases));
        CONVCL_TRY(convcl_conv_form__create(context, "phases_filter", "-DF_BACK=0", "-DF_BACK=0", &r->phases_filter));
    }
cleanup:
    return status;
}

static convcl_status create_weights_kernels(convcl_context *context, recipe *r, const convcl_conv_choice *choice) {
    convcl_status status = CONVCL_OK;
    const convcl_winograd_layout *l = &r->layout;
    char options[64];
    const convcl_gemm_request request = {CONVCL_CONV_REQUEST(choice, r->data ? 0 : choice->mr), .source = CONVCL_GEMM_TURNED,
                                         .run = l->view.k, .math = r->shape.desc.math};
    CONVCL_TRY(convcl_gemm__create(context, &request, &r->gemm_weights));
    CONVCL_TRY(
        convcl_winograd__create_kernel(context, "pack_winograd_pixels", CONVCL_WINOGRAD_INPUT, l, l->view.k, "-DF_BLOCKS=0", &r->pack_x));
    CONVCL_TRY(convcl_winograd__create_kernel(context, "unpack_winograd_filter", CONVCL_WINOGRAD_FILTER_GRADIENT, l, l->view.gn, "",
                                              &r->unpack_dw));
    if (l->view.phases) {
        CONVCL_TRY(convcl_conv_form__create(context, "pack_phases", NULL, NULL, &r->phases));
        CONVCL_TRY(convcl_conv_form__create(context, "phases_filter", "-DF_BACK=1", "-DF_BACK=1", &r->phases_gradient));
    }
    if (r->shape.desc.has_bias) {
        snprintf(options, sizeof options, "-DT_VW=%d -DF_PANELS=0 -DF_SUM=1 -DF_BLOCKS=1", r->vector);
        CONVCL_TRY(convcl_conv_form__create(context, "pack_pixels", options, "-DF_PANELS=0 -DF_SUM=1 -DF_BLOCKS=1", &r->sum_pixels));
        CONVCL_TRY(convcl_conv_form__create(context, "sum_rows", NULL, NULL, &r->sum_rows));
    }
cleanup:
    return status;
}

static int blocks_of(int pixels) {
    return (pixels + SUM_ROWS - 1) / SUM_ROWS;
}

static void plan_workspace(recipe *r) {
    const convcl_winograd_layout *l = &r->layout;
    const convcl_winograd_view *v = &l->view;
    const int chunks = (r->shape.desc.n + l->chunk - 1) / l->chunk;
    const convcl_gemm *gemm = r->gemm_weights ? r->gemm_weights : r->gemm_data; /* both have panels of the same width */
    r->nr = convcl_gemm__panel_columns(gemm, v->gn);
    r->ldz = (v->gn + r->nr - 1) / r->nr * r->nr;
    r->z_size = (size_t)l->chunk * l->rows * (size_t)r->ldz + l->gaps;
    r->filter_size = l->filter_size;
    r->copy_size = l->copy_size;
    if (r->data) {
        r->b_stride = convcl_winograd__plane_stride(convcl_gemm__size_b(r->gemm_data, v->k, v->gn));
        r->b_size = (size_t)l->points * r->b_stride;
        r->d_size = (size_t)l->chunk * l->rows * (size_t)v->k + l->gaps;
    }
    if (r->weights) {
        r->c_size = (size_t)l->points * (size_t)v->k * (size_t)v->gn + l->gaps;
        r->v_size = l->v_size;
        r->partial_size = r->shape.desc.has_bias ? (size_t)chunks * (size_t)blocks_of(l->chunk * v->oh * v->ow) * (size_t)v->gn : 0;
    }
}

convcl_status convcl_winograd_bwd__create(convcl_context *context, const convcl_conv_shape *shape, convcl_conv_dir dir,
                                          const convcl_conv_choice *choice, void **state_out) {
    convcl_status status = CONVCL_OK;
    recipe *r = NULL;
    char tiles[48];
    *state_out = NULL;
    CONVCL_TRY(convcl_alloc(sizeof *r, &r));
    r->shape = *shape;
    r->data = dir != CONVCL_CONV_BWD_WEIGHTS;
    r->weights = dir != CONVCL_CONV_BWD_DATA;
    r->layout = convcl_winograd__layout(context, shape, choice->tile, choice->chunk);
    r->sums_in_z = convcl_winograd__sum_plane(&r->layout, &r->sum_plane, &r->sum_factor);
    r->vector = convcl_context__vector_width(context) >= 4 ? convcl_context__vector_width(context) : 4;
    CONVCL_TRY(convcl_winograd__create_kernel(context, "pack_winograd_pixels", CONVCL_WINOGRAD_DY, &r->layout, r->layout.view.gn,
                                              "-DF_BLOCKS=1", &r->pack_dy));
    if (r->data)
        CONVCL_TRY(create_data_kernels(context, r, choice));
    if (r->weights)
        CONVCL_TRY(create_weights_kernels(context, r, choice));
    plan_workspace(r);
    convcl_winograd__describe(&r->layout, dir == CONVCL_CONV_BWD_WEIGHTS, tiles, sizeof tiles);
    snprintf(r->description, sizeof r->description, "%s, %s, %d images a chunk", tiles,
             r->weights ? r->gemm_weights->description : r->gemm_data->description, r->layout.chunk);
    convcl_winograd__kept_key(&r->layout, shape, r->kept_key);
    *state_out = r;
    r = NULL;
cleanup:
    convcl_winograd_bwd__destroy(r);
    return status;
}

size_t convcl_winograd_bwd__workspace(const void *state) {
    const recipe *r = state;
    return r->b_size + r->filter_size + r->c_size + r->partial_size + r->copy_size + r->v_size + r->z_size + r->d_size;
}

size_t convcl_winograd_bwd__kept(const void *state, const char **key_out) {
    const recipe *r = state;
    *key_out = r->kept_key;
    return convcl_winograd__kept(&r->layout, &r->shape);
}

int convcl_winograd_bwd__chunk(const void *state) {
    return ((const recipe *)state)->layout.chunk;
}

const char *convcl_winograd_bwd__describe(const void *state) {
    return ((const recipe *)state)->description;
}

/* Where the parts of the workspace begin. */
typedef struct parts {
    convcl_buffer b, filter, c, partial, copy, v, z, d;
} parts;

static parts cut(const recipe *r, convcl_buffer workspace) {
    parts p = {.b = workspace};
    p.filter = convcl_buffer_at(p.b, r->b_size);
    p.c = convcl_buffer_at(p.filter, r->filter_size);
    p.partial = convcl_buffer_at(p.c, r->c_size);
    p.copy = convcl_buffer_at(p.partial, r->partial_size);
    p.v = convcl_buffer_at(p.copy, r->copy_size);
    p.z = convcl_buffer_at(p.v, r->v_size);
    p.d = convcl_buffer_at(p.z, r->z_size);
    return p;
}

static convcl_status pack_filter(const recipe *r, convcl_stream *stream, const parts *p, convcl_buffer w) {
    const convcl_winograd_layout *l = &r->layout;
    if (l->view.phases) {
        const convcl_status status = convcl_winograd__phases_filter(l, stream, r->phases_filter, &r->shape, w, p->filter);
        if (status != CONVCL_OK)
            return status;
        w = p->filter;
    }
    return convcl_winograd__pack_filter(l, stream, r->pack_filter, true, convcl_gemm__panel_columns(r->gemm_data, l->view.k), r->b_stride,
                                        w, p->b);
}

/* A run of images, and where it begins in the tensors. */
typedef struct chunk {
    int first, images;
    convcl_buffer x, dy, dx, v;
} chunk;

/* What the bias's gradient is summed from: a matrix in blocks of nr columns. */
typedef struct summands {
    convcl_buffer from;
    int rows, nr;
} summands;

/* Those of a chunk: the sums of its tiles, many times fewer than the pixels, or dy itself, which is one block. */
static summands find_summands(const recipe *r, const parts *p, const chunk *c) {
    const convcl_winograd_view *v = &r->layout.view;
    if (!r->sums_in_z)
        return (summands){c->dy, c->images * v->oh * v->ow, v->gn};
    int tallest = 0;
    size_t before = 0;
    const convcl_gemm_planes planes = convcl_winograd__planes(&r->layout, c->images, &tallest);
    for (int e = 0; e < r->sum_plane; ++e)
        before += (size_t)convcl_gemm__plane_rows(&planes, e);
    return (summands){convcl_buffer_at(p->z, before * (size_t)r->ldz + (size_t)r->sum_plane * (size_t)planes.gap),
                      convcl_gemm__plane_rows(&planes, r->sum_plane), r->nr};
}

/* Enqueues the sums of their columns in blocks of rows, behind `rows` that are there. */
static convcl_status sum_pixels(const recipe *r, convcl_stream *stream, const summands *s, convcl_buffer partial, int rows) {
    const int gn = r->layout.view.gn, width = (gn + r->vector - 1) / r->vector * r->vector;
    const convcl_arg args[] = {
        convcl_arg_tensor(s->from), convcl_arg_tensor(partial), convcl_arg_tensor(convcl_buffer_at(partial, (size_t)rows * (size_t)gn)),
        convcl_arg_int(gn),         convcl_arg_int(s->nr),      convcl_arg_int(s->rows),
        convcl_arg_int(gn),         convcl_arg_int(SUM_ROWS)};
    const convcl_range range = convcl_context__prefers_registers(stream->context)
                                   ? (convcl_range){{(size_t)(width / r->vector), (size_t)blocks_of(s->rows), 1}, {1, 1, 1}}
                                   : convcl_conv_form__columns(stream->context, (size_t)gn, (size_t)blocks_of(s->rows));
    return convcl_stream__launch(stream, r->sum_pixels, args, 8, &range);
}

/* Enqueues what dw and db take from a chunk. rows: partial sums of db so far, counted on. */
static convcl_status add_weights(const recipe *r, convcl_stream *stream, const parts *p, const chunk *c, bool has_v, int *rows) {
    convcl_status status = CONVCL_OK;
    const convcl_winograd_layout *l = &r->layout;
    convcl_gemm_call call = {.a = c->v,
                             .b = p->z,
                             .c = p->c,
                             .gm = l->view.k,
                             .gn = l->view.gn,
                             .gb = l->points,
                             .lda = l->ldv,
                             .ldc = l->view.gn,
                             .accumulate = c->first > 0};
    call.planes = convcl_winograd__planes(l, c->images, &call.gk);
    if (!has_v)
        CONVCL_TRY(convcl_winograd__pack_x(l, &r->shape, stream, r->phases, r->pack_x, c->images, c->x, p->copy, c->v, false));
    CONVCL_TRY(convcl_gemm__enqueue(r->gemm_weights, stream, &call));
    if (r->shape.desc.has_bias) {
        const summands from = find_summands(r, p, c);
        CONVCL_TRY(sum_pixels(r, stream, &from, p->partial, *rows));
        *rows += blocks_of(from.rows);
    }
cleanup:
    return status;
}

/* Enqueues the dx of a chunk. */
static convcl_status make_data(const recipe *r, convcl_stream *stream, const parts *p, const chunk *c) {
    convcl_status status = CONVCL_OK;
    const convcl_winograd_layout *l = &r->layout;
    const convcl_winograd_view *v = &l->view;
    const convcl_conv_desc *d = &r->shape.desc;
    convcl_gemm_call call = {.a = p->z,
                             .b = p->b,
                             .c = p->d,
                             .gn = v->k,
                             .gk = v->gn,
                             .gb = l->points,
                             .lda = r->ldz,
                             .block = r->nr,
                             .ldc = v->k,
                             .b_stride = r->b_stride};
    call.planes = convcl_winograd__planes(l, c->images, &call.gm);
    CONVCL_TRY(convcl_gemm__enqueue(r->gemm_data, stream, &call));
    const int vectors = v->k / convcl_winograd__vector(stream->context, v->k);
    int taken = DX_VECTORS;
    while (taken > 1 && c->images * (vectors / taken) < ITEMS_PER_UNIT * (int)convcl_context_device(stream->context)->compute_units)
        taken /= 2;
    const convcl_range range = convcl_context__prefers_registers(stream->context)
                                   ? (convcl_range){{(size_t)((vectors + taken - 1) / taken), (size_t)c->images, 1}, {1, 1, 1}}
                                   : convcl_conv_form__tiles(stream->context, (size_t)v->k, (size_t)c->images);
    const convcl_arg args[] = {convcl_arg_tensor(p->d),
                               convcl_arg_tensor(v->phases ? p->copy : c->dx),
                               convcl_arg_tensor(d->relu_mask && !v->phases ? c->x : (convcl_buffer){0}),
                               convcl_arg_int(v->k),
                               convcl_arg_int(v->h),
                               convcl_arg_int(v->w),
                               convcl_arg_int(v->pad_top),
                               convcl_arg_int(v->pad_left),
                               convcl_arg_int(c->images),
                               convcl_arg_int(call.planes.tiles_h),
                               convcl_arg_int(call.planes.big_h),
                               convcl_arg_int(call.planes.tiles_w),
                               convcl_arg_int(call.planes.big_w),
                               convcl_arg_int(taken)};
    CONVCL_TRY(convcl_stream__launch(stream, r->unpack_dx, args, 14, &range));
    if (v->phases) {
        const convcl_arg back[] = {convcl_arg_tensor(p->copy),  convcl_arg_tensor(c->dx),   convcl_arg_tensor(c->x),
                                   convcl_arg_int(d->ih),       convcl_arg_int(d->iw),      convcl_arg_int(d->ic),
                                   convcl_arg_int(v->h),        convcl_arg_int(v->w),       convcl_arg_int(d->stride_h),
                                   convcl_arg_int(d->stride_w), convcl_arg_int(d->pad_top), convcl_arg_int(d->pad_left)};
        const convcl_range rows = convcl_conv_form__rows(stream->context, (size_t)d->ih, (size_t)d->iw * (size_t)d->ic, (size_t)c->images);
        CONVCL_TRY(convcl_stream__launch(stream, r->unpack_phases, back, 12, &rows));
    }
cleanup:
    return status;
}

/* Enqueues the way back from the points to dw, and the last sum of db. */
static convcl_status finish_weights(const recipe *r, convcl_stream *stream, const parts *p, const convcl_conv_tensors *t, int rows) {
    convcl_status status = CONVCL_OK;
    const convcl_winograd_view *v = &r->layout.view;
    const convcl_winograd_grid grid = convcl_winograd__grid(stream->context, v->gn, v->gn, v->k, DW_VECTORS);
    const convcl_arg args[] = {convcl_arg_tensor(p->c),
                               convcl_arg_tensor(v->phases ? p->filter : t->dw),
                               convcl_arg_int(v->k),
                               convcl_arg_int(v->gn),
                               convcl_arg_int(grid.vectors),
                               convcl_arg_int(grid.rows),
                               convcl_arg_int(convcl_context__streams(stream->context, r->shape.w))};
    CONVCL_TRY(convcl_stream__launch(stream, r->unpack_dw, args, 7, &grid.range));
    if (v->phases)
        CONVCL_TRY(convcl_winograd__phases_filter(&r->layout, stream, r->phases_gradient, &r->shape, p->filter, t->dw));
    if (r->shape.desc.has_bias)
        CONVCL_TRY(convcl_conv_form__sum_rows(stream, r->sum_rows, p->partial, t->db, rows, v->gn,
                                              r->sums_in_z ? (float)(1.0 / r->sum_factor) : 1.0f));
cleanup:
    return status;
}

convcl_status convcl_winograd_bwd__enqueue(const void *state, convcl_stream *stream, const convcl_conv_tensors *t) {
    const recipe *r = state;
    const convcl_conv_shape *s = &r->shape;
    const convcl_winograd_layout *l = &r->layout;
    const size_t x_image = s->x / (size_t)s->desc.n, y_image = s->y / (size_t)s->desc.n;
    const parts p = cut(r, t->workspace);
    convcl_status status = CONVCL_OK;
    int rows = 0;
    if (r->data)
        CONVCL_TRY(pack_filter(r, stream, &p, t->w));
    for (int first = 0; first < s->desc.n; first += l->chunk) {
        const size_t images = (size_t)first;
        const chunk c = {.first = first,
                         .images = first + l->chunk < s->desc.n ? l->chunk : s->desc.n - first,
                         .x = convcl_buffer_at(t->x, images * x_image),
                         .dy = convcl_buffer_at(t->y, images * y_image),
                         .dx = convcl_buffer_at(t->dx, images * x_image),
                         .v = t->kept.mem ? convcl_buffer_at(t->kept, images / (size_t)l->chunk * l->v_size) : p.v};
        CONVCL_TRY(convcl_winograd__pack_dy(l, stream, r->pack_dy, c.images, r->ldz, r->nr, c.dy, p.z));
        if (r->weights)
            CONVCL_TRY(add_weights(r, stream, &p, &c, t->kept.mem != NULL, &rows));
        if (r->data)
            CONVCL_TRY(make_data(r, stream, &p, &c));
    }
    if (r->weights)
        CONVCL_TRY(finish_weights(r, stream, &p, t, rows));
cleanup:
    return status;
}
