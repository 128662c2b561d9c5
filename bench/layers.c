/* layers.c: the table of --layers, made from OpenCL's own profiling of each launch.
 * SPDX-License-Identifier: MIT */
#include "layers.h"

#include <stdio.h>
#include <stdlib.h>

#include "net/net_internal.h"
#include "report_text.h"

#define STEPS 5

/* One launch of a step. Every step makes the same launches in the same order. */
typedef struct layer_row {
    char layer[64], direction[16], kernel[64];
    double seconds; /* of all steps together */
} layer_row;

/* What the callback gathers. Events are read, and released, when the step is done. */
typedef struct layer_table {
    layer_row *rows;
    cl_event *events;
    size_t count, capacity; /* launches of the step so far */
    int failed;
} layer_table;

static int table_grow(layer_table *table) {
    const size_t capacity = table->capacity ? 2 * table->capacity : 64;
    layer_row *rows = realloc(table->rows, capacity * sizeof *rows);
    if (rows)
        table->rows = rows;
    cl_event *events = realloc(table->events, capacity * sizeof(cl_event));
    if (events)
        table->events = events;
    if (!rows || !events)
        return -1;
    for (size_t i = table->capacity; i < capacity; ++i)
        table->rows[i].seconds = 0;
    table->capacity = capacity;
    return 0;
}

static void on_launch(void *user, const char *layer, const char *direction, const char *kernel, cl_event event) {
    layer_table *table = user;
    if (table->failed || (table->count == table->capacity && table_grow(table) != 0) || clRetainEvent(event) != CL_SUCCESS) {
        table->failed = 1;
        return;
    }
    layer_row *row = &table->rows[table->count];
    snprintf(row->layer, sizeof row->layer, "%s", layer);
    snprintf(row->direction, sizeof row->direction, "%s", direction);
    snprintf(row->kernel, sizeof row->kernel, "%s", kernel);
    table->events[table->count++] = event;
}

/* Adds up the times of the step that has just ended and makes ready for the next. */
static void collect(layer_table *table) {
    for (size_t i = 0; i < table->count; ++i) {
        cl_ulong begin = 0, end = 0;
        if (clGetEventProfilingInfo(table->events[i], CL_PROFILING_COMMAND_START, sizeof begin, &begin, NULL) != CL_SUCCESS ||
            clGetEventProfilingInfo(table->events[i], CL_PROFILING_COMMAND_END, sizeof end, &end, NULL) != CL_SUCCESS)
            table->failed = 1;
        table->rows[i].seconds += 1e-9 * (double)(end - begin);
        clReleaseEvent(table->events[i]);
    }
}

static void print_table(const bench_phase *phase, const layer_table *table) {
    double total = 0;
    for (size_t i = 0; i < table->count; ++i)
        total += table->rows[i].seconds;
    printf("%s, mean of %d steps\n%-10s %-12s %-28s %9s %7s\n", phase->title, STEPS, "layer", "direction", "kernel", "ms", "share");
    for (size_t i = 0; i < table->count; ++i) {
        const layer_row *row = &table->rows[i];
        printf("%-10s %-12s %-28s %9.3f %6.1f%%\n", row->layer, row->direction, row->kernel, 1e3 * row->seconds / STEPS,
               total > 0 ? 100 * row->seconds / total : 0);
    }
    printf("%-52s %9.3f\n", "all", 1e3 * total / STEPS);
}

static bench_status gather(bench_session *profiled, convcl_net *net, const bench_phase *phase, layer_table *table) {
    bench_status status = BENCH_OK;
    convcl_net__set_profile(net, on_launch, table);
    for (int i = 0; i < STEPS && status == BENCH_OK && !table->failed; ++i) {
        table->count = 0;
        status = bench_phase_enqueue(profiled, net, phase);
        if (status == BENCH_OK)
            status = bench_session_finish(profiled);
        collect(table);
    }
    convcl_net__set_profile(net, NULL, NULL);
    if (status == BENCH_OK && table->failed) {
        bench_error("--layers: the device did not say how long its kernels took");
        status = BENCH_FAILED;
    }
    return status;
}

bench_status bench_layers_run(bench_session *session, convcl_net *net, const bench_phase *phase) {
    bench_session profiled = *session;
    layer_table table = {0};
    bench_status status = bench_check(convcl_context_create_queue(session->context, CL_QUEUE_PROFILING_ENABLE, &profiled.queue));
    if (status != BENCH_OK)
        return status;
    status = gather(&profiled, net, phase, &table);
    if (status == BENCH_OK) {
        print_table(phase, &table);
        status = bench_text_flush();
    }
    clReleaseCommandQueue(profiled.queue);
    free(table.rows);
    free(table.events);
    return status;
}
