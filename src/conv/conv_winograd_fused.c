/* conv_winograd_fused.c: Winograd for GPUs in one launch, without transformed operands in memory but the filter's.
 * SPDX-License-Identifier: MIT
 * computes   y[n][p][q][k] = act(b[k] + sum fh, fw, c  x[n][p + fh - pad_top][q + fw - pad_left][c] * w[fh][fw][c][k])
 *            dx[n][h][w][c] = mask * sum fh, fw, k  dy[n][h + fh - (FH - 1 - pad_top)][w + fw - (FW - 1 - pad_left)][k] * w[FH - 1 - fh][FW - 1 - fw][c][k]: the same
 *            convolution of dy, with the filter turned and its channels swapped
 * launches   1 pack_winograd_filter w -> U[points][columns / 32][k][32]   2 winograd_fused
 * workspace  U                                              order: fixed, so results are bitwise repeatable
 * Source: Yan, Wang, Chu, "Optimizing batched Winograd convolution on GPUs", PPoPP 2020 */
#include "conv/conv_winograd_fused.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "conv/conv_choose.h"
#include "conv/conv_form.h"
#include "opencl/context_internal.h"

/* Channels of the result of a work-group, and channels of a step, see winograd_fused.cl. */
#define GROUP_CHANNELS 32
#define STEP           8

/* Tiles of a work-group at most, and work-items: nine waves of 32, but no more than four of 64, as a fifth halves the registers that each of them has. */
#define MOST_TILES        32
#define MOST_ITEMS        288
#define MOST_ITEMS_WAVE64 256

/* Points along the height at least, so that a work-item has no more columns of windows than winograd_fused.cl holds. */
#define LEAST_POINTS 2

/* Tiles and channels that a work-item sums: the parameter space. */
typedef struct share {
    int wt, wc;
} share;

static const share shares[] = {{8, 8}, {4, 8}, {4, 4}};
#define SHARES ((int)(sizeof shares / sizeof *shares))

/* Multiply-adds that a unit does while it gets one float from the second cache level: 20 to 25 by the figures published for H100, RX 7900 and A770. */
#define CACHE_BALANCE 24.0

/* What transforms, barriers and idle work-items of the last tiles cost beside the products. An estimate, not measured. */
#define OVERHEAD 1.15

/* A work-group's share. */
typedef struct group {
    int tiles, wt, wc; /* tiles; tiles and channels of a work-item */
    int items;
} group;

/* A tile of the result for each axis, and the group that computes it. */
typedef struct plan {
    convcl_winograd_axis h, w;
    group group;
} plan;

typedef struct recipe {
    convcl_conv_shape shape;
    bool turned; /* bwd_data */
    convcl_winograd_layout layout;
    group group;
    convcl_kernel *pack_filter, *fused;
    size_t u_stride; /* floats of a point */
    char description[160];
} recipe;

static int divide_up(int a, int b) {
    return (a + b - 1) / b;
}

static convcl_winograd_view make_view(const convcl_conv_shape *shape, convcl_conv_dir dir) {
    const convcl_conv_desc *d = &shape->desc;
    convcl_winograd_view v = {.h = d->ih,
                              .w = d->iw,
                              .k = d->ic,
                              .rh = d->fh,
                              .rw = d->fw,
                              .pad_top = d->pad_top,
                              .pad_left = d->pad_left,
                              .oh = shape->oh,
                              .ow = shape->ow,
                              .gn = d->oc};
    if (dir == CONVCL_CONV_BWD_DATA) {
        v.h = shape->oh, v.w = shape->ow, v.k = d->oc;
        v.oh = d->ih, v.ow = d->iw, v.gn = d->ic;
        v.pad_top = d->fh - 1 - d->pad_top;
        v.pad_left = d->fw - 1 - d->pad_left;
    }
    return v;
}

/* Bytes of local memory, see winograd_fused.cl. */
static size_t local_of(int points, int tiles) {
    return sizeof(float) * (size_t)points * STEP * (size_t)(tiles + 4) + sizeof(cl_int) * 3 * (size_t)tiles;
}

/* The group with the most tiles that the device runs: each float of the filter's points then serves most. space: a row of the table, from 1; 0: the largest that does not
 * spill on the kind of device, see tests/offline. False where none fits. */
