/* conv_winograd_pass.c: fwd and bwd_data by Winograd F(mh x mw, rh x rw), chunk by chunk of images.
 * SPDX-License-Identifier: MIT
 * computes   out[n][h][w][k] = sum fh, fw, c  in[n][h + fh - pad_top][w + fw - pad_left][c] * f[fh][fw][c][k]: fwd with f = w (through the phases of a stride),
 *            bwd_data with f = w, taps turned around and channels swapped
 * launches   1 phases_filter w -> its phases (strided only)   2 pack_winograd_filter f -> B[points][GN][GK]   a chunk of images: 3 pack_phases x -> copy
 *            (strided only)   4 pack_winograd_pixels in -> A[points][tiles][GK]   5 gemm GB=points GM=tiles GN=channels out GK=channels in -> C[points][tiles][GN]
 *            6 unpack_winograd_pixels C -> out, bias, activation or mask applied
 * workspace  B + filter's phases + copy, A and C of a chunk      order: fixed, so results are bitwise repeatable */
#include "conv/conv_winograd_pass.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "conv/conv_gather.h"
#include "opencl/context_internal.h"

/* Floats of A and C that a chunk may take: on a CPU they then stay in the last cache level; a GPU wants large launches. */
#define CHUNK_CPU ((size_t)1 << 22)
#define CHUNK_GPU ((size_t)1 << 26)

struct convcl_winograd_pass {
    convcl_conv_shape shape;
    convcl_conv_dir dir;
    convcl_winograd_view view;
    convcl_winograd_tile tile;
    convcl_gemm *gemm;
    convcl_kernel *pack_filter, *pack_pixels, *unpack, *phases, *phases_filter;
    int chunk, points, lda;
    size_t b_size, filter_size, copy_size, a_size, c_size; /* copy, A and C of a chunk */
    char description[160];
};

static convcl_status create_kernels(convcl_context *context, convcl_winograd_pass *p, const convcl_conv_choice *choice) {
    convcl_status status = CONVCL_OK;
    const convcl_winograd_view *v = &p->view;
    const convcl_winograd_tile *t = &p->tile;
    const convcl_conv_desc *d = &p->shape.desc;
    const bool fwd = p->dir == CONVCL_CONV_FWD;
    char options[64];
    const convcl_gemm_request request = {.variant = choice->gemm, .source = CONVCL_GEMM_PLAIN};
    CONVCL_TRY(convcl_gemm__create(context, &request, &p->gemm));
    CONVCL_TRY(convcl_winograd__create_kernel(context, "pack_winograd_filter", CONVCL_WINOGRAD_FILTER, t->mh, t->mw, v->rh, v->rw, v->gn,
                                              "", &p->pack_filter));
    CONVCL_TRY(convcl_winograd__create_kernel(context, "pack_winograd_pixels", CONVCL_WINOGRAD_INPUT, t->mh, t->mw, v->rh, v->rw, v->k,
                                              "-DF_PANELS=0", &p->pack_pixels));
    snprintf(options, sizeof options, "-DF_BIAS=%d -DF_RELU=%d -DF_MASK=%d", fwd && d->has_bias,
             fwd && d->activation == CONVCL_ACTIVATION_RELU, !fwd && d->relu_mask);
    CONVCL_TRY(convcl_winograd__create_kernel(context, "unpack_winograd_pixels", CONVCL_WINOGRAD_OUTPUT, t->mh, t->mw, v->rh, v->rw, v->gn,
                                              options, &p->unpack));
    if (v->phases) {
        CONVCL_TRY(convcl_kernel__create(context, "pack_phases", "pack_phases", NULL, &p->phases));
        CONVCL_TRY(convcl_kernel__create(context, "phases_filter", "phases_filter", "-DF_BACK=0", &p->phases_filter));
    }
cleanup:
    return status;
}

static void plan_chunks(const convcl_context *context, convcl_winograd_pass *p) {
    const convcl_winograd_view *v = &p->view;
    const size_t tiles = (size_t)p->tile.tiles_h * (size_t)p->tile.tiles_w, points = (size_t)p->points;
    p->lda = convcl_winograd__stride(v->k);
    const size_t a_image = points * tiles * (size_t)p->lda, c_image = points * tiles * (size_t)v->gn;
    const size_t copy_image = v->phases ? (size_t)v->h * (size_t)v->w * (size_t)v->k : 0;
    p->chunk = convcl_conv_gather__chunk(&p->shape, a_image + c_image + copy_image,
                                         convcl_context__prefers_registers(context) ? CHUNK_CPU : CHUNK_GPU);
    p->b_size = points * convcl_gemm__size_b(p->gemm, v->gn, v->k);
    p->filter_size = v->phases ? (size_t)v->rh * (size_t)v->rw * (size_t)v->k * (size_t)v->gn : 0;
    p->copy_size = (size_t)p->chunk * copy_image;
    p->a_size = (size_t)p->chunk * a_image;
    p->c_size = (size_t)p->chunk * c_image;
}

