/* verify.c: the check that --verify makes before anything is timed.
 * SPDX-License-Identifier: MIT */
#include "verify.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reference/ref_alexnet.h"

static float *allocate(size_t count) {
    float *values = malloc(count * sizeof *values);
    if (!values)
        bench_error("no memory for a tensor of %zu floats", count);
    return values;
}

/* Runs the reference on the very values that the network holds. */
static bench_status run_reference(bench_session *session, const convcl_net *net, int batch, convcl_ref_alexnet **run_out) {
    float *parameters[CONVCL_REF_ALEXNET_PARAMETERS] = {NULL};
    const size_t image_count = convcl_ref_alexnet_image_count(batch);
    float *images = allocate(image_count);
    bench_status status = images ? bench_check(convcl_net_read(net, session->queue, "images", images, image_count)) : BENCH_FAILED;
    for (int i = 0; i < CONVCL_REF_ALEXNET_PARAMETERS && status == BENCH_OK; ++i) {
        const size_t count = convcl_ref_alexnet_parameter_count(i);
        parameters[i] = allocate(count);
        status = parameters[i]
                     ? bench_check(convcl_net_read(net, session->queue, convcl_ref_alexnet_parameter_name(i), parameters[i], count))
                     : BENCH_FAILED;
    }
    if (status == BENCH_OK)
        status = bench_check(convcl_ref_alexnet_create(batch, images, (const float *const *)parameters, run_out));
    for (int i = 0; i < CONVCL_REF_ALEXNET_PARAMETERS; ++i)
        free(parameters[i]);
    free(images);
    return status;
}

/* NaN when a value is NaN; inf when the expected values are all 0 and these are not. */
static double relative_l2(const float *got, const double *expected, size_t count) {
    double square = 0, expected_square = 0;
    for (size_t i = 0; i < count; ++i) {
        const double difference = (double)got[i] - expected[i];
        square += difference * difference;
        expected_square += expected[i] * expected[i];
    }
    if (square == 0)
        return 0;
    return sqrt(square / expected_square);
}

/* Keeps the larger deviation of each tensor. */
static void record(bench_verification *verification, const char *name, double deviation) {
    int i = 0;
    while (i < verification->count && strcmp(verification->tensors[i].name, name) != 0)
        ++i;
    if (i == BENCH_VERIFY_MAX_TENSORS)
        return;
    bench_deviation *tensor = &verification->tensors[i];
    if (i == verification->count) {
        ++verification->count;
        snprintf(tensor->name, sizeof tensor->name, "%s", name);
        tensor->relative_l2 = 0;
    }
    if (deviation > tensor->relative_l2)
        tensor->relative_l2 = deviation;
    if (deviation >= verification->max_relative_l2) {
        verification->max_relative_l2 = deviation;
        snprintf(verification->worst, sizeof verification->worst, "%s", name);
    }
}

/* One tensor of a network that has run: an activation, or the gradient of a parameter. `source` is the network's name of it, `name` the one to report. */
static bench_status check_tensor(bench_session *session, const convcl_net *net, bool gradient, const char *source, const char *name,
                                 const double *expected, size_t count, bench_verification *verification) {
    float *got = allocate(count);
    if (!got)
        return BENCH_FAILED;
    bench_status status = gradient ? bench_check(convcl_net_read_gradient(net, session->queue, source, got, count))
                                   : bench_check(convcl_net_read(net, session->queue, source, got, count));
    if (status == BENCH_OK) {
        const double deviation = relative_l2(got, expected, count);
        record(verification, name, deviation);
        if (!(deviation <= BENCH_VERIFY_LIMIT)) {
            bench_error("verify: %s%s has a relative L2 error of %.2e, must be at most %.0e", gradient ? "the gradient of " : "", name,
                        deviation, BENCH_VERIFY_LIMIT);
            status = BENCH_FAILED;
        }
    }
    free(got);
    return status;
}

/* Makes the reference's gradients anew from the device's activations. */
static bench_status follow_device(bench_session *session, const convcl_net *net, convcl_ref_alexnet *reference) {
    bench_status status = BENCH_OK;
    float *values[CONVCL_REF_ALEXNET_VALUES] = {NULL};
    for (int i = 0; i < CONVCL_REF_ALEXNET_VALUES && status == BENCH_OK; ++i) {
        size_t count = 0;
        const char *name = convcl_ref_alexnet_value_name(i);
        convcl_ref_alexnet_activation(reference, name, &count);
        values[i] = allocate(count);
        status = values[i] ? bench_check(convcl_net_read(net, session->queue, name, values[i], count)) : BENCH_FAILED;
    }
    if (status == BENCH_OK)
        status = bench_check(convcl_ref_alexnet_backward_from(reference, (const float *const *)values));
    for (int i = 0; i < CONVCL_REF_ALEXNET_VALUES; ++i)
        free(values[i]);
    return status;
}

/* Looks at every tensor, also after one was wrong. */
static bench_status check_net(bench_session *session, const convcl_net *net, bool gradients, convcl_ref_alexnet *reference,
                              bench_verification *verification) {
    bench_status result = BENCH_OK;
    size_t count = 0;
    for (int i = 0; i < CONVCL_ALEXNET_ACTIVATIONS; ++i) {
        const convcl_alexnet_activation *activation = &convcl_alexnet_activations[i];
        const double *expected = convcl_ref_alexnet_activation(reference, activation->value, &count);
        if (check_tensor(session, net, false, activation->value, activation->name, expected, count, verification) != BENCH_OK)
            result = BENCH_FAILED;
    }
    if (gradients && follow_device(session, net, reference) != BENCH_OK)
        return BENCH_FAILED;
    for (int i = 0; i < CONVCL_REF_ALEXNET_PARAMETERS && gradients; ++i) {
        const char *name = convcl_ref_alexnet_parameter_name(i);
        const double *expected = convcl_ref_alexnet_gradient(reference, name, &count);
        if (check_tensor(session, net, true, name, name, expected, count, verification) != BENCH_OK)
            result = BENCH_FAILED;
    }
    return result;
}

/* Makes the network of a mode, runs it once and checks it; makes the reference at the first call. */
static bench_status verify_mode(bench_session *session, convcl_net_mode mode, convcl_ref_alexnet **reference,
                                bench_verification *verification) {
    const bool training = mode == CONVCL_NET_TRAINING;
    convcl_net *net = NULL;
    bench_status status = bench_session_create_net(session, mode, verification->batch, session->options->seed, true, &net);
    if (status == BENCH_OK && !*reference)
        status = run_reference(session, net, verification->batch, reference);
    if (status == BENCH_OK && training)
        status = bench_check(convcl_net_forward_backward(net, session->queue, 0, NULL, NULL));
    else if (status == BENCH_OK)
        status = bench_check(convcl_net_forward(net, session->queue, 0, NULL, NULL));
    if (status == BENCH_OK)
        status = bench_session_finish(session);
    if (status == BENCH_OK)
        status = check_net(session, net, training, *reference, verification);
    convcl_net_destroy(net);
    return status;
}

bench_status bench_verify(bench_session *session, bench_verification *verification_out) {
    convcl_ref_alexnet *reference = NULL;
    const int batch = session->options->batch;
    *verification_out = (bench_verification){.ran = true, .batch = batch < BENCH_VERIFY_BATCH ? batch : BENCH_VERIFY_BATCH};
    bench_status status = verify_mode(session, CONVCL_NET_INFERENCE, &reference, verification_out);
    if (status == BENCH_OK)
        status = verify_mode(session, CONVCL_NET_TRAINING, &reference, verification_out);
    convcl_ref_alexnet_destroy(reference);
    return status;
}
