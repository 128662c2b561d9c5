/* conv_gather.c: what the three gather recipes share.
 * SPDX-License-Identifier: MIT */
#include "conv/conv_gather.h"

#include <limits.h>
#include <stdio.h>

#include "conv/conv_form.h"
#include "opencl/context_internal.h"

/* Channels below which a tap alone is too short a run: finding a tap costs about as much as multiplying 16 values of it. */
#define SHORT_RUN 16

/* Of a copy with padding: as many times the pixels of x, and of those gathered of it. */
#define MOST_PADDED 4.0

/* The block of pack_filter.cl, its default. */
#define FILTER_BLOCK 32

static int divide_up(int a, int b) {
    return (a + b - 1) / b;
}

/* The least and greatest of position*step + tap*tap_step + base over a rectangle lie in its corners. */
static bool axis_leaves(int positions, int taps, int step, int tap_step, int base, int size) {
    for (int corner = 0; corner < 4; ++corner) {
        const long at = (long)(corner & 1 ? positions - 1 : 0) * step + (long)(corner & 2 ? taps - 1 : 0) * tap_step + base;
        if (at < 0 || at >= size)
            return true;
    }
    return false;
}

bool convcl_conv_gather__leaves_source(const convcl_gather_map *map) {
    return axis_leaves(map->ph, map->th, map->step_h, map->tap_h, map->base_h, map->sh) ||
           axis_leaves(map->pw, map->tw, map->step_w, map->tap_w, map->base_w, map->sw);
}

double convcl_conv_gather__cost(const convcl_context *context, const convcl_conv_shape *shape) {
    (void)context;
    return (double)shape->y * shape->desc.fh * shape->desc.fw * shape->icg;
}

/* The map of x as it is, a tap at a time. */
static convcl_gather_map plain_map(const convcl_conv_shape *shape) {
    const convcl_conv_desc *d = &shape->desc;
    return (convcl_gather_map){.ph = shape->oh,
                               .pw = shape->ow,
                               .sh = d->ih,
                               .sw = d->iw,
                               .pixel = d->ic,
                               .th = d->fh,
                               .tw = d->fw,
                               .run = shape->icg,
                               .step_h = d->stride_h,
                               .tap_h = d->dilation_h,
                               .base_h = -d->pad_top,
                               .step_w = d->stride_w,
                               .tap_w = d->dilation_w,
                               .base_w = -d->pad_left,
                               .out_h = shape->oh,
                               .out_w = shape->ow,
                               .out_step_h = 1,
                               .out_step_w = 1};
}

/* True when a copy of x with its padding is no burden: it has at most a few times as many pixels as x has, or as are gathered of it. */
static bool is_worth_padding(const convcl_conv_shape *shape) {
    const convcl_conv_desc *d = &shape->desc;
    const double copy = ((double)d->ih + d->pad_top + d->pad_bottom) * ((double)d->iw + d->pad_left + d->pad_right);
    return copy <= MOST_PADDED * ((double)d->ih * d->iw + (double)shape->oh * shape->ow * d->fh * d->fw);
}

convcl_status convcl_conv_source__create(convcl_context *context, const convcl_conv_shape *shape, convcl_conv_source *source) {
    const convcl_conv_desc *d = &shape->desc;
    *source = (convcl_conv_source){.map = plain_map(shape), .copy_h = d->ih, .copy_w = d->iw};
    source->check = convcl_conv_gather__leaves_source(&source->map);
    const bool whole_rows = shape->icg < SHORT_RUN && d->fw > 1 && d->dilation_w == 1 && d->groups == 1;
    if (!whole_rows || (source->check && !is_worth_padding(shape)))
        return CONVCL_OK;
    source->map.tw = 1;
    source->map.run = d->fw * d->ic;
    if (!source->check)
        return CONVCL_OK;
    source->padded = true;
    source->check = false;
    source->copy_h = source->map.sh = d->ih + d->pad_top + d->pad_bottom;
    source->copy_w = source->map.sw = d->iw + d->pad_left + d->pad_right;
    source->map.base_h = source->map.base_w = 0;
    const int width = convcl_context__vector_width(context);
    source->chunk = source->copy_w * d->ic; /* a CPU's work-item copies a row */
    char options[32];
    snprintf(options, sizeof options, "-DT_VW=%d", width >= 4 ? width : 4);
    return convcl_conv_form__create(context, "pack_pad", options, NULL, &source->pad);
}

