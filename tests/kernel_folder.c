/* kernel_folder.c: a temporary folder with one kernel file.
 * SPDX-License-Identifier: MIT */
#include "kernel_folder.h"

#include <stdio.h>
#include <unistd.h>

#include "harness.h"

void kernel_folder_make(kernel_folder *folder, const char *file, const char *text) {
    const char *base = getenv("TMPDIR");
    snprintf(folder->path, sizeof folder->path, "%s/convcl-test-XXXXXX", base && *base ? base : "/tmp");
    if (!mkdtemp(folder->path))
        fail_msg("no temporary folder %s", folder->path);
    snprintf(folder->file, sizeof folder->file, "%s/%s", folder->path, file);
    FILE *stream = fopen(folder->file, "w");
    if (!stream)
        fail_msg("cannot write %s", folder->file);
    fputs(text, stream);
    assert_int_equal(fclose(stream), 0);
}

void kernel_folder_remove(const kernel_folder *folder) {
    unlink(folder->file);
    rmdir(folder->path);
}
