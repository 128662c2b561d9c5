/* output_file.c: writes a file under a temporary name and renames it when it is whole.
 * SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700 /* realpath */
#include "output_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void output_clear(bench_output *output) {
    free(output->final);
    free(output->temporary);
    *output = (bench_output){0};
}

static bench_status cannot_write(const bench_output *output, int error) {
    bench_error("%s is \"%s\", which cannot be written: %s", output->option, output->path, strerror(error));
    return BENCH_USAGE;
}

/* Follows links, so that the file behind a link is replaced and not the link. */
static bench_status output_find(const char *option, const char *path, bench_output *output) {
    struct stat information;
    *output = (bench_output){.option = option, .path = path};
    const mode_t mask = umask(0);
    umask(mask);
    output->mode = 0666 & ~mask;
    const bool exists = stat(path, &information) == 0;
    if (exists && S_ISDIR(information.st_mode))
        return cannot_write(output, EISDIR);
    if (exists && access(path, W_OK) != 0)
        return cannot_write(output, errno);
    /* A pipe may have no path but the one given. */
    output->final = exists && S_ISREG(information.st_mode) ? realpath(path, NULL) : strdup(path);
    if (!output->final)
        return cannot_write(output, errno);
    if (exists ? !S_ISREG(information.st_mode) : lstat(path, &information) == 0) /* the latter: a link to what is not there yet */
        return BENCH_OK;
    if (exists)
        output->mode = information.st_mode & 07777;
    const size_t size = strlen(output->final) + sizeof ".XXXXXX";
    output->temporary = malloc(size);
    if (!output->temporary)
        return cannot_write(output, ENOMEM);
    snprintf(output->temporary, size, "%s.XXXXXX", output->final);
    return BENCH_OK;
}

/* Opens what is to be written now. On failure nothing is left behind. */
static bench_status output_start(bench_output *output) {
    const int descriptor = output->temporary ? mkstemp(output->temporary) : -1;
    if (!output->temporary)
        output->file = fopen(output->final, "w");
    else if (descriptor >= 0)
        output->file = fchmod(descriptor, output->mode) == 0 ? fdopen(descriptor, "w") : NULL;
    if (output->file)
        return BENCH_OK;
    const int error = errno;
    if (descriptor >= 0) {
        close(descriptor);
        unlink(output->temporary);
    }
    return cannot_write(output, error);
}

bench_status bench_output_check(const char *option, const char *path) {
    bench_output output;
    bench_status status = output_find(option, path, &output);
    if (status == BENCH_OK && output.temporary)
        status = output_start(&output);
    if (output.file) {
        fclose(output.file);
        unlink(output.temporary);
    }
    output_clear(&output);
    return status;
}

bench_status bench_output_open(const char *option, const char *path, bench_output *output_out) {
    bench_status status = output_find(option, path, output_out);
    if (status == BENCH_OK)
        status = output_start(output_out);
    if (status != BENCH_OK)
        output_clear(output_out);
    return status == BENCH_OK ? BENCH_OK : BENCH_FAILED;
}

bench_status bench_output_close(bench_output *output, int error) {
    if (fclose(output->file) != 0 && !error)
        error = errno;
    if (!error && output->temporary && rename(output->temporary, output->final) != 0)
        error = errno;
    if (error) {
        cannot_write(output, error);
        if (output->temporary)
            unlink(output->temporary);
    }
    output_clear(output);
    return error ? BENCH_FAILED : BENCH_OK;
}
