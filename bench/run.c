/* run.c: the order of things on one device, and from device to device.
 * SPDX-License-Identifier: MIT */
#include "run.h"

#include <stdio.h>
#include <stdlib.h>

#include "devices.h"
#include "html.h"
#include "report_json.h"
#include "report_tables.h"
#include "report_text.h"
#include "stop.h"

/* A processor that is slower than this share of its first measurement when the run ends was throttled, or shared. */
#define THROTTLED 0.93

/* ---- one device ------------------------------------------------------------------------------------------------------------------------ */

static bench_status read_shapes(const convcl_net *net, bench_results *results) {
    const convcl_model *model = results->session.options->model;
    bench_status status = BENCH_OK;
    for (int i = 0; i < model->activation_count && status == BENCH_OK; ++i)
        status = bench_check(convcl_net_shape(net, model->activations[i].value, &results->activations[i]));
    results->shapes = status == BENCH_OK;
    return status;
}

/* Layers are measured for whoever reads them: the tables, or a program that gets JSON, CSV or Markdown. */
static bool wants_layers(const bench_options *options) {
    return options->layers || options->launches || options->json || options->format != BENCH_FORMAT_TEXT;
}

static bench_status run_layers(bench_session *session, convcl_net *net, bench_phase *phase, const bench_ceilings *ceilings) {
    bench_status status = bench_layers_run(session, net, phase, ceilings, &phase->layers);
    if (status == BENCH_OK && session->options->layers)
        status = bench_text_layers(phase, ceilings);
    if (status == BENCH_OK && session->options->launches)
        status = bench_text_launches(phase);
    return status;
}

static void warn_of_noise(const bench_phase *phase) {
    const bench_statistics *s = &phase->statistics;
    if (s->noisy)
        bench_warning(
            "%s is noisy: the middle half of the steps spans %.1f%% of the median, %d of %d are outliers, the last third took %+.1f%%",
            phase->name, 100 * (s->p75 - s->p25) / s->median, s->outliers, phase->steps, 100 * s->drift);
}

/* Each phase has a network of its own, the inference network without what only training needs; one is gone before the next is made. */
static bench_status run_phase(bench_results *results, bench_phase *phase, double deadline) {
    bench_session *session = &results->session;
    const convcl_net_mode mode = phase->backward ? CONVCL_NET_TRAINING : CONVCL_NET_INFERENCE;
    convcl_net *net = NULL;
    bench_status status = bench_session_create_net(session, mode, session->options->batch, session->options->seed, false, &net);
    if (status == BENCH_OK && !results->shapes) {
        status = read_shapes(net, results);
        if (status == BENCH_OK)
            status = bench_text_activations(session->options->model, net);
    }
    if (status == BENCH_OK)
        status = bench_phase_run(session, net, deadline, phase);
    if (status == BENCH_OK && phase->steps > 0) {
        ++results->phase_count;
        warn_of_noise(phase);
        if (wants_layers(session->options) && !bench_stop_interrupted())
            status = run_layers(session, net, phase, &results->ceilings);
    }
    convcl_net_destroy(net);
    return status;
}

/* `end` is when the time budget is used up; each phase gets an equal part of what is left. */
static bench_status run_phases(bench_results *results, double end) {
    bench_status status = BENCH_OK;
    const int count = bench_phases_of(results->session.options, results->phases);
    for (int i = 0; i < count && status == BENCH_OK && !bench_stop_interrupted(); ++i) {
        const double now = bench_now();
        status = run_phase(results, &results->phases[i], end > 0 ? now + (end > now ? (end - now) / (count - i) : 1e-9) : 0);
    }
    bench_stop_set_deadline(0);
    for (int i = 0; i < count && !results->partial; ++i)
        if (results->phases[i].steps < results->session.options->steps)
            results->partial = bench_stop_interrupted() ? "interrupted" : status == BENCH_OK ? "time budget" : "failed";
    return status;
}

static void warn_of_throttling(const bench_ceilings *ceilings) {
    if (ceilings->fma_flops_after > 0 && ceilings->fma_flops_after < THROTTLED * ceilings->fma_flops)
        bench_warning(
            "the clock was throttled, or the machine is busy: multiply-adds went at %.1f GFLOP/s before the run and at %.1f behind it",
            ceilings->fma_flops / 1e9, ceilings->fma_flops_after / 1e9);
}

static bench_status before_timing(bench_results *results) {
    bench_session *session = &results->session;
    bench_status status = bench_text_device(session);
    if (status == BENCH_OK)
        status = bench_session_prepare(session);
    if (status == BENCH_OK)
        status = bench_text_setup(session);
    if (status == BENCH_OK && session->options->verify && !bench_stop_interrupted())
        status = bench_verify(session, &results->verification);
    if (status == BENCH_OK && results->verification.ran)
        status = bench_text_verification(&results->verification);
    if (status == BENCH_OK && !bench_stop_interrupted())
        status = bench_ceilings_measure(session, &results->ceilings);
    if (status == BENCH_OK && results->ceilings.measured)
        status = bench_text_ceilings(&results->ceilings);
    return status;
}

