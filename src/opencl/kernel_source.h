/* kernel_source.h: where the text of a kernel comes from: built in, or a folder that the context names.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_OPENCL_KERNEL_SOURCE_H
#define CONVCL_OPENCL_KERNEL_SOURCE_H

#include "convcl/status.h"

/* One file of kernels/, its includes expanded. */
typedef struct convcl_kernel_source {
    const char *name; /* without ".cl"; NULL ends the table */
    const char *text;
} convcl_kernel_source;

/* All of kernels/, made at build time by cmake/embed_kernels.cmake. */
extern const convcl_kernel_source convcl_kernel_sources[];

/* Copies the text of kernels/<file>.cl, from `directory` when it is not NULL. *text_out is released with free().
 * CONVCL_INTERNAL when there is no such kernel built in; CONVCL_IO when the folder or a file in it cannot be read; CONVCL_NO_MEMORY. */
convcl_status convcl_kernel_source__get(const char *directory, const char *file, char **text_out);

#endif
