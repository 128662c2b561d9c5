/* verify.h: compares a network on the device with the double-precision reference.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_VERIFY_H
#define CONVCL_BENCH_VERIFY_H

#include "session.h"

/* Images at most: large enough for the algorithms that a large batch takes, small enough for the reference to take seconds. Of a network with more products than
 * BENCH_VERIFY_PRODUCTS, fewer, but not below the batch from which on Winograd is chosen. */
#define BENCH_VERIFY_BATCH       8
#define BENCH_VERIFY_LEAST_BATCH 4
#define BENCH_VERIFY_PRODUCTS    6e9
#define BENCH_VERIFY_LIMIT       1e-5

#define BENCH_VERIFY_MAX_TENSORS 64

/* How far a tensor is from the reference: norm2(got - expected) / norm2(expected). The larger one, where several phases make the tensor. */
typedef struct bench_deviation {
    char name[32]; /* "conv1", "conv1.weights" */
    double relative_l2;
} bench_deviation;

/* Zero-initialise it. */
typedef struct bench_verification {
    bool ran;
    int batch;
    int count;
    bench_deviation tensors[BENCH_VERIFY_MAX_TENSORS];
    double max_relative_l2;
    char worst[32]; /* whose that is */
} bench_verification;

/* Runs the inference network and the training network once at the batch of the options or fewer, filled from the options' seed, and checks every activation against
 * the reference's layers from the device's activation before it, so that a deep network is held to the limit layer by layer, and every gradient against the
 * reference's backward pass through the device's values: a pooling may take either of two values that differ by rounding alone. BENCH_FAILED, each wrong
 * tensor named on standard error, when one is beyond the limit. Takes seconds, for VGG a minute or two. */
bench_status bench_verify(bench_session *session, bench_verification *verification_out);

#endif
