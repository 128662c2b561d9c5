/* conv_winograd.c: what the three Winograd recipes share.
 * SPDX-License-Identifier: MIT */
#include "conv/conv_winograd.h"

#include <stdio.h>

#include "conv/conv_form.h"
#include "conv/conv_gather.h"
#include "opencl/context_internal.h"

/* Estimated work of moving one value through a transform and back out of the cache, in multiplications of the GEMM. A cost model for CPUs, measured on
 * AlexNet's layers: the GEMM runs at the FMA peak, the transforms at the bandwidth of the second cache level. A GPU moves the value through memory, as a transform of
 * its own does not overlap with the GEMM; beside the GEMM it is moved once more. */
#define TRANSFORM_COST 60.0

/* Estimated work of transforming a value of the filter, once an enqueue. */
#define FILTER_COST 60.0

/* Part of the estimated work that tiles of two sizes must leave: their transforms are four in one program, which takes two seconds more to build, and conv1 of
 * AlexNet gains less than a millisecond of a step. */
#define MIXED_GAIN 0.88

/* Floats between planes of points: a line. Rows of 32 tiles and channels are often a multiple of 4 KiB, and then the lines of a tile in all planes would share one
 * set of the first cache level: storing them took 8 ns a line instead of 0.7, reading them 2.9. */
#define PLANE_GAP 16

/* Channels below which points cost more than they save. */
#define FEWEST_CHANNELS 8

/* Images below which nobody gains much: the filter's transform serves too few tiles, and the sizes at which results are compared by hand with other frameworks
 * keep the rounding of direct sums. */
#define FEWEST_IMAGES 4

/* Vectors of columns that a work-item takes of a filter's row: a panel of B, whose lines touch. Turned, each lane is a line of its own. */
#define FILTER_VECTORS 2

static int divide_up(int a, int b) {
    return (a + b - 1) / b;
}

/* Floats of all transforms of a chunk. On a CPU they then stay in the last cache level; a GPU wants large launches. bwd_weights reads and writes its sums
 * once a chunk, so that the rest of a chunk should be larger than these. */
#define CHUNK_CPU    ((size_t)3600 << 10)
#define CHUNK_GPU    ((size_t)1 << 26)
#define CHUNK_FILTER ((size_t)2)

