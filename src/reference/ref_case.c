/* ref_case.c: words of letters, each followed by its number.
 * SPDX-License-Identifier: MIT */
#include "reference/ref_case.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define LARGEST 1000000
#define WORD    8

/* A word of the grammar, its largest value, and the fields it sets. A NULL word ends a list. */
typedef struct case_word {
    const char *word;
    int most;
    int *fields[4];
} case_word;

static const case_word *find_word(const case_word *words, const char *word) {
    for (; words->word; words++)
        if (strcmp(words->word, word) == 0)
            return words;
    return NULL;
}

/* `what` and `text` are for the error's text. */
static convcl_status parse_words(const char *what, const char *text, const case_word *words) {
    const char *at = text;
    CONVCL_REQUIRE(*at, "%s case is \"\", must not be empty", what);
    while (*at) {
        char word[WORD] = "";
        size_t length = 0;
        while (isalpha((unsigned char)*at) && length < sizeof word - 1)
            word[length++] = *at++;
        word[length] = 0;
        CONVCL_REQUIRE(length > 0, "%s case \"%s\": \"%s\" does not begin with a word", what, text, at);
        const case_word *found = find_word(words, word);
        CONVCL_REQUIRE(found, "%s case \"%s\": there is no word \"%s\"", what, text, word);
        CONVCL_REQUIRE(isdigit((unsigned char)*at), "%s case \"%s\": \"%s\" must be followed by a number", what, text, word);
        char *end = NULL;
        const long value = strtol(at, &end, 10);
        CONVCL_REQUIRE(value <= found->most, "%s case \"%s\": %s is %ld, must be at most %d", what, text, word, value, found->most);
        for (int i = 0; i < 4 && found->fields[i]; i++)
            *found->fields[i] = (int)value;
        at = end;
    }
    return CONVCL_OK;
}

/* One of the sizes that must be there. */
typedef struct case_size {
    const char *word;
    int value;
} case_size;

