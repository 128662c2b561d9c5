/* conv_winograd.c: what the three Winograd recipes share.
 * SPDX-License-Identifier: MIT */
#include "conv/conv_winograd.h"

#include <stdio.h>

#include "opencl/context_internal.h"

/* Estimated work of moving one value through a transform and back out of the cache, in multiplications of the GEMM. A cost model for CPUs, measured on
 * AlexNet's layers: the GEMM runs at the FMA peak, the transforms at the bandwidth of the second cache level. */
#define TRANSFORM_COST 60.0

/* Estimated work of transforming a value of the filter, once an enqueue. */
#define FILTER_COST 60.0

/* Channels below which points cost more than they save. */
#define FEWEST_CHANNELS 8

/* Images below which nobody gains much: the filter's transform serves too few tiles, and the sizes at which results are compared by hand with other frameworks
 * keep the rounding of direct sums. */
#define FEWEST_IMAGES 4

static int divide_up(int a, int b) {
    return (a + b - 1) / b;
}

convcl_winograd_view convcl_winograd__view(const convcl_conv_shape *shape, convcl_conv_dir dir) {
    const convcl_conv_desc *d = &shape->desc;
    if (dir == CONVCL_CONV_BWD_DATA)
        /* dx is the convolution of dy with the filter turned around; what was padding p is now r - 1 - p. */
        return (convcl_winograd_view){.h = shape->oh,
                                      .w = shape->ow,
                                      .k = d->oc,
                                      .rh = d->fh,
                                      .rw = d->fw,
                                      .pad_top = d->fh - 1 - d->pad_top,
                                      .pad_left = d->fw - 1 - d->pad_left,
                                      .oh = d->ih,
                                      .ow = d->iw,
                                      .gn = d->ic};
    convcl_winograd_view view = {.h = d->ih,
                                 .w = d->iw,
                                 .k = d->ic,
                                 .rh = d->fh,
                                 .rw = d->fw,
                                 .pad_top = d->pad_top,
                                 .pad_left = d->pad_left,
                                 .oh = shape->oh,
                                 .ow = shape->ow,
                                 .gn = d->oc};
    if (d->stride_h > 1 || d->stride_w > 1) {
        view.phases = true;
        view.rh = divide_up(d->fh, d->stride_h);
        view.rw = divide_up(d->fw, d->stride_w);
        view.h = shape->oh + view.rh - 1;
        view.w = shape->ow + view.rw - 1;
        view.k = d->ic * d->stride_h * d->stride_w;
        view.pad_top = view.pad_left = 0;
    }
    return view;
}

const char *convcl_winograd__refuse(const convcl_conv_shape *shape, convcl_conv_dir dir, int tile) {
    const convcl_conv_desc *d = &shape->desc;
    const convcl_winograd_view view = convcl_winograd__view(shape, dir);
    if (d->math == CONVCL_MATH_STRICT)
        return "STRICT math sums directly";
    if (d->groups > 1)
        return "it takes one group";
    if (d->dilation_h > 1 || d->dilation_w > 1)
        return "it takes dilation 1";
    if (dir == CONVCL_CONV_BWD_DATA && (d->stride_h > 1 || d->stride_w > 1))
        return "bwd_data takes stride 1";
    if (view.rh >= CONVCL_COOK_TOOM_MAX || view.rw >= CONVCL_COOK_TOOM_MAX || (view.rh == 1 && view.rw == 1))
        return "it takes filters of 2 to 7 taps (after a stride's phases)";
    if (tile > 0 && (view.rh + tile - 1 > CONVCL_COOK_TOOM_MAX || view.rw + tile - 1 > CONVCL_COOK_TOOM_MAX))
        return "the tile and the filter together take more than 8 points";
    return NULL;
}

/* Estimated work of a whole enqueue with that tile. */
static double cost_of(const convcl_conv_shape *shape, const convcl_winograd_view *v, const convcl_winograd_tile *tile) {
    const double points = tile->nh * tile->nw, tiles = (double)tile->tiles_h * tile->tiles_w * shape->desc.n;
    const double products = tiles * points * v->k * v->gn;
    const double transforms = tiles * points * (v->k + v->gn) * TRANSFORM_COST;
    const double filter = points * v->k * v->gn * FILTER_COST;
    return products + transforms + filter;
}

