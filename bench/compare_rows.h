/* compare_rows.h: the rows of a comparison, which text, JSON, plot and page all show.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_COMPARE_ROWS_H
#define CONVCL_BENCH_COMPARE_ROWS_H

#include "compare_data.h"
#include "compare_options.h"

/* A phase, or a layer, on one side. Exactly one of `phase` and `layer` is set. */
typedef struct compare_row {
    const compare_side *side;
    const compare_phase *phase;
    const compare_layer *layer;
    bool first;    /* of the rows that time the same */
    bool compared; /* `ratio` is set: the first side has it too, and this is another */
    compare_ratio ratio;
} compare_row;

/* Rows in the order phases, layers; within each as the first side has them, and then side by side. */
typedef struct compare_rows {
    const compare_set *set;
    compare_row *row;
    int count, phase_count; /* the first phase_count are phases */
} compare_rows;

/* Clear it in any case. */
bench_status compare_rows_make(const compare_set *set, double margin, compare_rows *rows_out);

void compare_rows_clear(compare_rows *rows);

/* Prints to standard output, as text, Markdown or CSV; and as JSON, see bench/schema.json. BENCH_FAILED without memory; what cannot be written is found by
 * bench_text_flush. */
bench_status compare_print(const compare_rows *rows, bench_format format);
bench_status compare_print_json(const compare_rows *rows, double margin);

#endif
