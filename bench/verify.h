/* verify.h: compares a network on the device with the double-precision reference.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_VERIFY_H
#define CONVCL_BENCH_VERIFY_H

#include "session.h"

#define BENCH_VERIFY_BATCH 2
#define BENCH_VERIFY_LIMIT 1e-5

/* Gradients jump where two values of a pooling window are equal or a ReLU's input is 0. This seed keeps well clear of both, so that float32's rounding cannot
 * decide them otherwise than double; with any other a right device might fail. */
#define BENCH_VERIFY_SEED 1398

#define BENCH_VERIFY_MAX_TENSORS 32

/* How far a tensor is from the reference: norm2(got - expected) / norm2(expected). The larger one, where several phases make the tensor. */
typedef struct bench_deviation {
    char name[32]; /* "conv1", "conv1.weights" */
    double relative_l2;
} bench_deviation;

/* Zero-initialise it. */
typedef struct bench_verification {
    bool ran;
    int count;
    bench_deviation tensors[BENCH_VERIFY_MAX_TENSORS];
    double max_relative_l2;
    char worst[32]; /* whose that is */
} bench_verification;

/* Runs the inference network and the training network once at a small batch, both filled from a seed of its own, and checks every activation and every gradient against
 * the reference. BENCH_FAILED, each wrong tensor named on standard error, when one is beyond the limit. Takes seconds. */
bench_status bench_verify(bench_session *session, bench_verification *verification_out);

#endif