convcl_status convcl_winograd_pass__create(convcl_context *context, const convcl_conv_shape *shape, convcl_conv_dir dir,
                                           const convcl_conv_choice *choice, void **state_out) {
    convcl_status status = CONVCL_OK;
    convcl_winograd_pass *p = NULL;
    *state_out = NULL;
    CONVCL_TRY(convcl_alloc(sizeof *p, &p));
    p->shape = *shape;
    p->dir = dir;
    p->view = convcl_winograd__view(shape, dir);
    p->tile = convcl_winograd__choose(shape, &p->view, choice->tile, NULL);
    p->points = p->tile.nh * p->tile.nw;
    CONVCL_TRY(create_kernels(context, p, choice));
    plan_chunks(context, p);
    snprintf(p->description, sizeof p->description, "F(%dx%d, %dx%d)%s, %s, %d images a chunk", p->tile.mh, p->tile.mw, p->view.rh,
             p->view.rw, p->view.phases ? " by phases" : "", p->gemm->description, p->chunk);
    *state_out = p;
    p = NULL;
cleanup:
    convcl_winograd_pass__destroy(p);
    return status;
}

void convcl_winograd_pass__destroy(void *state) {
    convcl_winograd_pass *p = state;
    if (!p)
        return;
    convcl_gemm__destroy(p->gemm);
    convcl_kernel__destroy(p->pack_filter);
    convcl_kernel__destroy(p->pack_pixels);
    convcl_kernel__destroy(p->unpack);
    convcl_kernel__destroy(p->phases);
    convcl_kernel__destroy(p->phases_filter);
    free(p);
}

size_t convcl_winograd_pass__workspace(const void *state) {
    const convcl_winograd_pass *p = state;
    return p->b_size + p->filter_size + p->copy_size + p->a_size + p->c_size;
}

const char *convcl_winograd_pass__describe(const void *state) {
    return ((const convcl_winograd_pass *)state)->description;
}

/* Enqueues the transform of the filter into `b`; `parts` takes its phases. */
static convcl_status pack_filter(const convcl_winograd_pass *p, convcl_stream *stream, convcl_buffer w, convcl_buffer parts,
                                 convcl_buffer b) {
    const convcl_winograd_view *v = &p->view;
    const bool fwd = p->dir == CONVCL_CONV_FWD;
    int stride_fw = fwd ? v->k * v->gn : p->shape.desc.ic * p->shape.desc.oc, stride_fh = v->rw * stride_fw;
    if (v->phases) {
        const convcl_status status = convcl_winograd__phases_filter(stream, p->phases_filter, &p->shape, v, w, parts);
        if (status != CONVCL_OK)
            return status;
        w = parts;
    }
    if (!fwd) { /* turned around: from the last tap backwards */
        w = convcl_buffer_at(w, (size_t)(v->rh - 1) * (size_t)stride_fh + (size_t)(v->rw - 1) * (size_t)stride_fw);
        stride_fh = -stride_fh;
        stride_fw = -stride_fw;
    }
    const int nr = convcl_gemm__panel_columns(p->gemm, v->gn), panels = (v->gn + nr - 1) / nr;
    const convcl_winograd_grid grid = convcl_winograd__grid(stream->context, v->gn, panels * nr, v->k, false);
    const convcl_arg args[] = {convcl_arg_tensor(w),
                               convcl_arg_tensor(b),
                               convcl_arg_int(v->gn),
                               convcl_arg_int(v->k),
                               convcl_arg_int(nr),
                               convcl_arg_int(panels),
                               convcl_arg_int(stride_fh),
                               convcl_arg_int(stride_fw),
                               convcl_arg_int(fwd ? v->gn : 1),
                               convcl_arg_int(fwd ? 1 : p->shape.desc.oc),
                               convcl_arg_int(grid.rows)};
    return convcl_stream__launch(stream, p->pack_filter, args, 11, &grid.range);
}

size_t convcl_winograd_pass__packed(const void *state) {
    return ((const convcl_winograd_pass *)state)->b_size;
}

