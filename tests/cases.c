/* cases.c: tables of shapes, and the words that a convolution is written in. The grammar is in README.md.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "harness.h"
#include "reference/ref_case.h"

/* ---- tables ---- */

typedef struct case_table {
    struct case_table *older;
    harness_case rows[];
} case_table;

static case_table *tables;

static void free_tables(void) {
    while (tables) {
        case_table *older = tables->older;
        free(tables);
        tables = older;
    }
}

static void die(const char *what, const char *file) {
    fprintf(stderr, "harness: %s: %s\n", file, what);
    exit(1);
}

const harness_case *harness_cases(const char *file, int *count_out) {
    char path[1024], line[256];
    snprintf(path, sizeof path, "%s/cases/%s", CONVCL_TESTS_DIR, file);
    FILE *stream = fopen(path, "r");
    if (!stream)
        die("cannot be read", path);
    case_table *table = NULL;
    int count = 0;
    while (stream && fgets(line, sizeof line, stream)) {
        harness_case row = {{0}, {0}};
        line[strcspn(line, "#\n")] = 0;
        if (sscanf(line, "%127s %127[^\n]", row.name, row.flags) < 1)
            continue;
        case_table *grown = realloc(table, sizeof *table + (size_t)(count + 1) * sizeof(harness_case));
        if (!grown)
            die("no memory", path);
        table = grown;
        table->rows[count++] = row;
    }
    fclose(stream);
    if (!table)
        die("holds no case", path);
    if (!tables)
        atexit(free_tables);
    table->older = tables;
    tables = table;
    *count_out = count;
    return table->rows;
}

/* ---- convolutions ---- */

bool harness_parse_conv(const char *name, convcl_conv_desc *desc_out) {
    return convcl_ref_case_parse_conv(name, desc_out) == CONVCL_OK;
}
