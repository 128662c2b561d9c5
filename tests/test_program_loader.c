/* test_program_loader.c: programs that are loaded behind the caller's back (src/opencl/program_loader.c; on other devices at once): results, counts, and an end at any time.
 * SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "opencl/context_internal.h"
#include "temporary.h"

#define KINDS    3   /* of fills, each a program of its own */
#define COUNT    501 /* not a multiple of any vector */
#define THREADS  4
#define ROUNDS   10
#define EXITCODE 7

static convcl_context *context_in(harness_device *device, const char *folder, temporary_log *log) {
    convcl_context *context = NULL;
    *log = (temporary_log){0};
    const convcl_context_options options = {.cache_dir = folder, .log = temporary_log_line, .log_user = log};
    assert_ok(convcl_context_create_from_cl(convcl_context_cl(device->context), device->info.device, &options, &context));
    return context;
}

static convcl_status make_plan(convcl_context *context, int kind, convcl_fill_plan **plan_out) {
    static const convcl_fill_kind kinds[KINDS] = {CONVCL_FILL_CONSTANT, CONVCL_FILL_NORMAL, CONVCL_FILL_TRUNCATED_NORMAL};
    const convcl_fill_desc desc = {.kind = kinds[kind], .count = COUNT, .mean = 3, .stddev = 2, .seed = 5};
    return convcl_fill_plan_create(context, &desc, plan_out);
}

/* One thread's work: all plans first, then all launches, the last plan first. */
typedef struct worker {
    convcl_context *context;
    cl_command_queue queue;
    convcl_buffer y[KINDS];
    convcl_status status;
} worker;

static void *fill_all(void *argument) {
    worker *w = argument;
    convcl_fill_plan *plans[KINDS] = {NULL};
    w->status = CONVCL_OK;
    for (int i = 0; i < KINDS && w->status == CONVCL_OK; i++)
        w->status = make_plan(w->context, i, &plans[i]);
    for (int i = KINDS - 1; i >= 0 && w->status == CONVCL_OK; i--)
        w->status = convcl_fill_enqueue(plans[i], w->queue, w->y[i], 0, NULL, NULL);
    clFinish(w->queue);
    for (int i = 0; i < KINDS; i++)
        convcl_fill_plan_destroy(plans[i]);
    return NULL;
}

static void release_queue(void *queue) {
    clReleaseCommandQueue(queue);
}

/* Output tensors and a queue of their own for each thread. */
static void prepare(harness_device *device, worker workers[THREADS], harness_tensor *y[THREADS][KINDS]) {
    for (int t = 0; t < THREADS; t++) {
        assert_ok(convcl_context_create_queue(device->context, 0, &workers[t].queue));
        harness_defer(release_queue, workers[t].queue);
        for (int i = 0; i < KINDS; i++) {
            y[t][i] = harness_output(device, "y", HARNESS_VECTOR(COUNT));
            workers[t].y[i] = y[t][i]->buffer;
        }
    }
}

static void run_all(worker workers[THREADS], convcl_context *context) {
    pthread_t threads[THREADS];
    int running = 0;
    for (int t = 0; t < THREADS; t++) {
        workers[t].context = context;
        running += pthread_create(&threads[t], NULL, fill_all, &workers[t]) == 0;
    }
    for (int t = 0; t < running; t++)
        pthread_join(threads[t], NULL);
    assert_int_equal(running, THREADS);
    for (int t = 0; t < THREADS; t++)
        assert_int_equal(workers[t].status, CONVCL_OK);
}

static void expect_equal(harness_tensor *const a[KINDS], harness_tensor *const b[KINDS]) {
    for (int i = 0; i < KINDS; i++)
        assert_memory_equal(harness_read(a[i]), harness_read(b[i]), COUNT * sizeof(float));
}

