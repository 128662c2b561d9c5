/* layer_grid.h: how the layers spread their work over a device, and the checks that several of them share. For src/layers alone.
 * SPDX-License-Identifier: MIT
 *
 * On a CPU a work-group is one work-item that takes several thousand elements, as vectors: enough to live well over a microsecond, since starting a work-group
 * costs PoCL a third of one. On a GPU a work-group is 256 work-items, side by side along the contiguous dimension, of a few elements each. */
#ifndef CONVCL_LAYERS_LAYER_GRID_H
#define CONVCL_LAYERS_LAYER_GRID_H

#include <limits.h>
#include <stdint.h>

#include "base/error.h"
#include "opencl/context_internal.h"
#include "opencl/kernel.h"

#define CONVCL_LAYER_GROUP_ITEMS  256  /* work-items of a work-group on a GPU */
#define CONVCL_LAYER_CPU_ELEMENTS 8192 /* elements of a work-group on a CPU */
#define CONVCL_LAYER_CPU_LEAST    1024 /* the same for a tensor so small that some cores would get none */

/* Elementwise work over count elements: a work-group takes steps * local size vectors. */
typedef struct convcl_layer_line {
    int vector_width;
    int steps; /* T_STEPS */
    convcl_range range;
} convcl_layer_line;

/* Work over pixels of `channels` channels: a work-group takes steps * rows pixels, `lanes` vectors of channels at a time. */
typedef struct convcl_layer_grid {
    int vector_width; /* at most channels */
    int lanes, rows;  /* local size */
    int steps;
    convcl_range range; /* {lanes, groups * rows}, {lanes, rows} */
} convcl_layer_grid;

static inline size_t convcl_layer__ceil_div(size_t a, size_t b) {
    return a / b + (a % b != 0);
}

/* A one-dimensional range of at least `items` work-items in groups of `local`. */
static inline convcl_range convcl_layer__range(size_t items, size_t local) {
    return (convcl_range){{convcl_layer__ceil_div(items, local) * local, 1, 1}, {local, 1, 1}};
}

/* How many work-items a work-group has: 1 on a CPU, a power of two on a GPU. */
static inline size_t convcl_layer__local(const convcl_context *context) {
    size_t local = CONVCL_LAYER_GROUP_ITEMS;
    if (convcl_context__prefers_registers(context))
        return 1;
    while (local > 1 && local > convcl_context_device(context)->max_work_group_size)
        local /= 2;
    return local;
}

static inline convcl_layer_line convcl_layer__line(const convcl_context *context, size_t count) {
    convcl_layer_line line = {.vector_width = convcl_context__vector_width(context), .steps = 4};
    if (convcl_context__prefers_registers(context))
        line.steps = CONVCL_LAYER_CPU_ELEMENTS / line.vector_width;
    line.range = convcl_layer__range(convcl_layer__ceil_div(count, (size_t)line.vector_width * line.steps), convcl_layer__local(context));
    return line;
}

static inline convcl_layer_grid convcl_layer__grid(const convcl_context *context, size_t pixels, int channels) {
    convcl_layer_grid grid = {.vector_width = convcl_context__vector_width(context), .lanes = 1, .rows = 1, .steps = 1};
    while (grid.vector_width > channels)
        grid.vector_width = grid.vector_width > 4 ? grid.vector_width / 2 : 1;
    if (convcl_context__prefers_registers(context)) {
        const size_t units = convcl_context_device(context)->compute_units;
        const size_t fair = convcl_layer__ceil_div(pixels, 8 * (units ? units : 1));
        const size_t least = convcl_layer__ceil_div(CONVCL_LAYER_CPU_LEAST, (size_t)channels);
        const size_t most = convcl_layer__ceil_div(CONVCL_LAYER_CPU_ELEMENTS, (size_t)channels);
        grid.steps = (int)(fair < least ? least : fair > most ? most : fair);
    } else {
        const int local = (int)convcl_layer__local(context);
        while (grid.lanes < 64 && grid.lanes < channels && grid.lanes < local)
            grid.lanes *= 2;
        grid.rows = local / grid.lanes;
    }
    const size_t groups = convcl_layer__ceil_div(pixels, (size_t)grid.steps * grid.rows);
    grid.range = (convcl_range){{(size_t)grid.lanes, groups * grid.rows, 1}, {(size_t)grid.lanes, (size_t)grid.rows, 1}};
    return grid;
}

/* Channels at most where kernels step through them: a step beyond the last must not overflow an int. */
#define CONVCL_LAYER_MOST_CHANNELS (INT_MAX - 4096)

/* Multiplies four sizes >= 1; INVALID when the product times 4 bytes is no size. */
static inline convcl_status convcl_layer__count(const char *what, const char *sizes, int a, int b, int c, int d, size_t *count_out) {
    const size_t limit = SIZE_MAX / sizeof(float);
    const size_t rest[3] = {(size_t)b, (size_t)c, (size_t)d};
    size_t count = (size_t)a;
    for (int i = 0; i < 3; ++i) {
        CONVCL_REQUIRE(count <= limit / rest[i], "%s: %s is %d * %d * %d * %d, must be at most %zu", what, sizes, a, b, c, d, limit);
        count *= rest[i];
    }
    *count_out = count;
    return CONVCL_OK;
}

/* Checks layout: UNSUPPORTED for NCHW, INVALID for no layout at all. */
static inline convcl_status convcl_layer__check_layout(const char *what, convcl_layout layout) {
    if (layout == CONVCL_LAYOUT_NCHW)
        return convcl_fail(CONVCL_UNSUPPORTED, "%s: layout is NCHW, must be NHWC: others are not available yet", what);
    CONVCL_REQUIRE(layout == CONVCL_LAYOUT_NHWC, "%s: layout is %d, must be CONVCL_LAYOUT_NHWC", what, (int)layout);
    return CONVCL_OK;
}

#endif
