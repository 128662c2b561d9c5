/* main.c: bench times AlexNet, forward and forward-backward, on one OpenCL device. `bench --help` lists the options.
 * SPDX-License-Identifier: MIT */
#include <signal.h>
#include <string.h>

#include "cache.h"
#include "layers.h"
#include "options.h"
#include "phase.h"
#include "report_json.h"
#include "report_text.h"
#include "session.h"
#include "verify.h"

static bench_status read_shapes(const convcl_net *net, bench_results *results) {
    bench_status status = BENCH_OK;
    for (int i = 0; i < CONVCL_ALEXNET_ACTIVATIONS && status == BENCH_OK; ++i)
        status = bench_check(convcl_net_shape(net, convcl_alexnet_activations[i].value, &results->activations[i]));
    return status;
}

/* Each phase has a network of its own, the inference network without what only training needs; one is gone before the next is made. */
static bench_status run_phase(bench_session *session, bench_results *results, int index) {
    bench_phase *phase = &results->phases[index];
    const convcl_net_mode mode = phase->backward ? CONVCL_NET_TRAINING : CONVCL_NET_INFERENCE;
    convcl_net *net = NULL;
    bench_status status = bench_session_create_net(session, mode, session->options->batch, session->options->seed, false, &net);
    if (status == BENCH_OK && index == 0)
        status = read_shapes(net, results);
    if (status == BENCH_OK && index == 0)
        status = bench_text_activations(net);
    if (status == BENCH_OK)
        status = bench_phase_run(session, net, phase);
    if (status == BENCH_OK && session->options->layers)
        status = bench_layers_run(session, net, phase);
    convcl_net_destroy(net);
    return status;
}

static bench_status time_all(bench_session *session, bench_results *results) {
    bench_status status = bench_text_device(session);
    if (status == BENCH_OK)
        status = bench_session_prepare(session);
    if (status == BENCH_OK)
        status = bench_text_setup(session);
    if (status == BENCH_OK && session->options->verify)
        status = bench_verify(session, &results->verification);
    if (status == BENCH_OK && session->options->verify)
        status = bench_text_verification(&results->verification);
    for (int i = 0; i < results->phase_count && status == BENCH_OK; ++i)
        status = run_phase(session, results, i);
    if (status == BENCH_OK && session->options->json)
        status = bench_json_write(session->options->json, results);
    return status;
}

static bench_status run(const bench_options *options) {
    bench_session session;
    bench_results results = {.session = &session};
    results.phase_count = bench_phases_of(options, results.phases);
    bench_status status = bench_session_open(options, &session);
    if (status == BENCH_OK && options->json)
        status = bench_json_check_path(options->json);
    if (status == BENCH_OK)
        status = time_all(&session, &results);
    for (int i = 0; i < results.phase_count; ++i)
        bench_phase_clear(&results.phases[i]);
    bench_session_close(&session);
    return status;
}

int main(int argc, char **argv) {
    bench_options options;
    signal(SIGPIPE, SIG_IGN); /* a closed standard output is an error like any other, see bench_text_flush */
    if (argc > 1 && strcmp(argv[1], "cache") == 0)
        return bench_cache_run(argc - 2, argv + 2);
    const bench_status status = bench_options_parse(argc, argv, &options);
    if (status != BENCH_OK)
        return status;
    switch (options.command) {
    case BENCH_COMMAND_LIST_DEVICES:
        return bench_text_devices();
    case BENCH_COMMAND_VERSION:
        return bench_text_version();
    case BENCH_COMMAND_HELP:
        bench_options_print_help();
        return bench_text_flush();
    default:
        return run(&options);
    }
}
