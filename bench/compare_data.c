/* compare_data.c: from JSON files to sides that can be compared, or the reason why they cannot.
 * SPDX-License-Identifier: MIT */
#include "compare_data.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compare_check.h"

static const char *text_of(const json_t *object, const char *key) {
    return json_string_value(json_object_get(object, key));
}

static const char *net_of(const json_t *root) {
    const char *net = text_of(root, "network");
    return net ? net : "alexnet";
}

static const char *file_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

/* Appends at most `most` bytes of the text, and no half character. Names of files may be no UTF-8, which JSON and HTML would refuse: then it becomes ASCII. */
static void append(char *to, size_t size, const char *text, size_t most) {
    const size_t begin = strlen(to);
    json_t *valid = json_string(text);
    size_t at = begin;
    for (size_t i = 0; text[i] && i < most && at + 1 < size; ++i)
        to[at++] = valid || (unsigned char)text[i] < 128 ? text[i] : '?';
    const bool cut = text[at - begin] != '\0';
    while (cut && at > begin && ((unsigned char)text[at - begin] & 0xc0) == 0x80)
        --at;
    to[at] = '\0';
    json_decref(valid);
}

/* ---- which side a run belongs to ------------------------------------------------------------------------------------------------------- */

static bool same_device(const compare_side *side, const json_t *root) {
    const json_t *left = json_object_get(side->roots[0], "device"), *right = json_object_get(root, "device");
    static const char *const keys[] = {"index", "name", "platform", "driver"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; ++i)
        if (!json_equal(json_object_get(left, keys[i]), json_object_get(right, keys[i])))
            return false;
    return true;
}

static bench_status side_take(compare_side *side, const json_t *root, const char *path) {
    const json_t **roots = realloc(side->roots, (size_t)(side->runs + 1) * sizeof *roots);
    if (!roots) {
        bench_error("compare: no memory for the runs of %s", path);
        return BENCH_FAILED;
    }
    side->roots = roots;
    side->roots[side->runs++] = root;
    if (side->runs > 1)
        append(side->place, sizeof side->place, ", ", 2);
    append(side->place, sizeof side->place, file_name(path), sizeof side->place);
    return BENCH_OK;
}

/* The run joins a side of the same operand, which begin at `first`, or makes a new one. */
static bench_status add_run(compare_set *set, const json_t *root, const char *path, int first) {
    bench_status status = compare_check_run(root, path);
    if (status == BENCH_OK && set->count > 0)
        status = compare_check_same(set->sides[0].roots[0], set->sides[0].place, root, path);
    if (status != BENCH_OK)
        return status;
    int at = first;
    while (at < set->count && !same_device(&set->sides[at], root))
        ++at;
    if (at == COMPARE_SIDES) {
        bench_error("compare: %s would be one side too many, at most %d can be compared", path, COMPARE_SIDES);
        return BENCH_USAGE;
    }
    compare_side *side = &set->sides[at];
    if (at == set->count) {
        const json_t *device = json_object_get(root, "device");
        *side = (compare_side){.letter = {(char)('A' + at)},
                               .name = text_of(device, "name"),
                               .platform = text_of(device, "platform"),
                               .driver = text_of(device, "driver"),
                               .type = text_of(device, "type"),
                               .version = text_of(root, "convcl")};
        ++set->count;
    }
    if (set->count == 1 && !side->runs) {
        set->net = net_of(root);
        set->math = text_of(json_object_get(root, "config"), "math");
        set->batch = (int)json_integer_value(json_object_get(json_object_get(root, "config"), "batch"));
    }
    return side_take(side, root, path);
}

static bench_status add_document(compare_set *set, json_t *document, const char *path, int first) {
    json_t **documents = realloc(set->documents, (size_t)(set->document_count + 1) * sizeof(json_t *));
    if (!documents) {
        bench_error("compare: no memory for %s", path);
        return BENCH_FAILED;
    }
    set->documents = documents;
    set->documents[set->document_count++] = json_incref(document);
    const json_t *runs = json_object_get(document, "runs");
    if (!runs)
        return add_run(set, document, path, first);
    bench_status status = json_array_size(runs) > 0 ? BENCH_OK : BENCH_USAGE;
    if (status != BENCH_OK)
        bench_error("compare: %s: \"runs\" is empty or no list, must hold at least one run", path);
    for (size_t i = 0; i < json_array_size(runs) && status == BENCH_OK; ++i)
        status = add_run(set, json_array_get(runs, i), path, first);
    return status;
}