static bool choose_group(const convcl_context *context, int points, int space, group *group_out) {
    const convcl_device_info *info = convcl_context_device(context);
    const convcl_device_traits *traits = convcl_context__traits(context);
    const int most = traits->wave == 64 ? MOST_ITEMS_WAVE64 : MOST_ITEMS;
    int row = space > 0 ? space - 1 : 0;
    while (space == 0 && row < SHARES - 1 && shares[row].wt * shares[row].wc > traits->sums)
        ++row;
    const int wt = shares[row].wt, wc = shares[row].wc;
    for (int tiles = MOST_TILES; tiles >= wt; tiles /= 2) {
        const int items = points * (tiles / wt) * (GROUP_CHANNELS / wc);
        *group_out = (group){tiles, wt, wc, items};
        if (items <= most && (size_t)items <= info->max_work_group_size && local_of(points, tiles) <= info->local_memory)
            return true;
    }
    return false;
}

/* Estimated work: the products of whole groups, or what limits them, operands from the second cache level or x and y from memory, whichever takes longest; and the
 * filter's transform, which is written and read once. */
static double cost_of(const convcl_context *context, const convcl_conv_shape *shape, const convcl_winograd_view *v, const plan *p) {
    const double points = p->h.points[0] * p->w.points[0], n = shape->desc.n, balance = convcl_context__traits(context)->balance;
    const double groups = ceil(n * p->h.count[0] * p->w.count[0] / p->group.tiles), tiles = groups * p->group.tiles;
    const double blocks = divide_up(v->gn, GROUP_CHANNELS);
    const double products = points * tiles * v->k * blocks * GROUP_CHANNELS;
    /* Of a window, what its neighbours have in common comes from the first cache level. */
    const double operands = blocks * v->k * (groups * points * GROUP_CHANNELS + tiles * p->h.m[0] * p->w.m[0]);
    const double moved = n * ((double)v->h * v->w * v->k + (double)v->oh * v->ow * v->gn);
    double most = products;
    if (most < operands * CACHE_BALANCE)
        most = operands * CACHE_BALANCE;
    if (most < moved * balance)
        most = moved * balance;
    return OVERHEAD * most + points * v->k * v->gn * 2.0 * balance;
}

/* Finds the tiles with the least estimated work among those of `tile` outputs, 0: among all, and returns that; 0 where the device runs none. */
static double choose_plan(const convcl_context *context, const convcl_conv_shape *shape, const convcl_winograd_view *v, int tile, int space,
                          plan *plan_out) {
    double best = 0.0;
    for (int mh = 1; mh + v->rh - 1 <= CONVCL_COOK_TOOM_MAX; ++mh)
        for (int mw = 1; mw + v->rw - 1 <= CONVCL_COOK_TOOM_MAX; ++mw) {
            plan p = {.h = convcl_winograd__axis(v->oh, mh, v->rh), .w = convcl_winograd__axis(v->ow, mw, v->rw)};
            if ((tile > 0 && (mh != tile || mw != tile)) || p.h.points[0] < LEAST_POINTS ||
                !choose_group(context, p.h.points[0] * p.w.points[0], space, &p.group))
                continue;
            const double cost = cost_of(context, shape, v, &p);
            if (best <= 0.0 || cost < best) {
                *plan_out = p;
                best = cost;
            }
        }
    return best;
}

const char *convcl_winograd_fused__refuse(const convcl_context *context, const convcl_conv_shape *shape, int tile) {
    if (context && convcl_context__prefers_registers(context))
        return "it takes devices whose work-groups share local memory, GPUs";
    const char *reason = convcl_winograd__refuse(context, shape, tile);
    if (reason)
        return reason;
    if (shape->desc.stride_h > 1 || shape->desc.stride_w > 1)
        return "it takes stride 1";
    /* Tiles are counted in an int; of either direction there are no more than pixels. */
    const double pixels_in = (double)shape->desc.ih * shape->desc.iw, pixels_out = (double)shape->oh * shape->ow;
    if (shape->desc.n * fmax(pixels_in, pixels_out) > INT_MAX - MOST_TILES)
        return "it takes fewer pixels";
    if (!context)
        return NULL;
    const convcl_winograd_view v = make_view(shape, CONVCL_CONV_FWD);
    plan p;
    if (choose_plan(context, shape, &v, tile, 0, &p) <= 0.0)
        return "its work-groups need more work-items or local memory than the device has";
    return NULL;
}