static convcl_winograd_view make_view(const convcl_conv_shape *shape) {
    const convcl_conv_desc *d = &shape->desc;
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

const char *convcl_winograd__refuse(const convcl_context *context, const convcl_conv_shape *shape, int tile) {
    (void)context;
    const convcl_conv_desc *d = &shape->desc;
    if ((double)d->ic * d->stride_h * d->stride_w > 1 << 24)
        return "a stride's phases have too many channels";
    const convcl_winograd_view view = make_view(shape);
    if (d->math == CONVCL_MATH_STRICT)
        return "STRICT math sums directly";
    if (d->groups > 1)
        return "it takes one group";
    if (d->dilation_h > 1 || d->dilation_w > 1)
        return "it takes dilation 1";
    if (view.rh >= CONVCL_COOK_TOOM_MAX || view.rw >= CONVCL_COOK_TOOM_MAX || (view.rh == 1 && view.rw == 1))
        return "it takes filters of 2 to 7 taps (after a stride's phases)";
    if (tile > 0 && (view.rh + tile - 1 > CONVCL_COOK_TOOM_MAX || view.rw + tile - 1 > CONVCL_COOK_TOOM_MAX))
        return "the tile and the filter together take more than 8 points";
    return NULL;
}

/* Points of all tiles along an axis. */
static int axis_rows(const convcl_winograd_axis *axis) {
    return axis->count[0] * axis->points[0] + axis->count[1] * axis->points[1];
}

static int axis_tiles(const convcl_winograd_axis *axis) {
    return axis->count[0] + axis->count[1];
}

convcl_winograd_axis convcl_winograd__axis(int outputs, int m, int r) {
    return (convcl_winograd_axis){.m = {m, 0}, .points = {m + r - 1, 0}, .count = {divide_up(outputs, m), 0}};
}

/* Cuts `outputs` into tiles of at most `m`, some of them smaller where that takes fewer points: 13 = 5 + 4 + 4. */
static convcl_winograd_axis cut_axis(int outputs, int m, int r, bool mixed) {
    convcl_winograd_axis best = convcl_winograd__axis(outputs, m, r);
    for (int smaller = m - 1; mixed && smaller > 0; --smaller)
        for (int count = best.count[0] - 1; count > 0; --count) {
            const int rest = outputs - count * m;
            const convcl_winograd_axis axis = {
                .m = {m, smaller}, .points = {m + r - 1, smaller + r - 1}, .count = {count, rest > 0 ? divide_up(rest, smaller) : 0}};
            if (axis_rows(&axis) < axis_rows(&best))
                best = axis;
        }
    return best;
}

/* Estimated work of a whole enqueue with those tiles. */
static double cost_of(const convcl_context *context, const convcl_conv_shape *shape, const convcl_winograd_view *v,
                      const convcl_winograd_axis *h, const convcl_winograd_axis *w) {
    const double moved = convcl_context__prefers_registers(context) ? TRANSFORM_COST : convcl_context__traits(context)->balance;
    const double rows = (double)axis_rows(h) * axis_rows(w) * shape->desc.n, points = h->points[0] * w->points[0];
    return rows * v->k * v->gn + rows * (v->k + v->gn) * moved + points * v->k * v->gn * FILTER_COST;
}

/* Finds the axes with the least estimated work, and returns that. mixed: of tiles of two sizes. */
static double choose_axes(const convcl_context *context, const convcl_conv_shape *shape, const convcl_winograd_view *v, int tile,
                          bool mixed, convcl_winograd_axis *h_out, convcl_winograd_axis *w_out) {
    double best = 0.0;
    for (int mh = 1; mh + v->rh - 1 <= CONVCL_COOK_TOOM_MAX; ++mh)
        for (int mw = 1; mw + v->rw - 1 <= CONVCL_COOK_TOOM_MAX; ++mw) {
            if (tile > 0 && (mh != tile || mw != tile))
                continue;
            const convcl_winograd_axis h = cut_axis(v->oh, mh, v->rh, mixed), w = cut_axis(v->ow, mw, v->rw, mixed);
            const double cost = cost_of(context, shape, v, &h, &w);
            if (best <= 0.0 || cost < best) {
                *h_out = h;
                *w_out = w;
                best = cost;
            }
        }
    return best;
}

static double choose_tiles(const convcl_context *context, const convcl_conv_shape *shape, const convcl_winograd_view *v, int tile,
                           convcl_winograd_axis *h_out, convcl_winograd_axis *w_out) {
    convcl_winograd_axis h, w;
    const double cost = choose_axes(context, shape, v, tile, false, h_out, w_out);
    if (tile > 0)
        return cost;
    const double mixed_cost = choose_axes(context, shape, v, tile, true, &h, &w);
    if (mixed_cost > MIXED_GAIN * cost)
        return cost;
    *h_out = h;
    *w_out = w;
    return mixed_cost;
}

bool convcl_winograd__wanted(const convcl_conv_shape *shape) {
    const convcl_winograd_view v = make_view(shape);
    /* Few channels leave the vectors half empty. */
    return v.k >= FEWEST_CHANNELS && v.gn >= FEWEST_CHANNELS && shape->desc.n >= FEWEST_IMAGES;
}

double convcl_winograd__tile_cost(const convcl_context *context, const convcl_conv_shape *shape, int tile) {
    const convcl_winograd_view v = make_view(shape);
    convcl_winograd_axis h, w;
    return choose_tiles(context, shape, &v, tile, &h, &w);
}

double convcl_winograd__preference(const convcl_conv_shape *shape) {
    return convcl_winograd__wanted(shape) ? 1.0 : 8.0;
}

double convcl_winograd__cost(const convcl_context *context, const convcl_conv_shape *shape) {
    return convcl_winograd__preference(shape) * convcl_winograd__tile_cost(context, shape, 0);
}

convcl_winograd_layout convcl_winograd__layout(const convcl_context *context, const convcl_conv_shape *shape, int tile, int chunk) {
    convcl_winograd_layout l = {.view = make_view(shape)};
    const convcl_winograd_view *v = &l.view;
    choose_tiles(context, shape, v, tile, &l.h, &l.w);
    l.points = l.h.points[0] * l.w.points[0];
    l.rows = (size_t)axis_rows(&l.h) * (size_t)axis_rows(&l.w);
    l.ldv = v->k % 1024 == 0 ? v->k + 16 : v->k; /* rows a multiple of 4 KiB apart would share cache sets */
    const size_t filter = (size_t)l.points * (size_t)v->k * (size_t)v->gn;
    const size_t copy_image = v->phases ? (size_t)v->h * (size_t)v->w * (size_t)v->k : 0;
    const size_t per_image = l.rows * ((size_t)l.ldv + (size_t)v->gn) + copy_image;
    size_t limit = convcl_context__prefers_registers(context) ? CHUNK_CPU : CHUNK_GPU;
    if (limit < CHUNK_FILTER * filter)
        limit = CHUNK_FILTER * filter;
    l.chunk = convcl_conv_gather__chunk(shape, per_image, limit, chunk);
    l.large = (size_t)l.chunk * per_image > CHUNK_CPU;
    l.gaps = (size_t)l.points * PLANE_GAP;
    l.v_size = (size_t)l.chunk * l.rows * (size_t)l.ldv + l.gaps;
    l.copy_size = (size_t)l.chunk * copy_image;
    l.filter_size = v->phases ? (size_t)v->rh * (size_t)v->rw * (size_t)v->k * (size_t)v->gn : 0;
    return l;
}

static int write_tiles(const convcl_winograd_axis *axis, char *text, size_t size) {
    return axis->count[1] > 0 ? snprintf(text, size, "%d+%d", axis->m[0], axis->m[1]) : snprintf(text, size, "%d", axis->m[0]);
}

void convcl_winograd__describe(const convcl_winograd_layout *l, bool weights, char *text, size_t size) {
    char h[16], w[16], filter[16];
    write_tiles(&l->h, h, sizeof h);
    write_tiles(&l->w, w, sizeof w);
    snprintf(filter, sizeof filter, "%dx%d", l->view.rh, l->view.rw);
    if (weights)
        snprintf(text, size, "F(%s, %sx%s)%s", filter, h, w, l->view.phases ? " by phases" : "");
    else
        snprintf(text, size, "F(%sx%s, %s)%s", h, w, filter, l->view.phases ? " by phases" : "");
}

size_t convcl_winograd__kept(const convcl_winograd_layout *l, const convcl_conv_shape *shape) {
    return (size_t)divide_up(shape->desc.n, l->chunk) * l->v_size;
}

void convcl_winograd__kept_key(const convcl_winograd_layout *l, const convcl_conv_shape *shape, char key[CONVCL_WINOGRAD_KEY]) {
    char tiles[48];
    const convcl_conv_desc *d = &shape->desc;
    convcl_winograd__describe(l, false, tiles, sizeof tiles);
    snprintf(key, CONVCL_WINOGRAD_KEY, "%s n%d/%d h%d w%d c%d s%dx%d p%d,%d ld%d", tiles, d->n, l->chunk, d->ih, d->iw, d->ic, d->stride_h,
             d->stride_w, d->pad_top, d->pad_left, l->ldv);
}

void convcl_winograd__add_function(convcl_text *functions, convcl_winograd_matrix matrix, const char *name, int m, int r, int set,
                                   int *in_out, int *out_out) {
    convcl_cook_toom c;
    convcl_fraction turned[CONVCL_COOK_TOOM_MAX][CONVCL_COOK_TOOM_MAX];
    convcl_fraction(*chosen)[CONVCL_COOK_TOOM_MAX] = turned;
    int in = m + r - 1, out = m + r - 1;
    convcl_cook_toom__make(m, r, set, &c);
    switch (matrix) {
    case CONVCL_WINOGRAD_INPUT:
        chosen = c.bt;
        break;
    case CONVCL_WINOGRAD_DX:
        convcl_cook_toom__transpose(c.bt, turned);
        break;
    case CONVCL_WINOGRAD_FILTER:
        chosen = c.g;
        in = r;
        break;
    case CONVCL_WINOGRAD_FILTER_PLAIN:
        chosen = c.plain;
        in = r;
        break;
    case CONVCL_WINOGRAD_FILTER_GRADIENT:
        convcl_cook_toom__transpose(c.plain, turned);
        out = r;
        break;
    case CONVCL_WINOGRAD_OUTPUT:
        chosen = c.at;
        out = m;
        break;
    case CONVCL_WINOGRAD_DY: /* the filter of F(r, m) */
        convcl_cook_toom__make(r, m, set, &c);
        chosen = c.g;
        in = m;
        break;
    }
    convcl_cook_toom__write(functions, name, chosen, out, in);
    *in_out = in;
    *out_out = out;
}

/* Adds the transform of one kind of tile along one axis, and the options that name its sizes. */
static void add_transform(convcl_text *functions, convcl_text *options, convcl_winograd_matrix matrix, const char *axis, int kind, int m,
                          int r, int set) {
    char name[32];
    int in = 0, out = 0;
    snprintf(name, sizeof name, "transform_%s%d", axis, kind);
    convcl_winograd__add_function(functions, matrix, name, m, r, set, &in, &out);
    const char letter = axis[0] == 'h' ? 'H' : 'W';
    convcl_text_add(options, " -DP_R%c%d=%d -DP_Q%c%d=%d", letter, kind, in, letter, kind, out);
}

static bool is_of_filter(convcl_winograd_matrix matrix) {
    return matrix == CONVCL_WINOGRAD_FILTER || matrix == CONVCL_WINOGRAD_FILTER_PLAIN || matrix == CONVCL_WINOGRAD_FILTER_GRADIENT;
}

int convcl_winograd__vector(const convcl_context *context, int channels) {
    int width = convcl_context__vector_width(context);
    while (width > 1 && channels % width != 0)
        width = width > 4 ? width / 2 : 1;
    return width;
}

convcl_status convcl_winograd__create_kernel(convcl_context *context, const char *file, convcl_winograd_matrix matrix,
                                             const convcl_winograd_layout *l, int channels, const char *more, convcl_kernel **kernel_out) {
    const int width = convcl_winograd__vector(context, channels), kinds = is_of_filter(matrix) ? 1 : 2;
    convcl_text functions = {0}, options = {0}, prelude = {0};
    char vector[16] = "float";
    if (width > 1)
        snprintf(vector, sizeof vector, "float%d", width);
    convcl_text_add(&options, "-DT_VW=%d -DF_GENERATED=1 -DT_PREFETCH=%d -DP_GAP=%d", width, convcl_context__prefers_registers(context),
                    PLANE_GAP);
    for (int kind = 0; kind < kinds; ++kind) {
        if (l->h.count[kind] > 0)
            add_transform(&functions, &options, matrix, "h", kind, l->h.m[kind], l->view.rh, l->h.points[0]);
        if (l->w.count[kind] > 0)
            add_transform(&functions, &options, matrix, "w", kind, l->w.m[kind], l->view.rw, l->w.points[0]);
    }
    convcl_text_add(&options, "%s%s", *more ? " " : "", more);
    convcl_text_add(&prelude, "#define vec_float %s\n%s#undef vec_float\n", vector, convcl_text_get(&functions));
    convcl_status status = functions.status != CONVCL_OK ? functions.status : options.status != CONVCL_OK ? options.status : prelude.status;
    if (status == CONVCL_OK)
        status = convcl_conv_form__create_generated(context, file, convcl_text_get(&options), convcl_text_get(&prelude), kernel_out);
    convcl_text_clear(&functions);
    convcl_text_clear(&options);
    convcl_text_clear(&prelude);
    return status;
}

convcl_winograd_grid convcl_winograd__grid(const convcl_context *context, int channels, int lanes, int count, int most) {
    const int vectors = divide_up(lanes, convcl_winograd__vector(context, channels));
    if (!convcl_context__prefers_registers(context))
        return (convcl_winograd_grid){1, 1, convcl_conv_form__tiles(context, (size_t)lanes, (size_t)count)};
    /* About 48 vectors a work-item live over ten microseconds; at least eight work-items a unit share the load. */
    const int units = (int)convcl_context_device(context)->compute_units;
    const int taken = most > 0 && most < vectors ? most : vectors;
    int rows = taken >= 48 ? 1 : (most == 2 ? 96 : 48) / taken;
    const long items = (long)count * (vectors / taken);
    if (rows > items / (8L * units))
        rows = items / (8L * units) > 0 ? (int)(items / (8L * units)) : 1;
    return (convcl_winograd_grid){taken, rows, {{(size_t)divide_up(vectors, taken), (size_t)divide_up(count, rows), 1}, {1, 1, 1}}};
}

convcl_gemm_planes convcl_winograd__planes(const convcl_winograd_layout *l, int images, int *tallest_out) {
    const int tiles_h = axis_tiles(&l->h), tiles_w = axis_tiles(&l->w);
    *tallest_out = images * tiles_h * tiles_w;
    return (convcl_gemm_planes){.images = images,
                                .points_w = l->w.points[0],
                                .small_h = l->h.points[l->h.count[1] > 0],
                                .tiles_h = tiles_h,
                                .big_h = l->h.count[0],
                                .small_w = l->w.points[l->w.count[1] > 0],
                                .tiles_w = tiles_w,
                                .big_w = l->w.count[0],
                                .gap = PLANE_GAP};
}

/* Finds the point 1 of an axis among those that all of its tiles have. */
static bool find_one(const convcl_winograd_axis *axis, int *point_out, double *factor_out) {
    const int points = axis->points[0], shared = axis->points[axis->count[1] > 0];
    convcl_cook_toom c;
    convcl_cook_toom__make(1, points, points, &c);
    for (int e = 0; e < shared; ++e) {
        bool all = true;
        for (int j = 0; j < points; ++j)
            all = all && c.plain[e][j].num == 1 && c.plain[e][j].den == 1;
        if (all) {
            *point_out = e;
            *factor_out = (double)c.g[e][0].num / (double)c.g[e][0].den;
            return true;
        }
    }
    return false;
}

bool convcl_winograd__sum_plane(const convcl_winograd_layout *l, int *plane_out, double *factor_out) {
    int h = 0, w = 0;
    double factor_h = 0.0, factor_w = 0.0;
    if (!find_one(&l->h, &h, &factor_h) || !find_one(&l->w, &w, &factor_w))
        return false;
    *plane_out = h * l->w.points[0] + w;
    *factor_out = factor_h * factor_w;
    return true;
}

size_t convcl_winograd__plane_stride(size_t floats) {
    return floats + 48;
}

/* What a launch over pixels reads: windows of an image. */
typedef struct windows {
    int c, h, w, pad_top, pad_left;
    int ld, nr; /* of the result; nr 0: plain rows */
} windows;

static convcl_status pack(const convcl_winograd_layout *l, convcl_stream *stream, convcl_kernel *kernel, const windows *from, int images,
                          convcl_buffer x, convcl_buffer v, int past_caches) {
    const int tiles_h = axis_tiles(&l->h), tiles_w = axis_tiles(&l->w);
    const convcl_winograd_grid grid =
        convcl_winograd__grid(stream->context, from->c, from->nr > 0 ? from->ld : from->c, images * tiles_h * tiles_w,
                              from->nr / convcl_winograd__vector(stream->context, from->c));
    const convcl_arg args[] = {
        convcl_arg_tensor(x),           convcl_arg_tensor(v),          convcl_arg_int(from->c),
        convcl_arg_int(from->h),        convcl_arg_int(from->w),       convcl_arg_int(from->pad_top),
        convcl_arg_int(from->pad_left), convcl_arg_int(l->h.m[0]),     convcl_arg_int(l->h.m[1]),
        convcl_arg_int(l->w.m[0]),      convcl_arg_int(l->w.m[1]),     convcl_arg_int(images),
        convcl_arg_int(tiles_h),        convcl_arg_int(l->h.count[0]), convcl_arg_int(tiles_w),
        convcl_arg_int(l->w.count[0]),  convcl_arg_int(from->ld),      convcl_arg_int(from->nr > 0 ? from->nr : from->ld),
        convcl_arg_int(grid.vectors),   convcl_arg_int(grid.rows),     convcl_arg_int(past_caches)};
    return convcl_stream__launch(stream, kernel, args, 21, &grid.range);
}

convcl_status convcl_winograd__pack_x(const convcl_winograd_layout *l, const convcl_conv_shape *shape, convcl_stream *stream,
                                      convcl_kernel *phases, convcl_kernel *kernel, int images, convcl_buffer x, convcl_buffer copy,
                                      convcl_buffer v, bool keep) {
    const convcl_winograd_view *view = &l->view;
    const windows from = {view->k, view->h, view->w, view->pad_top, view->pad_left, l->ldv, 0};
    if (view->phases) {
        const convcl_conv_desc *d = &shape->desc;
        const convcl_arg args[] = {convcl_arg_tensor(x),       convcl_arg_tensor(copy),     convcl_arg_int(d->ih),
                                   convcl_arg_int(d->iw),      convcl_arg_int(d->ic),       convcl_arg_int(view->h),
                                   convcl_arg_int(view->w),    convcl_arg_int(d->stride_h), convcl_arg_int(d->stride_w),
                                   convcl_arg_int(d->pad_top), convcl_arg_int(d->pad_left)};
        const convcl_range range =
            convcl_conv_form__rows(stream->context, (size_t)view->h, (size_t)view->w * (size_t)view->k, (size_t)images);
        const convcl_status status = convcl_stream__launch(stream, phases, args, 11, &range);
        if (status != CONVCL_OK)
            return status;
        x = copy;
    }
    return pack(l, stream, kernel, &from, images, x, v, (keep || l->large) && convcl_context__streams(stream->context, l->v_size));
}

convcl_status convcl_winograd__pack_dy(const convcl_winograd_layout *l, convcl_stream *stream, convcl_kernel *kernel, int images, int ld,
                                       int nr, convcl_buffer dy, convcl_buffer z) {
    const windows from = {l->view.gn, l->view.oh, l->view.ow, 0, 0, ld, nr};
    return pack(l, stream, kernel, &from, images, dy, z, l->large && convcl_context__streams(stream->context, l->v_size));
}

convcl_status convcl_winograd__pack_filter(const convcl_winograd_layout *l, convcl_stream *stream, convcl_kernel *kernel, bool turned,
                                           int nr, size_t stride, convcl_buffer w, convcl_buffer b) {
    const convcl_winograd_view *v = &l->view;
    const int gn = turned ? v->k : v->gn, gk = turned ? v->gn : v->k, panels = divide_up(gn, nr);
    const convcl_winograd_grid grid = convcl_winograd__grid(stream->context, gn, panels * nr, gk, turned ? 1 : FILTER_VECTORS);
    const convcl_arg args[] = {convcl_arg_tensor(w),
                               convcl_arg_tensor(b),
                               convcl_arg_int(gn),
                               convcl_arg_int(gk),
                               convcl_arg_int(nr),
                               convcl_arg_int(panels),
                               convcl_arg_int(v->rw * v->k * v->gn),
                               convcl_arg_int(v->k * v->gn),
                               convcl_arg_int(turned ? 1 : v->gn),
                               convcl_arg_int(turned ? v->gn : 1),
                               convcl_arg_ulong(stride),
                               convcl_arg_int(grid.vectors),
                               convcl_arg_int(grid.rows),
                               convcl_arg_int(convcl_context__streams(stream->context, (size_t)l->points * stride))};
    return convcl_stream__launch(stream, kernel, args, 14, &grid.range);
}

convcl_status convcl_winograd__phases_filter(const convcl_winograd_layout *l, convcl_stream *stream, convcl_kernel *kernel,
                                             const convcl_conv_shape *shape, convcl_buffer from, convcl_buffer to) {
    const convcl_conv_desc *d = &shape->desc;
    const convcl_arg args[] = {convcl_arg_tensor(from), convcl_arg_tensor(to), convcl_arg_int(d->ic),       convcl_arg_int(d->oc),
                               convcl_arg_int(d->fh),   convcl_arg_int(d->fw), convcl_arg_int(d->stride_h), convcl_arg_int(d->stride_w)};
    const size_t taps = (size_t)l->view.rw * (size_t)l->view.rh;
    const convcl_range range = convcl_context__prefers_registers(stream->context)
                                   ? (convcl_range){{(size_t)l->view.k, (size_t)l->view.rw, (size_t)l->view.rh}, {1, 1, 1}}
                                   : convcl_conv_form__line(stream->context, (size_t)l->view.k * (size_t)d->oc, taps);
    return convcl_stream__launch(stream, kernel, args, 8, &range);
}
