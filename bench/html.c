/* html.c: the page: its sections, in order.
 * SPDX-License-Identifier: MIT */
#include "html.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "html_charts.h"
#include "html_style.h"
#include "output_file.h"

/* ---- head ------------------------------------------------------------------------------------------------------------------------------ */

static void print_title(const compare_set *set, FILE *file) {
    html_text(set->net, file);
    if (set->count == 1) {
        fputs(" on ", file);
        html_text(set->sides[0].name, file);
    } else
        fprintf(file, ": %d devices side by side", set->count);
}

static void print_head(const compare_set *set, FILE *file) {
    /* Nothing is loaded from anywhere: the policy makes the browser hold the page to that. */
    fputs("<!DOCTYPE html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
          "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n"
          "<meta name=viewport content=\"width=device-width, initial-scale=1\">\n<link rel=icon href=\"data:,\">\n<title>",
          file);
    print_title(set, file);
    fputs("</title>\n<style>\n" HTML_STYLE "</style>\n</head>\n<body><main>\n<h1>", file);
    print_title(set, file);
    fprintf(file, "</h1>\n<p>Batch of %d images, math mode ", set->batch);
    html_text(set->math, file);
    fputs(". Times are of one step, from its first launch until the device is done.</p>\n", file);
}

/* ---- the devices ----------------------------------------------------------------------------------------------------------------------- */

static void print_cell(const char *text, FILE *file) {
    fputs("<td>", file);
    html_text(text, file);
    fputs("</td>", file);
}

static void print_devices(const compare_rows *rows, FILE *file) {
    const compare_set *set = rows->set;
    fputs(
        "<div "
        "class=scroll><table><tr><th></th><th>device</th><th>platform</th><th>driver</th><th>type</th><th>convcl</th><th>files</th></tr>\n",
        file);
    for (int i = 0; i < set->count; ++i) {
        const compare_side *side = &set->sides[i];
        fputs("<tr><td>", file);
        html_swatch(set, side, file);
        fputs("</td>", file);
        print_cell(side->name, file);
        print_cell(side->platform, file);
        print_cell(side->driver, file);
        print_cell(side->type, file);
        print_cell(side->version, file);
        print_cell(side->place, file);
        fputs("</tr>\n", file);
    }
    fputs("</table></div>\n", file);
}

/* ---- step times ------------------------------------------------------------------------------------------------------------------------ */

static void print_who(const compare_set *set, const compare_side *side, const char *name, FILE *file) {
    fputs("<span class=who title=\"", file);
    html_text(side->label, file);
    fputs("\">", file);
    html_swatch(set, side, file);
    fputs(" ", file);
    html_text(name, file);
    fputs("</span>", file);
}

static void print_verdict(const compare_row *row, FILE *file) {
    if (!row->compared)
        return;
    const char *verdict = compare_verdict_name(row->ratio.verdict);
    fprintf(file, " <small>&times;&nbsp;%#.3g</small> <span class=%s>%s</span>", row->ratio.ratio, verdict, verdict);
}

/* The largest value of the rows from `begin` that time the same. */
static double largest(const compare_rows *rows, int begin) {
    double most = 0;
    for (int i = begin; i < rows->phase_count && (i == begin || !rows->row[i].first); ++i)
        most = fmax(most, fmax(rows->row[i].phase->spread.median, rows->row[i].phase->spread.p90));
    return most;
}

static void print_phases(const compare_rows *rows, FILE *file) {
    double most = 1;
    fputs("<h2>Step time</h2>\n<p>Bars are medians; the line goes from the 10th to the 90th percentile. Shorter is better.</p>\n", file);
    for (int i = 0; i < rows->phase_count; ++i) {
        const compare_row *row = &rows->row[i];
        if (row->first) {
            most = largest(rows, i);
            fputs("<h3>", file);
            html_text(row->phase->name, file);
            fputs("</h3>\n", file);
        }
        fputs("<div class=row>", file);
        print_who(rows->set, row->side, row->side->label, file);
        html_phase_bar(row->phase, html_color(rows->set, row->side), most, file);
        fputs("<span class=what>", file);
        html_time(row->phase->spread.median, file);
        fprintf(file, " <small>%.0f&nbsp;images/s</small>", rows->set->batch / row->phase->spread.median);
        print_verdict(row, file);
        fputs(row->phase->partial ? " <small>partial</small></span></div>\n" : "</span></div>\n", file);
    }
}

