/* report_tables.c: phases, layers and devices in rows and columns.
 * SPDX-License-Identifier: MIT */
#include "report_tables.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report_text.h"

#define NOTHING ((double)NAN)

static const convcl_device_info *device_of(const bench_results *results) {
    return convcl_context_device(results->session.context);
}

/* ---- phases ---------------------------------------------------------------------------------------------------------------------------- */

static const bench_column time_columns[] = {
    {"device", true}, {"phase", false}, {"steps", true},    {"median ms", true}, {"min ms", true}, {"5% ms", true},
    {"95% ms", true}, {"max ms", true}, {"images/s", true}, {"outliers", true},  {"noise", false}, {NULL, false},
};

void bench_tables_times(bench_table *table, const bench_results *results, int count) {
    bench_table_begin(table, time_columns);
    for (int i = 0; i < count; ++i)
        for (int p = 0; p < results[i].phase_count; ++p) {
            const bench_phase *phase = &results[i].phases[p];
            const bench_statistics *s = &phase->statistics;
            bench_table_add(table, "%d", device_of(&results[i])->index);
            bench_table_add(table, "%s", phase->name);
            bench_table_add(table, "%d", phase->steps);
            bench_table_add_number(table, 2, 1e3 * s->median);
            bench_table_add_number(table, 2, 1e3 * s->min);
            bench_table_add_number(table, 2, 1e3 * s->p05);
            bench_table_add_number(table, 2, 1e3 * s->p95);
            bench_table_add_number(table, 2, 1e3 * s->max);
            bench_table_add_number(table, 1, results[i].session.options->batch / s->median);
            bench_table_add(table, "%d", s->outliers);
            bench_table_add(table, "%s", s->noisy ? "noisy" : "quiet");
        }
}

/* ---- layers ---------------------------------------------------------------------------------------------------------------------------- */

static const bench_column layer_columns[] = {
    {"layer", false}, {"direction", false}, {"ms", true},      {"GFLOP/s", true},   {"% of peak", true},  {"roofline ms", true},
    {"bound", false}, {"pack ms", true},    {"gemm ms", true}, {"unpack ms", true}, {"algorithm", false}, {NULL, false},
};

static double pack_seconds(const bench_layer_row *row) {
    return row->parts[BENCH_PART_PACK_A] + row->parts[BENCH_PART_PACK_B];
}

void bench_tables_layers(bench_table *table, const bench_phase *phase, const bench_ceilings *ceilings) {
    double total = 0;
    bench_table_begin(table, layer_columns);
    for (int i = 0; i < phase->layers.count; ++i) {
        const bench_layer_row *row = &phase->layers.rows[i];
        total += row->seconds;
        bench_table_add(table, "%s", row->layer);
        bench_table_add(table, "%s", row->direction);
        bench_table_add_number(table, 3, 1e3 * row->seconds);
        bench_table_add_number(table, 1, bench_layer_flops(row) / 1e9);
        bench_table_add_number(table, 1, 100 * bench_layer_share(row, ceilings));
        bench_table_add_number(table, 3, ceilings->measured ? 1e3 * row->roofline : NOTHING);
        bench_table_add(table, "%s", row->bound);
        bench_table_add_number(table, 3, row->convolution ? 1e3 * pack_seconds(row) : NOTHING);
        bench_table_add_number(table, 3, row->convolution ? 1e3 * row->parts[BENCH_PART_GEMM] : NOTHING);
        bench_table_add_number(table, 3, row->convolution ? 1e3 * row->parts[BENCH_PART_UNPACK] : NOTHING);
        bench_table_add(table, "%s%s%s", row->algorithm, *row->describe ? ", " : "", row->describe);
    }
    bench_table_add(table, "all");
    bench_table_add(table, "%s", "");
    bench_table_add_number(table, 3, 1e3 * total);
    for (size_t i = 3; i < table->column_count; ++i)
        bench_table_add(table, "%s", "");
}

/* ---- devices beside each other --------------------------------------------------------------------------------------------------------- */

static const bench_column compare_columns[] = {
    {"phase", false}, {"layer", false},          {"direction", false}, {"device", true},
    {"ms", true},     {"times the first", true}, {"algorithm", false}, {NULL, false},
};

static const bench_phase *find_phase(const bench_results *results, const char *name) {
    for (int i = 0; i < results->phase_count; ++i)
        if (strcmp(results->phases[i].name, name) == 0)
            return &results->phases[i];
    return NULL;
}

