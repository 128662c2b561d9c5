/* phase.c: times the steps of one phase.
 * SPDX-License-Identifier: MIT */
#include "phase.h"

#include <stdlib.h>

#include "report_text.h"

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

bench_status bench_phase_run(bench_session *session, convcl_net *net, bench_phase *phase) {
    const int steps = session->options->steps, burn_in = session->options->burn_in;
    phase->steps = steps;
    phase->samples = calloc((size_t)steps, sizeof *phase->samples);
    if (!phase->samples) {
        bench_error("no memory for the times of %d steps", steps);
        return BENCH_FAILED;
    }
    bench_status status = bench_session_finish(session);
    for (int i = 0; i < burn_in + steps && status == BENCH_OK; ++i) {
        double seconds = 0;
        status = time_step(session, net, phase, &seconds);
        if (i < burn_in || status != BENCH_OK)
            continue;
        phase->samples[i - burn_in] = seconds;
        if (i % 10 == 0) /* of all steps, burn-in included: so does TensorFlow's script */
            status = bench_text_step(i - burn_in, seconds);
    }
    if (status == BENCH_OK)
        status = bench_statistics_of(phase->samples, steps, &phase->statistics);
    if (status == BENCH_OK)
        status = bench_text_summary(phase->title, steps, &phase->statistics);
    return status;
}
