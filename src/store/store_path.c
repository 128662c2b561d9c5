/* store_path.c: where the store lies.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/text.h"
#include "store/store.h"

static convcl_status join(const char *folder, const char *below, char **path_out) {
    convcl_text text = {0};
    convcl_text_add(&text, "%s%s", folder, below);
    convcl_status status = text.status;
    if (status == CONVCL_OK)
        status = convcl_copy_string(convcl_text_get(&text), path_out);
    convcl_text_clear(&text);
    return status;
}

convcl_status convcl_store__find_folder(const char *folder, char **folder_out, const char **reason_out) {
    const char *chosen = folder ? folder : getenv("CONVCL_CACHE_DIR");
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    *folder_out = NULL;
    *reason_out = NULL;
    if (chosen && (!*chosen || strcmp(chosen, "off") == 0))
        return CONVCL_OK;
    if (chosen)
        return join(chosen, "", folder_out);
    if (cache && cache[0] == '/') /* XDG: a relative path is to be ignored */
        return join(cache, "/convcl", folder_out);
    if (home && *home)
        return join(home, "/.cache/convcl", folder_out);
    *reason_out = "store: there is none, as neither CONVCL_CACHE_DIR nor XDG_CACHE_HOME nor HOME is set";
    return CONVCL_OK;
}

int convcl_store__make_folder(const char *folder) {
    char *path = NULL;
    int error = 0;
    if (join(folder, "", &path) != CONVCL_OK)
        return ENOMEM;
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700); /* what stands in the way shows at the last folder */
        *slash = '/';
    }
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        error = errno;
    struct stat information;
    if (error == 0 && (stat(path, &information) != 0 || !S_ISDIR(information.st_mode)))
        error = ENOTDIR;
    free(path);
    return error;
}
