/* report_json.c: builds the JSON of a run and writes it so that it is there whole or not at all.
 * SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700 /* realpath */
#include "report_json.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the tree: a failed allocation makes a NULL, which jansson's packing passes on to the end -------------------------------------------- */

/* A string of a driver; jansson takes UTF-8 only, so other bytes become question marks where it refuses. */
static json_t *text(const char *string) {
    json_t *node = json_string(string);
    char ascii[256];
    if (node)
        return node;
    size_t i = 0;
    for (; string[i] && i < sizeof ascii - 1; ++i)
        ascii[i] = (unsigned char)string[i] < 128 ? string[i] : '?';
    ascii[i] = '\0';
    return json_string(ascii);
}

static json_t *make_device(const convcl_device_info *device) {
    return json_pack("{s:i, s:o, s:o, s:o, s:o, s:s}", "index", device->index, "name", text(device->name), "platform",
                     text(device->platform_name), "vendor", text(device->vendor), "driver", text(device->driver), "type",
                     convcl_device_type_name(device->type));
}

static json_t *make_config(const bench_options *options) {
    return json_pack("{s:i, s:i, s:i, s:I, s:s}", "batch", options->batch, "steps", options->steps, "burn_in", options->burn_in, "seed",
                     (json_int_t)options->seed, "math", convcl_math_name(CONVCL_MATH_DEFAULT));
}

static json_t *make_activations(const bench_results *results) {
    json_t *list = json_array();
    for (int i = 0; i < CONVCL_ALEXNET_ACTIVATIONS && list; ++i) {
        const int *dim = results->activations[i].dim;
        json_t *item =
            json_pack("{s:s, s:[i, i, i, i]}", "name", convcl_alexnet_activations[i].name, "shape", dim[0], dim[1], dim[2], dim[3]);
        if (json_array_append_new(list, item) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}

static json_t *make_samples(const bench_phase *phase) {
    json_t *list = json_array();
    for (int i = 0; i < phase->steps && list; ++i)
        if (json_array_append_new(list, json_real(phase->samples[i])) != 0) {
            json_decref(list);
            list = NULL;
        }
    return list;
}

static json_t *make_phases(const bench_results *results) {
    json_t *list = json_array();
    for (int i = 0; i < results->phase_count && list; ++i) {
        const bench_phase *phase = &results->phases[i];
        json_t *item = json_pack("{s:s, s:i, s:f, s:f, s:f, s:f, s:o}", "name", phase->name, "steps", phase->steps, "mean_s",
                                 phase->statistics.mean, "sd_s", phase->statistics.sd, "median_s", phase->statistics.median, "min_s",
                                 phase->statistics.min, "samples_s", make_samples(phase));
        if (json_array_append_new(list, item) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}

static json_t *make_verification(const bench_verification *verification) {
    json_t *list = json_array();
    for (int i = 0; i < verification->count && list; ++i) {
        const bench_deviation *tensor = &verification->tensors[i];
        if (json_array_append_new(list, json_pack("{s:s, s:f}", "name", tensor->name, "relative_l2", tensor->relative_l2)) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return json_pack("{s:b, s:f, s:o}", "ran", verification->ran, "max_relative_l2", verification->max_relative_l2, "tensors", list);
}

static json_t *make_setup(const bench_session *session) {
    return json_pack("{s:f, s:f, s:f, s:f, s:i, s:i, s:i}", "total_s", session->setup_s, "compile_s", session->compile_s, "first_steps_s",
                     session->first_steps_s, "tune_s", session->tune_s, "programs_compiled",
                     convcl_context_programs_built(session->context), "programs_loaded", convcl_context_programs_loaded(session->context),
                     "candidates_tuned", convcl_context_candidates_tuned(session->context));
}

static json_t *make_root(const bench_results *results) {
    const bench_session *session = results->session;
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "convcl", convcl_version(), "device",
                     make_device(convcl_context_device(session->context)), "config", make_config(session->options), "setup",
                     make_setup(session), "activations", make_activations(results), "phases", make_phases(results), "verify",
                     make_verification(&results->verification));
}

/* ---- the file -------------------------------------------------------------------------------------------------------------------------- */

/* Where the JSON goes: through `temporary` to `final`, or straight to `final` when `temporary` is NULL. Strings are freed by target_clear. */
typedef struct target {
    char *final;
    char *temporary;
    mode_t mode;
} target;

static void target_clear(target *to) {
    free(to->final);
    free(to->temporary);
    *to = (target){0};
}

static int cannot_write(const char *path, int error) {
    bench_error("--json is \"%s\", which cannot be written: %s", path, strerror(error));
    return -1;
}

/* Follows links, so that the file behind a link is replaced and not the link. */
static int target_find(const char *path, target *to) {
    struct stat information;
    *to = (target){0};
    const mode_t mask = umask(0);
    umask(mask);
    to->mode = 0666 & ~mask;
    const int exists = stat(path, &information) == 0;
    if (exists && S_ISDIR(information.st_mode))
        return cannot_write(path, EISDIR);
    if (exists && access(path, W_OK) != 0)
        return cannot_write(path, errno);
    to->final = exists ? realpath(path, NULL) : strdup(path);
    if (!to->final)
        return cannot_write(path, errno);
    if (exists && !S_ISREG(information.st_mode))
        return 0;
    if (exists)
        to->mode = information.st_mode & 07777;
    const size_t size = strlen(to->final) + sizeof ".XXXXXX";
    to->temporary = malloc(size);
    if (!to->temporary)
        return cannot_write(path, ENOMEM);
    snprintf(to->temporary, size, "%s.XXXXXX", to->final);
    return 0;
}

/* Opens what is to be written now. NULL with errno when that fails; nothing is left behind then. */
static FILE *target_open(target *to) {
    if (!to->temporary)
        return fopen(to->final, "w");
    const int descriptor = mkstemp(to->temporary);
    if (descriptor < 0)
        return NULL;
    FILE *file = fchmod(descriptor, to->mode) == 0 ? fdopen(descriptor, "w") : NULL;
    if (!file) {
        const int error = errno;
        close(descriptor);
        unlink(to->temporary);
        errno = error;
    }
    return file;
}

bench_status bench_json_check_path(const char *path) {
    target to;
    bench_status status = BENCH_OK;
    if (target_find(path, &to) != 0)
        status = BENCH_USAGE;
    else if (to.temporary) {
        FILE *file = target_open(&to);
        if (file) {
            fclose(file);
            unlink(to.temporary);
        } else {
            cannot_write(path, errno);
            status = BENCH_USAGE;
        }
    }
    target_clear(&to);
    return status;
}

static int write_tree(const json_t *root, FILE *file) {
    errno = 0;
    const int failed = json_dumpf(root, file, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) != 0 || fputc('\n', file) == EOF;
    const int error = failed && errno ? errno : EIO;
    if (fclose(file) != 0)
        return errno;
    return failed ? error : 0;
}

bench_status bench_json_write(const char *path, const bench_results *results) {
    target to = {0};
    json_t *root = make_root(results);
    bench_status status = BENCH_FAILED;
    int error = 0;
    if (!root)
        bench_error("no memory to build the JSON for \"%s\"", path);
    else if (target_find(path, &to) == 0) {
        FILE *file = target_open(&to);
        error = file ? write_tree(root, file) : errno;
        if (!error && to.temporary && rename(to.temporary, to.final) != 0)
            error = errno;
        if (error) {
            cannot_write(path, error);
            if (file && to.temporary)
                unlink(to.temporary);
        } else
            status = BENCH_OK;
    }
    target_clear(&to);
    json_decref(root);
    return status;
}
