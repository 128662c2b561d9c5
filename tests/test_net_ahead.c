/* test_net_ahead.c: a network's programs built by several threads: the same programs, the same bits, the same errors.
 * SPDX-License-Identifier: MIT */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "kernel_folder.h"
#include "net/net_internal.h"
#include "opencl/context_internal.h"

#define BATCH  5
#define PIXELS (BATCH * 12 * 12 * 8)
#define FILTER (3 * 3 * 16 * 16)

static void destroy(void *net) {
    convcl_net_destroy(net);
}

/* Three convolutions, of which the last two want the same programs, and one of every other kind of layer but the average pool. */
static convcl_net *network(convcl_context *context) {
    convcl_net *net = NULL;
    const convcl_net_conv conv = {.oc = 16, .fh = 3, .fw = 3, .padding = CONVCL_PADDING_SAME};
    const convcl_net_lrn lrn = {.radius = 2, .bias = 1, .alpha = 0.1f, .beta = 0.75f};
    assert_ok(convcl_net_create(context, NULL, &net));
    harness_defer(destroy, net);
    assert_ok(convcl_net_add_input(net, "in", BATCH, 12, 12, 8));
    assert_ok(convcl_net_add_conv(net, "conv1", "in", &conv));
    assert_ok(convcl_net_add_relu(net, "relu1", "conv1"));
    assert_ok(convcl_net_add_lrn(net, "lrn1", "relu1", &lrn));
    assert_ok(convcl_net_add_maxpool(net, "pool1", "lrn1", &(convcl_net_maxpool){.window_h = 2, .window_w = 2}));
    assert_ok(convcl_net_add_conv(net, "conv2", "pool1", &conv));
    assert_ok(convcl_net_add_conv(net, "conv3", "conv2", &conv));
    assert_ok(convcl_net_add_dropout(net, "drop", "conv3", &(convcl_net_dropout){.rate = 0.5f}));
    assert_ok(convcl_net_add_l2_loss(net, "loss", "drop"));
    return net;
}

typedef struct outcome {
    int built, then_built; /* programs, by the time that the network is ready, and when a second one is */
    float gradient[FILTER];
} outcome;

static void write_pattern(harness_device *device, convcl_net *net, const char *name, size_t count) {
    float *values = harness_floats(count);
    for (size_t i = 0; i < count; i++)
        values[i] = (float)((i * 2654435761u) % 1024u) / 1024.0f - 0.5f;
    assert_ok(convcl_net_write(net, device->queue, name, values, count));
}

static void train_once(harness_device *device, convcl_context *context, outcome *out) {
    convcl_net *net = network(context);
    assert_ok(convcl_net_compile(net, CONVCL_NET_TRAINING));
    out->built = convcl_context_programs_built(context);
    write_pattern(device, net, "in", PIXELS);
    write_pattern(device, net, "conv1.weights", 3 * 3 * 8 * 16);
    write_pattern(device, net, "conv2.weights", FILTER);
    write_pattern(device, net, "conv3.weights", FILTER);
    write_pattern(device, net, "conv1.biases", 16);
    write_pattern(device, net, "conv2.biases", 16);
    write_pattern(device, net, "conv3.biases", 16);
    assert_ok(convcl_net_forward_backward(net, device->queue, 0, NULL, NULL));
    assert_ok(convcl_net_read_gradient(net, device->queue, "conv3.weights", out->gradient, FILTER));
    assert_ok(convcl_net_compile(network(context), CONVCL_NET_TRAINING));
    out->then_built = convcl_context_programs_built(context);
}

static void test_net_ahead__threads_change_nothing(harness_device *device, const void *data) {
    (void)data;
    static outcome alone, together;
    train_once(device, harness_context(device, &(convcl_context_options){.cache_dir = "off", .build_threads = 1}), &alone);
    train_once(device, harness_context(device, &(convcl_context_options){.cache_dir = "off", .build_threads = 4}), &together);
    assert_true(alone.built > 3);
    assert_int_equal(alone.then_built, alone.built);
    assert_int_equal(together.built, alone.built);
    assert_int_equal(together.then_built, alone.built);
    assert_memory_equal(together.gradient, alone.gradient, sizeof alone.gradient);
}

/* ---- failures ---- */

typedef struct log_state {
    atomic_int inside, overlaps, errors;
} log_state;

