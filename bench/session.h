/* session.h: the device that bench runs on, and the networks it makes there.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_SESSION_H
#define CONVCL_BENCH_SESSION_H

#include "convcl/convcl.h"
#include "options.h"

typedef struct bench_session {
    const bench_options *options; /* borrowed */
    convcl_context *context;
    cl_command_queue queue; /* in-order */
    double setup_s;         /* opening and preparing, wall time */
    double compile_s;       /* of it, in building programs, on all threads together */
    double first_steps_s;   /* of it, in the first step of each network, where a driver may compile once more */
    double tune_s;          /* of it, in choosing between candidates */
} bench_session;

/* Opens a device. Close it in any case. */
bench_status bench_session_open(const bench_options *options, const convcl_device_info *device, bench_session *session_out);

/* Releases what the session holds. */
void bench_session_close(bench_session *session);

/* Makes the network of the options for `mode`, compiled and filled from `seed`, in *net_out; the caller destroys it.
 *
 * keep  true: the values that bench_session_keeps names stay readable */
bench_status bench_session_create_net(bench_session *session, convcl_net_mode mode, int batch, uint64_t seed, bool keep,
                                      convcl_net **net_out);

/* True for the layers whose value can be kept without undoing a fusion: all but inputs, the objective and convolutions that compute a ReLU. */
bool bench_session_keeps(const convcl_net *net, size_t layer);

/* Makes the networks of all phases, runs a step of each and drops them, so that every kernel is built (the context and the driver keep them), and takes the
 * set-up times. */
bench_status bench_session_prepare(bench_session *session);

/* Waits until the queue is idle. */
bench_status bench_session_finish(bench_session *session);

/* BENCH_OK for CONVCL_OK; otherwise prints the library's error text and returns BENCH_FAILED. */
bench_status bench_check(convcl_status status);

/* Prints a line of the library's log to standard error; a convcl_log_fn. */
void bench_log_line(convcl_log_level level, const char *message, void *user);

/* Seconds on a clock that only goes forward. */
double bench_now(void);

#endif
