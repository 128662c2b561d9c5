/* conv_bwd_weights_gather.c: dw and db of any convolution.
 * SPDX-License-Identifier: MIT
 * computes   dw[fh][fw][c][k] = sum n, p, q  x[n][p*stride_h + fh*dilation_h - pad_top][q*stride_w + fw*dilation_w - pad_left][c] * dy[n][p][q][k]
 *            db[k] = sum n, p, q  dy[n][p][q][k]
 * applies to every shape
 * launches   a group and chunk of images: 1 pack_pad x -> copy (few channels only)   2 pack_pixels dy -> B[OC][pixels] and partial sums of its columns
 *            3 gemm GM=FH*FW*IC GN=OC GK=pixels, A through the map of x, added to dw from the second chunk on     at the end: 4 sum_rows partial sums -> db
 * workspace  B, copy and the GEMM's own of a chunk + partial sums      order: chunks in order, so results are bitwise repeatable
 * tests/bench test_conv_bwd_weights.c */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "conv/conv_form.h"
#include "conv/conv_gather.h"
#include "opencl/context_internal.h"

/* Pixels of dy in a chunk on a CPU: the panel that a work-item goes through stays in the private cache. A GPU wants long sums: floats of workspace. */
#define CHUNK_PIXELS_CPU 2048
#define CHUNK_GPU        ((size_t)1 << 26)

/* Rows of dy that one work-item packs and sums. */
#define SUM_ROWS 64

typedef struct recipe {
    convcl_conv_shape shape;
    convcl_conv_source source;
    convcl_gemm *gemm;
    convcl_kernel *pack_pixels, *sum_rows;
    int vector, chunk;
    size_t b_size, copy_size, partial_size, workspace;
    char description[160];
} recipe;

static const char *refuse(const convcl_context *context, const convcl_conv_shape *shape, int tile) {
    (void)context;
    (void)shape;
    return tile == 0 ? NULL : "gather has no tiles";
}

static void destroy(void *state) {
    recipe *r = state;
    if (!r)
        return;
    convcl_gemm__destroy(r->gemm);
    convcl_kernel__destroy(r->pack_pixels);
    convcl_kernel__destroy(r->sum_rows);
    convcl_conv_source__destroy(&r->source);
    free(r);
}

static int blocks_of(int pixels) {
    return (pixels + SUM_ROWS - 1) / SUM_ROWS;
}

/* Rows of the matrix of partial sums, over all chunks. */
static int partial_rows(const recipe *r) {
    const int pixels = r->shape.oh * r->shape.ow, full = r->shape.desc.n / r->chunk;
    return full * blocks_of(r->chunk * pixels) + blocks_of((r->shape.desc.n - full * r->chunk) * pixels);
}

static void plan_chunks(const convcl_context *context, int wanted, recipe *r) {
    const convcl_conv_shape *s = &r->shape;
    const int pixels = s->oh * s->ow, gm = s->desc.fh * s->desc.fw * s->icg;
    const bool cpu = convcl_context__prefers_registers(context);
    const size_t per_image = convcl_conv_source__size(&r->source, s, 1) + convcl_gemm__size_b(r->gemm, s->ocg, pixels);
    r->chunk = convcl_conv_gather__chunk(s, cpu ? (size_t)pixels : per_image, cpu ? CHUNK_PIXELS_CPU : CHUNK_GPU, wanted);
    r->b_size = convcl_gemm__size_b(r->gemm, s->ocg, r->chunk * pixels);
    r->copy_size = convcl_conv_source__size(&r->source, s, r->chunk);
    r->partial_size = s->desc.has_bias ? (size_t)partial_rows(r) * (size_t)s->ocg : 0;
    r->workspace = r->b_size + r->copy_size + r->partial_size + convcl_gemm__workspace(r->gemm, gm, s->ocg, r->chunk * pixels);
}

static convcl_status create(convcl_context *context, const convcl_conv_shape *shape, const convcl_conv_choice *choice, void **state_out) {
    convcl_status status = CONVCL_OK;
    recipe *r = NULL;
    char options[48], group_options[48];
    *state_out = NULL;
    CONVCL_TRY(convcl_alloc(sizeof *r, &r));
    r->shape = *shape;
    CONVCL_TRY(convcl_conv_source__create(context, shape, &r->source));
    const convcl_gemm_request request = {CONVCL_CONV_REQUEST(choice, choice->mr), .source = CONVCL_GEMM_SUM, .check = r->source.check,
                                         .run = r->source.map.run, .math = shape->desc.math};
    CONVCL_TRY(convcl_gemm__create(context, &request, &r->gemm));
    r->vector = convcl_context__vector_width(context) >= 4 ? convcl_context__vector_width(context) : 4;
    snprintf(options, sizeof options, "-DT_VW=%d -DF_SUM=%d", r->vector, shape->desc.has_bias);
    snprintf(group_options, sizeof group_options, "-DF_SUM=%d", shape->desc.has_bias);
    CONVCL_TRY(convcl_conv_form__create(context, "pack_pixels", options, group_options, &r->pack_pixels));
    if (shape->desc.has_bias)
        CONVCL_TRY(convcl_conv_form__create(context, "sum_rows", NULL, NULL, &r->sum_rows));
    plan_chunks(context, choice->chunk, r);
    snprintf(r->description, sizeof r->description, "%s, %d images a chunk%s", r->gemm->description, r->chunk,
             r->source.padded ? ", padded copy" : "");
    *state_out = r;
    r = NULL;
cleanup:
    destroy(r);
    return status;
}

