/* kernel_folder.h: a temporary folder with one kernel file, for tests of contexts that read their kernels from disk.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_TESTS_KERNEL_FOLDER_H
#define CONVCL_TESTS_KERNEL_FOLDER_H

typedef struct kernel_folder {
    char path[256];
    char file[320];
} kernel_folder;

/* Makes the folder and the file in it; fails the test when that does not work. */
void kernel_folder_make(kernel_folder *folder, const char *file, const char *text);

/* Removes both. */
void kernel_folder_remove(const kernel_folder *folder);

#endif