bench_status compare_set_add(compare_set *set, json_t *document, const char *path) {
    return add_document(set, document, path, set->count);
}

static bench_status read_file(compare_set *set, const char *path, int first) {
    json_error_t error;
    FILE *file = fopen(path, "r");
    if (!file) {
        bench_error("compare: %s cannot be read: %s", path, strerror(errno));
        return BENCH_USAGE;
    }
    json_t *document = json_loadf(file, JSON_REJECT_DUPLICATES, &error);
    fclose(file);
    if (!document) {
        bench_error("compare: %s is no JSON: line %d, %s", path, error.line, error.text);
        return BENCH_USAGE;
    }
    const bench_status status = add_document(set, document, path, first);
    json_decref(document);
    return status;
}

bench_status compare_set_read(compare_set *set, const char *operand) {
    const int first = set->count;
    if (!strchr(operand, ',') || access(operand, F_OK) == 0)
        return read_file(set, operand, first);
    const size_t length = strlen(operand);
    if (operand[0] == ',' || operand[length - 1] == ',' || strstr(operand, ",,"))
        return bench_usage_error("compare: \"%s\" has no file before or behind a comma", operand);
    char *paths = strdup(operand), *rest = NULL;
    bench_status status = paths ? BENCH_OK : BENCH_FAILED;
    if (!paths)
        bench_error("compare: no memory for %s", operand);
    for (char *path = paths ? strtok_r(paths, ",", &rest) : NULL; path && status == BENCH_OK; path = strtok_r(NULL, ",", &rest))
        status = read_file(set, path, first);
    free(paths);
    return status;
}

/* ---- labels ---------------------------------------------------------------------------------------------------------------------------- */

static bool same_text(const char *left, const char *right) {
    return left && right ? strcmp(left, right) == 0 : left == right;
}

/* The device; where that is not enough to tell the sides apart, the driver or the files as well. */
static void make_labels(compare_set *set) {
    for (int i = 0; i < set->count; ++i) {
        compare_side *side = &set->sides[i];
        bool same_place = false, same_driver = false;
        for (int j = 0; j < set->count; ++j) {
            const compare_side *other = &set->sides[j];
            const bool same = j != i && same_text(side->name, other->name) && same_text(side->platform, other->platform);
            same_place |= same;
            same_driver |= same && same_text(side->driver, other->driver);
        }
        side->label[0] = '\0';
        append(side->label, sizeof side->label, side->name, 60);
        append(side->label, sizeof side->label, " [", 2);
        append(side->label, sizeof side->label, side->platform, 40);
        if (same_place && !same_driver) {
            append(side->label, sizeof side->label, " ", 1);
            append(side->label, sizeof side->label, side->driver, 20);
        }
        append(side->label, sizeof side->label, "]", 1);
        if (same_driver) {
            append(side->label, sizeof side->label, ", ", 2);
            append(side->label, sizeof side->label, side->place, 40);
        }
    }
}

static bench_status take_labels(compare_set *set, const char *labels) {
    int count = 0;
    const char *at = labels;
    for (bool more = true; more; ++count) {
        const size_t length = strcspn(at, ",");
        if (count < set->count)
            set->sides[count].label[0] = '\0', append(set->sides[count].label, sizeof set->sides[count].label, at, length);
        if (length == 0)
            return bench_usage_error("--labels is \"%s\", must have a name before and behind each comma", labels);
        more = at[length] == ',';
        at += length + 1;
    }
    if (count != set->count)
        return bench_usage_error("--labels has %d names, must have %d, one for each side", count, set->count);
    return BENCH_OK;
}

/* ---- phases and layers ------------------------------------------------------------------------------------------------------------------ */

static const json_t *find_phase(const json_t *root, const char *name) {
    const json_t *phases = json_object_get(root, "phases");
    for (size_t i = 0; i < json_array_size(phases); ++i)
        if (strcmp(text_of(json_array_get(phases, i), "name"), name) == 0)
            return json_array_get(phases, i);
    return NULL;
}