double convcl_winograd_fused__cost(const convcl_context *context, const convcl_conv_shape *shape, convcl_conv_dir dir, int tile) {
    const convcl_winograd_view v = make_view(shape, dir);
    plan p;
    return convcl_winograd__preference(shape) * choose_plan(context, shape, &v, tile, 0, &p);
}

int convcl_winograd_fused__spaces(void) {
    return SHARES;
}

void convcl_winograd_fused__destroy(void *state) {
    recipe *r = state;
    if (!r)
        return;
    convcl_kernel__destroy(r->pack_filter);
    convcl_kernel__destroy(r->fused);
    free(r);
}

/* Adds the transforms of an axis, "h" or "w", and the options that name its sizes. */
static void add_axis(convcl_text *functions, convcl_text *options, const char *letter, const convcl_winograd_axis *axis, int taps) {
    char name[32];
    int in = 0, out = 0;
    snprintf(name, sizeof name, "transform_out_%s", letter);
    convcl_winograd__add_function(functions, CONVCL_WINOGRAD_OUTPUT, name, axis->m[0], taps, axis->points[0], &in, &out);
    const char upper = letter[0] == 'h' ? 'H' : 'W';
    convcl_text_add(options, " -DP_WA%c=%d -DP_WO%c=%d", upper, in, upper, out);
    snprintf(name, sizeof name, "transform_in_%s", letter);
    convcl_winograd__add_function(functions, CONVCL_WINOGRAD_INPUT, name, axis->m[0], taps, axis->points[0], &in, &out);
}

static convcl_status create_fused(convcl_context *context, recipe *r) {
    const convcl_winograd_layout *l = &r->layout;
    const convcl_conv_desc *d = &r->shape.desc;
    convcl_text functions = {0}, options = {0};
    convcl_text_add(&options, "-DF_GENERATED=1 -DT_TILES=%d -DT_CHANNELS=%d -DT_KC=%d -DT_WT=%d -DT_WC=%d", r->group.tiles, GROUP_CHANNELS,
                    STEP, r->group.wt, r->group.wc);
    convcl_text_add(&functions, "#define vec_float float\n");
    add_axis(&functions, &options, "h", &l->h, l->view.rh);
    add_axis(&functions, &options, "w", &l->w, l->view.rw);
    convcl_text_add(&functions, "#undef vec_float\n");
    convcl_text_add(&options, " -DF_BIAS=%d -DF_RELU=%d -DF_MASK=%d", !r->turned && d->has_bias,
                    !r->turned && d->activation == CONVCL_ACTIVATION_RELU, r->turned && d->relu_mask);
    convcl_status status = functions.status != CONVCL_OK ? functions.status : options.status;
    if (status == CONVCL_OK)
        status = convcl_kernel__create_generated(context, "winograd_fused", "winograd_fused", convcl_text_get(&options),
                                                 convcl_text_get(&functions), &r->fused);
    convcl_text_clear(&functions);
    convcl_text_clear(&options);
    return status;
}

convcl_status convcl_winograd_fused__create(convcl_context *context, const convcl_conv_shape *shape, convcl_conv_dir dir,
                                            const convcl_conv_choice *choice, void **state_out) {
    convcl_status status = CONVCL_OK;
    recipe *r = NULL;
    plan p;
    char tiles[48];
    *state_out = NULL;
    if (!convcl_conv__is_auto(choice->gemm))
        return convcl_fail(CONVCL_UNSUPPORTED, "conv: gemm is \"%s\", must be \"auto\" with algo winograd-fused, which has no GEMM",
                           choice->gemm);
    if (choice->space > SHARES)
        return convcl_fail(CONVCL_UNSUPPORTED, "conv: space is %d, must be at most %d with algo winograd-fused", choice->space, SHARES);
    CONVCL_TRY(convcl_alloc(sizeof *r, &r));
    r->shape = *shape;
    r->turned = dir == CONVCL_CONV_BWD_DATA;
    convcl_winograd_layout *l = &r->layout;
    l->view = make_view(shape, dir);
    if (choose_plan(context, shape, &l->view, choice->tile, choice->space, &p) <= 0.0) {
        status = convcl_fail(CONVCL_UNSUPPORTED, "conv: algo winograd-fused: no work-group with tile %d and space %d fits the device",
                             choice->tile, choice->space);
        goto cleanup;
    }
    l->h = p.h;
    l->w = p.w;
    l->points = p.h.points[0] * p.w.points[0];
    r->group = p.group;
    r->u_stride = (size_t)divide_up(l->view.gn, GROUP_CHANNELS) * GROUP_CHANNELS * (size_t)l->view.k;
    CONVCL_TRY(convcl_winograd__create_kernel(context, "pack_winograd_filter", CONVCL_WINOGRAD_FILTER, l, l->view.gn, "", &r->pack_filter));
    CONVCL_TRY(create_fused(context, r));
    convcl_winograd__describe(l, false, tiles, sizeof tiles);
    snprintf(r->description, sizeof r->description, "%s, groups of %d tiles by %d channels, %dx%d a work-item", tiles, r->group.tiles,
             GROUP_CHANNELS, r->group.wt, r->group.wc);
    *state_out = r;
    r = NULL;
cleanup:
    convcl_winograd_fused__destroy(r);
    return status;
}

