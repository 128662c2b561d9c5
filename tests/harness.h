/* harness.h: what every test program shares: devices, guarded device memory, seeded values, comparison with the reference, the command line.
 * SPDX-License-Identifier: MIT
 *
 * A program registers its tests and runs them:
 *
 *     int main(int argc, char **argv) {
 *         HARNESS_HOST(test_lrn__unknown_layout_is_unsupported);          // void test(void **state), once
 *         HARNESS_DEVICE(test_lrn__one_channel);                          // void test(harness_device *device, const void *data), once per device
 *         harness_add_device_test("lrn fwd n2h3w5c7r2", run_case, &cases[i]);
 *         return harness_main(argc, argv);
 *     }
 *
 * and a device test reads
 *
 *     float *x = harness_floats(count);
 *     harness_uniform(x, count, -1, 1);
 *     harness_tensor *tx = harness_input(device, "x", HARNESS_SHAPE(n, h, w, c), x);
 *     harness_tensor *ty = harness_output(device, "y", HARNESS_SHAPE(n, h, w, c));
 *     assert_ok(convcl_lrn_fwd_enqueue(plan, device->queue, tx->buffer, ty->buffer, 0, NULL, NULL));
 *     harness_expect(ty, expected, HARNESS_WITHIN_RMS(1e-6));             // waits for the device, checks every guard and input of this test as well
 *
 * Memory and tensors that come from here are freed when their test ends, also when it fails. */
#ifndef CONVCL_TESTS_HARNESS_H
#define CONVCL_TESTS_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "convcl/convcl.h"

/* ---- the program ---------------------------------------------------------------------------------------------------------------------- */

/* A device under test, with a context and an in-order queue that all tests of the program share. */
typedef struct harness_device {
    convcl_device_info info;
    convcl_context *context;
    cl_command_queue queue;
    char label[300]; /* the platform's name, with the device's index where a platform has several */
} harness_device;

typedef void (*harness_host_fn)(void **state);
typedef void (*harness_device_fn)(harness_device *device, const void *data);

/* Registers a test that needs no device. The name is copied. */
void harness_add_host_test(const char *name, harness_host_fn test);

/* Registers a test that runs once on each device, as "<name> @ <platform>". The name is copied, data is not. */
void harness_add_device_test(const char *name, harness_device_fn test, const void *data);

#define HARNESS_HOST(test)   harness_add_host_test(#test, test)
#define HARNESS_DEVICE(test) harness_add_device_test(#test, test, NULL)

/* Runs what was registered and returns the exit status of main: `test_x [--seed N] [--list] [FILTER]`. FILTER is a part of a test's name, or a glob
 * when it holds '*' or '?'. Devices: all OpenCL CPUs, or those of the environment's CONVCL_TEST_DEVICE, a list with commas, each item as in
 * convcl_device_choose. Device tests without a device are a failure, and so is a filter that selects nothing. */
int harness_main(int argc, char **argv);

/* How many devices there are, and one of them with its context ready; for the rare test that needs two. */
int harness_device_count(void);
harness_device *harness_device_at(int index);

/* Name of the test that runs, without the device. */
const char *harness_test_name(void);

/* The seed of this run: 1234, CONVCL_TEST_SEED or --seed. */
uint64_t harness_seed(void);

/* ---- memory and values ---------------------------------------------------------------------------------------------------------------- */

/* Zeroed memory that is freed when the test ends; fails the test when there is none. */
void *harness_alloc(size_t count, size_t element_size);
#define harness_floats(count)  ((float *)harness_alloc((count), sizeof(float)))
#define harness_doubles(count) ((double *)harness_alloc((count), sizeof(double)))

/* Has `release` called on `object` when the test ends, the last deferred first; for plans and other objects of the library. */
void harness_defer(void (*release)(void *object), void *object);

/* Another context on the device's OpenCL context, released when the test ends; fails the test when that does not work. options NULL: all defaults. */
convcl_context *harness_context(harness_device *device, const convcl_context_options *options);

/* The same values in double, freed when the test ends. */
double *harness_to_doubles(const float *values, size_t count);

/* Random values from the test's own generator, which starts anew from the seed in each test. Uniform in [low, high); whole numbers in [low, high]. */
void harness_uniform(float *values, size_t count, float low, float high);
void harness_integers(float *values, size_t count, int low, int high);
uint32_t harness_random(void);

/* ---- device memory with guards -------------------------------------------------------------------------------------------------------- */

/* Shape of a tensor; unused leading dimensions are 1, so that a[count] is HARNESS_SHAPE(1, 1, 1, count). */
typedef struct harness_shape {
    size_t dim[4];
} harness_shape;
#define HARNESS_SHAPE(a, b, c, d) ((harness_shape){{(size_t)(a), (size_t)(b), (size_t)(c), (size_t)(d)}})
#define HARNESS_VECTOR(count)     HARNESS_SHAPE(1, 1, 1, count)

/* A tensor on the device, with guard words before and behind it. It lies at an odd place of its buffer, another one for each tensor of a test. */
typedef struct harness_tensor {
    const char *name;
    convcl_buffer buffer; /* what the library gets */
    harness_shape shape;
    size_t count;
    size_t element_size;
    bool is_input;                /* must be unchanged */
    void *before;                 /* what was uploaded, inputs only */
    harness_device *device;       /* */
    struct harness_tensor *older; /* list of the test's tensors */
} harness_tensor;

size_t harness_shape_count(harness_shape shape);

/* A tensor that holds `values` and must not change. */
harness_tensor *harness_input(harness_device *device, const char *name, harness_shape shape, const float *values);

