/* report_text.h: what bench prints to standard output as it goes. From the first activation until the last phase is over, line for line what TensorFlow's
 * alexnet_benchmark.py prints.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_REPORT_TEXT_H
#define CONVCL_BENCH_REPORT_TEXT_H

#include "results.h"

/* Each function flushes standard output and returns BENCH_FAILED, its reason printed, when that cannot be written. */

/* From now on the functions from bench_text_device to bench_text_times print nothing: another format was asked for. */
void bench_text_silence(void);

/* convcl, the device, the run. */
bench_status bench_text_device(const bench_session *session);

/* How long it took until the first step could run. */
bench_status bench_text_setup(const bench_session *session);

/* One line about a check that passed. */
bench_status bench_text_verification(const bench_verification *verification);

/* What the device can do at most. */
bench_status bench_text_ceilings(const bench_ceilings *ceilings);

/* "conv1   [32, 56, 56, 64]" for each activation. */
bench_status bench_text_activations(const convcl_model *model, const convcl_net *net);

/* "2026-01-31 17:44:42.808367: step 0, duration = 0.090" */
bench_status bench_text_step(int step, double seconds);

/* "2026-01-31 17:44:50.123456: Forward across 100 steps, 0.094 +/- 0.006 sec / batch" */
bench_status bench_text_summary(const char *title, int steps, const bench_statistics *statistics);

/* The table of --layers, and that of --launches. */
bench_status bench_text_layers(const bench_phase *phase, const bench_ceilings *ceilings);
bench_status bench_text_launches(const bench_phase *phase);

/* Median, least, percentiles and outliers of each phase, and whether the run is whole. */
bench_status bench_text_times(const bench_results *results);

/* The answer to --version. */
bench_status bench_text_version(void);

/* For text that was printed in another way: flushes it and checks that it was written. */
bench_status bench_text_flush(void);

#endif
