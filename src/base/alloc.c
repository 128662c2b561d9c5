/* alloc.c: host memory that never aborts the process.
 * SPDX-License-Identifier: MIT */
#include "base/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

convcl_status convcl_alloc(size_t size, void *pointer_out) {
    void *memory = calloc(1, size > 0 ? size : 1);
    memcpy(pointer_out, &memory, sizeof memory);
    return memory ? CONVCL_OK : convcl_fail(CONVCL_NO_MEMORY, "host memory: %zu bytes could not be allocated", size);
}

convcl_status convcl_copy_string(const char *string, char **copy_out) {
    const size_t size = strlen(string) + 1;
    convcl_status status = convcl_alloc(size, copy_out);
    if (status == CONVCL_OK)
        memcpy(*copy_out, string, size);
    return status;
}

convcl_status convcl_grow(void *array, size_t *capacity, size_t count, size_t element_size) {
    if (count <= *capacity)
        return CONVCL_OK;
    size_t wanted = *capacity < 8 ? 8 : *capacity;
    while (wanted < count)
        wanted = wanted <= SIZE_MAX / 2 ? wanted * 2 : count;
    void *old, *grown = NULL;
    memcpy(&old, array, sizeof old);
    if (wanted <= SIZE_MAX / element_size)
        grown = realloc(old, wanted * element_size);
    if (!grown)
        return convcl_fail(CONVCL_NO_MEMORY, "host memory: an array of %zu elements of %zu bytes could not be allocated", wanted,
                           element_size);
    memcpy(array, &grown, sizeof grown);
    *capacity = wanted;
    return CONVCL_OK;
}
