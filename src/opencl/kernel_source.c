/* kernel_source.c: finds the text of a kernel, built in or in a folder.
 * SPDX-License-Identifier: MIT */
#include "opencl/kernel_source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

#define MAX_INCLUDES 16
#define INCLUDE      "#include \""

/* The files that one kernel has taken in so far: each is taken once, as the embedded texts do. */
typedef struct include_list {
    char name[MAX_INCLUDES][64];
    int count;
} include_list;

static convcl_status read_file(const char *path, char **text_out) {
    convcl_status status = CONVCL_OK;
    convcl_text text = {0};
    char block[4096];
    size_t got = 0;
    FILE *file = fopen(path, "rb");
    if (!file)
        return convcl_fail(CONVCL_IO, "kernel file %s cannot be opened: %s", path, strerror(errno));
    while ((got = fread(block, 1, sizeof block, file)) > 0)
        convcl_text_add_bytes(&text, block, got);
    if (ferror(file))
        status = convcl_fail(CONVCL_IO, "kernel file %s cannot be read: %s", path, strerror(errno));
    fclose(file);
    if (status == CONVCL_OK)
        status = text.status;
    if (status == CONVCL_OK)
        status = convcl_copy_string(convcl_text_get(&text), text_out);
    convcl_text_clear(&text);
    return status;
}

static convcl_status add_file(convcl_text *result, const char *directory, const char *name, include_list *seen);

/* Takes in the file that an include line names, unless it is in already. */
static convcl_status add_include(convcl_text *result, const char *directory, const char *line, size_t length, include_list *seen) {
    const char *name = line + strlen(INCLUDE);
    const char *end = memchr(name, '"', (size_t)(line + length - name));
    const size_t size = end ? (size_t)(end - name) : 0;
    if (size == 0 || size >= sizeof seen->name[0] || seen->count == MAX_INCLUDES)
        return convcl_fail(CONVCL_IO, "kernel folder %s: cannot take in the line %.*s", directory, (int)length, line);
    char *entry = seen->name[seen->count];
    memcpy(entry, name, size);
    entry[size] = '\0';
    for (int i = 0; i < seen->count; ++i)
        if (strcmp(seen->name[i], entry) == 0)
            return CONVCL_OK;
    ++seen->count;
    return add_file(result, directory, entry, seen);
}

static convcl_status add_file(convcl_text *result, const char *directory, const char *name, include_list *seen) {
    convcl_status status = CONVCL_OK;
    convcl_text path = {0};
    char *text = NULL;
    convcl_text_add(&path, "%s/%s", directory, name);
    CONVCL_TRY(path.status);
    CONVCL_TRY(read_file(convcl_text_get(&path), &text));
    for (const char *line = text; *line;) {
        const char *newline = strchr(line, '\n');
        const size_t length = newline ? (size_t)(newline - line) : strlen(line);
        if (strncmp(line, INCLUDE, strlen(INCLUDE)) == 0) {
            CONVCL_TRY(add_include(result, directory, line, length, seen));
        } else {
            convcl_text_add_bytes(result, line, length);
            convcl_text_add_bytes(result, "\n", 1);
        }
        line += length + (newline ? 1 : 0);
    }
    status = result->status;
cleanup:
    free(text);
    convcl_text_clear(&path);
    return status;
}

convcl_status convcl_kernel_source__get(const char *directory, const char *file, char **text_out) {
    convcl_status status = CONVCL_OK;
    convcl_text text = {0}, name = {0};
    include_list seen = {.count = 0};
    *text_out = NULL;
    if (!directory) {
        for (const convcl_kernel_source *source = convcl_kernel_sources; source->name; ++source)
            if (strcmp(source->name, file) == 0)
                return convcl_copy_string(source->text, text_out);
        return convcl_fail(CONVCL_INTERNAL, "kernel %s is not built in", file);
    }
    convcl_text_add(&name, "%s.cl", file);
    CONVCL_TRY(name.status);
    CONVCL_TRY(add_file(&text, directory, convcl_text_get(&name), &seen));
    CONVCL_TRY(convcl_copy_string(convcl_text_get(&text), text_out));
cleanup:
    convcl_text_clear(&text);
    convcl_text_clear(&name);
    return status;
}
