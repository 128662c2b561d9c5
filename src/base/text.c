/* text.c: a string that grows.
 * SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

void convcl_text_add_bytes(convcl_text *text, const char *bytes, size_t length) {
    if (text->status != CONVCL_OK)
        return;
    text->status = convcl_grow(&text->data, &text->capacity, text->length + length + 1, 1);
    if (text->status != CONVCL_OK)
        return;
    memcpy(text->data + text->length, bytes, length);
    text->length += length;
    text->data[text->length] = '\0';
}

void convcl_text_add(convcl_text *text, const char *format, ...) {
    if (text->status != CONVCL_OK)
        return;
    va_list args;
    va_start(args, format);
    const int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0) {
        text->status = convcl_fail(CONVCL_INTERNAL, "text: a format could not be written");
        return;
    }
    text->status = convcl_grow(&text->data, &text->capacity, text->length + (size_t)length + 1, 1);
    if (text->status != CONVCL_OK)
        return;
    va_start(args, format);
    vsnprintf(text->data + text->length, (size_t)length + 1, format, args);
    va_end(args);
    text->length += (size_t)length;
}

const char *convcl_text_get(const convcl_text *text) {
    return text->data ? text->data : "";
}

void convcl_text_clear(convcl_text *text) {
    free(text->data);
    *text = (convcl_text){0};
}
