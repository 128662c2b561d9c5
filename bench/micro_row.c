/* micro_row.c: runs, times and checks what a row is about.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "micro.h"
#include "opencl/context_internal.h"
#include "profile.h"
#include "stop.h"

/* Profiled steps; the fastest tells the parts. */
#define PROFILED_STEPS 5

/* ---- status ---------------------------------------------------------------------------------------------------------------------------- */

bool bench_row_check(bench_row *row, convcl_status status) {
    if (status == CONVCL_OK)
        return true;
    row->status = status == CONVCL_UNSUPPORTED                                      ? BENCH_ROW_UNSUPPORTED
                  : status == CONVCL_NO_DEVICE_MEMORY || status == CONVCL_NO_MEMORY ? BENCH_ROW_SKIPPED
                                                                                    : BENCH_ROW_ERROR;
    snprintf(row->reason, sizeof row->reason, "%s", convcl_last_error());
    return false;
}

void bench_row_no_memory(bench_row *row, size_t floats) {
    row->status = BENCH_ROW_SKIPPED;
    snprintf(row->reason, sizeof row->reason, "no memory on the host for %zu values", floats);
}

bool bench_row_fits(const bench_micro *micro, double floats, bench_row *row) {
    const convcl_device_info *device = convcl_context_device(micro->session.context);
    if (floats * sizeof(float) <= (double)device->global_memory)
        return true;
    row->status = BENCH_ROW_SKIPPED;
    snprintf(row->reason, sizeof row->reason, "needs %.1f GiB, %s has %.1f GiB", floats * sizeof(float) / 0x1p30, device->name,
             (double)device->global_memory / 0x1p30);
    return false;
}

void bench_row_fail(bench_row *row, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(row->reason, sizeof row->reason, format, arguments);
    va_end(arguments);
    row->status = BENCH_ROW_ERROR;
}

/* ---- running --------------------------------------------------------------------------------------------------------------------------- */

static bool run_on(bench_micro *micro, cl_command_queue queue, bench_micro_fn enqueue, void *user, bench_profile *profile, bench_row *row) {
    convcl_stream stream;
    if (!bench_row_check(row, convcl_stream__begin(&stream, "bench", micro->session.context, queue, 0, NULL, NULL)))
        return false;
    if (profile) {
        stream.profile = bench_profile_add_kernel;
        stream.profile_user = profile;
    }
    return bench_row_check(row, convcl_stream__end(&stream, enqueue(user, &stream))) &&
           bench_row_check(row, convcl_context__finish(micro->session.context, queue));
}

bool bench_row_run_once(bench_micro *micro, bench_micro_fn enqueue, void *user, bench_row *row) {
    return run_on(micro, micro->session.queue, enqueue, user, NULL, row);
}

static void profile_parts(bench_micro *micro, bench_micro_fn enqueue, void *user, bench_row *row) {
    bench_profile profile = {0};
    double best = HUGE_VAL;
    for (int i = 0; i < PROFILED_STEPS && row->status == BENCH_ROW_OK; ++i) {
        double parts[BENCH_PARTS] = {0}, total = 0;
        bench_part_state state = {0};
        bench_profile_begin(&profile);
        run_on(micro, micro->profiling_queue, enqueue, user, &profile, row);
        if (bench_profile_end(&profile, "bench") != BENCH_OK) {
            bench_row_fail(row, "the device did not say how long its kernels took");
            break;
        }
        for (size_t l = 0; l < profile.count; ++l) {
            parts[bench_part_of(profile.launches[l].kernel, &state)] += profile.launches[l].seconds;
            total += profile.launches[l].seconds;
        }
        for (int part = 0; part < BENCH_PARTS && total < best; ++part)
            row->parts[part] = parts[part];
        best = total < best ? total : best;
    }
    bench_profile_clear(&profile);
}