static const bench_layer_row *find_layer(const bench_phase *phase, const bench_layer_row *like) {
    for (int i = 0; i < phase->layers.count; ++i)
        if (strcmp(phase->layers.rows[i].layer, like->layer) == 0 && strcmp(phase->layers.rows[i].direction, like->direction) == 0)
            return &phase->layers.rows[i];
    return NULL;
}

static void add_compared(bench_table *table, const char *phase, const char *layer, const char *direction, int device, double seconds,
                         double first, const char *algorithm) {
    bench_table_add(table, "%s", phase);
    bench_table_add(table, "%s", layer);
    bench_table_add(table, "%s", direction);
    bench_table_add(table, "%d", device);
    bench_table_add_number(table, 3, 1e3 * seconds);
    bench_table_add_number(table, 2, seconds / first);
    bench_table_add(table, "%s", algorithm);
}

static void compare_phase(bench_table *table, const bench_results *results, int count, const bench_phase *first) {
    for (int i = 0; i < count; ++i) {
        const bench_phase *phase = find_phase(&results[i], first->name);
        if (phase)
            add_compared(table, first->name, "", "", device_of(&results[i])->index, phase->statistics.median, first->statistics.median, "");
    }
    for (int l = 0; l < first->layers.count; ++l)
        for (int i = 0; i < count; ++i) {
            const bench_phase *phase = find_phase(&results[i], first->name);
            const bench_layer_row *row = phase ? find_layer(phase, &first->layers.rows[l]) : NULL;
            if (row)
                add_compared(table, first->name, row->layer, row->direction, device_of(&results[i])->index, row->seconds,
                             first->layers.rows[l].seconds, row->algorithm);
        }
}

static bench_status compare(const bench_results *results, int count, bench_format format) {
    bench_table table;
    bench_table_begin(&table, compare_columns);
    for (int p = 0; p < results[0].phase_count; ++p)
        compare_phase(&table, results, count, &results[0].phases[p]);
    const bench_status status = bench_table_print(&table, format);
    bench_table_clear(&table);
    return status;
}

bench_status bench_tables_compare(const bench_results *results, int count) {
    puts("devices side by side, medians");
    for (int i = 0; i < count; ++i)
        printf("device %d: %s [%s, %s]\n", device_of(&results[i])->index, device_of(&results[i])->name,
               device_of(&results[i])->platform_name, device_of(&results[i])->driver);
    const bench_status status = compare(results, count, BENCH_FORMAT_TEXT);
    return status == BENCH_OK ? bench_text_flush() : status;
}

/* ---- whole reports --------------------------------------------------------------------------------------------------------------------- */

static void print_markdown_head(const bench_results *results) {
    const convcl_device_info *device = device_of(results);
    const bench_options *options = results->session.options;
    const bench_ceilings *c = &results->ceilings;
    printf("## Device %d: %s\n\n%s, driver %s. %s, batch %d, math %s, seed %llu; set-up %.2f s, of which compile %.2f s.\n", device->index,
           device->name, device->platform_name, device->driver, options->model->name, options->batch, convcl_math_name(options->math),
           (unsigned long long)options->seed, results->session.setup_s, results->session.compile_s);
    if (c->measured)
        printf("Ceilings: fma %.1f GFLOP/s, copy %.1f GB/s, launch %.1f us (alone %.1f us), to the device %.1f GB/s, from it %.1f GB/s.\n",
               c->fma_flops / 1e9, c->copy_bytes / 1e9, c->launch_s * 1e6, c->round_trip_s * 1e6, c->upload_bytes / 1e9,
               c->download_bytes / 1e9);
    if (results->partial)
        printf("Partial: %s.\n", results->partial);
    putchar('\n');
}

bench_status bench_tables_markdown(const bench_results *results, int count) {
    bench_status status = BENCH_OK;
    bench_table table;
    for (int i = 0; i < count && status == BENCH_OK; ++i) {
        print_markdown_head(&results[i]);
        bench_tables_times(&table, &results[i], 1);
        status = bench_table_print(&table, BENCH_FORMAT_MARKDOWN);
        bench_table_clear(&table);
        for (int p = 0; p < results[i].phase_count && status == BENCH_OK; ++p) {
            printf("\n### %s by layers\n\n", results[i].phases[p].title);
            bench_tables_layers(&table, &results[i].phases[p], &results[i].ceilings);
            status = bench_table_print(&table, BENCH_FORMAT_MARKDOWN);
            bench_table_clear(&table);
        }
        putchar('\n');
    }
    if (count > 1 && status == BENCH_OK) {
        printf("## Devices side by side\n\n");
        status = compare(results, count, BENCH_FORMAT_MARKDOWN);
    }
    return status == BENCH_OK ? bench_text_flush() : status;
}

