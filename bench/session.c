/* session.c: opens a device and makes networks on it.
 * SPDX-License-Identifier: MIT */
#include "session.h"

#include <stdio.h>
#include <time.h>

#include "net/net_internal.h"
#include "progress.h"
#include "stop.h"

double bench_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

bench_status bench_check(convcl_status status) {
    if (status == CONVCL_OK)
        return BENCH_OK;
    bench_error("%s", convcl_last_error());
    return BENCH_FAILED;
}

void bench_log_line(convcl_log_level level, const char *message, void *user) {
    (void)user;
    if (level == CONVCL_LOG_INFO) {
        bench_progress(message, 0, 0);
        return;
    }
    bench_progress_clear();
    fprintf(stderr, "convcl: %s%s\n", level == CONVCL_LOG_WARNING ? "warning: " : "", message);
}

static int stop_tuning(void *user) {
    (void)user;
    return bench_stop_now();
}

bench_status bench_session_open(const bench_options *options, const convcl_device_info *device, bench_session *session_out) {
    const double begin = bench_now();
    const convcl_context_options context_options = {.log = bench_log_line, .tuning = options->tuning, .stop_tuning = stop_tuning};
    char choice[32];
    *session_out = (bench_session){.options = options};
    bench_progress_lines(options->progress);
    snprintf(choice, sizeof choice, "%d:%d", device->platform_index, device->device_index);
    bench_status status = bench_check(convcl_context_create(choice, &context_options, &session_out->context));
    if (status == BENCH_OK)
        status = bench_check(convcl_context_create_queue(session_out->context, 0, &session_out->queue));
    session_out->setup_s = bench_now() - begin;
    return status;
}

void bench_session_close(bench_session *session) {
    if (session->queue)
        clReleaseCommandQueue(session->queue);
    convcl_context_release(session->context);
    *session = (bench_session){0};
}

bench_status bench_session_finish(bench_session *session) {
    const cl_int code = clFinish(session->queue);
    if (code == CL_SUCCESS)
        return BENCH_OK;
    bench_error("clFinish failed with %d on %s", code, convcl_context_device(session->context)->name);
    return BENCH_FAILED;
}

bool bench_session_keeps(const convcl_net *net, size_t index) {
    const convcl_net_layer *layer = &net->layers[index], *next = index + 1 < net->layer_count ? layer + 1 : NULL;
    const bool fused = layer->op == CONVCL_NET_OP_CONV && next && next->op == CONVCL_NET_OP_RELU && next->input == (int)index;
    return layer->op != CONVCL_NET_OP_INPUT && layer->op != CONVCL_NET_OP_L2_LOSS && !fused;
}

static convcl_status build_net(bench_session *session, convcl_net_mode mode, uint64_t seed, bool keep, convcl_net *net) {
    convcl_status status = CONVCL_OK;
    for (size_t i = 0; keep && i < net->layer_count && status == CONVCL_OK; ++i)
        if (bench_session_keeps(net, i))
            status = convcl_net_keep(net, net->layers[i].name);
    if (status == CONVCL_OK)
        status = convcl_net_compile(net, mode);
    return status == CONVCL_OK ? convcl_model_fill(session->options->model, net, session->context, session->queue, seed) : status;
}

bench_status bench_session_create_net(bench_session *session, convcl_net_mode mode, int batch, uint64_t seed, bool keep,
                                      convcl_net **net_out) {
    const convcl_net_options net_options = {.math = session->options->math,
                                            .conv = {.algo = session->options->algo, .gemm = session->options->gemm}};
    convcl_net *net = NULL;
    *net_out = NULL;
    bench_status status = bench_check(convcl_model_create(session->options->model, session->context, &net_options, batch, &net));
    if (status == BENCH_OK)
        status = bench_check(build_net(session, mode, seed, keep, net));
    if (status != BENCH_OK) {
        convcl_net_destroy(net);
        return status;
    }
    *net_out = net;
    return BENCH_OK;
}

/* PoCL generates a kernel's code at its first launch only. */
static bench_status run_first_step(bench_session *session, convcl_net *net, convcl_net_mode mode) {
    const double begin = bench_now();
    bench_status status = bench_session_finish(session);
    if (status == BENCH_OK)
        status = bench_check(mode == CONVCL_NET_TRAINING ? convcl_net_forward_backward(net, session->queue, 0, NULL, NULL)
                                                         : convcl_net_forward(net, session->queue, 0, NULL, NULL));
    if (status == BENCH_OK)
        status = bench_session_finish(session);
    session->first_steps_s += bench_now() - begin;
    return status;
}

/* Makes a network in *net in place of the one that is there. */
static bench_status make_once(bench_session *session, convcl_net_mode mode, convcl_net **net) {
    convcl_net_destroy(*net);
    bench_status status = bench_session_create_net(session, mode, session->options->batch, session->options->seed, false, net);
    return status == BENCH_OK ? run_first_step(session, *net, mode) : status;
}

bench_status bench_session_prepare(bench_session *session) {
    const double begin = bench_now();
    convcl_net *net = NULL;
    bench_status status = BENCH_OK;
    if (session->options->forward_backward)
        status = make_once(session, CONVCL_NET_TRAINING, &net);
    if (status == BENCH_OK && session->options->forward && !bench_stop_interrupted())
        status = make_once(session, CONVCL_NET_INFERENCE, &net);
    bench_progress_clear();
    session->setup_s += bench_now() - begin;
    convcl_net_destroy(net);
    session->compile_s = convcl_context_compile_seconds(session->context);
    session->tune_s = convcl_context_tune_seconds(session->context);
    return status;
}