static bench_status run_device(const bench_options *options, const convcl_device_info *device, bench_results *results) {
    const double begin = bench_now(), end = options->time_budget > 0 ? begin + options->time_budget : 0;
    /* Tuning may take half of it. */
    bench_stop_set_deadline(end > 0 ? 0.5 * (begin + end) : 0);
    bench_status status = bench_session_open(options, device, &results->session);
    if (status == BENCH_OK)
        status = before_timing(results);
    if (status == BENCH_OK)
        status = run_phases(results, end);
    if (status == BENCH_OK && !bench_stop_interrupted())
        status = bench_ceilings_again(&results->session, &results->ceilings);
    warn_of_throttling(&results->ceilings);
    if (status == BENCH_OK && (results->phase_count > 0 || results->partial))
        status = bench_text_times(results);
    if (status != BENCH_OK && !results->partial)
        results->partial = "failed";
    return status;
}

/* ---- all devices ----------------------------------------------------------------------------------------------------------------------- */

/* A run that ended before its first step has nothing to draw. */
static bench_status write_page(const char *path, const bench_results *results, int count) {
    for (int i = 0; i < count; ++i)
        if (results[i].phase_count == 0) {
            bench_warning("--html: no phase was timed, \"%s\" is not written", path);
            return BENCH_OK;
        }
    json_t *root = bench_json_make(results, count);
    const bench_status status = root ? html_write(path, root) : BENCH_FAILED;
    if (!root)
        bench_error("no memory for the page \"%s\"", path);
    json_decref(root);
    return status;
}

static bench_status report(const bench_options *options, const bench_results *results, int count) {
    bench_status status = BENCH_OK;
    if (options->json)
        status = bench_json_write(options->json, bench_json_make(results, count));
    if (status == BENCH_OK && options->html)
        status = write_page(options->html, results, count);
    if (status != BENCH_OK)
        return status;
    switch (options->format) {
    case BENCH_FORMAT_JSON:
        return bench_json_print(bench_json_make(results, count));
    case BENCH_FORMAT_CSV:
        return bench_tables_csv(results, count);
    case BENCH_FORMAT_MARKDOWN:
        return bench_tables_markdown(results, count);
    case BENCH_FORMAT_TEXT:
        break;
    }
    return count > 1 ? bench_tables_compare(results, count) : BENCH_OK;
}

/* Keeps the results of the devices that ran in the first `kept_out` places. */
static bench_status run_devices(const bench_options *options, const convcl_device_info *devices, int count, bench_results *results,
                                int *kept_out) {
    bench_status worst = BENCH_OK;
    *kept_out = 0;
    for (int i = 0; i < count && !bench_stop_interrupted(); ++i) {
        bench_results *here = &results[*kept_out];
        if (i > 0 && options->format == BENCH_FORMAT_TEXT)
            putchar('\n');
        const bench_status status = run_device(options, &devices[i], here);
        if (status != BENCH_OK)
            worst = status;
        /* Of a device that failed there is nothing to report, unless it is one of several and had phases. */
        if (status == BENCH_OK || (count > 1 && here->phase_count > 0)) {
            ++*kept_out;
            continue;
        }
        for (int p = 0; p < BENCH_PHASES; ++p)
            bench_phase_clear(&here->phases[p]);
        bench_session_close(&here->session);
        *here = (bench_results){0};
    }
    return worst;
}

bench_status bench_run(const bench_options *options) {
    convcl_device_info *devices = NULL;
    int count = 0, kept = 0;
    bench_status status = bench_devices_choose(options->device, &devices, &count);
    if (status == BENCH_OK && options->json)
        status = bench_json_check_path(options->json);
    if (status == BENCH_OK && options->html)
        status = html_check_path(options->html);
    bench_results *results = status == BENCH_OK ? calloc((size_t)count, sizeof *results) : NULL;
    if (status == BENCH_OK && !results) {
        bench_error("no memory for the results of %d devices", count);
        status = BENCH_FAILED;
    }
    if (status != BENCH_OK) {
        free(devices);
        return status;
    }
    bench_stop_on_interrupt();
    if (options->format != BENCH_FORMAT_TEXT)
        bench_text_silence();
    status = run_devices(options, devices, count, results, &kept);
    const bench_status reported = kept > 0 ? report(options, results, kept) : BENCH_OK;
    for (int i = 0; i < kept; ++i) {
        for (int p = 0; p < BENCH_PHASES; ++p)
            bench_phase_clear(&results[i].phases[p]);
        bench_session_close(&results[i].session);
    }
    free(results);
    free(devices);
    return status != BENCH_OK ? status : reported != BENCH_OK ? reported : bench_stop_interrupted() ? BENCH_INTERRUPTED : BENCH_OK;
}