static const bench_column csv_columns[] = {
    {"device", true},   {"platform", true},  {"driver", true},        {"network", true},   {"batch", true},  {"math", true},
    {"partial", true},  {"phase", true},     {"layer", true},         {"direction", true}, {"steps", true},  {"mean_s", true},
    {"sd_s", true},     {"median_s", true},  {"min_s", true},         {"p05_s", true},     {"p95_s", true},  {"max_s", true},
    {"outliers", true}, {"gflops", true},    {"share_of_peak", true}, {"bound", true},     {"pack_s", true}, {"gemm_s", true},
    {"unpack_s", true}, {"algorithm", true}, {"describe", true},      {NULL, false},
};

static void add_csv_head(bench_table *table, const bench_results *results, const char *phase, const char *layer, const char *direction,
                         int steps) {
    const convcl_device_info *device = device_of(results);
    bench_table_add(table, "%s", device->name);
    bench_table_add(table, "%s", device->platform_name);
    bench_table_add(table, "%s", device->driver);
    bench_table_add(table, "%s", results->session.options->model->name);
    bench_table_add(table, "%d", results->session.options->batch);
    bench_table_add(table, "%s", convcl_math_name(results->session.options->math));
    bench_table_add(table, "%s", results->partial ? results->partial : "");
    bench_table_add(table, "%s", phase);
    bench_table_add(table, "%s", layer);
    bench_table_add(table, "%s", direction);
    bench_table_add(table, "%d", steps);
}

static void add_csv_times(bench_table *table, const bench_statistics *s) {
    const double values[] = {s->mean, s->sd, s->median, s->min, s->p05, s->p95, s->max};
    for (size_t i = 0; i < sizeof values / sizeof *values; ++i)
        bench_table_add_number(table, 9, values[i]);
    bench_table_add(table, "%d", s->outliers);
}

static bench_status add_csv_layer(bench_table *table, const bench_results *results, const bench_phase *phase, const bench_layer_row *row) {
    bench_statistics statistics;
    const bench_status status = bench_statistics_of(row->samples, phase->layers.steps, &statistics);
    if (status != BENCH_OK)
        return status;
    add_csv_head(table, results, phase->name, row->layer, row->direction, phase->layers.steps);
    add_csv_times(table, &statistics);
    bench_table_add_number(table, 3, bench_layer_flops(row) / 1e9);
    bench_table_add_number(table, 4, bench_layer_share(row, &results->ceilings));
    bench_table_add(table, "%s", row->bound);
    bench_table_add_number(table, 9, row->convolution ? pack_seconds(row) : NOTHING);
    bench_table_add_number(table, 9, row->convolution ? row->parts[BENCH_PART_GEMM] : NOTHING);
    bench_table_add_number(table, 9, row->convolution ? row->parts[BENCH_PART_UNPACK] : NOTHING);
    bench_table_add(table, "%s", row->algorithm);
    bench_table_add(table, "%s", row->describe);
    return BENCH_OK;
}

bench_status bench_tables_csv(const bench_results *results, int count) {
    bench_status status = BENCH_OK;
    bench_table table;
    bench_table_begin(&table, csv_columns);
    for (int i = 0; i < count; ++i)
        for (int p = 0; p < results[i].phase_count; ++p) {
            const bench_phase *phase = &results[i].phases[p];
            add_csv_head(&table, &results[i], phase->name, "", "", phase->steps);
            add_csv_times(&table, &phase->statistics);
            for (int empty = 0; empty < 8; ++empty)
                bench_table_add(&table, "%s", "");
            for (int l = 0; l < phase->layers.count && phase->layers.steps > 0 && status == BENCH_OK; ++l)
                status = add_csv_layer(&table, &results[i], phase, &phase->layers.rows[l]);
        }
    if (status == BENCH_OK)
        status = bench_table_print(&table, BENCH_FORMAT_CSV);
    bench_table_clear(&table);
    return status == BENCH_OK ? bench_text_flush() : status;
}
