/* phase.c: times the steps of one phase.
 * SPDX-License-Identifier: MIT */
#include "phase.h"

#include <stdlib.h>

#include "progress.h"
#include "report_text.h"
#include "stop.h"

int bench_phases_of(const bench_options *options, bench_phase phases[BENCH_PHASES]) {
    int count = 0;
    if (options->forward)
        phases[count++] = (bench_phase){.name = "forward", .title = "Forward"};
    if (options->forward_backward)
        phases[count++] = (bench_phase){.name = "forward-backward", .title = "Forward-backward", .backward = true};
    return count;
}

void bench_phase_clear(bench_phase *phase) {
    free(phase->samples);
    phase->samples = NULL;
    bench_layers_clear(&phase->layers);
}

bench_status bench_phase_enqueue(bench_session *session, convcl_net *net, const bench_phase *phase) {
    if (phase->backward)
        return bench_check(convcl_net_forward_backward(net, session->queue, 0, NULL, NULL));
    return bench_check(convcl_net_forward(net, session->queue, 0, NULL, NULL));
}

static bench_status time_step(bench_session *session, convcl_net *net, const bench_phase *phase, double *seconds_out) {
    const double begin = bench_now();
    bench_status status = bench_phase_enqueue(session, net, phase);
    if (status == BENCH_OK)
        status = bench_session_finish(session);
    *seconds_out = bench_now() - begin;
    return status;
}

/* Steps before the timed ones; how many it made, for they count in what TensorFlow's script prints. */
static bench_status burn_in(bench_session *session, convcl_net *net, double deadline, const bench_phase *phase, int *made_out) {
    const double begin = bench_now();
    double seconds = 0;
    bench_status status = bench_session_finish(session);
    bench_stop_set_deadline(deadline > 0 ? begin + (deadline - begin) / 3 : 0);
    for (*made_out = 0; *made_out < session->options->burn_in && status == BENCH_OK && !bench_stop_now(); ++*made_out) {
        bench_progress(phase->name, *made_out, session->options->burn_in + session->options->steps);
        status = time_step(session, net, phase, &seconds);
    }
    bench_stop_set_deadline(deadline);
    return status;
}

static bench_status time_steps(bench_session *session, convcl_net *net, int before, bench_phase *phase) {
    const int steps = session->options->steps;
    bench_status status = BENCH_OK;
    while (phase->steps < steps && status == BENCH_OK && !bench_stop_interrupted() && !(phase->steps > 0 && bench_stop_now())) {
        double seconds = 0;
        bench_progress(phase->name, before + phase->steps, before + steps);
        status = time_step(session, net, phase, &seconds);
        if (status != BENCH_OK)
            break;
        phase->samples[phase->steps] = seconds;
        if ((before + phase->steps) % 10 == 0) /* of all steps, burn-in included: so does TensorFlow's script */
            status = bench_text_step(phase->steps, seconds);
        ++phase->steps;
    }
    bench_progress_clear();
    return status;
}

bench_status bench_phase_run(bench_session *session, convcl_net *net, double deadline, bench_phase *phase) {
    int before = 0;
    phase->samples = calloc((size_t)session->options->steps, sizeof *phase->samples);
    if (!phase->samples) {
        bench_error("no memory for the times of %d steps", session->options->steps);
        return BENCH_FAILED;
    }
    bench_status status = burn_in(session, net, deadline, phase, &before);
    const bench_processor begin = bench_processor_now();
    if (status == BENCH_OK)
        status = time_steps(session, net, before, phase);
    phase->processor = bench_processor_since(&begin);
    if (status == BENCH_OK && phase->steps > 0)
        status = bench_statistics_of(phase->samples, phase->steps, &phase->statistics);
    if (status == BENCH_OK && phase->steps > 0)
        status = bench_text_summary(phase->title, phase->steps, &phase->statistics);
    return status;
}
