/* layers.c: adds up the launches of each layer and direction.
 * SPDX-License-Identifier: MIT */
#include "layers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "phase.h"
#include "stop.h"

/* ---- what a row is --------------------------------------------------------------------------------------------------------------------- */

static const convcl_conv_plan *plan_of(const convcl_net_layer *layer, convcl_net_step_kind kind) {
    switch (kind) {
    case CONVCL_NET_STEP_CONV_FWD:
        return layer->plan.conv[CONVCL_CONV_FWD];
    case CONVCL_NET_STEP_CONV_BWD_DATA:
        return layer->plan.conv[CONVCL_CONV_BWD_DATA];
    case CONVCL_NET_STEP_CONV_BWD_WEIGHTS:
        return layer->plan.conv[CONVCL_CONV_BWD_WEIGHTS];
    case CONVCL_NET_STEP_CONV_BWD:
        return layer->plan.conv[CONVCL_CONV_BWD];
    default:
        return NULL;
    }
}

/* Cuts "conv fwd winograd, F(4x4, 3x3), ..." into the algorithm and what follows it. */
static void describe(bench_layer_row *row, const convcl_conv_plan *plan) {
    const char *text = convcl_conv_plan_describe(plan);
    char prefix[64];
    snprintf(prefix, sizeof prefix, "conv %s ", row->direction);
    if (strncmp(text, prefix, strlen(prefix)) == 0)
        text += strlen(prefix);
    const size_t length = strcspn(text, ",");
    snprintf(row->algorithm, sizeof row->algorithm, "%.*s", (int)(length < sizeof row->algorithm ? length : sizeof row->algorithm - 1),
             text);
    text += length;
    snprintf(row->describe, sizeof row->describe, "%s", text + strspn(text, ", "));
}

/* Finds the step that makes the launches of a row. */
static void fill_row(const convcl_net *net, const bench_launch *launch, const bench_ceilings *ceilings, bench_layer_row *row) {
    memcpy(row->layer, launch->layer, sizeof row->layer);
    memcpy(row->direction, launch->direction, sizeof row->direction);
    snprintf(row->algorithm, sizeof row->algorithm, "%.31s", launch->kernel);
    for (size_t i = 0; i < net->step_count; ++i) {
        const convcl_net_step *step = &net->steps[i];
        const convcl_net_layer *layer = &net->layers[step->layer];
        if (strcmp(layer->name, row->layer) != 0 || strcmp(convcl_net__step_direction(step->kind), row->direction) != 0)
            continue;
        const bench_work work = bench_work_step(net, step);
        const convcl_conv_plan *plan = plan_of(layer, step->kind);
        row->work.flops += work.flops;
        row->work.bytes += work.bytes;
        row->convolution = plan != NULL;
        if (plan)
            describe(row, plan);
    }
    row->roofline = bench_work_roofline(&row->work, ceilings, &row->bound);
}

static bench_layer_row *find_row(bench_layers *layers, const bench_launch *launch) {
    for (int i = 0; i < layers->count; ++i)
        if (strcmp(layers->rows[i].layer, launch->layer) == 0 && strcmp(layers->rows[i].direction, launch->direction) == 0)
            return &layers->rows[i];
    return NULL;
}

/* Makes a row for each layer and direction of the first step. */
static bench_status make_rows(const convcl_net *net, const bench_ceilings *ceilings, bench_layers *layers) {
    layers->rows = calloc(layers->profile.count ? layers->profile.count : 1, sizeof *layers->rows);
    if (!layers->rows) {
        bench_error("no memory for a table of layers");
        return BENCH_FAILED;
    }
    for (size_t i = 0; i < layers->profile.count; ++i)
        if (!find_row(layers, &layers->profile.launches[i]))
            fill_row(net, &layers->profile.launches[i], ceilings, &layers->rows[layers->count++]);
    return BENCH_OK;
}

/* ---- the steps ------------------------------------------------------------------------------------------------------------------------- */

/* parts[row][part][step]. */
typedef double part_samples[BENCH_PARTS][BENCH_LAYER_STEPS];

