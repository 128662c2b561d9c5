/* compare_json.c: a comparison as JSON, see bench/schema.json.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "compare_rows.h"

/* A failed allocation makes a NULL, which jansson's packing and appending pass on to the end. */
static json_t *text_or_null(const char *text) {
    return text ? json_string(text) : json_null();
}

static json_t *number_or_null(double value) {
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *make_side(const compare_side *side) {
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:s, s:i, s:f}", "letter", side->letter, "label", side->label, "name", side->name,
                     "platform", side->platform, "driver", side->driver, "type", text_or_null(side->type), "convcl",
                     text_or_null(side->version), "files", side->place, "runs", side->runs, "drift", side->drift);
}

static json_t *make_ratio(const compare_row *row) {
    if (!row->compared)
        return json_null();
    return json_pack("{s:f, s:f, s:f, s:s}", "value", row->ratio.ratio, "low", row->ratio.low, "high", row->ratio.high, "verdict",
                     compare_verdict_name(row->ratio.verdict));
}

static json_t *make_row(const compare_row *row) {
    const compare_layer *layer = row->layer;
    if (layer)
        return json_pack("{s:s, s:o, s:s, s:s, s:f, s:o, s:o, s:o, s:o, s:o}", "side", row->side->letter, "phase",
                         text_or_null(layer->phase), "layer", layer->layer, "direction", layer->direction, "time_s", layer->time,
                         "algorithm", text_or_null(layer->algorithm), "gflops", number_or_null(layer->gflops), "share_of_peak",
                         number_or_null(layer->share), "bound", text_or_null(layer->bound), "ratio", make_ratio(row));
    const compare_spread *spread = &row->phase->spread;
    return json_pack("{s:s, s:s, s:i, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:b, s:o}", "side", row->side->letter, "phase", row->phase->name,
                     "steps", row->phase->count, "median_s", spread->median, "min_s", spread->min, "p10_s", spread->p10, "p90_s",
                     spread->p90, "mean_s", spread->mean, "sd_s", spread->sd, "lost", row->phase->lost, "partial", row->phase->partial,
                     "ratio", make_ratio(row));
}

static json_t *make_rows(const compare_row *row, int count) {
    json_t *list = json_array();
    for (int i = 0; i < count && list; ++i)
        if (json_array_append_new(list, make_row(&row[i])) != 0) {
            json_decref(list);
            list = NULL;
        }
    return list;
}

static json_t *make_sides(const compare_set *set) {
    json_t *list = json_array();
    for (int i = 0; i < set->count && list; ++i)
        if (json_array_append_new(list, make_side(&set->sides[i])) != 0) {
            json_decref(list);
            list = NULL;
        }
    return list;
}

bench_status compare_print_json(const compare_rows *rows, double margin) {
    const compare_set *set = rows->set;
    json_t *root = json_pack("{s:{s:s, s:i, s:s, s:f}, s:o, s:o, s:o}", "comparison", "network", set->net, "batch", set->batch, "math",
                             set->math, "margin", margin, "sides", make_sides(set), "phases", make_rows(rows->row, rows->phase_count),
                             "layers", make_rows(rows->row + rows->phase_count, rows->count - rows->phase_count));
    if (!root) {
        bench_error("compare: no memory to build the JSON");
        return BENCH_FAILED;
    }
    json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(root);
    return BENCH_OK;
}
