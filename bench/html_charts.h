/* html_charts.h: charts as inline SVG with the text beside them in HTML, so that a chart stretches and its text does not.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_HTML_CHARTS_H
#define CONVCL_BENCH_HTML_CHARTS_H

#include <stdio.h>

#include "compare_rows.h"

/* A side's color, 0xRRGGBB, at its place among the sides; more sides begin anew. */
#define HTML_COLORS 8
extern const int html_colors[HTML_COLORS];

int html_color(const compare_set *set, const compare_side *side);

/* Text with what HTML would take for its own escaped. NULL prints nothing. */
void html_text(const char *text, FILE *file);

/* "41.3 ms", "870 &micro;s": three digits and the unit that fits. */
void html_time(double seconds, FILE *file);

/* The colored square and the letter of a side. */
void html_swatch(const compare_set *set, const compare_side *side, FILE *file);

/* A bar of the median from 0, a line from the 10th to the 90th percentile; `most` is the time at the right edge. */
void html_phase_bar(const compare_phase *phase, int color, double most, FILE *file);

/* A bar of a layer's time: pack, GEMM and unpack darker and lighter where they are known, and a mark at the least time that its ceilings allow. */
void html_layer_bar(const compare_layer *layer, int color, double most, FILE *file);

/* The ratio and its interval on a logarithmic axis from 1/reach to reach, with a line at 1. */
void html_ratio_bar(const compare_ratio *ratio, int color, double reach, FILE *file);

/* How often which step time was seen, and below it the times in order, on axes of their own. */
void html_histogram(const compare_phase *phase, int color, FILE *file);
void html_sequence(const compare_phase *phase, int color, FILE *file);

#endif
