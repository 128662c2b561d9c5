/* table.h: rows of text under titles, printed with aligned columns, as CSV or as Markdown.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_TABLE_H
#define CONVCL_BENCH_TABLE_H

#include <stddef.h>

#include "options.h"

/* A title may hold blanks; a NULL title ends a list of columns. */
typedef struct bench_column {
    const char *title;
    bool right; /* numbers: aligned to the right */
} bench_column;

/* Begin it with bench_table_begin. A lack of memory is remembered and reported by bench_table_print. */
typedef struct bench_table {
    const bench_column *columns; /* borrowed */
    size_t column_count;
    char **cells;
    size_t count, capacity;
    bool failed;
} bench_table;

void bench_table_begin(bench_table *table, const bench_column *columns);

/* Appends one cell; as many as there are columns make a row. */
void bench_table_add(bench_table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* As a number with that many decimals; an empty cell when it is not a number. */
void bench_table_add_number(bench_table *table, int decimals, double value);

/* Prints it to standard output: BENCH_FORMAT_CSV and BENCH_FORMAT_MARKDOWN as their name says, anything else as text. CSV is read by programs: it has no blank
 * line around it and all its cells are quoted where they must be. BENCH_FAILED when there was no memory. */
bench_status bench_table_print(const bench_table *table, bench_format format);

/* Frees what the table holds. */
void bench_table_clear(bench_table *table);

#endif