convcl_winograd_tile convcl_winograd__choose(const convcl_conv_shape *shape, const convcl_winograd_view *v, int tile, double *cost_out) {
    convcl_winograd_tile best = {0};
    double best_cost = 0.0;
    for (int mh = 1; mh + v->rh - 1 <= CONVCL_COOK_TOOM_MAX; ++mh)
        for (int mw = 1; mw + v->rw - 1 <= CONVCL_COOK_TOOM_MAX; ++mw) {
            if (tile > 0 && (mh != tile || mw != tile))
                continue;
            const convcl_winograd_tile t = {mh, mw, mh + v->rh - 1, mw + v->rw - 1, divide_up(v->oh, mh), divide_up(v->ow, mw)};
            const double cost = cost_of(shape, v, &t);
            if (best.mh == 0 || cost < best_cost) {
                best = t;
                best_cost = cost;
            }
        }
    /* Few channels leave the vectors half empty. The factor outweighs every gain of a tile. */
    if (v->k < FEWEST_CHANNELS || v->gn < FEWEST_CHANNELS || shape->desc.n < FEWEST_IMAGES)
        best_cost *= 8.0;
    if (cost_out)
        *cost_out = best_cost;
    return best;
}

/* Adds one axis of a transform; returns its sizes. */
static void add_axis(convcl_text *text, const char *name, convcl_winograd_matrix matrix, int m, int r, int *in, int *out) {
    convcl_cook_toom c;
    convcl_cook_toom__make(m, r, &c);
    *in = matrix == CONVCL_WINOGRAD_FILTER ? r : c.n;
    *out = matrix == CONVCL_WINOGRAD_OUTPUT ? m : c.n;
    convcl_cook_toom__write(text, name, matrix == CONVCL_WINOGRAD_INPUT ? c.bt : matrix == CONVCL_WINOGRAD_FILTER ? c.g : c.at, *out, *in);
}

int convcl_winograd__vector(const convcl_context *context, int channels) {
    int width = convcl_context__vector_width(context);
    while (width > 1 && channels % width != 0)
        width = width > 4 ? width / 2 : 1;
    return width;
}

convcl_status convcl_winograd__create_kernel(convcl_context *context, const char *file, convcl_winograd_matrix matrix, int mh, int mw,
                                             int rh, int rw, int channels, const char *more, convcl_kernel **kernel_out) {
    const int width = convcl_winograd__vector(context, channels);
    convcl_text functions = {0}, prelude = {0};
    char options[192], vector[16] = "float";
    int in_h = 0, in_w = 0, out_h = 0, out_w = 0;
    if (width > 1)
        snprintf(vector, sizeof vector, "float%d", width);
    add_axis(&functions, "transform_h", matrix, mh, rh, &in_h, &out_h);
    add_axis(&functions, "transform_w", matrix, mw, rw, &in_w, &out_w);
    convcl_text_add(&prelude, "#define vec_float %s\n%s#undef vec_float\n", vector, convcl_text_get(&functions));
    snprintf(options, sizeof options, "-DT_VW=%d -DF_GENERATED=1 -DP_RH=%d -DP_RW=%d -DP_QH=%d -DP_QW=%d%s%s", width, in_h, in_w, out_h,
             out_w, *more ? " " : "", more);
    convcl_status status = functions.status != CONVCL_OK ? functions.status : prelude.status;
    if (status == CONVCL_OK)
        status = convcl_kernel__create_generated(context, file, file, options, convcl_text_get(&prelude), kernel_out);
    convcl_text_clear(&functions);
    convcl_text_clear(&prelude);
    return status;
}