static void print_card(const compare_rows *rows, const compare_row *row, FILE *file) {
    const compare_spread *spread = &row->phase->spread;
    fputs("<div class=card>", file);
    print_who(rows->set, row->side, rows->set->count > 1 ? row->side->label : row->phase->name, file);
    fprintf(file, "<small>%d steps, median ", row->phase->count);
    html_time(spread->median, file);
    fputs(", mean ", file);
    html_time(spread->mean, file);
    fprintf(file, " &plusmn;&nbsp;%.1f%%, fastest ", 100 * spread->sd / spread->mean);
    html_time(spread->min, file);
    if (row->phase->lost > 0.05)
        fprintf(file, "; other work took %.0f%% of the processors", 100 * row->phase->lost);
    fputs("</small>", file);
    html_histogram(row->phase, html_color(rows->set, row->side), file);
    html_sequence(row->phase, html_color(rows->set, row->side), file);
    fputs("</div>\n", file);
}

/* With several devices a grid of cards for each phase, with one device one grid. */
static void print_distributions(const compare_rows *rows, FILE *file) {
    fputs("<h2>How steady the steps are</h2>\n<p>Above, how often a step took which time, the median dashed; below, the steps in order. "
          "Each card has an axis of "
          "its own; steps far off stand at its ends.</p>\n",
          file);
    for (int i = 0; i < rows->phase_count; ++i) {
        const compare_row *row = &rows->row[i];
        if (row->first && rows->set->count > 1) {
            fputs(i ? "</div>\n<h3>" : "<h3>", file);
            html_text(row->phase->name, file);
            fputs("</h3>\n", file);
        }
        if (i == 0 || (row->first && rows->set->count > 1))
            fputs("<div class=cards>\n", file);
        print_card(rows, row, file);
    }
    fputs("</div>\n", file);
}

/* ---- ratios ---------------------------------------------------------------------------------------------------------------------------- */

/* How far the axis must go for all ratios: at least to 1.25. */
static double find_reach(const compare_rows *rows) {
    double reach = 1.25;
    for (int i = 0; i < rows->phase_count; ++i)
        if (rows->row[i].compared)
            reach = fmax(reach, fmax(rows->row[i].ratio.high, 1 / rows->row[i].ratio.low));
    return 1.1 * reach;
}

static void print_ratios(const compare_rows *rows, FILE *file) {
    const double reach = find_reach(rows);
    fputs("<h2>Compared with ", file);
    html_text(rows->set->sides[0].label, file);
    fprintf(file,
            "</h2>\n<p>Time over that of side A with its interval of 95%%, on a logarithmic axis from 1/%.2g to %.2g; right of the dashed "
            "line is slower. "
            "&ldquo;Same&rdquo;: no difference that noise does not explain.</p>\n",
            reach, reach);
    for (int i = 0; i < rows->phase_count; ++i) {
        const compare_row *row = &rows->row[i];
        if (row->first) {
            fputs("<h3>", file);
            html_text(row->phase->name, file);
            fputs("</h3>\n", file);
        }
        if (!row->compared)
            continue;
        fputs("<div class=row>", file);
        print_who(rows->set, row->side, row->side->label, file);
        html_ratio_bar(&row->ratio, html_color(rows->set, row->side), reach, file);
        const char *verdict = compare_verdict_name(row->ratio.verdict);
        fprintf(file, "<span class=what>%#.3g <small>%#.3g to %#.3g</small> <span class=%s>%s</span></span></div>\n", row->ratio.ratio,
                row->ratio.low, row->ratio.high, verdict, verdict);
    }
}

/* ---- layers ---------------------------------------------------------------------------------------------------------------------------- */

static bool same_part(const compare_layer *left, const compare_layer *right) {
    const bool same_phase = left->phase && right->phase ? strcmp(left->phase, right->phase) == 0 : left->phase == right->phase;
    return same_phase && strcmp(left->direction, right->direction) == 0;
}

static double largest_layer(const compare_rows *rows, const compare_layer *like) {
    double most = 0;
    for (int i = rows->phase_count; i < rows->count; ++i)
        if (same_part(rows->row[i].layer, like))
            most = fmax(most, rows->row[i].layer->time);
    return most;
}

