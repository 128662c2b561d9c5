/* micro.c: the rows of `bench conv` and `bench gemm`, from the words typed to the table.
 * SPDX-License-Identifier: MIT */
#include "micro.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices.h"
#include "micro_report.h"
#include "progress.h"
#include "report_json.h"
#include "report_text.h"
#include "stop.h"

/* ---- what to run ----------------------------------------------------------------------------------------------------------------------- */

/* One row to make. */
typedef struct micro_job {
    const char *text; /* as typed, without the direction */
    convcl_conv_desc desc;
    convcl_conv_dir dir;
    convcl_ref_case_gemm gemm;
} micro_job;

typedef struct micro_jobs {
    micro_job *items;
    int count;
} micro_jobs;

/* A direction and a blank in front choose that direction alone. Returns what is behind them. */
static const char *read_direction(const char *text, bool directions[BENCH_DIRECTIONS]) {
    for (int dir = 0; dir < BENCH_DIRECTIONS; ++dir) {
        const char *name = convcl_conv_dir_name((convcl_conv_dir)dir);
        const size_t length = strlen(name);
        if (strncmp(text, name, length) != 0 || text[length] != ' ')
            continue;
        for (int other = 0; other < BENCH_DIRECTIONS; ++other)
            directions[other] = other == dir;
        return text + length + strspn(text + length, " ");
    }
    return text;
}

static bench_status add_jobs(const bench_micro_options *options, const char *text, micro_jobs *jobs) {
    bool directions[BENCH_DIRECTIONS];
    micro_job job = {0};
    memcpy(directions, options->directions, sizeof directions);
    job.text = options->gemm ? text : read_direction(text, directions);
    const convcl_status status =
        options->gemm ? convcl_ref_case_parse_gemm(job.text, &job.gemm) : convcl_ref_case_parse_conv(job.text, &job.desc);
    if (status != CONVCL_OK)
        return bench_usage_error("%s", convcl_last_error());
    if (options->common.batch > 0)
        job.desc.n = options->common.batch;
    job.desc.math = options->common.math;
    for (int dir = 0; dir < (options->gemm ? 1 : BENCH_DIRECTIONS); ++dir) {
        if (!options->gemm && !directions[dir])
            continue;
        job.dir = (convcl_conv_dir)dir;
        jobs->items[jobs->count++] = job;
    }
    return BENCH_OK;
}

static bench_status make_jobs(const bench_micro_options *options, micro_jobs *jobs) {
    bench_status status = BENCH_OK;
    jobs->items = calloc((size_t)options->case_count * BENCH_DIRECTIONS, sizeof *jobs->items);
    if (!jobs->items) {
        bench_error("no memory for %d cases", options->case_count);
        return BENCH_FAILED;
    }
    for (int i = 0; i < options->case_count && status == BENCH_OK; ++i)
        status = add_jobs(options, options->cases[i], jobs);
    return status;
}

/* ---- running --------------------------------------------------------------------------------------------------------------------------- */

static void run_job(bench_micro *micro, const micro_job *job, bench_row *row) {
    char words[CONVCL_REF_CASE_TEXT];
    if (!micro->options->gemm && micro->options->common.batch > 0)
        snprintf(row->text, sizeof row->text, "%s", convcl_ref_case_format_conv(&job->desc, words));
    else
        snprintf(row->text, sizeof row->text, "%s", job->text);
    snprintf(row->operation, sizeof row->operation, "%s", micro->options->gemm ? "gemm" : convcl_conv_dir_name(job->dir));
    if (bench_stop_now()) {
        row->status = BENCH_ROW_SKIPPED;
        snprintf(row->reason, sizeof row->reason, "%s", bench_stop_interrupted() ? "interrupted" : "time budget");
    } else if (micro->options->gemm) {
        bench_micro_gemm(micro, &job->gemm, row);
    } else {
        bench_micro_conv(micro, &job->desc, job->dir, row);
    }
    if (row->steps > 0 && micro->ceilings.measured)
        row->share = row->work.flops / row->statistics.median / micro->ceilings.fma_flops;
}

static bench_status run_device(bench_micro *micro, const convcl_device_info *device, const micro_jobs *jobs, bench_row *rows) {
    bench_status status = bench_session_open(&micro->options->common, device, &micro->session);
    if (status == BENCH_OK)
        status = bench_check(convcl_context_create_queue(micro->session.context, CL_QUEUE_PROFILING_ENABLE, &micro->profiling_queue));
    if (status == BENCH_OK)
        status = bench_ceilings_measure(&micro->session, &micro->ceilings);
    for (int i = 0; i < jobs->count && status == BENCH_OK; ++i) {
        bench_progress(jobs->items[i].text, i, jobs->count);
        rows[i].device = device;
        run_job(micro, &jobs->items[i], &rows[i]);
        if (rows[i].status == BENCH_ROW_ERROR)
            bench_error("%s %s: %s", rows[i].operation, rows[i].text, rows[i].reason);
    }
    bench_progress_clear();
    return status;
}

/* Closes what run_device opened. */
static void close_device(bench_micro *micro) {
    if (micro->profiling_queue)
        clReleaseCommandQueue(micro->profiling_queue);
    bench_session_close(&micro->session);
}

static bench_status judge(const bench_row *rows, int count) {
    int fine = 0;
    for (int i = 0; i < count; ++i) {
        if (rows[i].status == BENCH_ROW_ERROR)
            return BENCH_FAILED;
        fine += rows[i].status == BENCH_ROW_OK;
    }
    if (bench_stop_interrupted())
        return BENCH_INTERRUPTED;
    return fine > 0 ? BENCH_OK : BENCH_FAILED;
}

/* Rows keep a pointer to the device, so that `devices` must outlive them. */
static bench_status run_all(const bench_micro_options *options, const convcl_device_info *devices, int count, const micro_jobs *jobs) {
    bench_status status = BENCH_OK;
    const int row_count = count * jobs->count;
    bench_row *rows = calloc((size_t)row_count + 1, sizeof *rows);
    bench_micro *micros = calloc((size_t)count, sizeof *micros);
    if (!rows || !micros) {
        bench_error("no memory for %d rows", row_count);
        status = BENCH_FAILED;
    }
    for (int i = 0; i < count && status == BENCH_OK; ++i) {
        micros[i].options = options;
        status = run_device(&micros[i], &devices[i], jobs, rows + i * jobs->count);
    }
    if (status == BENCH_OK)
        status = bench_micro_report(options, rows, row_count);
    if (status == BENCH_OK)
        status = judge(rows, row_count);
    for (int i = 0; i < count && micros; ++i)
        close_device(&micros[i]);
    for (int i = 0; i < row_count && rows; ++i)
        free(rows[i].samples);
    free(micros);
    free(rows);
    return status;
}

bench_status bench_micro_run(const bench_micro_options *options) {
    micro_jobs jobs = {0};
    convcl_device_info *devices = NULL;
    int count = 0;
    bench_status status = make_jobs(options, &jobs);
    if (status == BENCH_OK)
        status = bench_devices_choose(options->common.device, &devices, &count);
    if (status == BENCH_OK && options->common.json)
        status = bench_json_check_path(options->common.json);
    if (status == BENCH_OK) {
        bench_stop_on_interrupt();
        if (options->common.time_budget > 0)
            bench_stop_set_deadline(bench_now() + options->common.time_budget);
        status = run_all(options, devices, count, &jobs);
    }
    free(devices);
    free(jobs.items);
    return status;
}
