/* conv_case.h: one convolution in one direction with one algorithm and GEMM variant, run on a device and held against the reference.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_TESTS_CONV_CASE_H
#define CONVCL_TESTS_CONV_CASE_H

#include "harness.h"

typedef struct conv_case {
    convcl_conv_desc desc;
    convcl_conv_dir dir;
    convcl_conv_options options;
} conv_case;

/* The tensors of one run, on the host; sizes follow from the description. */
typedef struct conv_values {
    float *x, *w, *b, *dy;
} conv_values;

/* The tensors of one run, on the device; those that the direction does not use are NULL. */
typedef struct conv_tensors {
    harness_tensor *x, *w, *b, *y, *dy, *dx, *dw, *db;
    convcl_buffer workspace;
} conv_tensors;

harness_shape conv_shape_x(const convcl_conv_desc *desc);
harness_shape conv_shape_w(const convcl_conv_desc *desc);
harness_shape conv_shape_b(const convcl_conv_desc *desc);
harness_shape conv_shape_y(const convcl_conv_desc *desc);

/* Terms of the longest sum of a direction: what the rounding error grows with. */
double conv_terms(const convcl_conv_desc *desc, convcl_conv_dir dir);

/* Bound for direct summation of that many float32 products of random sign: the error of a running sum grows with the root of their number.
 * The average of the rounding errors predicts 2e-8 * sqrt(terms); twice that, and one rounding of the result.
 * A result of few values may cancel by chance, so that below 64 values the bound is 8 times as wide. */
harness_bound conv_bound(double terms, size_t count);

/* Uniform values in [-1, 1), or whole numbers from -4 to 4, whose sums float32 holds exactly. Freed with the test. */
conv_values conv_random_values(const convcl_conv_desc *desc);
conv_values conv_integer_values(const convcl_conv_desc *desc);

/* Makes the plan of a case, destroyed when the test ends; fails the test when that does not work. */
convcl_conv_plan *conv_plan(harness_device *device, const conv_case *c);

/* Plans made from here to the end of the test take the form for GPUs, the only one of algorithms without a GEMM. */
void conv_use_group_form(harness_device *device);

/* Puts the values on the device, with poisoned outputs and the plan's workspace. */
conv_tensors conv_upload(harness_device *device, const conv_case *c, const convcl_conv_plan *plan, const conv_values *values);

/* The enqueue call of the plan's direction. */
convcl_status conv_enqueue(const conv_case *c, const convcl_conv_plan *plan, cl_command_queue queue, const conv_tensors *tensors,
                           cl_uint wait_count, const cl_event *wait, cl_event *event_out);

/* Compares the outputs with the reference. */
void conv_expect(const conv_case *c, const conv_values *values, const conv_tensors *tensors, bool exact);

/* The same with a bound on the relative root mean square error that the caller states. Returns that error, without db's. */
double conv_expect_within(const conv_case *c, const conv_values *values, const conv_tensors *tensors, double rms);

/* The whole test of a case: random values within the bound, twice the same bits, and whole numbers, exactly where the algorithm sums directly. Skips what is CONVCL_UNSUPPORTED on CLBlast. */
void conv_run_case(harness_device *device, const void *conv_case_data);

/* Registers "conv <dir> <algo> <gemm> <case>" for every row of cases/conv.txt and every combination that there is. */
void conv_add_table(convcl_conv_dir dir);

/* Registers `test` as "<name> <gemm>" for every GEMM variant but CLBlast; its data is the conv_case. */
void conv_add_for_gemms(const char *name, harness_device_fn test, const char *text, convcl_conv_dir dir);

#endif