static void add_step(bench_layers *layers, part_samples *parts) {
    bench_part_state state = {0};
    const bench_layer_row *last = NULL;
    for (size_t i = 0; i < layers->profile.count; ++i) {
        const bench_launch *launch = &layers->profile.launches[i];
        bench_layer_row *row = find_row(layers, launch);
        if (!row)
            continue;
        if (row != last)
            state = (bench_part_state){0};
        last = row;
        row->samples[layers->steps] += launch->seconds;
        parts[row - layers->rows][bench_part_of(launch->kernel, &state)][layers->steps] += launch->seconds;
    }
    ++layers->steps;
}

static bench_status profile_step(bench_session *profiled, convcl_net *net, const bench_phase *phase, bench_layers *layers) {
    bench_profile_begin(&layers->profile);
    bench_status status = bench_phase_enqueue(profiled, net, phase);
    const bench_status finished = bench_session_finish(profiled);
    const bench_status read = bench_profile_end(&layers->profile, "--layers");
    return status != BENCH_OK ? status : finished != BENCH_OK ? finished : read;
}

/* The step whose time is nearest to the median: parts are taken from one step, so that they add up. */
static int nearest_step(const bench_layer_row *row, int steps) {
    int nearest = 0;
    for (int i = 1; i < steps; ++i)
        if (fabs(row->samples[i] - row->seconds) < fabs(row->samples[nearest] - row->seconds))
            nearest = i;
    return nearest;
}

static bench_status sum_up(bench_layers *layers, part_samples *parts) {
    bench_status status = BENCH_OK;
    for (int i = 0; i < layers->count && status == BENCH_OK && layers->steps > 0; ++i) {
        bench_layer_row *row = &layers->rows[i];
        status = bench_statistics_median(row->samples, layers->steps, &row->seconds);
        const int nearest = nearest_step(row, layers->steps);
        for (int part = 0; part < BENCH_PARTS; ++part)
            row->parts[part] = parts[i][part][nearest];
    }
    return status;
}

static bench_status gather(bench_session *profiled, convcl_net *net, const bench_phase *phase, const bench_ceilings *ceilings,
                           bench_layers *layers) {
    const int wanted = profiled->options->steps < BENCH_LAYER_STEPS ? profiled->options->steps : BENCH_LAYER_STEPS;
    part_samples *parts = NULL;
    bench_status status = BENCH_OK;
    while (layers->steps < wanted && status == BENCH_OK && (layers->steps == 0 || !bench_stop_now())) {
        status = profile_step(profiled, net, phase, layers);
        if (status == BENCH_OK && !layers->rows)
            status = make_rows(net, ceilings, layers);
        if (status == BENCH_OK && !parts && !(parts = calloc((size_t)layers->count + 1, sizeof *parts))) {
            bench_error("no memory for a table of layers");
            status = BENCH_FAILED;
        }
        if (status == BENCH_OK)
            add_step(layers, parts);
    }
    if (status == BENCH_OK)
        status = sum_up(layers, parts);
    free(parts);
    return status;
}

bench_status bench_layers_run(bench_session *session, convcl_net *net, const bench_phase *phase, const bench_ceilings *ceilings,
                              bench_layers *layers) {
    bench_session profiled = *session;
    bench_status status = bench_check(convcl_context_create_queue(session->context, CL_QUEUE_PROFILING_ENABLE, &profiled.queue));
    if (status != BENCH_OK)
        return status;
    convcl_net__set_profile(net, bench_profile_add, &layers->profile);
    status = gather(&profiled, net, phase, ceilings, layers);
    convcl_net__set_profile(net, NULL, NULL);
    clReleaseCommandQueue(profiled.queue);
    return status;
}

double bench_layer_flops(const bench_layer_row *row) {
    return row->seconds > 0 ? row->work.flops / row->seconds : 0;
}

double bench_layer_share(const bench_layer_row *row, const bench_ceilings *ceilings) {
    return ceilings->measured ? bench_layer_flops(row) / ceilings->fma_flops : (double)NAN;
}

void bench_layers_clear(bench_layers *layers) {
    free(layers->rows);
    bench_profile_clear(&layers->profile);
    *layers = (bench_layers){0};
}
