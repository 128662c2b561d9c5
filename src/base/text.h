/* text.h: a string that grows. Its failure is sticky, so that a builder checks once at the end.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BASE_TEXT_H
#define CONVCL_BASE_TEXT_H

#include <stddef.h>

#include "base/error.h"
#include "convcl/status.h"

/* Zero-initialise it (`convcl_text text = {0};`). */
typedef struct convcl_text {
    char *data; /* NULL while nothing was added; NUL-terminated otherwise */
    size_t length;
    size_t capacity;
    convcl_status status; /* CONVCL_NO_MEMORY once an addition failed */
} convcl_text;

/* Adds formatted text. */
void convcl_text_add(convcl_text *text, const char *format, ...) CONVCL_PRINTF(2, 3);

/* Adds `length` bytes. */
void convcl_text_add_bytes(convcl_text *text, const char *bytes, size_t length);

/* The string so far, "" when empty. */
const char *convcl_text_get(const convcl_text *text);

/* Releases the memory and makes it empty again. */
void convcl_text_clear(convcl_text *text);

#endif
