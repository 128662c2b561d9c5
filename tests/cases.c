/* cases.c: tables of shapes, and the words that a convolution is written in. The grammar is in README.md.
 * SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdio.h>

#include "harness.h"

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

static const struct {
    const char *name, *text;
} alexnet[] = {
    {"alexnet:conv1", "n1ih224iw224ic3oc64f11s4pt3pb4pl3pr4"},
    {"alexnet:conv2", "n1ih27iw27ic64oc192f5p2"},
    {"alexnet:conv3", "n1ih13iw13ic192oc384f3p1"},
    {"alexnet:conv4", "n1ih13iw13ic384oc256f3p1"},
    {"alexnet:conv5", "n1ih13iw13ic256oc256f3p1"},
};

/* A word of the grammar and the fields it sets. */
typedef struct conv_word {
    const char *word;
    int *fields[4];
} conv_word;

static bool set_word(const conv_word *words, const char *word, int value) {
    for (const conv_word *w = words; w->word; w++) {
        if (strcmp(w->word, word) != 0)
            continue;
        for (int i = 0; i < 4 && w->fields[i]; i++)
            *w->fields[i] = value;
        return true;
    }
    return false;
}

static bool parse_words(const char *text, const conv_word *words) {
    while (*text) {
        char word[4] = "";
        size_t length = 0;
        while (isalpha((unsigned char)*text) && length < sizeof word - 1)
            word[length++] = *text++;
        word[length] = 0;
        if (!isdigit((unsigned char)*text))
            return false;
        char *end = NULL;
        long value = strtol(text, &end, 10);
        if (value > 1000000 || !set_word(words, word, (int)value))
            return false;
        text = end;
    }
    return true;
}

bool harness_parse_conv(const char *name, convcl_conv_desc *desc_out) {
    const char *text = name;
    for (size_t i = 0; i < sizeof alexnet / sizeof *alexnet; i++)
        if (strcmp(name, alexnet[i].name) == 0)
            text = alexnet[i].text;
    convcl_conv_desc d;
    convcl_conv_desc_init(&d);
    const conv_word words[] = {
        {"n", {&d.n}},
        {"ih", {&d.ih}},
        {"iw", {&d.iw}},
        {"ic", {&d.ic}},
        {"oc", {&d.oc}},
        {"f", {&d.fh, &d.fw}},
        {"fh", {&d.fh}},
        {"fw", {&d.fw}},
        {"s", {&d.stride_h, &d.stride_w}},
        {"sh", {&d.stride_h}},
        {"sw", {&d.stride_w}},
        {"p", {&d.pad_top, &d.pad_bottom, &d.pad_left, &d.pad_right}},
        {"ph", {&d.pad_top, &d.pad_bottom}},
        {"pw", {&d.pad_left, &d.pad_right}},
        {"pt", {&d.pad_top}},
        {"pb", {&d.pad_bottom}},
        {"pl", {&d.pad_left}},
        {"pr", {&d.pad_right}},
        {"d", {&d.dilation_h, &d.dilation_w}},
        {"dh", {&d.dilation_h}},
        {"dw", {&d.dilation_w}},
        {"g", {&d.groups}},
        {NULL, {NULL}},
    };
    if (!parse_words(text, words) || d.n < 1 || d.ih < 1 || d.iw < 1 || d.ic < 1 || d.oc < 1 || d.fh < 1 || d.fw < 1)
        return false;
    *desc_out = d;
    return true;
}
