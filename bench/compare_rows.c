/* compare_rows.c: puts phases and layers of all sides in rows, each with its ratio over the first side.
 * SPDX-License-Identifier: MIT */
#include "compare_rows.h"

#include <stdlib.h>

/* Appends the row; `base` is the estimate of the first side, or NULL when that lacks it. */
static void add(compare_rows *rows, compare_row row, const compare_estimate *base, double margin) {
    const compare_estimate *estimate = row.phase ? &row.phase->estimate : &row.layer->estimate;
    row.compared = base && row.side != &rows->set->sides[0];
    if (row.compared)
        row.ratio = compare_ratio_of(base, estimate, margin);
    rows->row[rows->count++] = row;
}

/* A name that an earlier side has was added with that side. */
static bool is_new_phase(const compare_set *set, int side, const char *name) {
    for (int i = 0; i < side; ++i)
        if (compare_side_phase(&set->sides[i], name))
            return false;
    return true;
}

static bool is_new_layer(const compare_set *set, int side, const compare_layer *layer) {
    for (int i = 0; i < side; ++i)
        if (compare_side_layer(&set->sides[i], layer))
            return false;
    return true;
}

static void add_phases(compare_rows *rows, int side, double margin) {
    const compare_set *set = rows->set;
    for (int i = 0; i < set->sides[side].phase_count; ++i) {
        const char *name = set->sides[side].phases[i].name;
        if (!is_new_phase(set, side, name))
            continue;
        const compare_phase *base = compare_side_phase(&set->sides[0], name);
        bool first = true;
        for (int j = side; j < set->count; ++j) {
            const compare_phase *phase = compare_side_phase(&set->sides[j], name);
            if (phase)
                add(rows, (compare_row){.side = &set->sides[j], .phase = phase, .first = first}, base ? &base->estimate : NULL, margin);
            first = first && !phase;
        }
    }
}

static void add_layers(compare_rows *rows, int side, double margin) {
    const compare_set *set = rows->set;
    for (int i = 0; i < set->sides[side].layer_count; ++i) {
        const compare_layer *like = &set->sides[side].layers[i];
        if (!is_new_layer(set, side, like))
            continue;
        const compare_layer *base = compare_side_layer(&set->sides[0], like);
        bool first = true;
        for (int j = side; j < set->count; ++j) {
            const compare_layer *layer = compare_side_layer(&set->sides[j], like);
            if (layer)
                add(rows, (compare_row){.side = &set->sides[j], .layer = layer, .first = first}, base ? &base->estimate : NULL, margin);
            first = first && !layer;
        }
    }
}

bench_status compare_rows_make(const compare_set *set, double margin, compare_rows *rows_out) {
    size_t count = 0;
    for (int i = 0; i < set->count; ++i)
        count += (size_t)(set->sides[i].phase_count + set->sides[i].layer_count);
    *rows_out = (compare_rows){.set = set, .row = calloc(count, sizeof *rows_out->row)};
    if (!rows_out->row) {
        bench_error("compare: no memory for %zu rows", count);
        return BENCH_FAILED;
    }
    for (int i = 0; i < set->count; ++i)
        add_phases(rows_out, i, margin);
    rows_out->phase_count = rows_out->count;
    for (int i = 0; i < set->count; ++i)
        add_layers(rows_out, i, margin);
    return BENCH_OK;
}

void compare_rows_clear(compare_rows *rows) {
    free(rows->row);
    *rows = (compare_rows){0};
}