void convcl_conv_source__destroy(convcl_conv_source *source) {
    convcl_kernel__destroy(source->pad);
}

size_t convcl_conv_source__size(const convcl_conv_source *source, const convcl_conv_shape *shape, int images) {
    return source->padded ? (size_t)images * (size_t)source->copy_h * (size_t)source->copy_w * (size_t)shape->desc.ic : 0;
}

convcl_status convcl_conv_source__pack(const convcl_conv_source *source, const convcl_conv_shape *shape, convcl_stream *stream,
                                       convcl_buffer x, int first, int images, convcl_buffer copy, convcl_buffer *a_out) {
    const convcl_conv_desc *d = &shape->desc;
    const convcl_buffer from = convcl_buffer_at(x, (size_t)first * (shape->x / (size_t)d->n));
    *a_out = source->padded ? copy : from;
    if (!source->padded)
        return CONVCL_OK;
    const int width = source->copy_w * d->ic, lines = images * source->copy_h;
    const bool rows = convcl_context__prefers_registers(stream->context);
    const convcl_arg args[] = {convcl_arg_tensor(from),
                               convcl_arg_tensor(copy),
                               convcl_arg_int(d->ih),
                               convcl_arg_int(source->copy_h),
                               convcl_arg_int(d->pad_top),
                               convcl_arg_int(d->iw * d->ic),
                               convcl_arg_int(d->pad_left * d->ic),
                               convcl_arg_int(width),
                               convcl_arg_int(rows ? source->chunk : lines)};
    const convcl_range range = rows ? (convcl_range){{(size_t)divide_up(width, source->chunk), (size_t)lines, 1}, {1, 1, 1}}
                                    : convcl_conv_form__line(stream->context, (size_t)lines * (size_t)width, 1);
    return convcl_stream__launch(stream, source->pad, args, 9, &range);
}

int convcl_conv_gather__chunk(const convcl_conv_shape *shape, size_t per_image, size_t limit, int wanted) {
    const size_t pixels_in = (size_t)shape->desc.ih * (size_t)shape->desc.iw, pixels_out = (size_t)shape->oh * (size_t)shape->ow;
    size_t images = (size_t)(INT_MAX / 2) / (pixels_in > pixels_out ? pixels_in : pixels_out);
    if (wanted > 0 && images > (size_t)wanted)
        images = (size_t)wanted;
    else if (wanted == 0 && per_image > 0 && images > limit / per_image)
        images = limit / per_image;
    if (images > (size_t)shape->desc.n)
        images = (size_t)shape->desc.n;
    return images > 0 ? (int)images : 1;
}

convcl_status convcl_conv_gather__pack_filter(const convcl_conv_shape *shape, convcl_stream *stream, convcl_kernel *kernel,
                                              const convcl_filter_pack *pack, convcl_buffer w, convcl_buffer b, int nr) {
    if (pack->th * pack->tw == 0)
        return CONVCL_OK;
    const int stride_fw = shape->icg * shape->desc.oc;
    const convcl_arg args[] = {convcl_arg_tensor(w),
                               convcl_arg_tensor(b),
                               convcl_arg_int(pack->gn),
                               convcl_arg_int(nr),
                               convcl_arg_int(pack->run),
                               convcl_arg_int(pack->th),
                               convcl_arg_int(pack->tw),
                               convcl_arg_int(pack->first_h),
                               convcl_arg_int(pack->step_h),
                               convcl_arg_int(pack->first_w),
                               convcl_arg_int(pack->step_w),
                               convcl_arg_int(shape->desc.fw * stride_fw),
                               convcl_arg_int(stride_fw),
                               convcl_arg_int(pack->stride_j),
                               convcl_arg_int(pack->stride_column)};
    const size_t panels = (size_t)divide_up(pack->gn, nr), taps = (size_t)(pack->th * pack->tw);
    const size_t blocks = (size_t)divide_up(pack->run, FILTER_BLOCK);
    const bool turned = pack->stride_j < pack->stride_column;
    const convcl_range range = convcl_context__prefers_registers(stream->context)
                                   ? (convcl_range){{turned ? blocks : panels, taps, turned ? panels : blocks}, {1, 1, 1}}
                                   : convcl_conv_form__line(stream->context, taps * (size_t)pack->run * (size_t)nr, panels);
    return convcl_stream__launch(stream, kernel, args, 15, &range);
}
