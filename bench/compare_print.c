/* compare_print.c: a comparison as text, Markdown and CSV.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>

#include "compare_rows.h"
#include "table.h"

static const bench_column phase_columns[] = {
    {"phase", false}, {"side", false}, {"median ms", true}, {"min ms", true}, {"sd %", true}, {"ratio", true},
    {"from", true},   {"to", true},    {"verdict", false},  {"note", false},  {NULL, false},
};

static const bench_column layer_columns[] = {
    {"phase", false}, {"layer", false}, {"direction", false}, {"side", false},      {"ms", true},  {"ratio", true},
    {"from", true},   {"to", true},     {"verdict", false},   {"algorithm", false}, {NULL, false},
};

static const bench_column csv_columns[] = {
    {"phase", false},     {"layer", false},  {"direction", false},    {"side", false},      {"device", false},
    {"platform", false},  {"driver", false}, {"median_s", true},      {"min_s", true},      {"mean_s", true},
    {"sd_s", true},       {"ratio", true},   {"ratio_low", true},     {"ratio_high", true}, {"verdict", false},
    {"algorithm", false}, {"gflops", true},  {"share_of_peak", true}, {"note", false},      {NULL, false},
};

static const char *or_empty(const char *text) {
    return text ? text : "";
}

/* ---- text and Markdown ------------------------------------------------------------------------------------------------------------------- */

static void print_head(const compare_rows *rows, const char *before_side) {
    const compare_set *set = rows->set;
    printf("%s, batch %d, math %s; ratio: time over side A's, with its interval of 95%%\n", set->net, set->batch, set->math);
    for (int i = 0; i < set->count; ++i) {
        const compare_side *side = &set->sides[i];
        printf("%s%s  ", before_side, side->letter);
        if (set->labelled)
            printf("%s: ", side->label);
        printf("%s [%s, driver %s], %d run%s: %s\n", side->name, side->platform, side->driver, side->runs, side->runs > 1 ? "s" : "",
               side->place);
    }
}

static void add_ratio(bench_table *table, const compare_row *row, int decimals) {
    bench_table_add_number(table, decimals, row->compared ? row->ratio.ratio : (double)NAN);
    bench_table_add_number(table, decimals, row->compared ? row->ratio.low : (double)NAN);
    bench_table_add_number(table, decimals, row->compared ? row->ratio.high : (double)NAN);
    bench_table_add(table, "%s", row->compared ? compare_verdict_name(row->ratio.verdict) : "");
}

static void add_note(bench_table *table, const compare_phase *phase) {
    char lost[48] = "";
    if (phase->lost > 0.05)
        snprintf(lost, sizeof lost, "other work took %.0f%% of the processors", 100 * phase->lost);
    bench_table_add(table, "%s%s%s%s%s", phase->partial ? "partial" : "", phase->partial && phase->noisy ? ", " : "",
                    phase->noisy ? "noisy" : "", *lost && (phase->partial || phase->noisy) ? ", " : "", lost);
}

static void add_phase(bench_table *table, const compare_row *row, bool named) {
    const compare_spread *spread = &row->phase->spread;
    bench_table_add(table, "%s", named ? row->phase->name : "");
    bench_table_add(table, "%s", row->side->letter);
    bench_table_add_number(table, 3, 1e3 * spread->median);
    bench_table_add_number(table, 3, 1e3 * spread->min);
    bench_table_add_number(table, 1, 100 * spread->sd / spread->mean);
    add_ratio(table, row, 3);
    add_note(table, row->phase);
}

static void add_layer(bench_table *table, const compare_row *row, bool named) {
    const compare_layer *layer = row->layer;
    bench_table_add(table, "%s", named ? or_empty(layer->phase) : "");
    bench_table_add(table, "%s", named ? layer->layer : "");
    bench_table_add(table, "%s", named ? layer->direction : "");
    bench_table_add(table, "%s", row->side->letter);
    bench_table_add_number(table, 3, 1e3 * layer->time);
    add_ratio(table, row, 3);
    bench_table_add(table, "%s", or_empty(layer->algorithm));
}

/* In text, rows that time the same carry their name once. */
static bench_status print_part(const compare_rows *rows, int begin, int end, bench_format format) {
    bench_table table;
    bench_table_begin(&table, begin == 0 ? phase_columns : layer_columns);
    for (int i = begin; i < end; ++i) {
        const bool named = rows->row[i].first || format != BENCH_FORMAT_TEXT;
        if (begin == 0)
            add_phase(&table, &rows->row[i], named);
        else
            add_layer(&table, &rows->row[i], named);
    }
    putchar('\n');
    const bench_status status = bench_table_print(&table, format);
    bench_table_clear(&table);
    return status;
}

/* ---- CSV: one table, phases with an empty layer -------------------------------------------------------------------------------------------- */

static void add_csv(bench_table *table, const compare_row *row) {
    const compare_layer *layer = row->layer;
    const double nothing = (double)NAN;
    const compare_spread none = {nothing, nothing, nothing, nothing, nothing, nothing, nothing};
    const compare_spread *spread = layer ? &none : &row->phase->spread;
    bench_table_add(table, "%s", layer ? or_empty(layer->phase) : row->phase->name);
    bench_table_add(table, "%s", layer ? layer->layer : "");
    bench_table_add(table, "%s", layer ? layer->direction : "");
    bench_table_add(table, "%s", row->side->letter);
    bench_table_add(table, "%s", row->side->name);
    bench_table_add(table, "%s", row->side->platform);
    bench_table_add(table, "%s", row->side->driver);
    bench_table_add_number(table, 9, layer ? layer->time : spread->median);
    bench_table_add_number(table, 9, spread->min);
    bench_table_add_number(table, 9, spread->mean);
    bench_table_add_number(table, 9, spread->sd);
    add_ratio(table, row, 6);
    bench_table_add(table, "%s", layer ? or_empty(layer->algorithm) : "");
    bench_table_add_number(table, 3, layer ? layer->gflops : (double)NAN);
    bench_table_add_number(table, 4, layer ? layer->share : (double)NAN);
    if (layer)
        bench_table_add(table, "%s", "");
    else
        add_note(table, row->phase);
}

bench_status compare_print(const compare_rows *rows, bench_format format) {
    if (format == BENCH_FORMAT_CSV) {
        bench_table table;
        bench_table_begin(&table, csv_columns);
        for (int i = 0; i < rows->count; ++i)
            add_csv(&table, &rows->row[i]);
        const bench_status status = bench_table_print(&table, format);
        bench_table_clear(&table);
        return status;
    }
    print_head(rows, format == BENCH_FORMAT_MARKDOWN ? "- " : "");
    bench_status status = print_part(rows, 0, rows->phase_count, format);
    if (status == BENCH_OK && rows->count > rows->phase_count)
        status = print_part(rows, rows->phase_count, rows->count, format);
    return status;
}
