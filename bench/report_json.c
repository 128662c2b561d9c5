/* report_json.c: builds the JSON of a run and writes it.
 * SPDX-License-Identifier: MIT */
#include "report_json.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "devices.h"
#include "output_file.h"
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
    return json_pack("{s:i, s:i, s:i, s:I, s:s, s:s, s:s, s:s}", "batch", options->batch, "steps", options->steps, "burn_in",
                     options->burn_in, "seed", (json_int_t)options->seed, "math", convcl_math_name(options->math), "tune",
                     bench_tuning_name(options->tuning), "algo", options->algo ? options->algo : "auto", "gemm",
                     options->gemm ? options->gemm : "auto");
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
    const convcl_model *model = results->session.options->model;
    json_t *list = json_array();
    for (int i = 0; i < model->activation_count && results->shapes && list; ++i) {
        const int *dim = results->activations[i].dim;
        json_t *item = json_pack("{s:s, s:[i, i, i, i]}", "name", model->activations[i].name, "shape", dim[0], dim[1], dim[2], dim[3]);
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

/* NULL where the system did not tell, which leaves the key out. */
static json_t *make_processor(const bench_processor *processor) {
    if (!processor->known)
        return NULL;
    return json_pack("{s:i, s:f, s:f, s:f}", "processors", processor->processors, "wall_s", processor->wall_s, "cpu_s", processor->cpu_s,
                     "wait_s", processor->wait_s);
}

static json_t *make_phase(const bench_phase *phase, int asked) {
    const bench_statistics *s = &phase->statistics;
    return json_pack("{s:s, s:i, s:b, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:i, s:f, s:b, s:o, s:o*}", "name", phase->name, "steps",
                     phase->steps, "partial", phase->steps < asked, "mean_s", s->mean, "sd_s", s->sd, "median_s", s->median, "min_s",
                     s->min, "max_s", s->max, "p05_s", s->p05, "p25_s", s->p25, "p75_s", s->p75, "p95_s", s->p95, "outliers", s->outliers,
                     "drift", s->drift, "noisy", s->noisy, "samples_s", make_samples(phase->samples, phase->steps), "processor",
                     make_processor(&phase->processor));
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

static json_t *make_setup(const bench_session *session) {
    return json_pack("{s:f, s:f, s:f, s:f, s:i, s:i, s:i}", "total_s", session->setup_s, "compile_s", session->compile_s, "first_steps_s",
                     session->first_steps_s, "tune_s", session->tune_s, "programs_compiled",
                     convcl_context_programs_built(session->context), "programs_loaded", convcl_context_programs_loaded(session->context),
                     "candidates_tuned", convcl_context_candidates_tuned(session->context));
}

static json_t *make_run(const bench_results *results) {
    const bench_session *session = &results->session;
    return json_pack("{s:s, s:o, s:s, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "convcl", convcl_version(), "device",
                     bench_json_device(convcl_context_device(session->context)), "network", session->options->model->name, "config",
                     make_config(session->options), "partial", results->partial != NULL, "partial_reason",
                     results->partial ? json_string(results->partial) : json_null(), "setup", make_setup(session), "ceilings",
                     make_ceilings(&results->ceilings), "activations", make_activations(results), "phases", make_phases(results), "layers",
                     make_layers(results), "verify", make_verification(&results->verification));
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

bench_status bench_json_check_path(const char *path) {
    return bench_output_check("--json", path);
}

static int dump(const json_t *root, FILE *file) {
    return json_dumpf(root, file, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) != 0 || fputc('\n', file) == EOF;
}

bench_status bench_json_write(const char *path, json_t *root) {
    bench_output output;
    if (!root) {
        bench_error("no memory to build the JSON for \"%s\"", path);
        return BENCH_FAILED;
    }
    bench_status status = bench_output_open("--json", path, &output);
    if (status == BENCH_OK) {
        errno = 0;
        const int failed = dump(root, output.file);
        status = bench_output_close(&output, !failed ? 0 : errno ? errno : EIO);
    }
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
