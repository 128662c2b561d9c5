/* conv_fwd_winograd.c: y of a convolution by Winograd's minimal filtering, chunk by chunk of images.
 * SPDX-License-Identifier: MIT
 * computes   y[n][p][q][k] = act(b[k] + sum fh, fw, c  x[n][p + fh - pad_top][q + fw - pad_left][c] * w[fh][fw][c][k]) (through the phases of a stride)
 * applies to filters of 2 to 7 taps, after the phases of a stride; one group, dilation 1, not in STRICT math
 * launches   1 phases_filter w -> its phases (strided only)   2 pack_winograd_filter -> B[points][GN][GK]   a chunk of images: 3 pack_phases x -> copy
 *            (strided only)   4 pack_winograd_pixels -> V[points][tiles][IC]   5 gemm GB=points GM=tiles GN=OC GK=IC -> C[points][tiles][OC]
 *            6 unpack_winograd_pixels C -> y, bias and activation applied
 * workspace  B + filter's phases + copy, V and C of a chunk; V goes to `kept` instead, where bwd_weights will read it      order: fixed, so results are bitwise repeatable
 * tests/bench test_conv_fwd.c, test_winograd.c */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "conv/conv_form.h"
#include "conv/conv_gather.h"
#include "conv/conv_winograd.h"
#include "opencl/context_internal.h"

typedef struct recipe {
    convcl_conv_shape shape;
    convcl_winograd_layout layout;
    convcl_gemm *gemm;
    convcl_kernel *pack_filter, *pack_x, *unpack, *phases, *phases_filter;
    size_t b_stride, b_size, c_size; /* floats: B of a point and of all, C of a chunk */
    char kept_key[CONVCL_WINOGRAD_KEY], description[200];
} recipe;

static void destroy(void *state) {
    recipe *r = state;
    if (!r)
        return;
    convcl_gemm__destroy(r->gemm);
    convcl_kernel__destroy(r->pack_filter);
    convcl_kernel__destroy(r->pack_x);
    convcl_kernel__destroy(r->unpack);
    convcl_kernel__destroy(r->phases);
    convcl_kernel__destroy(r->phases_filter);
    free(r);
}

static convcl_status create_kernels(convcl_context *context, recipe *r, const convcl_conv_choice *choice) {
    convcl_status status = CONVCL_OK;
    const convcl_winograd_layout *l = &r->layout;
    const convcl_conv_desc *d = &r->shape.desc;
    char options[64];
    const convcl_gemm_request request = {CONVCL_CONV_REQUEST(choice, choice->mr), .source = CONVCL_GEMM_PLAIN, .math = r->shape.desc.math};
    CONVCL_TRY(convcl_gemm__create(context, &request, &r->gemm));
    CONVCL_TRY(convcl_winograd__create_kernel(context, "pack_winograd_filter", CONVCL_WINOGRAD_FILTER, l, l->view.gn, "", &r->pack_filter));
    CONVCL_TRY(
        convcl_winograd__create_kernel(context, "pack_winograd_pixels", CONVCL_WINOGRAD_INPUT, l, l->view.k, "-DF_BLOCKS=0", &r->pack_x));
    snprintf(options, sizeof options, "-DF_BIAS=%d -DF_RELU=%d", d->has_bias, d->activation == CONVCL_ACTIVATION_RELU);
    CONVCL_TRY(
        convcl_winograd__create_kernel(context, "unpack_winograd_pixels", CONVCL_WINOGRAD_OUTPUT, l, l->view.gn, options, &r->unpack));
    if (l->view.phases) {
        CONVCL_TRY(convcl_conv_form__create(context, "pack_phases", NULL, NULL, &r->phases));
        CONVCL_TRY(convcl_conv_form__create(context, "phases_filter", "-DF_BACK=0", "-DF_BACK=0", &r->phases_filter));
    }
cleanup:
    return status;
}

static convcl_status create(convcl_context *context, const convcl_conv_shape *shape, const convcl_conv_choice *choice, void **state_out) {
    convcl_status status = CONVCL_OK;
    recipe *r = NULL;
    char tiles[48];
    *state_out = NULL;
    CONVCL_TRY(convcl_alloc(sizeof *r, &r));
    r->shape = *shape;
    r->layout = convcl_winograd__layout(context, shape, choice->tile, choice->chunk);
    CONVCL_TRY(create_kernels(context, r, choice));
    const convcl_winograd_layout *l = &r->layout;
    r->b_stride = convcl_winograd__plane_stride(convcl_gemm__size_b(r->gemm, l->view.gn, l->view.k));
    r->b_size = (size_t)l->points * r->b_stride;
    r->c_size = (size_t)l->chunk * l->rows * (size_t)l->view.gn + l->gaps;
    convcl_winograd__describe(l, false, tiles, sizeof tiles);
    snprintf(r->description, sizeof r->description, "%s, %s, %d images a chunk", tiles, r->gemm->description, l->chunk);
    convcl_winograd__kept_key(&r->layout, shape, r->kept_key);
    *state_out = r;
    r = NULL;
cleanup:
    destroy(r);
    return status;
}

static size_t workspace(const void *state) {
    const recipe *r = state;
    return r->b_size + r->layout.filter_size + r->layout.copy_size + r->layout.v_size + r->c_size;
}

static int chunk(const void *state) {
    return ((const recipe *)state)->layout.chunk;
}

