/* methods.h: the names that --algo and --gemm take, from the library's own tables.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_METHODS_H
#define CONVCL_BENCH_METHODS_H

#include <stdbool.h>
#include <stddef.h>

/* Which table. */
typedef enum bench_methods { BENCH_METHODS_ALGO = 0, BENCH_METHODS_GEMM = 1 } bench_methods;

/* True for "auto", for every name in the table, and for either Winograd with a tile: "winograd:4". */
bool bench_methods_know(bench_methods methods, const char *name);

/* Writes "auto, gather, ..." to text, cut to fit, and returns it. */
const char *bench_methods_list(bench_methods methods, char *text, size_t size);

/* The names of the networks, "alexnet, alexnet-full, ...". Returns text. */
const char *bench_models_list(char *text, size_t size);

#endif