static void test_program_loader__threads_launch_at_once(harness_device *device, const void *data) {
    (void)data;
    const char *folder = temporary_folder();
    temporary_log log;
    worker workers[THREADS];
    harness_tensor *built[THREADS][KINDS], *loaded[THREADS][KINDS];
    prepare(device, workers, built);
    convcl_context *context = context_in(device, folder, &log);
    run_all(workers, context);
    assert_int_equal(convcl_context_programs_built(context), KINDS);
    convcl_context_release(context);
    prepare(device, workers, loaded);
    for (int round = 0; round < ROUNDS; round++) {
        context = context_in(device, folder, &log);
        run_all(workers, context);
        const int from_source = convcl_context_programs_built(context), from_store = convcl_context_programs_loaded(context);
        convcl_context_release(context);
        assert_int_equal(from_source, 0);
        assert_int_equal(from_store, KINDS);
        assert_int_equal(log.warnings, 0);
    }
    for (int t = 0; t < THREADS; t++)
        expect_equal(loaded[t], built[0]);
}

/* Whoever asks how many programs were loaded is told of all that were asked for, launched or not. */
static void test_program_loader__counts_wait(harness_device *device, const void *data) {
    (void)data;
    const char *folder = temporary_folder();
    temporary_log log;
    for (int round = 0; round < 2; round++) {
        convcl_fill_plan *plans[KINDS] = {NULL};
        convcl_context *context = context_in(device, folder, &log);
        convcl_status status = CONVCL_OK;
        for (int i = 0; i < KINDS && status == CONVCL_OK; i++)
            status = make_plan(context, i, &plans[i]);
        const double seconds = convcl_context_compile_seconds(context);
        const int built = convcl_context_programs_built(context), loaded = convcl_context_programs_loaded(context);
        for (int i = 0; i < KINDS; i++)
            convcl_fill_plan_destroy(plans[i]);
        convcl_context_release(context);
        assert_ok(status);
        assert_int_equal(round == 0 ? built : loaded, KINDS);
        assert_int_equal(built + loaded, KINDS);
        assert_true(seconds > 0);
    }
}

static void test_program_loader__released_while_loading(harness_device *device, const void *data) {
    (void)data;
    const char *folder = temporary_folder();
    temporary_log log;
    for (int round = 0; round < ROUNDS; round++) {
        convcl_fill_plan *plans[KINDS] = {NULL};
        convcl_context *context = context_in(device, folder, &log);
        convcl_status status = CONVCL_OK;
        for (int i = 0; i <= round % KINDS && status == CONVCL_OK; i++)
            status = make_plan(context, round == 0 ? i : KINDS - 1 - i, &plans[i]);
        for (int i = 0; i < KINDS; i++)
            convcl_fill_plan_destroy(plans[i]);
        convcl_context_release(context);
        assert_ok(status);
        assert_int_equal(log.warnings, 0);
    }
}

/* ---- a process that ends ---- */

/* Runs in the process that is started below, and ends it with everything held; alone it does nothing. */
static void test_program_loader__one_that_ends(harness_device *device, const void *data) {
    (void)data;
    const char *folder = getenv("CONVCL_TEST_STORE");
    temporary_log log;
    if (!folder)
        return;
    convcl_context *context = context_in(device, folder, &log);
    for (int i = 0; i < KINDS; i++) {
        convcl_fill_plan *plan = NULL;
        if (make_plan(context, i, &plan) != CONVCL_OK)
            exit(1);
    }
    exit(EXITCODE);
}

static void test_program_loader__process_ends_while_loading(harness_device *device, const void *data) {
    (void)data;
    char program[512], command[1024];
    const ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    assert_true(length > 0);
    program[length] = '\0';
    /* The first run fills the store; what it holds at its end is the system's to take back. */
    snprintf(command, sizeof command,
             "ASAN_OPTIONS=detect_leaks=0 CONVCL_TEST_STORE='%s' CONVCL_TEST_DEVICE=%d:%d '%s' one_that_ends >/dev/null 2>&1",
             temporary_folder(), device->info.platform_index, device->info.device_index, program);
    for (int round = 0; round < ROUNDS; round++) {
        const int status = system(command);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), EXITCODE);
    }
}

int main(int argc, char **argv) {
    HARNESS_DEVICE(test_program_loader__threads_launch_at_once);
    HARNESS_DEVICE(test_program_loader__counts_wait);
    HARNESS_DEVICE(test_program_loader__released_while_loading);
    HARNESS_DEVICE(test_program_loader__one_that_ends);
    HARNESS_DEVICE(test_program_loader__process_ends_while_loading);
    return harness_main(argc, argv);
}