static const char *describe(const void *state) {
    return ((const recipe *)state)->description;
}

static size_t packed(const void *state) {
    return ((const recipe *)state)->b_size;
}

static convcl_status pack(const void *state, convcl_stream *stream, convcl_buffer w, convcl_buffer b, convcl_buffer space) {
    const recipe *r = state;
    const convcl_winograd_layout *l = &r->layout;
    if (l->view.phases) {
        const convcl_buffer parts = convcl_buffer_at(space, r->b_size);
        const convcl_status status = convcl_winograd__phases_filter(l, stream, r->phases_filter, &r->shape, w, parts);
        if (status != CONVCL_OK)
            return status;
        w = parts;
    }
    return convcl_winograd__pack_filter(l, stream, r->pack_filter, false, convcl_gemm__panel_columns(r->gemm, l->view.gn), r->b_stride, w,
                                        b);
}

/* Enqueues the way back into y. */
static convcl_status unpack(const recipe *r, convcl_stream *stream, int images, convcl_buffer c, convcl_buffer y, convcl_buffer bias) {
    const convcl_winograd_view *v = &r->layout.view;
    int tiles = 0;
    const convcl_gemm_planes planes = convcl_winograd__planes(&r->layout, images, &tiles);
    const convcl_winograd_grid grid = convcl_winograd__grid(stream->context, v->gn, v->gn, tiles, 0);
    const convcl_arg args[] = {convcl_arg_tensor(c),         convcl_arg_tensor(y),
                               convcl_arg_tensor(bias),      convcl_arg_int(v->gn),
                               convcl_arg_int(v->oh),        convcl_arg_int(v->ow),
                               convcl_arg_int(images),       convcl_arg_int(planes.tiles_h),
                               convcl_arg_int(planes.big_h), convcl_arg_int(planes.tiles_w),
                               convcl_arg_int(planes.big_w), convcl_arg_int(grid.vectors),
                               convcl_arg_int(grid.rows),    convcl_arg_int(convcl_context__streams(stream->context, r->shape.y))};
    return convcl_stream__launch(stream, r->unpack, args, 14, &grid.range);
}

/* Enqueues one chunk: x, y and v begin at its first image. */
static convcl_status enqueue_chunk(const recipe *r, convcl_stream *stream, const convcl_conv_tensors *t, int images, convcl_buffer x,
                                   convcl_buffer v, convcl_buffer y) {
    convcl_status status = CONVCL_OK;
    const convcl_winograd_layout *l = &r->layout;
    const convcl_buffer copy = convcl_buffer_at(t->workspace, r->b_size + l->filter_size);
    const convcl_buffer c = convcl_buffer_at(copy, l->copy_size + l->v_size);
    convcl_gemm_call call = {.a = v,
                             .b = t->packed.mem ? t->packed : t->workspace,
                             .c = c,
                             .gn = l->view.gn,
                             .gk = l->view.k,
                             .gb = l->points,
                             .lda = l->ldv,
                             .ldc = l->view.gn,
                             .b_stride = r->b_stride};
    call.planes = convcl_winograd__planes(l, images, &call.gm);
    CONVCL_TRY(convcl_winograd__pack_x(l, &r->shape, stream, r->phases, r->pack_x, images, x, copy, v, t->kept.mem != NULL));
    CONVCL_TRY(convcl_gemm__enqueue(r->gemm, stream, &call));
    CONVCL_TRY(unpack(r, stream, images, c, y, t->b));
cleanup:
    return status;
}

static convcl_status enqueue(const void *state, convcl_stream *stream, const convcl_conv_tensors *t) {
    const recipe *r = state;
    const convcl_winograd_layout *l = &r->layout;
    const convcl_conv_shape *s = &r->shape;
    const size_t x_image = s->x / (size_t)s->desc.n, y_image = s->y / (size_t)s->desc.n;
    convcl_status status = CONVCL_OK;
    if (!t->packed.mem)
        CONVCL_TRY(pack(r, stream, t->w, t->workspace, t->workspace));
    for (int first = 0; first < s->desc.n; first += l->chunk) {
        const int images = first + l->chunk < s->desc.n ? l->chunk : s->desc.n - first;
        const convcl_buffer v = t->kept.mem ? convcl_buffer_at(t->kept, (size_t)(first / l->chunk) * l->v_size)
                                            : convcl_buffer_at(t->workspace, r->b_size + l->filter_size + l->copy_size);
        CONVCL_TRY(enqueue_chunk(r, stream, t, images, convcl_buffer_at(t->x, (size_t)first * x_image), v,
                                 convcl_buffer_at(t->y, (size_t)first * y_image)));
    }
cleanup:
    return status;
}

static size_t kept(const void *state, const char **key_out) {
    const recipe *r = state;
    *key_out = r->kept_key;
    return convcl_winograd__kept(&r->layout, &r->shape);
}

const convcl_conv_algo convcl_conv_fwd_winograd = {
    .name = "winograd",
    .dir = CONVCL_CONV_FWD,
    .refuse = convcl_winograd__refuse,
    .cost = convcl_winograd__cost,
    .create = create,
    .destroy = destroy,
    .workspace = workspace,
    .packed = packed,
    .pack = pack,
    .kept = kept,
    .chunk = chunk,
    .describe = describe,
    .enqueue = enqueue,
};
