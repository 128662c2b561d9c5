/* methods.c: walks the library's tables of algorithms and of GEMM variants.
 * SPDX-License-Identifier: MIT */
#include "methods.h"

#include <stdio.h>
#include <string.h>

#include "conv/conv_algo.h"
#include "convcl/models.h"
#include "gemm/gemm.h"

/* The name at `index`, 0 being "auto"; NULL behind the last. The table of algorithms has a row for each direction, so names repeat there. */
static const char *name_at(bench_methods methods, size_t index) {
    if (index == 0)
        return "auto";
    if (methods == BENCH_METHODS_GEMM)
        return convcl_gemm_variants[index - 1] ? convcl_gemm_variants[index - 1]->name : NULL;
    return convcl_conv_algos[index - 1] ? convcl_conv_algos[index - 1]->name : NULL;
}

static bool known_before(bench_methods methods, const char *name, size_t end) {
    for (size_t i = 0; i < end; ++i)
        if (strcmp(name_at(methods, i), name) == 0)
            return true;
    return false;
}

/* "winograd:4": the tile is one digit, which of them there are is the algorithm's to say. */
static bool names_tile(const char *name) {
    static const char *const prefixes[] = {"winograd:", "winograd-fused:"};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; ++i) {
        const size_t length = strlen(prefixes[i]);
        if (strncmp(name, prefixes[i], length) == 0 && name[length] >= '1' && name[length] <= '9' && !name[length + 1])
            return true;
    }
    return false;
}

bool bench_methods_know(bench_methods methods, const char *name) {
    if (methods == BENCH_METHODS_ALGO && names_tile(name))
        return true;
    for (size_t i = 0; name_at(methods, i); ++i)
        if (strcmp(name_at(methods, i), name) == 0)
            return true;
    return false;
}

const char *bench_methods_list(bench_methods methods, char *text, size_t size) {
    size_t length = 0;
    text[0] = '\0';
    for (size_t i = 0; name_at(methods, i) && length < size; ++i)
        if (!known_before(methods, name_at(methods, i), i))
            length += (size_t)snprintf(text + length, size - length, "%s%s", i > 0 ? ", " : "", name_at(methods, i));
    if (methods == BENCH_METHODS_ALGO && length < size)
        snprintf(text + length, size - length, ", winograd:TILE");
    return text;
}

const char *bench_models_list(char *text, size_t size) {
    size_t length = 0;
    text[0] = '\0';
    for (size_t i = 0; convcl_models[i] && length < size; ++i)
        length += (size_t)snprintf(text + length, size - length, "%s%s", i > 0 ? ", " : "", convcl_models[i]->name);
    return text;
}
