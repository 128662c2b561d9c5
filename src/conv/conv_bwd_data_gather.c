/* conv_bwd_data_gather.c: dx of any convolution, one stride phase of x after the other.
 * SPDX-License-Identifier: MIT
 * computes   dx[n][h][w][c] = sum fh, fw, k  dy[n][(h + pad_top - fh*dilation_h) / stride_h][(w + pad_left - fw*dilation_w) / stride_w][k] * w[fh][fw][c][k]
 *            over the taps where both divisions leave no rest and the pixel of dy exists
 * applies to every shape
 * method     pixels of x whose h and w leave the same rests by the strides meet the same taps, and along those taps dy is read at stride 1: each of the
 *            stride_h * stride_w phases is a dense product over its own part of the filter, and nothing is multiplied by zeros in between
 * launches   a group and phase: 1 pack_filter w, channels turned -> B[IC][taps*OC]   2 gemm GM=pixels of the phase GN=IC GK=taps*OC, A through the map of
 *            dy, the mask of a ReLU in the epilogue; a phase without taps writes zeros
 * workspace  B of the largest phase + the GEMM's own      order: fixed, so results are bitwise repeatable
 * tests/bench test_conv_bwd_data.c */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "conv/conv_form.h"
#include "conv/conv_gather.h"
#include "opencl/context_internal.h"

#define CHUNK_CPU ((size_t)1 << 21) /* floats, see conv_fwd_gather.c */
#define CHUNK_GPU ((size_t)1 << 26)

typedef struct recipe {
    convcl_conv_shape shape;
    convcl_gemm *gemm;
    convcl_kernel *pack_filter;
    int chunk;
    size_t b_size, workspace;
    char description[160];
} recipe;

/* One axis of a phase: the positions rest, rest + stride, ... of x, and the taps first, first + step, ... that reach them. */
typedef struct axis_phase {
    int positions;
    int taps, first, step;
    int tap_move, base; /* position p at tap t reads dy at p + t*tap_move + base */
} axis_phase;

