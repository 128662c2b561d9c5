/* micro_report.c: rows as a table and as JSON.
 * SPDX-License-Identifier: MIT */
#include "micro_report.h"

#include <math.h>

#include "report_json.h"
#include "report_text.h"
#include "table.h"

static const bench_column columns[] = {
    {"device", true},    {"operation", false}, {"case", false},     {"algorithm", false}, {"pack A ms", true}, {"pack B ms", true},
    {"gemm ms", true},   {"unpack ms", true},  {"ms", true},        {"min ms", true},     {"GFLOP/s", true},   {"GB/s", true},
    {"% of peak", true}, {"compile s", true},  {"rms error", true}, {"status", false},    {"describe", false}, {NULL, false},
};

static const char *status_name(bench_row_status status) {
    static const char *const names[] = {"ok", "unsupported", "skipped", "error"};
    return names[status];
}

/* NAN where the row did not get that far, so that nothing is printed. */
static double known(const bench_row *row, double value) {
    return row->status == BENCH_ROW_OK ? value : (double)NAN;
}

static void add_row(bench_table *table, const bench_row *row) {
    const double median = row->statistics.median;
    bench_table_add(table, "%d", row->device ? row->device->index : -1);
    bench_table_add(table, "%s", row->operation);
    bench_table_add(table, "%s", row->text);
    bench_table_add(table, "%s", row->algorithm);
    for (int part = BENCH_PART_PACK_A; part <= BENCH_PART_UNPACK; ++part)
        bench_table_add_number(table, 3, known(row, 1e3 * row->parts[part]));
    bench_table_add_number(table, 3, known(row, 1e3 * median));
    bench_table_add_number(table, 3, known(row, 1e3 * row->statistics.min));
    bench_table_add_number(table, 2, known(row, row->work.flops / median / 1e9));
    bench_table_add_number(table, 2, known(row, row->work.bytes / median / 1e9));
    bench_table_add_number(table, 1, known(row, 100 * row->share));
    bench_table_add_number(table, 2, known(row, row->compile_s));
    if (row->verified)
        bench_table_add(table, "%.1e", row->error);
    else
        bench_table_add(table, "%s", "");
    bench_table_add(table, "%s%s%s", status_name(row->status), *row->reason ? ": " : "", row->reason);
    bench_table_add(table, "%s", row->describe);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------------------------------ */

static json_t *number(double value) {
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *make_samples(const bench_row *row) {
    json_t *list = json_array();
    for (int i = 0; i < row->steps && list; ++i)
        if (json_array_append_new(list, json_real(row->samples[i])) != 0) {
            json_decref(list);
            list = NULL;
        }
    return list;
}

static json_t *make_times(const bench_row *row) {
    const bench_statistics *s = &row->statistics;
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "median_s", number(known(row, s->median)), "min_s",
                     number(known(row, s->min)), "mean_s", number(known(row, s->mean)), "sd_s", number(known(row, s->sd)), "pack_a_s",
                     number(known(row, row->parts[BENCH_PART_PACK_A])), "pack_b_s", number(known(row, row->parts[BENCH_PART_PACK_B])),
                     "gemm_s", number(known(row, row->parts[BENCH_PART_GEMM])), "unpack_s",
                     number(known(row, row->parts[BENCH_PART_UNPACK])), "compile_s", number(known(row, row->compile_s)));
}

static json_t *make_row(const bench_row *row) {
    const double nothing = (double)NAN, median = row->statistics.median;
    json_t *item =
        json_pack("{s:o, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "device",
                  row->device ? bench_json_device(row->device) : json_null(), "operation", row->operation, "case", row->text, "algorithm",
                  row->algorithm, "describe", row->describe, "status", status_name(row->status), "reason",
                  *row->reason ? bench_json_text(row->reason) : json_null(), "gflops", number(known(row, row->work.flops / median / 1e9)),
                  "bytes_per_s", number(known(row, row->work.bytes / median)), "share_of_peak", number(known(row, row->share)),
                  "relative_rms", number(row->verified ? row->error : nothing), "samples_s", make_samples(row));
    json_t *times = make_times(row);
    if (!times || json_object_update(item, times) != 0) {
        json_decref(item);
        item = NULL;
    }
    json_decref(times);
    return item;
}

static json_t *make_root(const bench_micro_options *options, const bench_row *rows, int count) {
    const bench_options *common = &options->common;
    json_t *list = json_array();
    for (int i = 0; i < count && list; ++i)
        if (json_array_append_new(list, make_row(&rows[i])) != 0) {
            json_decref(list);
            list = NULL;
        }
    return json_pack("{s:s, s:{s:i, s:i, s:I, s:s}, s:o}", "convcl", convcl_version(), "config", "steps", common->steps, "burn_in",
                     common->burn_in, "seed", (json_int_t)common->seed, "math", convcl_math_name(common->math), "rows", list);
}

bench_status bench_micro_report(const bench_micro_options *options, const bench_row *rows, int count) {
    const bench_format format = options->common.format;
    bench_status status = BENCH_OK;
    bench_table table;
    if (options->common.json)
        status = bench_json_write(options->common.json, make_root(options, rows, count));
    if (status != BENCH_OK)
        return status;
    if (format == BENCH_FORMAT_JSON)
        return bench_json_print(make_root(options, rows, count));
    bench_table_begin(&table, columns);
    for (int i = 0; i < count; ++i)
        add_row(&table, &rows[i]);
    status = bench_table_print(&table, format);
    bench_table_clear(&table);
    return status == BENCH_OK ? bench_text_flush() : status;
}