convcl_status convcl_winograd_pass__pack(const void *state, convcl_stream *stream, convcl_buffer w, convcl_buffer packed,
                                         convcl_buffer workspace) {
    const convcl_winograd_pass *p = state;
    return pack_filter(p, stream, w, convcl_buffer_at(workspace, p->b_size), packed);
}

/* Enqueues the way back into `out`. */
static convcl_status unpack(const convcl_winograd_pass *p, convcl_stream *stream, int images, convcl_buffer c, convcl_buffer out,
                            convcl_buffer bias, convcl_buffer mask) {
    const convcl_winograd_view *v = &p->view;
    const int nt = images * p->tile.tiles_h * p->tile.tiles_w;
    const convcl_winograd_grid grid = convcl_winograd__grid(stream->context, v->gn, v->gn, nt, true);
    const convcl_arg args[] = {convcl_arg_tensor(c),    convcl_arg_tensor(out),          convcl_arg_tensor(bias),
                               convcl_arg_tensor(mask), convcl_arg_int(v->gn),           convcl_arg_int(v->oh),
                               convcl_arg_int(v->ow),   convcl_arg_int(p->tile.tiles_h), convcl_arg_int(p->tile.tiles_w),
                               convcl_arg_int(nt),      convcl_arg_int(grid.vectors),    convcl_arg_int(grid.rows)};
    return convcl_stream__launch(stream, p->unpack, args, 12, &grid.range);
}

/* Enqueues one chunk: `in`, `out` and `mask` begin at its first image. */
static convcl_status enqueue_chunk(const convcl_winograd_pass *p, convcl_stream *stream, const convcl_conv_tensors *t, int images,
                                   convcl_buffer in, convcl_buffer out, convcl_buffer mask) {
    convcl_status status = CONVCL_OK;
    const convcl_winograd_view *v = &p->view;
    const convcl_buffer copy = convcl_buffer_at(t->workspace, p->b_size + p->filter_size);
    const convcl_buffer a = convcl_buffer_at(copy, p->copy_size), c = convcl_buffer_at(a, p->a_size);
    const convcl_winograd_pixels pixels = {.h = v->h,
                                           .w = v->w,
                                           .c = v->k,
                                           .pad_top = v->pad_top,
                                           .pad_left = v->pad_left,
                                           .step_h = p->tile.mh,
                                           .step_w = p->tile.mw,
                                           .tiles_h = p->tile.tiles_h,
                                           .tiles_w = p->tile.tiles_w,
                                           .ld = p->lda};
    const convcl_gemm_call call = {.a = a,
                                   .b = t->packed.mem ? t->packed : t->workspace,
                                   .c = c,
                                   .gm = images * p->tile.tiles_h * p->tile.tiles_w,
                                   .gn = v->gn,
                                   .gk = v->k,
                                   .gb = p->points,
                                   .lda = p->lda,
                                   .ldc = v->gn};
    if (v->phases) {
        CONVCL_TRY(convcl_winograd__pack_phases(stream, p->phases, &p->shape, v, images, in, copy));
        in = copy;
    }
    CONVCL_TRY(convcl_winograd__pack_pixels(stream, p->pack_pixels, &pixels, images, in, a));
    CONVCL_TRY(convcl_gemm__enqueue(p->gemm, stream, &call));
    CONVCL_TRY(unpack(p, stream, images, c, out, t->b, mask));
cleanup:
    return status;
}

convcl_status convcl_winograd_pass__enqueue(const void *state, convcl_stream *stream, const convcl_conv_tensors *t) {
    const convcl_winograd_pass *p = state;
    const convcl_conv_shape *s = &p->shape;
    const bool fwd = p->dir == CONVCL_CONV_FWD;
    const size_t x_image = s->x / (size_t)s->desc.n, y_image = s->y / (size_t)s->desc.n;
    convcl_status status = CONVCL_OK;
    if (!t->packed.mem)
        CONVCL_TRY(convcl_winograd_pass__pack(p, stream, t->w, t->workspace, t->workspace));
    for (int first = 0; first < s->desc.n; first += p->chunk) {
        const int images = first + p->chunk < s->desc.n ? p->chunk : s->desc.n - first;
        const convcl_buffer x = convcl_buffer_at(t->x, (size_t)first * x_image), y = convcl_buffer_at(t->y, (size_t)first * y_image);
        CONVCL_TRY(enqueue_chunk(p, stream, t, images, fwd ? x : y, fwd ? y : convcl_buffer_at(t->dx, (size_t)first * x_image), x));
    }
cleanup:
    return status;
}