static convcl_status require_sizes(const char *what, const char *text, const case_size *sizes) {
    for (; sizes->word; sizes++)
        CONVCL_REQUIRE(sizes->value >= 1, "%s case \"%s\": %s must be there and at least 1", what, text, sizes->word);
    return CONVCL_OK;
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

convcl_status convcl_ref_case_parse_conv(const char *name, convcl_conv_desc *desc_out) {
    const char *layer = NULL, *text = name; /* words behind a layer's name win over its own */
    for (size_t i = 0; i < sizeof alexnet / sizeof *alexnet; i++)
        if (strncmp(name, alexnet[i].name, strlen(alexnet[i].name)) == 0) {
            layer = alexnet[i].text;
            text = name + strlen(alexnet[i].name);
        }
    convcl_conv_desc d;
    convcl_conv_desc_init(&d);
    int relu = 0;
    const case_word words[] = {
        {"n", LARGEST, {&d.n}},
        {"ih", LARGEST, {&d.ih}},
        {"iw", LARGEST, {&d.iw}},
        {"ic", LARGEST, {&d.ic}},
        {"oc", LARGEST, {&d.oc}},
        {"f", LARGEST, {&d.fh, &d.fw}},
        {"fh", LARGEST, {&d.fh}},
        {"fw", LARGEST, {&d.fw}},
        {"s", LARGEST, {&d.stride_h, &d.stride_w}},
        {"sh", LARGEST, {&d.stride_h}},
        {"sw", LARGEST, {&d.stride_w}},
        {"p", LARGEST, {&d.pad_top, &d.pad_bottom, &d.pad_left, &d.pad_right}},
        {"ph", LARGEST, {&d.pad_top, &d.pad_bottom}},
        {"pw", LARGEST, {&d.pad_left, &d.pad_right}},
        {"pt", LARGEST, {&d.pad_top}},
        {"pb", LARGEST, {&d.pad_bottom}},
        {"pl", LARGEST, {&d.pad_left}},
        {"pr", LARGEST, {&d.pad_right}},
        {"d", LARGEST, {&d.dilation_h, &d.dilation_w}},
        {"dh", LARGEST, {&d.dilation_h}},
        {"dw", LARGEST, {&d.dilation_w}},
        {"g", LARGEST, {&d.groups}},
        {"bias", 1, {&d.has_bias}},
        {"relu", 1, {&relu}},
        {"mask", 1, {&d.relu_mask}},
        {NULL, 0, {NULL}},
    };
    convcl_status status = layer ? parse_words("conv", layer, words) : CONVCL_OK;
    if (status == CONVCL_OK && (*text || !layer))
        status = parse_words("conv", text, words);
    if (status != CONVCL_OK)
        return status;
    const case_size sizes[] = {{"n", d.n},   {"ih", d.ih},      {"iw", d.iw},      {"ic", d.ic},
                               {"oc", d.oc}, {"f or fh", d.fh}, {"f or fw", d.fw}, {NULL, 0}};
    status = require_sizes("conv", name, sizes);
    if (status != CONVCL_OK)
        return status;
    d.activation = relu ? CONVCL_ACTIVATION_RELU : CONVCL_ACTIVATION_NONE;
    *desc_out = d;
    return CONVCL_OK;
}

/* Appends a word unless its value is that of an absent one. */
static size_t append(char *text, size_t at, const char *word, int value, int absent) {
    if (value == absent || at >= CONVCL_REF_CASE_TEXT)
        return at;
    return at + (size_t)snprintf(text + at, CONVCL_REF_CASE_TEXT - at, "%s%d", word, value);
}

/* The same for both axes. */
static size_t append_pair(char *text, size_t at, const char *word, int h, int w, int absent) {
    char both[WORD];
    if (h == w)
        return append(text, at, word, h, absent);
    snprintf(both, sizeof both, "%sh", word);
    at = append(text, at, both, h, absent);
    snprintf(both, sizeof both, "%sw", word);
    return append(text, at, both, w, absent);
}

char *convcl_ref_case_format_conv(const convcl_conv_desc *d, char text[CONVCL_REF_CASE_TEXT]) {
    size_t at = append(text, 0, "n", d->n, 0);
    at = append(text, at, "ih", d->ih, 0);
    at = append(text, at, "iw", d->iw, 0);
    at = append(text, at, "ic", d->ic, 0);
    at = append(text, at, "oc", d->oc, 0);
    at = append_pair(text, at, "f", d->fh, d->fw, 0);
    at = append_pair(text, at, "s", d->stride_h, d->stride_w, 1);
    if (d->pad_top == d->pad_bottom && d->pad_left == d->pad_right) {
        at = append_pair(text, at, "p", d->pad_top, d->pad_left, 0);
    } else {
        at = append(text, at, "pt", d->pad_top, 0);
        at = append(text, at, "pb", d->pad_bottom, 0);
        at = append(text, at, "pl", d->pad_left, 0);
        at = append(text, at, "pr", d->pad_right, 0);
    }
    at = append_pair(text, at, "d", d->dilation_h, d->dilation_w, 1);
    at = append(text, at, "g", d->groups, 1);
    at = append(text, at, "bias", d->has_bias, 1);
    at = append(text, at, "relu", d->activation == CONVCL_ACTIVATION_RELU, 0);
    append(text, at, "mask", d->relu_mask, 0);
    return text;
}

/* ---- products ---- */

convcl_status convcl_ref_case_parse_gemm(const char *text, convcl_ref_case_gemm *gemm_out) {
    convcl_ref_case_gemm g = {.gk = -1, .gb = 1};
    const case_word words[] = {
        {"gm", LARGEST, {&g.gm}}, {"gn", LARGEST, {&g.gn}},   {"gk", LARGEST, {&g.gk}}, {"gb", LARGEST, {&g.gb}},
        {"plain", 1, {&g.plain}}, {"turned", 1, {&g.turned}}, {"x", LARGEST, {&g.x}},   {"acc", 1, {&g.acc}},
        {"bias", 1, {&g.bias}},   {"relu", 1, {&g.relu}},     {"mask", 1, {&g.mask}},   {NULL, 0, {NULL}},
    };
    convcl_status status = parse_words("gemm", text, words);
    if (status != CONVCL_OK)
        return status;
    const case_size sizes[] = {{"gm", g.gm}, {"gn", g.gn}, {"gb", g.gb}, {NULL, 0}};
    status = require_sizes("gemm", text, sizes);
    if (status != CONVCL_OK)
        return status;
    CONVCL_REQUIRE(g.gk >= 0, "gemm case \"%s\": gk must be there", text);
    CONVCL_REQUIRE(!(g.plain && g.turned), "gemm case \"%s\": plain and turned are both 1, at most one may be", text);
    CONVCL_REQUIRE(g.gb == 1 || !(g.bias || g.relu || g.mask), "gemm case \"%s\": gb is %d, must be 1 with bias, relu or mask", text, g.gb);
    *gemm_out = g;
    return CONVCL_OK;
}

char *convcl_ref_case_format_gemm(const convcl_ref_case_gemm *g, char text[CONVCL_REF_CASE_TEXT]) {
    size_t at = append(text, 0, "gm", g->gm, 0);
    at = append(text, at, "gn", g->gn, 0);
    at = append(text, at, "gk", g->gk, -1);
    at = append(text, at, "gb", g->gb, 1);
    at = append(text, at, "plain", g->plain, 0);
    at = append(text, at, "turned", g->turned, 0);
    at = append(text, at, "x", g->x, 0);
    at = append(text, at, "acc", g->acc, 0);
    at = append(text, at, "bias", g->bias, 0);
    at = append(text, at, "relu", g->relu, 0);
    append(text, at, "mask", g->mask, 0);
    return text;
}
