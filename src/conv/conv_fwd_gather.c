/* conv_fwd_gather.c: y of any convolution by implicit im2col.
 * SPDX-License-Identifier: MIT
 * computes   y[n][p][q][k] = act(b[k] + sum fh, fw, c  x[n][p*stride_h + fh*dilation_h - pad_top][q*stride_w + fw*dilation_w - pad_left][c] * w[fh][fw][c][k])
 * applies to every shape
 * launches   a group: 1 pack_filter w -> B[OC][FH*FW*IC]   a chunk of images: 2 pack_pad x -> copy (few channels only)
 *            3 gemm GM=pixels GN=OC GK=FH*FW*IC, A through the map of x or its copy, bias and activation in the epilogue
 * workspace  B + copy of a chunk + the GEMM's own      order: fixed, so results are bitwise repeatable
 * tests/bench test_conv_fwd.c
 * source     Chellapilla, Puri, Simard 2006 (convolution as a matrix product); Chetlur et al. 2014 (cuDNN: without making the matrix) */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "conv/conv_form.h"
#include "conv/conv_gather.h"
#include "opencl/context_internal.h"

/* Floats of workspace that a chunk of images may take: on a CPU the copy then stays in the last cache level; a GPU wants large launches. */
#define CHUNK_CPU ((size_t)1 << 21)
#define CHUNK_GPU ((size_t)1 << 26)

typedef struct recipe {
    convcl_conv_shape shape;
    convcl_conv_source source;
    convcl_gemm *gemm;
    convcl_kernel *pack_filter;
    int gk, chunk;
    bool chunk_matters; /* there is a copy, or other workspace that grows with it */
    size_t b_size, copy_size, workspace;
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
    convcl_kernel__destroy(r->pack_filter);
    convcl_conv_source__destroy(&r->source);
    free(r);
}

/* Decides how many images a chunk holds, and the workspace that follows. */
static void plan_chunks(const convcl_context *context, int wanted, recipe *r) {
    const int pixels = r->shape.oh * r->shape.ow;
    const size_t per_image =
        convcl_conv_source__size(&r->source, &r->shape, 1) + convcl_gemm__workspace(r->gemm, pixels, r->shape.ocg, r->gk);
    r->chunk = convcl_conv_gather__chunk(&r->shape, per_image, convcl_context__prefers_registers(context) ? CHUNK_CPU : CHUNK_GPU, wanted);
    r->chunk_matters = per_image > 0;
    r->b_size = convcl_gemm__size_b(r->gemm, r->shape.ocg, r->gk);
    r->copy_size = convcl_conv_source__size(&r->source, &r->shape, r->chunk);
    r->workspace = r->b_size + r->copy_size + convcl_gemm__workspace(r->gemm, r->chunk * pixels, r->shape.ocg, r->gk);
}

static convcl_status create(convcl_context *context, const convcl_conv_shape *shape, const convcl_conv_choice *choice, void **state_out) {
    convcl_status status = CONVCL_OK;
    recipe *r = NULL;
    *state_out = NULL;
    CONVCL_TRY(convcl_alloc(sizeof *r, &r));
    r->shape = *shape;
    CONVCL_TRY(convcl_conv_source__create(context, shape, &r->source));
    const convcl_gemm_request request = {CONVCL_CONV_REQUEST(choice, choice->mr),
                                         .source = CONVCL_GEMM_ROWS,
                                         .check = r->source.check,
                                         .bias = shape->desc.has_bias != 0,
                                         .relu = shape->desc.activation == CONVCL_ACTIVATION_RELU,
                                         .run = r->source.map.run,
                                         .math = shape->desc.math};
    CONVCL_TRY(convcl_gemm__create(context, &request, &r->gemm));
    CONVCL_TRY(convcl_conv_form__create(context, "pack_filter", NULL, NULL, &r->pack_filter));
    r->gk = shape->desc.fh * shape->desc.fw * shape->icg;
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

static const char *describe(const void *state) {
    return ((const recipe *)state)->description;
}

static int chunk(const void *state) {
    const recipe *r = state;
    return r->chunk_matters ? r->chunk : 0;
}

static size_t packed(const void *state) {
    const recipe *r = state;
    return (size_t)r->shape.desc.groups * r->b_size;
}

/* Enqueues the packing of one group's filter. */
static convcl_status pack_group(const recipe *r, convcl_stream *stream, convcl_buffer w, convcl_buffer b, int group) {
    const convcl_conv_shape *s = &r->shape;
    const convcl_filter_pack pack = {.gn = s->ocg,
                                     .run = s->icg,
                                     .th = s->desc.fh,
                                     .tw = s->desc.fw,
                                     .step_h = 1,
                                     .step_w = 1,
                                     .stride_j = s->desc.oc,
                                     .stride_column = 1};
    return convcl_conv_gather__pack_filter(s, stream, r->pack_filter, &pack, convcl_buffer_at(w, (size_t)group * (size_t)s->ocg), b,
                                           convcl_gemm__panel_columns(r->gemm, s->ocg));
}

static convcl_status pack(const void *state, convcl_stream *stream, convcl_buffer w, convcl_buffer packed, convcl_buffer workspace) {
    const recipe *r = state;
    convcl_status status = CONVCL_OK;
    (void)workspace;
    for (int group = 0; group < r->shape.desc.groups && status == CONVCL_OK; ++group)
        status = pack_group(r, stream, w, convcl_buffer_at(packed, (size_t)group * r->b_size), group);
    return status;
}

/* Enqueues one group, chunk by chunk. */
static convcl_status enqueue_group(const recipe *r, convcl_stream *stream, const convcl_conv_tensors *t, int group) {
    convcl_status status = CONVCL_OK;
    const convcl_conv_shape *s = &r->shape;
    const size_t first_ic = (size_t)group * (size_t)s->icg, first_oc = (size_t)group * (size_t)s->ocg;
    const int pixels = s->oh * s->ow;
    const convcl_buffer copy = convcl_buffer_at(t->workspace, r->b_size);
    convcl_gemm_call call = {.b = t->packed.mem ? convcl_buffer_at(t->packed, (size_t)group * r->b_size) : t->workspace,
                             .bias = convcl_buffer_at(t->b, first_oc),
                             .workspace = convcl_buffer_at(copy, r->copy_size),
                             .gn = s->ocg,
                             .gk = r->gk,
                             .gb = 1,
                             .ldc = s->desc.oc,
                             .map = r->source.map};
    if (!t->packed.mem)
        CONVCL_TRY(pack_group(r, stream, t->w, t->workspace, group));
    for (int first = 0; first < s->desc.n; first += r->chunk) {
        const int images = first + r->chunk < s->desc.n ? r->chunk : s->desc.n - first;
        CONVCL_TRY(convcl_conv_source__pack(&r->source, s, stream, convcl_buffer_at(t->x, first_ic), first, images, copy, &call.a));
        call.gm = images * pixels;
        call.c = convcl_buffer_at(t->y, (size_t)first * (size_t)pixels * (size_t)s->desc.oc + first_oc);
        CONVCL_TRY(convcl_gemm__enqueue(r->gemm, stream, &call));
    }
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

const convcl_conv_algo convcl_conv_fwd_gather = {
    .name = "gather",
    .dir = CONVCL_CONV_FWD,
    .refuse = refuse,
    .cost = convcl_conv_gather__cost,
    .create = create,
    .destroy = destroy,
    .workspace = workspace,
    .packed = packed,
    .pack = pack,
    .chunk = chunk,
    .describe = describe,
    .enqueue = enqueue,
};
