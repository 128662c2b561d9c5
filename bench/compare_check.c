/* compare_check.c: refuses what is no run, and what cannot be compared.
 * SPDX-License-Identifier: MIT */
#include "compare_check.h"

#include <stdbool.h>
#include <string.h>

static bench_status refuse(const char *path, const char *what, const char *rule) {
    bench_error("compare: %s is no run of bench: %s %s", path, what, rule);
    return BENCH_USAGE;
}

/* ---- one run --------------------------------------------------------------------------------------------------------------------------- */

/* Beyond these a value is no time of a step, and sums or axes of them overflow. */
#define LEAST_SECONDS 1e-12
#define MOST_SECONDS  1e9

static bool all_times(const json_t *samples) {
    for (size_t i = 0; i < json_array_size(samples); ++i) {
        const double seconds = json_number_value(json_array_get(samples, i));
        if (!(seconds >= LEAST_SECONDS && seconds <= MOST_SECONDS))
            return false;
    }
    return true;
}

static bench_status check_phase(const json_t *phase, const char *path) {
    if (!json_is_string(json_object_get(phase, "name")))
        return refuse(path, "the \"name\" of a phase", "is missing, must be a text");
    const json_t *samples = json_object_get(phase, "samples_s");
    if (json_array_size(samples) == 0)
        return refuse(path, "\"samples_s\" of a phase", "is missing or empty, must be a list of seconds");
    if (!all_times(samples))
        return refuse(path, "a value of \"samples_s\"", "is no time, must be a number of seconds from 1e-12 to 1e9");
    return BENCH_OK;
}

static bench_status check_layers(const json_t *layers, const char *path) {
    for (size_t i = 0; i < json_array_size(layers); ++i) {
        const json_t *row = json_array_get(layers, i);
        if (!json_is_string(json_object_get(row, "layer")) || !json_is_string(json_object_get(row, "direction")))
            return refuse(path, "\"layer\" or \"direction\" of a row of \"layers\"", "is missing, must be a text");
        if (!all_times(json_object_get(row, "samples_s")))
            return refuse(path, "a value of \"samples_s\" of a layer", "is no time, must be a number of seconds from 1e-12 to 1e9");
    }
    return BENCH_OK;
}

bench_status compare_check_run(const json_t *root, const char *path) {
    if (json_object_get(root, "comparison"))
        return refuse(path, "it", "is the outcome of a comparison");
    static const char *const texts[] = {"name", "platform", "driver"};
    const json_t *device = json_object_get(root, "device"), *config = json_object_get(root, "config"),
                 *phases = json_object_get(root, "phases");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; ++i)
        if (!json_is_string(json_object_get(device, texts[i])))
            return refuse(path, "\"name\", \"platform\" or \"driver\" of \"device\"", "is missing, must be a text");
    if (!(json_integer_value(json_object_get(config, "batch")) > 0))
        return refuse(path, "\"batch\" of \"config\"", "is missing, must be a whole number above 0");
    if (!json_is_string(json_object_get(config, "math")))
        return refuse(path, "\"math\" of \"config\"", "is missing, must be a text");
    if (json_array_size(json_object_get(root, "activations")) == 0)
        return refuse(path, "\"activations\"", "is missing or empty, must list the layers");
    if (json_array_size(phases) == 0)
        return refuse(path, "\"phases\"", "is missing or empty, must be a list");
    bench_status status = check_layers(json_object_get(root, "layers"), path);
    for (size_t i = 0; i < json_array_size(phases) && status == BENCH_OK; ++i)
        status = check_phase(json_array_get(phases, i), path);
    return status;
}

/* ---- two runs -------------------------------------------------------------------------------------------------------------------------- */

static const char *config_text(const json_t *root, const char *key, const char *otherwise) {
    const char *text = json_string_value(json_object_get(json_object_get(root, "config"), key));
    return text ? text : otherwise;
}

static const char *network_of(const json_t *root) {
    const char *name = json_string_value(json_object_get(root, "network"));
    return name ? name : "alexnet";
}

/* True when the activations have the same names and the same shapes behind the batch. */
static bool same_activations(const json_t *left, const json_t *right) {
    if (json_array_size(left) != json_array_size(right))
        return false;
    for (size_t i = 0; i < json_array_size(left); ++i) {
        const json_t *a = json_array_get(left, i), *b = json_array_get(right, i);
        const json_t *from = json_object_get(a, "shape"), *to = json_object_get(b, "shape");
        if (!json_equal(json_object_get(a, "name"), json_object_get(b, "name")) || json_array_size(from) != json_array_size(to))
            return false;
        for (size_t j = 1; j < json_array_size(from); ++j)
            if (!json_equal(json_array_get(from, j), json_array_get(to, j)))
                return false;
    }
    return true;
}

static bool share_a_phase(const json_t *left, const json_t *right) {
    for (size_t i = 0; i < json_array_size(left); ++i)
        for (size_t j = 0; j < json_array_size(right); ++j)
            if (json_equal(json_object_get(json_array_get(left, i), "name"), json_object_get(json_array_get(right, j), "name")))
                return true;
    return false;
}

bench_status compare_check_same(const json_t *base, const char *base_path, const json_t *root, const char *path) {
    const char *net = network_of(root), *base_net = network_of(base);
    if (strcmp(net, base_net) != 0) {
        bench_error("compare: %s times %s and %s times %s; only runs of the same network compare", path, net, base_path, base_net);
        return BENCH_USAGE;
    }
    if (!same_activations(json_object_get(base, "activations"), json_object_get(root, "activations"))) {
        bench_error("compare: %s and %s differ in \"activations\"; only runs of the same network compare", path, base_path);
        return BENCH_USAGE;
    }
    const long long batch = json_integer_value(json_object_get(json_object_get(root, "config"), "batch"));
    const long long base_batch = json_integer_value(json_object_get(json_object_get(base, "config"), "batch"));
    if (batch != base_batch) {
        bench_error("compare: %s has batch %lld and %s has batch %lld; only runs of the same batch compare", path, batch, base_path,
                    base_batch);
        return BENCH_USAGE;
    }
    const char *math = config_text(root, "math", ""), *base_math = config_text(base, "math", "");
    if (strcmp(math, base_math) != 0) {
        bench_error("compare: %s has math mode %s and %s has %s; only runs of the same math mode compare", path, math, base_path,
                    base_math);
        return BENCH_USAGE;
    }
    if (!share_a_phase(json_object_get(base, "phases"), json_object_get(root, "phases"))) {
        bench_error("compare: %s and %s have no phase in common", path, base_path);
        return BENCH_USAGE;
    }
    return BENCH_OK;
}
