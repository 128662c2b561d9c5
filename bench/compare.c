/* compare.c: `bench compare`: the order of things.
 * SPDX-License-Identifier: MIT */
#include "compare.h"

#include "compare_plot.h"
#include "compare_rows.h"
#include "html.h"
#include "report_text.h"

/* Whether the files can be written is asked before anything is printed. */
static bench_status check_paths(const compare_options *options) {
    bench_status status = options->plot ? compare_plot_check(options->plot) : BENCH_OK;
    if (status == BENCH_OK && options->html)
        status = html_check_path(options->html);
    return status;
}

static bench_status print(const compare_rows *rows, const compare_options *options) {
    const bool json = options->format == BENCH_FORMAT_JSON;
    const bench_status status = json ? compare_print_json(rows, options->margin) : compare_print(rows, options->format);
    return status == BENCH_OK ? bench_text_flush() : status;
}

static bench_status show(const compare_rows *rows, const compare_options *options) {
    bench_status status = print(rows, options);
    if (status == BENCH_OK && options->plot)
        status = compare_plot_write(options->plot, rows);
    if (status == BENCH_OK && options->html)
        status = html_write_rows(options->html, rows);
    return status;
}

static bool found_slower(const compare_rows *rows) {
    for (int i = 0; i < rows->phase_count; ++i)
        if (rows->row[i].compared && rows->row[i].ratio.verdict == COMPARE_SLOWER)
            return true;
    return false;
}

static int run(const compare_options *options) {
    compare_set set = {0};
    compare_rows rows = {0};
    bench_status status = check_paths(options);
    for (int i = 0; i < options->operand_count && status == BENCH_OK; ++i)
        status = compare_set_read(&set, options->operands[i]);
    if (status == BENCH_OK && set.count < 2 && !options->html && !options->plot)
        status = bench_usage_error("compare: %s holds one side only, must be compared with another (or be drawn: --html, --plot)",
                                   options->operands[0]);
    if (status == BENCH_OK)
        status = compare_set_finish(&set, options->labels, options->drift);
    if (status == BENCH_OK)
        status = compare_rows_make(&set, options->margin, &rows);
    if (status == BENCH_OK)
        status = show(&rows, options);
    const bool slower = status == BENCH_OK && options->check && found_slower(&rows);
    compare_rows_clear(&rows);
    compare_set_clear(&set);
    return slower ? COMPARE_FOUND_SLOWER : (int)status;
}

int compare_main(int argc, char **argv) {
    compare_options options;
    const bench_status status = compare_options_parse(argc, argv, &options);
    if (status != BENCH_OK)
        return status;
    if (!options.help)
        return run(&options);
    compare_options_print_help();
    return bench_text_flush();
}