static void print_layer_facts(const compare_row *row, FILE *file) {
    const compare_layer *layer = row->layer;
    fputs("<span class=what>", file);
    html_time(layer->time, file);
    print_verdict(row, file);
    fputs(" <small>", file);
    if (isfinite(layer->gflops) && layer->gflops > 0)
        fprintf(file, "%.0f&nbsp;GFLOP/s ", layer->gflops);
    if (isfinite(layer->share) && layer->share > 0)
        fprintf(file, "&middot; %.0f%%&nbsp;of&nbsp;peak ", 100 * layer->share);
    if (layer->bound) {
        fputs("&middot; bound&nbsp;by&nbsp;", file);
        html_text(layer->bound, file);
    }
    if (layer->algorithm) {
        fputs(" &middot; ", file);
        html_text(layer->algorithm, file);
    }
    fputs("</small></span>", file);
}

/* The rows of one direction: with several sides a group for each layer, with one a row for each. */
static void print_part(const compare_rows *rows, const compare_layer *like, FILE *file) {
    const double most = largest_layer(rows, like);
    const bool single = rows->set->count == 1;
    fputs("<h3>", file);
    html_text(like->phase, file);
    fputs(like->phase ? ", " : "", file);
    html_text(like->direction, file);
    fputs("</h3>\n", file);
    bool open = false;
    for (int i = rows->phase_count; i < rows->count; ++i) {
        const compare_row *row = &rows->row[i];
        if (!same_part(row->layer, like))
            continue;
        if (row->first && !single) {
            fputs(open ? "</div>\n<div class=group><b>" : "<div class=group><b>", file);
            html_text(row->layer->layer, file);
            fputs("</b>\n", file);
            open = true;
        }
        fputs("<div class=\"row facts\">", file);
        if (single) {
            fputs("<span class=who>", file);
            html_text(row->layer->layer, file);
            fputs("</span>", file);
        } else
            print_who(rows->set, row->side, row->side->name, file);
        html_layer_bar(row->layer, html_color(rows->set, row->side), most, file);
        print_layer_facts(row, file);
        fputs("</div>\n", file);
    }
    fputs(open ? "</div>\n" : "", file);
}

static bool part_is_new(const compare_rows *rows, int index) {
    for (int i = rows->phase_count; i < index; ++i)
        if (same_part(rows->row[i].layer, rows->row[index].layer))
            return false;
    return true;
}

static void print_layers(const compare_rows *rows, FILE *file) {
    fputs("<h2>Layers</h2>\n", file);
    if (rows->count == rows->phase_count) {
        fputs("<p>Not in these runs: <code>bench --layers</code> times them.</p>\n", file);
        return;
    }
    fputs("<p>Time of each layer by the device&rsquo;s own clock. Shades from left to right: packing, GEMM (full color), unpacking, "
          "anything else; the upright mark "
          "is the least time that the device&rsquo;s measured ceilings allow for direct summation, which Winograd may beat.</p>\n",
          file);
    for (int i = rows->phase_count; i < rows->count; ++i)
        if (part_is_new(rows, i))
            print_part(rows, rows->row[i].layer, file);
}

/* ---- the file -------------------------------------------------------------------------------------------------------------------------- */

static void print_page(const compare_rows *rows, FILE *file) {
    print_head(rows->set, file);
    print_devices(rows, file);
    print_phases(rows, file);
    if (rows->set->count > 1)
        print_ratios(rows, file);
    print_distributions(rows, file);
    print_layers(rows, file);
    fputs("<footer><p>Made by <code>bench</code> of convcl, from runs that <code>bench --json</code> wrote. How the intervals come about: "
          "<code>bench/README.md</code>.</p></footer>\n</main></body>\n</html>\n",
          file);
}

bench_status html_check_path(const char *path) {
    return bench_output_check("--html", path);
}

bench_status html_write_rows(const char *path, const compare_rows *rows) {
    bench_output output;
    bench_status status = bench_output_open("--html", path, &output);
    if (status != BENCH_OK)
        return status;
    errno = 0;
    print_page(rows, output.file);
    const bool failed = ferror(output.file) != 0;
    return bench_output_close(&output, !failed ? 0 : errno ? errno : EIO);
}

bench_status html_write(const char *path, json_t *document) {
    compare_set set = {0};
    compare_rows rows = {0};
    bench_status status = compare_set_add(&set, document, "this run");
    if (status == BENCH_OK)
        status = compare_set_finish(&set, NULL, -1);
    if (status == BENCH_OK)
        status = compare_rows_make(&set, COMPARE_MARGIN, &rows);
    if (status == BENCH_OK)
        status = html_write_rows(path, &rows);
    compare_rows_clear(&rows);
    compare_set_clear(&set);
    return status;
}