size_t convcl_winograd_fused__packed(const void *state) {
    const recipe *r = state;
    return (size_t)r->layout.points * r->u_stride;
}

const char *convcl_winograd_fused__describe(const void *state) {
    return ((const recipe *)state)->description;
}

convcl_status convcl_winograd_fused__pack(const void *state, convcl_stream *stream, convcl_buffer w, convcl_buffer u, convcl_buffer space) {
    const recipe *r = state;
    const convcl_winograd_view *v = &r->layout.view;
    const int panels = divide_up(v->gn, GROUP_CHANNELS), tap = v->k * v->gn;
    const convcl_winograd_grid grid = convcl_winograd__grid(stream->context, v->gn, panels * GROUP_CHANNELS, v->k, 0);
    (void)space;
    /* Turned, the first tap is the last one of w, and the way goes back. */
    if (r->turned)
        w.offset += (size_t)(v->rh * v->rw - 1) * (size_t)tap;
    const convcl_arg args[] = {convcl_arg_tensor(w),
                               convcl_arg_tensor(u),
                               convcl_arg_int(v->gn),
                               convcl_arg_int(v->k),
                               convcl_arg_int(GROUP_CHANNELS),
                               convcl_arg_int(panels),
                               convcl_arg_int(r->turned ? -v->rw * tap : v->rw * tap),
                               convcl_arg_int(r->turned ? -tap : tap),
                               convcl_arg_int(r->turned ? 1 : v->gn),
                               convcl_arg_int(r->turned ? v->k : 1),
                               convcl_arg_ulong(r->u_stride),
                               convcl_arg_int(grid.vectors),
                               convcl_arg_int(grid.rows),
                               convcl_arg_int(0)};
    return convcl_stream__launch(stream, r->pack_filter, args, 14, &grid.range);
}

convcl_status convcl_winograd_fused__enqueue(const void *state, convcl_stream *stream, const convcl_conv_tensors *t) {
    const recipe *r = state;
    const convcl_winograd_layout *l = &r->layout;
    const convcl_winograd_view *v = &l->view;
    const int images = r->shape.desc.n, tiles_h = l->h.count[0], tiles_w = l->w.count[0];
    const convcl_buffer u = t->packed.mem ? t->packed : t->workspace;
    if (!t->packed.mem) {
        const convcl_status status = convcl_winograd_fused__pack(r, stream, t->w, u, t->workspace);
        if (status != CONVCL_OK)
            return status;
    }
    const convcl_arg args[] = {convcl_arg_tensor(r->turned ? t->y : t->x),
                               convcl_arg_tensor(u),
                               convcl_arg_tensor(r->turned ? t->dx : t->y),
                               convcl_arg_tensor(t->b),
                               convcl_arg_tensor(t->x),
                               convcl_arg_int(v->k),
                               convcl_arg_int(v->h),
                               convcl_arg_int(v->w),
                               convcl_arg_int(v->pad_top),
                               convcl_arg_int(v->pad_left),
                               convcl_arg_int(v->gn),
                               convcl_arg_int(v->oh),
                               convcl_arg_int(v->ow),
                               convcl_arg_int(images),
                               convcl_arg_int(tiles_h),
                               convcl_arg_int(tiles_w),
                               convcl_arg_ulong(r->u_stride)};
    const size_t items = (size_t)r->group.items, blocks = (size_t)divide_up(v->gn, GROUP_CHANNELS);
    const size_t groups = (size_t)divide_up(images * tiles_h * tiles_w, r->group.tiles);
    return convcl_stream__launch(stream, r->fused, args, 17, &(convcl_range){{items * blocks * groups, 1, 1}, {items, 1, 1}});
}