static int greatest_common_divisor(int a, int b) {
    while (b != 0) {
        const int rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static axis_phase make_axis(int rest, int in, int filter, int stride, int dilation, int pad) {
    axis_phase axis = {.positions = rest < in ? (in - rest + stride - 1) / stride : 0};
    axis.step = stride / greatest_common_divisor(stride, dilation);
    while (axis.first < filter && axis.first < axis.step && (rest + pad - (long)axis.first * dilation) % stride != 0)
        ++axis.first;
    if (axis.first < filter && axis.first < axis.step)
        axis.taps = (filter - axis.first + axis.step - 1) / axis.step;
    axis.tap_move = -(int)((long)axis.step * dilation / stride);
    axis.base = axis.taps > 0 ? (int)((rest + pad - (long)axis.first * dilation) / stride) : 0;
    return axis;
}

/* Phases of an axis that have pixels. */
static int phases(int stride, int in) {
    return stride < in ? stride : in;
}

/* The phase at rests (rest_h, rest_w). */
static void make_phase(const convcl_conv_shape *s, int rest_h, int rest_w, axis_phase *h, axis_phase *w) {
    const convcl_conv_desc *d = &s->desc;
    *h = make_axis(rest_h, d->ih, d->fh, d->stride_h, d->dilation_h, d->pad_top);
    *w = make_axis(rest_w, d->iw, d->fw, d->stride_w, d->dilation_w, d->pad_left);
}

static convcl_gather_map make_map(const convcl_conv_shape *s, const axis_phase *h, const axis_phase *w, int rest_h, int rest_w) {
    const convcl_conv_desc *d = &s->desc;
    return (convcl_gather_map){.ph = h->positions,
                               .pw = w->positions,
                               .sh = s->oh,
                               .sw = s->ow,
                               .pixel = d->oc,
                               .th = h->taps,
                               .tw = w->taps,
                               .run = s->ocg,
                               .step_h = 1,
                               .tap_h = h->tap_move,
                               .base_h = h->base,
                               .step_w = 1,
                               .tap_w = w->tap_move,
                               .base_w = w->base,
                               .out_h = d->ih,
                               .out_w = d->iw,
                               .out_step_h = d->stride_h,
                               .out_base_h = rest_h,
                               .out_step_w = d->stride_w,
                               .out_base_w = rest_w};
}

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
    free(r);
}

/* The first rest along an axis whose phase has pixels and taps: rest_h for axis 0, rest_w for axis 1; -1 when there is none. */
static int first_rest(const convcl_conv_shape *s, int axis, int count) {
    axis_phase h, w;
    for (int rest = 0; rest < count; ++rest) {
        make_phase(s, axis == 0 ? rest : 0, axis == 0 ? 0 : rest, &h, &w);
        const axis_phase *phase = axis == 0 ? &h : &w;
        if (phase->positions > 0 && phase->taps > 0)
            return rest;
    }
    return -1;
}

static bool phase_leaves(const convcl_conv_shape *s, int rest_h, int rest_w) {
    axis_phase h, w;
    make_phase(s, rest_h, rest_w, &h, &w);
    const convcl_gather_map map = make_map(s, &h, &w, rest_h, rest_w);
    return h.positions > 0 && w.positions > 0 && h.taps > 0 && w.taps > 0 && convcl_conv_gather__leaves_source(&map);
}

/* True when some phase has a tap outside dy. That is so along one axis, whatever the other, so that not every pair of rests need be looked at. */
static bool leaves_source(const convcl_conv_shape *s) {
    const int count_h = phases(s->desc.stride_h, s->desc.ih), count_w = phases(s->desc.stride_w, s->desc.iw);
    const int first_h = first_rest(s, 0, count_h), first_w = first_rest(s, 1, count_w);
    bool leaves = false;
    if (first_h < 0 || first_w < 0)
        return false;
    for (int rest_h = 0; rest_h < count_h && !leaves; ++rest_h)
        leaves = phase_leaves(s, rest_h, first_w);
    for (int rest_w = 0; rest_w < count_w && !leaves; ++rest_w)
        leaves = phase_leaves(s, first_h, rest_w);
    return leaves;
}

/* The largest phase is the one at rests (0, 0) in positions; in taps it is some other, at most the filter divided by the step, rounded up. */
static void plan_chunks(const convcl_context *context, recipe *r) {
    const convcl_conv_shape *s = &r->shape;
    axis_phase h, w;
    int most_h = 0, most_w = 0;
    for (int rest = 0; rest < phases(s->desc.stride_h, s->desc.ih); ++rest) {
        make_phase(s, rest, 0, &h, &w);
        most_h = h.taps > most_h ? h.taps : most_h;
    }
    for (int rest = 0; rest < phases(s->desc.stride_w, s->desc.iw); ++rest) {
        make_phase(s, 0, rest, &h, &w);
        most_w = w.taps > most_w ? w.taps : most_w;
    }
    make_phase(s, 0, 0, &h, &w);
    const int pixels = h.positions * w.positions, gk = most_h * most_w * s->ocg;
    r->chunk = convcl_conv_gather__chunk(s, convcl_gemm__workspace(r->gemm, pixels, s->icg, gk),
                                         convcl_context__prefers_registers(context) ? CHUNK_CPU : CHUNK_GPU, 0);
    r->b_size = convcl_gemm__size_b(r->gemm, s->icg, gk);
    r->workspace = r->b_size + convcl_gemm__workspace(r->gemm, r->chunk * pixels, s->icg, gk);
}

static convcl_status create(convcl_context *context, const convcl_conv_shape *shape, const convcl_conv_choice *choice, void **state_out) {
    convcl_status status = CONVCL_OK;
    recipe *r = NULL;
    *state_out = NULL;
    CONVCL_TRY(convcl_alloc(sizeof *r, &r));
    r->shape = *shape;
    const convcl_gemm_request request = {CONVCL_CONV_REQUEST(choice, choice->mr), .source = CONVCL_GEMM_ROWS, .check = leaves_source(shape),
                                         .mask = shape->desc.relu_mask != 0,      .run = shape->ocg,          .math = shape->desc.math};
    CONVCL_TRY(convcl_gemm__create(context, &request, &r->gemm));
    CONVCL_TRY(convcl_conv_form__create(context, "pack_filter", NULL, NULL, &r->pack_filter));
    plan_chunks(context, r);
    snprintf(r->description, sizeof r->description, "%s, %d phases, %d images a chunk", r->gemm->description,
             phases(shape->desc.stride_h, shape->desc.ih) * phases(shape->desc.stride_w, shape->desc.iw), r->chunk);
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

/* Enqueues one phase of one group, chunk by chunk. */
static convcl_status enqueue_phase(const recipe *r, convcl_stream *stream, const convcl_conv_tensors *t, int group, int rest_h,
                                   int rest_w) {
    convcl_status status = CONVCL_OK;
    const convcl_conv_shape *s = &r->shape;
    const size_t first_ic = (size_t)group * (size_t)s->icg, first_oc = (size_t)group * (size_t)s->ocg;
    const size_t dy_image = s->y / (size_t)s->desc.n, dx_image = s->x / (size_t)s->desc.n;
    axis_phase h, w;
    make_phase(s, rest_h, rest_w, &h, &w);
    const convcl_filter_pack pack = {.gn = s->icg,
                                     .run = s->ocg,
                                     .th = h.taps,
                                     .tw = w.taps,
                                     .first_h = h.first,
                                     .step_h = h.step,
                                     .first_w = w.first,
                                     .step_w = w.step,
                                     .stride_j = 1,
                                     .stride_column = s->desc.oc};
    convcl_gemm_call call = {.b = t->workspace,
                             .workspace = convcl_buffer_at(t->workspace, r->b_size),
                             .gn = s->icg,
                             .gk = h.taps * w.taps * s->ocg,
                             .gb = 1,
                             .ldc = s->desc.ic,
                             .map = make_map(s, &h, &w, rest_h, rest_w)};
    CONVCL_TRY(convcl_conv_gather__pack_filter(s, stream, r->pack_filter, &pack, convcl_buffer_at(t->w, first_oc), t->workspace,
                                               convcl_gemm__panel_columns(r->gemm, s->icg)));
    for (int first = 0; first < s->desc.n; first += r->chunk) {
        const int images = first + r->chunk < s->desc.n ? r->chunk : s->desc.n - first;
        call.gm = images * h.positions * w.positions;
        call.a = convcl_buffer_at(t->y, (size_t)first * dy_image + first_oc);
        call.c = convcl_buffer_at(t->dx, (size_t)first * dx_image + first_ic);
        call.mask = convcl_buffer_at(t->x, (size_t)first * dx_image + first_ic);
        CONVCL_TRY(convcl_gemm__enqueue(r->gemm, stream, &call));
    }
cleanup:
    return status;
}

static convcl_status enqueue(const void *state, convcl_stream *stream, const convcl_conv_tensors *tensors) {
    const recipe *r = state;
    convcl_status status = CONVCL_OK;
    for (int group = 0; group < r->shape.desc.groups; ++group)
        for (int rest_h = 0; rest_h < phases(r->shape.desc.stride_h, r->shape.desc.ih); ++rest_h)
            for (int rest_w = 0; rest_w < phases(r->shape.desc.stride_w, r->shape.desc.iw); ++rest_w)
                CONVCL_TRY(enqueue_phase(r, stream, tensors, group, rest_h, rest_w));
cleanup:
    return status;
}

const convcl_conv_algo convcl_conv_bwd_data_gather = {
    .name = "gather",
    .dir = CONVCL_CONV_BWD_DATA,
    .refuse = refuse,
    .cost = convcl_conv_gather__cost,
    .create = create,
    .destroy = destroy,
    .workspace = workspace,
    .describe = describe,
    .enqueue = enqueue,
};
