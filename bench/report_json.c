/* report_json.c: builds the JSON of a run and writes it so that it is there whole or not at all.
 * SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700 /* realpath */
#include "report_json.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "devices.h"
#include "report_text.h"

/* ---- the tree: a failed allocation makes a NULL, which jansson's packing passes on to the end -------------------------------------------- */

json_t *bench_json_text(const char *string) {
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

json_t *bench_json_device(const convcl_device_info *device) {
    const bench_traits traits = bench_devices_traits(device);
    return json_pack("{s:i, s:i, s:i, s:o, s:o, s:o, s:o, s:s, s:o, s:i, s:I, s:I, s:b, s:b, s:b}", "index", device->index,
                     "platform_index", device->platform_index, "device_index", device->device_index, "name", bench_json_text(device->name),
                     "platform", bench_json_text(device->platform_name), "vendor", bench_json_text(device->vendor), "driver",
                     bench_json_text(device->driver), "type", convcl_device_type_name(device->type), "opencl",
                     bench_json_text(device->version), "compute_units", (int)device->compute_units, "memory_bytes",
                     (json_int_t)device->global_memory, "local_memory_bytes", (json_int_t)device->local_memory, "half", traits.half,
                     "double", traits.double_precision, "subgroups", traits.subgroups);
}

static json_t *make_config(const bench_options *options) {
    return json_pack("{s:i, s:i, s:i, s:I, s:s, s:s, s:s}", "batch", options->batch, "steps", options->steps, "burn_in", options->burn_in,
                     "seed", (json_int_t)options->seed, "math", convcl_math_name(options->math), "algo",
                     options->algo ? options->algo : "auto", "gemm", options->gemm ? options->gemm : "auto");
}

/* null where there is no number. */
static json_t *number(double value) {
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *make_ceilings(const bench_ceilings *c) {
    if (!c->measured)
        return json_null();
    return json_pack("{s:f, s:o, s:f, s:f, s:f, s:f, s:f}", "fma_flops", c->fma_flops, "fma_flops_after",
                     number(c->fma_flops_after > 0 ? c->fma_flops_after : (double)NAN), "copy_bytes_per_s", c->copy_bytes, "launch_s",
                     c->launch_s, "round_trip_s", c->round_trip_s, "upload_bytes_per_s", c->upload_bytes, "download_bytes_per_s",
                     c->download_bytes);
}

static json_t *make_activations(const bench_results *results) {
    json_t *list = json_array();
    for (int i = 0; i < CONVCL_ALEXNET_ACTIVATIONS && results->shapes && list; ++i) {
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

static json_t *make_samples(const double *samples, int count) {
    json_t *list = json_array();
    for (int i = 0; i < count && list; ++i)
        if (json_array_append_new(list, json_real(samples[i])) != 0) {
            json_decref(list);
            list = NULL;
        }
    return list;
}

static json_t *make_phase(const bench_phase *phase, int asked) {
    const bench_statistics *s = &phase->statistics;
    return json_pack("{s:s, s:i, s:b, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:i, s:f, s:b, s:o}", "name", phase->name, "steps",
                     phase->steps, "partial", phase->steps < asked, "mean_s", s->mean, "sd_s", s->sd, "median_s", s->median, "min_s",
                     s->min, "max_s", s->max, "p05_s", s->p05, "p25_s", s->p25, "p75_s", s->p75, "p95_s", s->p95, "outliers", s->outliers,
                     "drift", s->drift, "noisy", s->noisy, "samples_s", make_samples(phase->samples, phase->steps));
}

static json_t *make_phases(const bench_results *results) {
    json_t *list = json_array();
    for (int i = 0; i < results->phase_count && list; ++i)
        if (json_array_append_new(list, make_phase(&results->phases[i], results->session.options->steps)) != 0) {
            json_decref(list);
            list = NULL;
        }
    return list;
}

static json_t *make_layer(const bench_phase *phase, const bench_layer_row *row, const bench_ceilings *ceilings) {
    const double nothing = (double)NAN, pack = row->parts[BENCH_PART_PACK_A] + row->parts[BENCH_PART_PACK_B];
    return json_pack("{s:s, s:o, s:s, s:s, s:s, s:f, s:f, s:o, s:s, s:o, s:o, s:o, s:f, s:f, s:o, s:o}", "phase", phase->name, "layer",
                     bench_json_text(row->layer), "direction", row->direction, "algorithm", row->algorithm, "describe", row->describe,
                     "time_s", row->seconds, "gflops", bench_layer_flops(row) / 1e9, "share_of_peak",
                     number(bench_layer_share(row, ceilings)), "bound", row->bound, "pack_s", number(row->convolution ? pack : nothing),
                     "gemm_s", number(row->convolution ? row->parts[BENCH_PART_GEMM] : nothing), "unpack_s",
                     number(row->convolution ? row->parts[BENCH_PART_UNPACK] : nothing), "flop", row->work.flops, "bytes", row->work.bytes,
                     "roofline_s", number(ceilings->measured ? row->roofline : nothing), "samples_s",
                     make_samples(row->samples, phase->layers.steps));
}

static json_t *make_layers(const bench_results *results) {
    json_t *list = json_array();
    for (int p = 0; p < results->phase_count; ++p) {
        const bench_phase *phase = &results->phases[p];
        for (int i = 0; i < phase->layers.count && list; ++i)
            if (json_array_append_new(list, make_layer(phase, &phase->layers.rows[i], &results->ceilings)) != 0) {
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

static json_t *make_run(const bench_results *results) {
    const bench_session *session = &results->session;
    return json_pack("{s:s, s:o, s:s, s:o, s:b, s:o, s:{s:f, s:f}, s:o, s:o, s:o, s:o, s:o}", "convcl", convcl_version(), "device",
                     bench_json_device(convcl_context_device(session->context)), "network", "alexnet", "config",
                     make_config(session->options), "partial", results->partial != NULL, "partial_reason",
                     results->partial ? json_string(results->partial) : json_null(), "setup", "compile_s", session->compile_s, "tune_s",
                     session->tune_s, "ceilings", make_ceilings(&results->ceilings), "activations", make_activations(results), "phases",
                     make_phases(results), "layers", make_layers(results), "verify", make_verification(&results->verification));
}

json_t *bench_json_make(const bench_results *results, int count) {
    if (count == 1)
        return make_run(results);
    json_t *list = json_array();
    for (int i = 0; i < count && list; ++i)
        if (json_array_append_new(list, make_run(&results[i])) != 0) {
            json_decref(list);
            list = NULL;
        }
    return json_pack("{s:s, s:o}", "convcl", convcl_version(), "runs", list);
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

static int dump(const json_t *root, FILE *file) {
    return json_dumpf(root, file, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) != 0 || fputc('\n', file) == EOF;
}

static int write_tree(const json_t *root, FILE *file) {
    errno = 0;
    const int failed = dump(root, file);
    const int error = failed && errno ? errno : EIO;
    if (fclose(file) != 0)
        return errno;
    return failed ? error : 0;
}

bench_status bench_json_write(const char *path, json_t *root) {
    target to = {0};
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

bench_status bench_json_print(json_t *root) {
    if (!root) {
        bench_error("no memory to build the JSON");
        return BENCH_FAILED;
    }
    dump(root, stdout); /* what cannot be written is found by the flush */
    json_decref(root);
    return bench_text_flush();
}