static void count_line(convcl_log_level level, const char *message, void *user) {
    log_state *state = user;
    if (atomic_fetch_add(&state->inside, 1) > 0)
        atomic_fetch_add(&state->overlaps, 1);
    if (level == CONVCL_LOG_ERROR && strstr(message, "lrn_fwd"))
        atomic_fetch_add(&state->errors, 1);
    atomic_fetch_sub(&state->inside, 1);
}

static void remove_folder(void *folder) {
    kernel_folder_remove(folder);
}

/* Lines of the compiler's about a kernel that does not build. */
static int errors_with(harness_device *device, const char *folder, int threads) {
    static log_state state;
    state = (log_state){0};
    convcl_context *context = harness_context(
        device, &(convcl_context_options){
                    .cache_dir = "off", .kernel_dir = folder, .build_threads = threads, .log = count_line, .log_user = &state});
    convcl_net *net = NULL;
    assert_ok(convcl_net_create(context, NULL, &net));
    harness_defer(destroy, net);
    assert_ok(convcl_net_add_input(net, "in", 1, 4, 4, 8));
    assert_ok(convcl_net_add_lrn(net, "lrn1", "in", &(convcl_net_lrn){.radius = 1, .bias = 1, .alpha = 1, .beta = 0.75f}));
    assert_ok(convcl_net_add_lrn(net, "lrn2", "lrn1", &(convcl_net_lrn){.radius = 1, .bias = 1, .alpha = 1, .beta = 0.75f}));
    assert_fails(convcl_net_compile(net, CONVCL_NET_INFERENCE), CONVCL_BUILD_FAILED, "kernel lrn_fwd.cl does not build");
    assert_int_equal(atomic_load(&state.overlaps), 0);
    return atomic_load(&state.errors);
}

/* What the threads met is met again by the caller's thread, which reports it: the compiler speaks more than once then. */
static void test_net_ahead__a_build_fails_on_the_callers_thread(harness_device *device, const void *data) {
    (void)data;
    static kernel_folder folder;
    kernel_folder_make(&folder, "lrn_fwd.cl", "__kernel void lrn_fwd(__global float *x) { x[0] = not_declared; }\n");
    harness_defer(remove_folder, &folder);
    const int alone = errors_with(device, folder.path, 1);
    const int together = errors_with(device, folder.path, 3);
    assert_true(alone > 0);
    assert_true(together > alone);
}

/* ---- how many threads ---- */

static void test_net_ahead__options_decide_then_the_environment(harness_device *device, const void *data) {
    (void)data;
    cl_context cl = convcl_context_cl(device->context);
    convcl_context *context = NULL;
    convcl_context_options options = {.build_threads = 65};
    assert_fails(convcl_context_create_from_cl(cl, device->info.device, &options, &context), CONVCL_INVALID, "build_threads is 65|0 to 64");
    options.build_threads = -1;
    assert_fails(convcl_context_create_from_cl(cl, device->info.device, &options, &context), CONVCL_INVALID, "build_threads is -1|0 to 64");
    assert_int_equal(setenv("CONVCL_BUILD_THREADS", "3", 1), 0);
    assert_int_equal(convcl_context__build_threads(harness_context(device, &(convcl_context_options){0})), 3);
    assert_int_equal(convcl_context__build_threads(harness_context(device, &(convcl_context_options){.build_threads = 2})), 2);
    assert_int_equal(setenv("CONVCL_BUILD_THREADS", "3x", 1), 0);
    options.build_threads = 0;
    assert_fails(convcl_context_create_from_cl(cl, device->info.device, &options, &context), CONVCL_INVALID,
                 "CONVCL_BUILD_THREADS is \"3x\"|0 to 64");
    assert_null(context);
    assert_int_equal(unsetenv("CONVCL_BUILD_THREADS"), 0);
    const int threads = convcl_context__build_threads(harness_context(device, &(convcl_context_options){0}));
    assert_true(threads >= 1 && threads <= 8);
    if (convcl_device_traits__builds_serially(&device->info))
        assert_int_equal(threads, 1);
}

int main(int argc, char **argv) {
    HARNESS_DEVICE(test_net_ahead__threads_change_nothing);
    HARNESS_DEVICE(test_net_ahead__a_build_fails_on_the_callers_thread);
    HARNESS_DEVICE(test_net_ahead__options_decide_then_the_environment);
    return harness_main(argc, argv);
}
