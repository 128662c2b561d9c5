/* alloc.h: host memory that never aborts the process.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BASE_ALLOC_H
#define CONVCL_BASE_ALLOC_H

#include <stddef.h>

#include "convcl/status.h"

/* Allocates `size` zeroed bytes (at least 1) into *(void **)pointer_out; NULL and CONVCL_NO_MEMORY when there are none. Released with free(). */
convcl_status convcl_alloc(size_t size, void *pointer_out);

/* Copies a string; the copy is released with free(). CONVCL_NO_MEMORY. */
convcl_status convcl_copy_string(const char *string, char **copy_out);

/* Grows an array so that it holds at least `count` elements. *array may be NULL with *capacity 0; contents are kept. CONVCL_NO_MEMORY leaves it as it was. */
convcl_status convcl_grow(void *array, size_t *capacity, size_t count, size_t element_size);

#endif
