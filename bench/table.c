/* table.c: collects cells and prints them.
 * SPDX-License-Identifier: MIT */
#include "table.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void bench_table_begin(bench_table *table, const bench_column *columns) {
    *table = (bench_table){.columns = columns};
    while (columns[table->column_count].title)
        ++table->column_count;
}

void bench_table_add(bench_table *table, const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (table->count == table->capacity) {
        const size_t capacity = table->capacity ? 2 * table->capacity : 64;
        char **cells = realloc(table->cells, capacity * sizeof *cells);
        if (!cells) {
            table->failed = true;
            return;
        }
        table->cells = cells;
        table->capacity = capacity;
    }
    char *cell = strdup(text);
    if (cell)
        table->cells[table->count++] = cell;
    else
        table->failed = true;
}

void bench_table_add_number(bench_table *table, int decimals, double value) {
    if (isnan(value))
        bench_table_add(table, "%s", "");
    else
        bench_table_add(table, "%.*f", decimals, value);
}

void bench_table_clear(bench_table *table) {
    for (size_t i = 0; i < table->count; ++i)
        free(table->cells[i]);
    free(table->cells);
    *table = (bench_table){0};
}

/* ---- printing -------------------------------------------------------------------------------------------------------------------------- */

static void print_csv_cell(const char *cell) {
    if (!strpbrk(cell, ",\"\r\n")) {
        fputs(cell, stdout);
        return;
    }
    putchar('"');
    for (; *cell; ++cell) {
        if (*cell == '"')
            putchar('"');
        putchar(*cell);
    }
    putchar('"');
}

static void print_markdown_cell(const char *cell) {
    for (; *cell; ++cell) {
        if (*cell == '|')
            putchar('\\');
        putchar(*cell);
    }
}

/* Characters, not bytes, of UTF-8. */
static int width_of(const char *text) {
    int width = 0;
    for (; *text; ++text)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

/* The last column of text is not padded, so that no line ends in blanks. */
static void print_text_cell(const bench_table *table, size_t column, const char *cell, int width) {
    const int blanks = width - width_of(cell);
    if (column > 0)
        fputs("  ", stdout);
    if (table->columns[column].right)
        printf("%*s%s", blanks, "", cell);
    else if (column + 1 == table->column_count)
        fputs(cell, stdout);
    else
        printf("%s%*s", cell, blanks, "");
}

static const char *cell_at(const bench_table *table, size_t row, size_t column) {
    return row == 0 ? table->columns[column].title : table->cells[(row - 1) * table->column_count + column];
}

/* Row 0 are the titles. */
static void print_row(const bench_table *table, size_t row, bench_format format, const int *widths) {
    if (format == BENCH_FORMAT_MARKDOWN)
        putchar('|');
    for (size_t column = 0; column < table->column_count; ++column) {
        const char *cell = cell_at(table, row, column);
        if (format == BENCH_FORMAT_CSV) {
            if (column > 0)
                putchar(',');
            print_csv_cell(cell);
        } else if (format == BENCH_FORMAT_MARKDOWN) {
            putchar(' ');
            print_markdown_cell(cell);
            fputs(" |", stdout);
        } else {
            print_text_cell(table, column, cell, widths[column]);
        }
    }
    putchar('\n');
    if (row > 0 || format != BENCH_FORMAT_MARKDOWN)
        return;
    putchar('|');
    for (size_t column = 0; column < table->column_count; ++column)
        fputs(table->columns[column].right ? "---:|" : "---|", stdout);
    putchar('\n');
}

bench_status bench_table_print(const bench_table *table, bench_format format) {
    int *widths = calloc(table->column_count, sizeof *widths);
    const size_t rows = 1 + table->count / table->column_count;
    if (!widths || table->failed) {
        free(widths);
        bench_error("no memory for a table");
        return BENCH_FAILED;
    }
    for (size_t row = 0; row < rows; ++row)
        for (size_t column = 0; column < table->column_count; ++column) {
            const int width = width_of(cell_at(table, row, column));
            widths[column] = width > widths[column] ? width : widths[column];
        }
    for (size_t row = 0; row < rows; ++row)
        print_row(table, row, format, widths);
    free(widths);
    return BENCH_OK;
}