static size_t workspace(const void *state) {
    return ((const recipe *)state)->workspace;
}

static int chunk(const void *state) {
    return ((const recipe *)state)->chunk;
}

static const char *describe(const void *state) {
    return ((const recipe *)state)->description;
}

/* Enqueues the packing of `pixels` rows of dy. The panels' width is rounded up to whole vectors by a variant whose panel is the matrix. */
static convcl_status pack_pixels(const recipe *r, convcl_stream *stream, convcl_buffer dy, convcl_buffer b, convcl_buffer partial,
                                 int pixels) {
    const int gn = r->shape.ocg, nr = convcl_gemm__panel_columns(r->gemm, gn);
    const int columns = (gn + nr - 1) / nr * nr;
    const convcl_arg args[] = {convcl_arg_tensor(dy), convcl_arg_tensor(b),   convcl_arg_tensor(partial),       convcl_arg_int(gn),
                               convcl_arg_int(nr),    convcl_arg_int(pixels), convcl_arg_int(r->shape.desc.oc), convcl_arg_int(SUM_ROWS)};
    const convcl_range range =
        convcl_context__prefers_registers(stream->context)
            ? (convcl_range){{(size_t)((columns + r->vector - 1) / r->vector), (size_t)blocks_of(pixels), 1}, {1, 1, 1}}
            : convcl_conv_form__columns(stream->context, (size_t)columns, (size_t)blocks_of(pixels));
    return convcl_stream__launch(stream, r->pack_pixels, args, 8, &range);
}

/* Enqueues one group, chunk by chunk, and its part of db. */
static convcl_status enqueue_group(const recipe *r, convcl_stream *stream, const convcl_conv_tensors *t, int group) {
    convcl_status status = CONVCL_OK;
    const convcl_conv_shape *s = &r->shape;
    const size_t first_ic = (size_t)group * (size_t)s->icg, first_oc = (size_t)group * (size_t)s->ocg;
    const convcl_buffer copy = convcl_buffer_at(t->workspace, r->b_size);
    const convcl_buffer partial = convcl_buffer_at(copy, r->copy_size);
    convcl_gemm_call call = {.b = t->workspace,
                             .c = convcl_buffer_at(t->dw, first_oc),
                             .workspace = convcl_buffer_at(partial, r->partial_size),
                             .gm = s->desc.fh * s->desc.fw * s->icg,
                             .gn = s->ocg,
                             .gb = 1,
                             .ldc = s->desc.oc,
                             .map = r->source.map};
    int rows = 0;
    for (int first = 0; first < s->desc.n; first += r->chunk) {
        const int images = first + r->chunk < s->desc.n ? r->chunk : s->desc.n - first;
        call.gk = images * s->oh * s->ow;
        call.accumulate = first > 0;
        CONVCL_TRY(convcl_conv_source__pack(&r->source, s, stream, convcl_buffer_at(t->x, first_ic), first, images, copy, &call.a));
        CONVCL_TRY(pack_pixels(r, stream, convcl_buffer_at(t->y, (size_t)first * (s->y / (size_t)s->desc.n) + first_oc), t->workspace,
                               convcl_buffer_at(partial, (size_t)rows * (size_t)s->ocg), call.gk));
        CONVCL_TRY(convcl_gemm__enqueue(r->gemm, stream, &call));
        rows += blocks_of(call.gk);
    }
    if (s->desc.has_bias)
        CONVCL_TRY(convcl_conv_form__sum_rows(stream, r->sum_rows, partial, convcl_buffer_at(t->db, first_oc), rows, s->ocg, 1.0f));
cleanup:
    return status;
}

static convcl_status enqueue(const void *state, convcl_stream *stream, const convcl_conv_tensors *tensors) {
    const recipe *r = state;
    convcl_status status = CONVCL_OK;
    for (int group = 0; group < r->shape.desc.groups && status == CONVCL_OK; ++group)
        status = enqueue_group(r, stream, tensors, group);
    return status;
}

const convcl_conv_algo convcl_conv_bwd_weights_gather = {
    .name = "gather",
    .dir = CONVCL_CONV_BWD_WEIGHTS,
    .refuse = refuse,
    .cost = convcl_conv_gather__cost,
    .create = create,
    .destroy = destroy,
    .workspace = workspace,
    .chunk = chunk,
    .describe = describe,
    .enqueue = enqueue,
};