/* A tensor that the operation writes: starts as NaN. With harness_output_uint16: uint16 elements that start as 0xA5A5. */
harness_tensor *harness_output(harness_device *device, const char *name, harness_shape shape);
harness_tensor *harness_output_uint16(harness_device *device, const char *name, harness_shape shape);

/* A uint16 input, as max-pooling's index. */
harness_tensor *harness_input_uint16(harness_device *device, const char *name, harness_shape shape, const uint16_t *values);

/* A tensor that starts as `values` and may change: for in-place operations. */
harness_tensor *harness_inout(harness_device *device, const char *name, harness_shape shape, const float *values);

/* Workspace of `count` floats, all bytes 0xA5; a NULL mem when count is 0. */
convcl_buffer harness_workspace(harness_device *device, size_t count);

/* No buffer. */
#define HARNESS_NO_BUFFER ((convcl_buffer){NULL, 0})

/* Waits for the device, checks the guards of all tensors of this test and that inputs are unchanged. Also done at the end of every device test. */
void harness_check_memory(harness_device *device);

/* Waits for the device and reads a tensor into memory that is freed when the test ends. */
float *harness_read(const harness_tensor *tensor);
uint16_t *harness_read_uint16(const harness_tensor *tensor);

/* Overwrites an output with NaN again (uint16: 0xA5A5). */
void harness_poison(harness_tensor *tensor);

/* True when the tensor still holds its poison everywhere: nothing was written. */
bool harness_is_poisoned(const harness_tensor *tensor);

/* ---- comparison ----------------------------------------------------------------------------------------------------------------------- */

/* How near is near enough. */
typedef struct harness_bound {
    enum { HARNESS_BOUND_EXACT, HARNESS_BOUND_MAX, HARNESS_BOUND_RMS, HARNESS_BOUND_EACH } kind;
    double limit;
} harness_bound;
#define HARNESS_EXACT              ((harness_bound){HARNESS_BOUND_EXACT, 0})      /* got == (float)expected */
#define HARNESS_WITHIN_MAX(limit)  ((harness_bound){HARNESS_BOUND_MAX, (limit)})  /* each |difference| <= limit * max |expected| */
#define HARNESS_WITHIN_RMS(limit)  ((harness_bound){HARNESS_BOUND_RMS, (limit)})  /* norm2(difference) <= limit * norm2(expected) */
#define HARNESS_WITHIN_EACH(limit) ((harness_bound){HARNESS_BOUND_EACH, (limit)}) /* each |difference| <= limit * |its expected| */

/* Fails the test unless `got` is near `expected`. NaN and inf equal only themselves; a result of zeros fails unless zeros are expected. On failure prints how many
 * are wrong, the first ten with their place, the device, the note, the seed and a command that repeats it. */
void harness_expect_values(const char *name, harness_shape shape, const double *expected, const float *got, harness_bound bound);

/* Waits for the device, checks the memory of the test, reads the tensor and compares it. */
void harness_expect(const harness_tensor *tensor, const double *expected, harness_bound bound);

/* norm2(got - expected) / norm2(expected), the figure that HARNESS_WITHIN_RMS bounds. */
double harness_relative_rms(const double *expected, const float *got, size_t count);

/* Words for the failure text of this test, such as the plan's describe line; replaced by the next note, cleared at the end of the test. */
void harness_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The arguments with which bench, which lies beside the test's program, repeats this test, for the failure text; cleared at the end of the test. */
void harness_repeat(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Ends the test and counts it as skipped; prints "skipped because" and the reason. */
void harness_skip(const char *reason, ...) __attribute__((format(printf, 1, 2), noreturn));

/* A queue that may run what it is given in any order, released when the test ends. Skips the test on a device that has none. */
cl_command_queue harness_out_of_order_queue(harness_device *device);

/* Skips the test on a device whose driver is known to give wrong results (convcl_device_traits__warning). */
void harness_skip_where_wrong(const harness_device *device);

/* Skips a test of so many GFLOP on a device that would take many minutes over it: more than 12 on llvmpipe, which does 0.05 a second. CONVCL_TEST_SLOW=1 runs it. */
void harness_skip_where_slow(const harness_device *device, double gflop);

/* Fails the test with the library's text unless the call returned the status. */
#define assert_ok(call)             harness_assert_status((call), CONVCL_OK, NULL, #call, __FILE__, __LINE__)
#define assert_status(call, status) harness_assert_status((call), (status), NULL, #call, __FILE__, __LINE__)

/* The same, and the error text must hold every one of the words, which are separated by '|': "stride_h|0|at least 1". */
#define assert_fails(call, status, words) harness_assert_status((call), (status), (words), #call, __FILE__, __LINE__)

void harness_assert_status(convcl_status got, convcl_status expected, const char *words, const char *call, const char *file, int line);

/* ---- tables of cases ------------------------------------------------------------------------------------------------------------------ */

/* One line of a table under tests/cases. */
typedef struct harness_case {
    char name[128];  /* the line's first word */
    char flags[128]; /* the rest of the line */
} harness_case;

/* Reads tests/cases/<file>; comments (#) and empty lines are left out. The table is freed when the program ends. Ends the program when it cannot be read. */
const harness_case *harness_cases(const char *file, int *count_out);

/* Reads a convolution such as "n2ic64ih13iw13oc96f3s1p1" or "alexnet:conv3"; grammar in tests/README.md. False when it is none. */
bool harness_parse_conv(const char *name, convcl_conv_desc *desc_out);

#endif