static double number_of(const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

/* Threads that wait for a processor have lost it to others, or to threads of their own process when those leave none idle. On a device that is no CPU the
 * processors play no part. */
static double lost_share(const compare_side *side, const json_t *phase) {
    const json_t *processor = json_object_get(phase, "processor");
    const double all = number_of(processor, "wall_s") * number_of(processor, "processors");
    const double lost = fmin(number_of(processor, "wait_s"), all - number_of(processor, "cpu_s"));
    return same_text(side->type, "CPU") && all > 0 && lost > 0 ? fmin(0.9, lost / all) : 0;
}

/* Gathers the samples of the phase from all runs that have it. */
static bench_status fill_phase(const compare_side *side, compare_phase *phase) {
    for (int i = 0; i < side->runs; ++i)
        phase->count += (int)json_array_size(json_object_get(find_phase(side->roots[i], phase->name), "samples_s"));
    phase->samples = malloc((size_t)phase->count * sizeof *phase->samples);
    phase->run_ends = malloc((size_t)side->runs * sizeof *phase->run_ends);
    if (!phase->samples || !phase->run_ends) {
        bench_error("compare: no memory for %d samples", phase->count);
        return BENCH_FAILED;
    }
    int at = 0;
    for (int i = 0; i < side->runs; ++i) {
        const json_t *found = find_phase(side->roots[i], phase->name), *samples = json_object_get(found, "samples_s");
        if (!found)
            continue;
        phase->partial |= json_is_true(json_object_get(found, "partial"));
        phase->noisy |= json_is_true(json_object_get(found, "noisy"));
        phase->lost += lost_share(side, found);
        for (size_t j = 0; j < json_array_size(samples); ++j)
            phase->samples[at++] = json_number_value(json_array_get(samples, j));
        phase->run_ends[phase->runs++] = at;
    }
    phase->lost /= phase->runs;
    bench_status status = compare_spread_of(phase->samples, phase->count, &phase->spread);
    if (status == BENCH_OK)
        status = compare_estimate_of(phase->samples, phase->run_ends, phase->runs, side->drift, &phase->estimate);
    phase->estimate.lost = phase->lost;
    return status;
}

static bench_status make_phases(compare_side *side) {
    bench_status status = BENCH_OK;
    for (int i = 0; i < side->runs && status == BENCH_OK; ++i) {
        const json_t *phases = json_object_get(side->roots[i], "phases");
        for (size_t j = 0; j < json_array_size(phases) && status == BENCH_OK; ++j) {
            const char *name = text_of(json_array_get(phases, j), "name");
            if (side->phase_count == COMPARE_PHASES || compare_side_phase(side, name))
                continue;
            compare_phase *phase = &side->phases[side->phase_count++];
            *phase = (compare_phase){.name = name};
            status = fill_phase(side, phase);
        }
    }
    return status;
}

static compare_layer *find_layer(const compare_side *side, const compare_layer *like) {
    for (int i = 0; i < side->layer_count; ++i) {
        compare_layer *layer = &side->layers[i];
        if (same_text(layer->layer, like->layer) && same_text(layer->direction, like->direction) && same_text(layer->phase, like->phase))
            return layer;
    }
    return NULL;
}

/* Adds the row to the side, or its values to the row that is there. Sums for now: finish_layer divides. */
static void add_layer(compare_side *side, const json_t *row) {
    const compare_layer like = {.phase = text_of(row, "phase"), .layer = text_of(row, "layer"), .direction = text_of(row, "direction")};
    compare_layer *layer = find_layer(side, &like);
    if (!layer) {
        layer = &side->layers[side->layer_count++];
        *layer = like;
        layer->algorithm = text_of(row, "algorithm");
        layer->bound = text_of(row, "bound");
    }
    ++layer->runs;
    layer->samples += (int)json_array_size(json_object_get(row, "samples_s"));
    layer->time += log(number_of(row, "time_s"));
    layer->gflops += number_of(row, "gflops");
    layer->share += number_of(row, "share_of_peak");
    layer->pack += number_of(row, "pack_s");
    layer->gemm += number_of(row, "gemm_s");
    layer->unpack += number_of(row, "unpack_s");
    layer->roofline += number_of(row, "roofline_s");
}

/* Gathers the samples of the layer from all runs and estimates its time from them. */
static bench_status estimate_layer(const compare_side *side, compare_layer *layer) {
    double *samples = malloc((size_t)layer->samples * sizeof *samples);
    int *ends = malloc((size_t)side->runs * sizeof *ends);
    int count = 0, runs = 0;
    bench_status status = BENCH_FAILED;
    if (!samples || !ends)
        bench_error("compare: no memory for %d samples", layer->samples);
    for (int i = 0; samples && ends && i < side->runs; ++i) {
        const json_t *rows = json_object_get(side->roots[i], "layers");
        const int before = count;
        for (size_t j = 0; j < json_array_size(rows); ++j) {
            const json_t *row = json_array_get(rows, j), *list = json_object_get(row, "samples_s");
            if (!same_text(text_of(row, "layer"), layer->layer) || !same_text(text_of(row, "direction"), layer->direction) ||
                !same_text(text_of(row, "phase"), layer->phase))
                continue;
            for (size_t k = 0; k < json_array_size(list) && count < layer->samples; ++k)
                samples[count++] = json_number_value(json_array_get(list, k));
        }
        if (count > before)
            ends[runs++] = count;
    }
    if (samples && ends)
        status = compare_estimate_of(samples, ends, runs, side->drift, &layer->estimate);
    free(samples);
    free(ends);
    return status;
}

/* `sd` is the noise of one step, for files that give a layer's time without samples. */
static bench_status finish_layer(const compare_side *side, compare_layer *layer, double sd) {
    double *const values[] = {&layer->time, &layer->gflops, &layer->share, &layer->pack, &layer->gemm, &layer->unpack, &layer->roofline};
    for (size_t i = 0; i < sizeof values / sizeof *values; ++i)
        *values[i] /= layer->runs;
    layer->time = exp(layer->time);
    if (layer->samples > 0)
        return estimate_layer(side, layer);
    layer->estimate = compare_estimate_value(layer->time, layer->runs, sd, side->drift);
    return BENCH_OK;
}

static bench_status make_layers(compare_side *side) {
    size_t rows = 0;
    for (int i = 0; i < side->runs; ++i)
        rows += json_array_size(json_object_get(side->roots[i], "layers"));
    if (rows == 0)
        return BENCH_OK;
    side->layers = calloc(rows, sizeof *side->layers);
    if (!side->layers) {
        bench_error("compare: no memory for %zu layers", rows);
        return BENCH_FAILED;
    }
    for (int i = 0; i < side->runs; ++i) {
        const json_t *layers = json_object_get(side->roots[i], "layers");
        for (size_t j = 0; j < json_array_size(layers); ++j)
            if (number_of(json_array_get(layers, j), "time_s") > 0)
                add_layer(side, json_array_get(layers, j));
    }
    double sd = 0, lost = 0;
    for (int i = 0; i < side->phase_count; ++i) {
        const compare_spread *spread = &side->phases[i].spread;
        sd = fmax(sd, (spread->p90 - spread->p10) / (2 * 1.2816) / spread->median); /* as of a normal distribution, outliers aside */
        lost = fmax(lost, side->phases[i].lost);
    }
    bench_status status = BENCH_OK;
    for (int i = 0; i < side->layer_count && status == BENCH_OK; ++i) {
        status = finish_layer(side, &side->layers[i], sd);
        side->layers[i].estimate.lost = lost;
    }
    return status;
}

bench_status compare_set_finish(compare_set *set, const char *labels, double drift) {
    make_labels(set);
    bench_status status = labels ? take_labels(set, labels) : BENCH_OK;
    set->labelled = labels != NULL;
    for (int i = 0; i < set->count && status == BENCH_OK; ++i) {
        compare_side *side = &set->sides[i];
        side->drift = drift >= 0 ? drift : same_text(side->type, "CPU") ? COMPARE_DRIFT_CPU : COMPARE_DRIFT_OTHER;
        status = make_phases(side);
        if (status == BENCH_OK)
            status = make_layers(side);
    }
    return status;
}

void compare_set_clear(compare_set *set) {
    for (int i = 0; i < set->count; ++i) {
        compare_side *side = &set->sides[i];
        for (int j = 0; j < side->phase_count; ++j) {
            free(side->phases[j].samples);
            free(side->phases[j].run_ends);
        }
        free(side->layers);
        free(side->roots);
    }
    for (int i = 0; i < set->document_count; ++i)
        json_decref(set->documents[i]);
    free(set->documents);
    *set = (compare_set){0};
}

const compare_phase *compare_side_phase(const compare_side *side, const char *name) {
    for (int i = 0; i < side->phase_count; ++i)
        if (strcmp(side->phases[i].name, name) == 0)
            return &side->phases[i];
    return NULL;
}

const compare_layer *compare_side_layer(const compare_side *side, const compare_layer *like) {
    return find_layer(side, like);
}