void bench_row_time(bench_micro *micro, bench_micro_fn enqueue, void *user, bench_row *row) {
    const bench_options *common = &micro->options->common;
    row->samples = calloc((size_t)common->steps, sizeof *row->samples);
    if (!row->samples) {
        bench_row_fail(row, "no memory for the times of %d steps", common->steps);
        return;
    }
    for (int i = 0; i < common->burn_in && row->status == BENCH_ROW_OK && !bench_stop_now(); ++i)
        bench_row_run_once(micro, enqueue, user, row);
    while (row->steps < common->steps && row->status == BENCH_ROW_OK && !(row->steps > 0 && bench_stop_now())) {
        const double begin = bench_now();
        if (bench_row_run_once(micro, enqueue, user, row))
            row->samples[row->steps++] = bench_now() - begin;
    }
    if (row->status == BENCH_ROW_OK && bench_statistics_of(row->samples, row->steps, &row->statistics) != BENCH_OK)
        bench_row_fail(row, "no memory for the statistics of %d steps", row->steps);
    if (row->status == BENCH_ROW_OK)
        profile_parts(micro, enqueue, user, row);
}

/* ---- memory and values ----------------------------------------------------------------------------------------------------------------- */

/* NaN everywhere, so that a value that nobody writes is found. */
static convcl_status poison(bench_micro *micro, convcl_buffer buffer, size_t count) {
    float *values = malloc(count * sizeof *values);
    if (!values)
        return CONVCL_OK; /* only the check is weaker */
    for (size_t i = 0; i < count; ++i)
        values[i] = NAN;
    const convcl_status status = convcl_context__write(micro->session.context, micro->session.queue, buffer, values, count, sizeof *values);
    free(values);
    return status;
}

convcl_buffer bench_buffers_add(bench_buffers *buffers, bench_micro *micro, const char *name, const float *values, size_t count,
                                bench_row *row) {
    const convcl_buffer nothing = {NULL, 0};
    convcl_buffer made = {NULL, 0};
    if (row->status != BENCH_ROW_OK || count == 0 || buffers->count == BENCH_BUFFERS)
        return nothing;
    if (!bench_row_check(row, convcl_context__alloc_buffer(micro->session.context, name, count * sizeof *values, &made.mem)))
        return nothing;
    buffers->mems[buffers->count++] = made.mem;
    const convcl_status status =
        values ? convcl_context__write(micro->session.context, micro->session.queue, made, values, count, sizeof *values)
               : poison(micro, made, count);
    return bench_row_check(row, status) ? made : nothing;
}

void bench_buffers_clear(bench_buffers *buffers) {
    for (int i = 0; i < buffers->count; ++i)
        convcl_context__free_buffer(buffers->mems[i]);
    *buffers = (bench_buffers){0};
}

/* ---- comparison ------------------------------------------------------------------------------------------------------------------------ */

void bench_row_compare(bench_micro *micro, const char *name, convcl_buffer got, const double *expected, size_t count, double limit,
                       bool exact, bench_row *row) {
    double difference = 0, norm = 0;
    size_t wrong = 0, first = 0;
    if (row->status != BENCH_ROW_OK)
        return;
    float *values = malloc(count * sizeof *values);
    if (!values) {
        bench_row_no_memory(row, count);
        return;
    }
    if (bench_row_check(row, convcl_context__read(micro->session.context, micro->session.queue, got, values, count, sizeof *values))) {
        for (size_t i = 0; i < count; ++i) {
            const double d = (double)values[i] - expected[i];
            difference += d * d;
            norm += expected[i] * expected[i];
            if (!(d == 0) && wrong++ == 0)
                first = i;
        }
        const double error = difference == 0 ? 0 : sqrt(difference / norm);
        row->error = exact || error < row->error ? row->error : error;
        if (exact && wrong > 0)
            bench_row_fail(row, "%s of whole numbers: %zu of %zu wrong, the first at %zu: expected %.9g, got %.9g", name, wrong, count,
                           first, expected[first], (double)values[first]);
        else if (!(error <= limit))
            bench_row_fail(row, "%s has a relative rms error of %.1e, must be at most %.1e", name, error, limit);
    }
    free(values);
}
