/* temporary.c: temporary folders, and a log that counts.
 * SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700 /* nftw */
#include "temporary.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness.h"

static int remove_one(const char *path, const struct stat *information, int type, struct FTW *place) {
    (void)information;
    (void)type;
    (void)place;
    return remove(path);
}

static void remove_folder(void *path) {
    nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void make_folder(char path[256]) {
    const char *base = getenv("TMPDIR");
    snprintf(path, 256, "%s/convcl-test-XXXXXX", base && *base ? base : "/tmp");
    if (!mkdtemp(path))
        fail_msg("no temporary folder %s", path);
}

const char *temporary_folder(void) {
    char *path = harness_alloc(1, 256);
    make_folder(path);
    harness_defer(remove_folder, path);
    return path;
}

static char lasting[256];

static void remove_lasting(void) {
    remove_folder(lasting);
}

const char *temporary_lasting_folder(void) {
    if (!*lasting) {
        make_folder(lasting);
        atexit(remove_lasting);
    }
    return lasting;
}

const char *temporary_path(const char *folder, const char *name) {
    char *path = harness_alloc(1, 512);
    snprintf(path, 512, "%s/%s", folder, name);
    return path;
}

bool temporary_is_of_device(const char *message) {
    return strstr(message, " has a fault known of ") != NULL;
}

void temporary_log_line(convcl_log_level level, const char *message, void *user) {
    temporary_log *log = user;
    if (temporary_is_of_device(message))
        return;
    log->errors += level == CONVCL_LOG_ERROR;
    if (level == CONVCL_LOG_WARNING && log->warnings++ == 0)
        snprintf(log->first, sizeof log->first, "%s", message);
}
