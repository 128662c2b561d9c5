/* verify.c: the check that --verify makes before anything is timed.
 * SPDX-License-Identifier: MIT */
#include "verify.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/net_internal.h"
#include "reference/ref_net.h"
#include "work.h"

static float *allocate(size_t count) {
    float *values = malloc(count * sizeof *values);
    if (!values)
        bench_error("no memory for a tensor of %zu floats", count);
    return values;
}

/* Reads a value or a parameter of the network, to be freed; NULL, the fault printed, when that fails. */
static float *read_tensor(bench_session *session, const convcl_net *net, const char *name, bool gradient, size_t count) {
    float *values = allocate(count);
    if (!values)
        return NULL;
    const convcl_status status = gradient ? convcl_net_read_gradient(net, session->queue, name, values, count)
                                          : convcl_net_read(net, session->queue, name, values, count);
    if (bench_check(status) == BENCH_OK)
        return values;
    free(values);
    return NULL;
}

/* Gives the reference what the network holds under a name. */
static bench_status copy_tensor(bench_session *session, const convcl_net *net, const char *name, convcl_ref_net *reference) {
    size_t count = 0;
    convcl_ref_net_value(reference, name, &count);
    float *values = read_tensor(session, net, name, false, count);
    const bench_status status = values ? bench_check(convcl_ref_net_set(reference, name, values)) : BENCH_FAILED;
    free(values);
    return status;
}

static bench_status copy_inputs(bench_session *session, const convcl_net *net, convcl_ref_net *reference) {
    bench_status status = copy_tensor(session, net, "images", reference);
    for (int i = 0; i < convcl_net_parameter_count(net) && status == BENCH_OK; ++i)
        status = copy_tensor(session, net, convcl_net_parameter_name(net, i), reference);
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

/* One tensor of a network that has run: an activation, or the gradient of a parameter. `name` is the one to report. */
static bench_status check_tensor(const char *name, bool gradient, const float *got, const double *expected, size_t count,
                                 bench_verification *verification) {
    const double deviation = relative_l2(got, expected, count);
    record(verification, name, deviation);
    if (deviation <= BENCH_VERIFY_LIMIT)
        return BENCH_OK;
    bench_error("verify: %s%s has a relative L2 error of %.2e, must be at most %.0e", gradient ? "the gradient of " : "", name, deviation,
                BENCH_VERIFY_LIMIT);
    return BENCH_FAILED;
}

/* The name to report for a value; NULL for one that is not reported. */
static const char *reported_name(const convcl_model *model, const char *value) {
    for (int i = 0; i < model->activation_count; ++i)
        if (strcmp(model->activations[i].value, value) == 0)
            return model->activations[i].name;
    return NULL;
}

/* Compares each activation with the reference's layers from the device's activation before it, also after one was wrong. */
static bench_status check_activations(bench_session *session, const convcl_net *net, bool training, convcl_ref_net *reference,
                                      bench_verification *verification) {
    bench_status result = BENCH_OK;
    for (size_t i = 0; i < net->layer_count; ++i) {
        const char *value = net->layers[i].name, *name = reported_name(session->options->model, value);
        size_t count = 0;
        convcl_ref_net_forward_layer(reference, i, training, 0);
        if (!name)
            continue;
        const double *expected = convcl_ref_net_value(reference, value, &count);
        float *got = read_tensor(session, net, value, false, count);
        if (!got)
            return BENCH_FAILED;
        if (check_tensor(name, false, got, expected, count, verification) != BENCH_OK)
            result = BENCH_FAILED;
        const bench_status status = bench_check(convcl_ref_net_set(reference, value, got));
        free(got);
        if (status != BENCH_OK)
            return status;
    }
    return result;
}

/* Compares each gradient with the reference's backward pass through the device's values. */
static bench_status check_gradients(bench_session *session, const convcl_net *net, convcl_ref_net *reference,
                                    bench_verification *verification) {
    bench_status status = BENCH_OK, result = BENCH_OK;
    for (size_t i = 0; i < net->layer_count && status == BENCH_OK; ++i)
        if (bench_session_keeps(net, i))
            status = copy_tensor(session, net, net->layers[i].name, reference);
    if (status == BENCH_OK)
        status = bench_check(convcl_ref_net_backward(reference, 0));
    for (int i = 0; i < convcl_net_parameter_count(net) && status == BENCH_OK; ++i) {
        const char *name = convcl_net_parameter_name(net, i);
        size_t count = 0;
        const double *expected = convcl_ref_net_gradient(reference, name, &count);
        float *got = read_tensor(session, net, name, true, count);
        if (!got)
            return BENCH_FAILED;
        if (check_tensor(name, true, got, expected, count, verification) != BENCH_OK)
            result = BENCH_FAILED;
        free(got);
    }
    return status != BENCH_OK ? status : result;
}

/* Makes the network of a mode, runs it once and checks it. */
static bench_status verify_mode(bench_session *session, convcl_net_mode mode, bench_verification *verification) {
    const bool training = mode == CONVCL_NET_TRAINING;
    convcl_net *net = NULL;
    convcl_ref_net *reference = NULL;
    bench_status status = bench_session_create_net(session, mode, verification->batch, session->options->seed, true, &net);
    if (status == BENCH_OK)
        status = bench_check(convcl_ref_net_create(net, mode, &reference));
    if (status == BENCH_OK)
        status = copy_inputs(session, net, reference);
    if (status == BENCH_OK && training)
        status = bench_check(convcl_net_forward_backward(net, session->queue, 0, NULL, NULL));
    else if (status == BENCH_OK)
        status = bench_check(convcl_net_forward(net, session->queue, 0, NULL, NULL));
    if (status == BENCH_OK)
        status = bench_session_finish(session);
    if (status == BENCH_OK)
        status = check_activations(session, net, training, reference, verification);
    if (status == BENCH_OK && training)
        status = check_gradients(session, net, reference, verification);
    convcl_ref_net_destroy(reference);
    convcl_net_destroy(net);
    return status;
}

/* Multiplications of one image, forward. */
static double image_products(bench_session *session) {
    convcl_net *net = NULL;
    double products = 0;
    if (convcl_model_create(session->options->model, session->context, NULL, 1, &net) != CONVCL_OK)
        return 0;
    for (size_t i = 0; i < net->layer_count; ++i)
        if (net->layers[i].op == CONVCL_NET_OP_CONV)
            products += bench_work_conv(&net->layers[i].desc.conv, CONVCL_CONV_FWD).flops / 2;
    convcl_net_destroy(net);
    return products;
}

/* As many images as the reference takes not too long for. */
static int choose_batch(bench_session *session) {
    const int batch = session->options->batch;
    const double products = image_products(session);
    int most = BENCH_VERIFY_BATCH;
    while (most > BENCH_VERIFY_LEAST_BATCH && most * products > BENCH_VERIFY_PRODUCTS)
        most /= 2;
    return batch < most ? batch : most;
}

bench_status bench_verify(bench_session *session, bench_verification *verification_out) {
    *verification_out = (bench_verification){.ran = true, .batch = choose_batch(session)};
    const bench_status status = verify_mode(session, CONVCL_NET_INFERENCE, verification_out);
    return status == BENCH_OK ? verify_mode(session, CONVCL_NET_TRAINING, verification_out) : status;
}