convcl_winograd_grid convcl_winograd__grid(const convcl_context *context, int channels, int lanes, int count, bool whole_rows) {
    const int vectors = divide_up(lanes, convcl_winograd__vector(context, channels));
    if (!convcl_context__prefers_registers(context)) {
        const size_t local = 64;
        return (convcl_winograd_grid){1, 1, {{((size_t)vectors + local - 1) / local * local, (size_t)count, 1}, {local, 1, 1}}};
    }
    /* About 48 vectors a work-item live over ten microseconds; at least eight work-items a unit share the load. */
    const int units = (int)convcl_context_device(context)->compute_units;
    const int taken = whole_rows ? vectors : 1;
    int rows = taken >= 48 ? 1 : 48 / taken;
    const long items = (long)count * (vectors / taken > 0 ? vectors / taken : 1);
    if (rows > items / (8L * units))
        rows = items / (8L * units) > 0 ? (int)(items / (8L * units)) : 1;
    return (convcl_winograd_grid){taken, rows, {{(size_t)divide_up(vectors, taken), (size_t)divide_up(count, rows), 1}, {1, 1, 1}}};
}

int convcl_winograd__stride(int columns) {
    return columns % 1024 == 0 ? columns + 16 : columns;
}

convcl_status convcl_winograd__pack_pixels(convcl_stream *stream, convcl_kernel *kernel, const convcl_winograd_pixels *p, int images,
                                           convcl_buffer from, convcl_buffer to) {
    const int nt = images * p->tiles_h * p->tiles_w;
    const convcl_winograd_grid grid = convcl_winograd__grid(stream->context, p->c, p->nr > 0 ? p->ld : p->c, nt, true);
    const convcl_arg args[] = {convcl_arg_tensor(from),      convcl_arg_tensor(to),
                               convcl_arg_int(p->c),         convcl_arg_int(p->h),
                               convcl_arg_int(p->w),         convcl_arg_int(p->pad_top),
                               convcl_arg_int(p->pad_left),  convcl_arg_int(p->step_h),
                               convcl_arg_int(p->step_w),    convcl_arg_int(p->tiles_h),
                               convcl_arg_int(p->tiles_w),   convcl_arg_int(nt),
                               convcl_arg_int(p->ld),        convcl_arg_int(p->nr > 0 ? p->nr : p->ld),
                               convcl_arg_int(grid.vectors), convcl_arg_int(grid.rows)};
    return convcl_stream__launch(stream, kernel, args, 16, &grid.range);
}

convcl_status convcl_winograd__pack_phases(convcl_stream *stream, convcl_kernel *kernel, const convcl_conv_shape *shape,
                                           const convcl_winograd_view *view, int images, convcl_buffer from, convcl_buffer to) {
    const convcl_conv_desc *d = &shape->desc;
    const convcl_arg args[] = {convcl_arg_tensor(from),    convcl_arg_tensor(to),       convcl_arg_int(d->ih),
                               convcl_arg_int(d->iw),      convcl_arg_int(d->ic),       convcl_arg_int(view->h),
                               convcl_arg_int(view->w),    convcl_arg_int(d->stride_h), convcl_arg_int(d->stride_w),
                               convcl_arg_int(d->pad_top), convcl_arg_int(d->pad_left)};
    return convcl_stream__launch(stream, kernel, args, 11, &(convcl_range){{(size_t)view->h, (size_t)images, 1}, {1, 1, 1}});
}

convcl_status convcl_winograd__phases_filter(convcl_stream *stream, convcl_kernel *kernel, const convcl_conv_shape *shape,
                                             const convcl_winograd_view *view, convcl_buffer from, convcl_buffer to) {
    const convcl_conv_desc *d = &shape->desc;
    const convcl_arg args[] = {convcl_arg_tensor(from), convcl_arg_tensor(to), convcl_arg_int(d->ic),       convcl_arg_int(d->oc),
                               convcl_arg_int(d->fh),   convcl_arg_int(d->fw), convcl_arg_int(d->stride_h), convcl_arg_int(d->stride_w)};
    return convcl_stream__launch(stream, kernel, args, 8,
                                 &(convcl_range){{(size_t)view->k, (size_t)view->rw, (size_t)view->rh}, {1, 1, 1}});
}
