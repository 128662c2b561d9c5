/* test_context.c: contexts, the programs they keep, the log, queues.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>

#include "harness.h"
#include "kernel_folder.h"
#include "opencl/context_internal.h"
#include "opencl/device_traits.h"
#include "opencl/kernel.h"

static convcl_context *context_with(harness_device *device, const convcl_context_options *options) {
    convcl_context *context = NULL;
    assert_ok(convcl_context_create_from_cl(convcl_context_cl(device->context), device->info.device, options, &context));
    return context;
}

static void test_context__create_needs_a_place(void **state) {
    (void)state;
    assert_fails(convcl_context_create("0", NULL, NULL), CONVCL_INVALID, "context_out|NULL");
}

static void test_context__unknown_device_is_invalid(void **state) {
    (void)state;
    convcl_context *context = (convcl_context *)&state;
    assert_fails(convcl_context_create("nonsense", NULL, &context), CONVCL_INVALID, "\"nonsense\"");
    assert_null(context);
}

static void test_context__release_accepts_null(void **state) {
    (void)state;
    convcl_context_release(NULL);
}

static void test_context__null_choice_is_the_first_device(void **state) {
    (void)state;
    convcl_context *context = NULL;
    assert_ok(convcl_context_create(NULL, NULL, &context));
    int index = convcl_context_device(context)->index;
    convcl_context_release(context);
    assert_int_equal(index, 0);
}

static void test_context__from_cl_refuses_null(harness_device *device, const void *data) {
    (void)data;
    cl_context cl = convcl_context_cl(device->context);
    convcl_context *context = (convcl_context *)device;
    assert_fails(convcl_context_create_from_cl(NULL, device->info.device, NULL, &context), CONVCL_INVALID, "cl|NULL");
    assert_null(context);
    context = (convcl_context *)device;
    assert_fails(convcl_context_create_from_cl(cl, NULL, NULL, &context), CONVCL_INVALID, "device|NULL");
    assert_null(context);
    assert_fails(convcl_context_create_from_cl(cl, device->info.device, NULL, NULL), CONVCL_INVALID, "context_out|NULL");
}

static void test_context__from_cl_refuses_a_device_of_another_context(harness_device *device, const void *data) {
    (void)data;
    if (harness_device_count() < 2)
        skip();
    harness_device *other = harness_device_at(0) == device ? harness_device_at(1) : harness_device_at(0);
    convcl_context *context = (convcl_context *)device;
    assert_fails(convcl_context_create_from_cl(convcl_context_cl(device->context), other->info.device, NULL, &context), CONVCL_INVALID,
                 "device|not in");
    assert_null(context);
}

static cl_uint references(cl_context cl) {
    cl_uint count = 0;
    assert_int_equal(clGetContextInfo(cl, CL_CONTEXT_REFERENCE_COUNT, sizeof count, &count, NULL), CL_SUCCESS);
    return count;
}

static void test_context__options_are_checked(harness_device *device, const void *data) {
    (void)data;
    cl_context cl = convcl_context_cl(device->context);
    convcl_context *context = (convcl_context *)device;
    convcl_context_options options = {.tuning = (convcl_tuning)7};
    assert_fails(convcl_context_create_from_cl(cl, device->info.device, &options, &context), CONVCL_INVALID, "tuning is 7|QUICK");
    assert_null(context);
    options = (convcl_context_options){.tuning_seconds = -1};
    assert_fails(convcl_context_create_from_cl(cl, device->info.device, &options, &context), CONVCL_INVALID,
                 "tuning_seconds is -1|at least 0");
    options.tuning_seconds = (double)NAN;
    assert_fails(convcl_context_create("0", &options, &context), CONVCL_INVALID, "tuning_seconds is nan|at least 0");
    options.tuning_seconds = (double)INFINITY;
    assert_fails(convcl_context_create("0", &options, &context), CONVCL_INVALID, "tuning_seconds is inf|finite");
    assert_null(context);
}

static void test_context__tuning_options_arrive(harness_device *device, const void *data) {
    (void)data;
    const convcl_context_options options = {.tuning = CONVCL_TUNING_FULL, .tuning_seconds = 20};
    convcl_context *context = context_with(device, &options), *plain = context_with(device, NULL);
    convcl_context__count_tuning(context, 5, 1);
    const convcl_tuning mode = convcl_context__tuning(context), plain_mode = convcl_context__tuning(plain);
    const double left = convcl_context__tuning_budget(context), plain_left = convcl_context__tuning_budget(plain);
    convcl_context_release(context);
    convcl_context_release(plain);
    assert_int_equal(mode, CONVCL_TUNING_FULL);
    assert_int_equal(plain_mode, CONVCL_TUNING_OFF);
    assert_true(left == 15);
    assert_true(plain_left > 1e300);
}

static void test_context__from_cl_retains_and_releases(harness_device *device, const void *data) {
    (void)data;
    cl_context cl = convcl_context_cl(device->context);
    cl_uint before = references(cl);
    convcl_context *context = context_with(device, NULL);
    assert_ptr_equal(convcl_context_cl(context), cl);
    assert_ptr_equal(convcl_context_device(context)->device, device->info.device);
    assert_int_equal(convcl_context_device(context)->index, device->info.index);
    assert_true(references(cl) > before);
    convcl_context_release(context);
    assert_int_equal(references(cl), before);
}

static void test_context__queue_refuses_null(harness_device *device, const void *data) {
    (void)data;
    cl_command_queue queue = (cl_command_queue)device;
    assert_fails(convcl_context_create_queue(NULL, 0, &queue), CONVCL_INVALID, "context|NULL");
    assert_null(queue);
    assert_fails(convcl_context_create_queue(device->context, 0, NULL), CONVCL_INVALID, "queue_out|NULL");
}

static void test_context__queue_has_the_properties(harness_device *device, const void *data) {
    (void)data;
    static const cl_command_queue_properties all[] = {0, CL_QUEUE_PROFILING_ENABLE, CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE,
                                                      CL_QUEUE_PROFILING_ENABLE | CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE};
    cl_command_queue_properties there = 0;
    assert_int_equal(clGetDeviceInfo(device->info.device, CL_DEVICE_QUEUE_PROPERTIES, sizeof there, &there, NULL), CL_SUCCESS);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        cl_command_queue queue = NULL;
        cl_command_queue_properties got = 99;
        if (all[i] & ~there) {
            assert_fails(convcl_context_create_queue(device->context, all[i], &queue), CONVCL_CL_ERROR, "clCreateCommandQueue|properties");
            assert_null(queue);
            continue;
        }
        assert_ok(convcl_context_create_queue(device->context, all[i], &queue));
        cl_int code = clGetCommandQueueInfo(queue, CL_QUEUE_PROPERTIES, sizeof got, &got, NULL);
        clReleaseCommandQueue(queue);
        assert_int_equal(code, CL_SUCCESS);
        assert_int_equal(got, all[i]);
    }
}

/* ---- programs and the log ---- */

static const char *const set_kernel =
    "__kernel void set(__global float *x, ulong x_offset) { x[x_offset + get_global_id(0)] = T_VALUE; }\n";

static void test_context__programs_are_built_once(harness_device *device, const void *data) {
    (void)data;
    kernel_folder folder;
    kernel_folder_make(&folder, "set.cl", set_kernel);
    const convcl_context_options options = {.kernel_dir = folder.path, .cache_dir = "off"};
    convcl_context *context = context_with(device, &options);
    assert_int_equal(convcl_context_programs_built(context), 0);
    assert_true(convcl_context_compile_seconds(context) == 0);
    convcl_kernel *kernels[3] = {NULL, NULL, NULL};
    assert_ok(convcl_kernel__create(context, "set", "set", "-DT_VALUE=1", &kernels[0]));
    int first = convcl_context_programs_built(context);
    assert_ok(convcl_kernel__create(context, "set", "set", "-DT_VALUE=1", &kernels[1]));
    int again = convcl_context_programs_built(context);
    assert_ok(convcl_kernel__create(context, "set", "set", "-DT_VALUE=2", &kernels[2]));
    int other = convcl_context_programs_built(context);
    double seconds = convcl_context_compile_seconds(context);
    convcl_context_release(context); /* the kernels keep it */
    for (int i = 0; i < 3; i++)
        convcl_kernel__destroy(kernels[i]);
    kernel_folder_remove(&folder);
    assert_int_equal(first, 1);
    assert_int_equal(again, 1);
    assert_int_equal(other, 2);
    assert_true(seconds > 0);
}

static void test_context__missing_kernel_is_an_error(harness_device *device, const void *data) {
    (void)data;
    kernel_folder folder;
    kernel_folder_make(&folder, "set.cl", set_kernel);
    const convcl_context_options options = {.kernel_dir = folder.path};
    convcl_context *context = context_with(device, &options);
    convcl_kernel *kernel = (convcl_kernel *)device;
    convcl_status no_file = convcl_kernel__create(context, "other", "other", NULL, &kernel);
    convcl_context_release(context);
    kernel_folder_remove(&folder);
    assert_fails(no_file, CONVCL_IO, "other.cl");
    assert_null(kernel);
}

typedef struct log_lines {
    int count;
    bool has_words;
    const char *words;
} log_lines;

static void collect(convcl_log_level level, const char *line, void *user) {
    log_lines *lines = user;
    lines->count += level == CONVCL_LOG_ERROR;
    lines->has_words |= strstr(line, lines->words) != NULL;
}

static void test_context__log_gets_the_compilers_words(harness_device *device, const void *data) {
    (void)data;
    kernel_folder folder;
    kernel_folder_make(&folder, "set.cl", "__kernel void set(__global float *x) { x[0] = unknown_thing; }\n");
    log_lines lines = {.words = "unknown_thing"};
    const convcl_context_options options = {.kernel_dir = folder.path, .log = collect, .log_user = &lines};
    convcl_context *context = context_with(device, &options);
    convcl_kernel *kernel = NULL;
    convcl_status status = convcl_kernel__create(context, "set", "set", NULL, &kernel);
    convcl_context_release(context);
    kernel_folder_remove(&folder);
    assert_status(status, CONVCL_BUILD_FAILED);
    assert_true(lines.count > 0);
    assert_true(lines.has_words);
}

/* What convcl's kernels call is declared for drivers that take long over everything (see convcl_device_quirks); a caller's kernel may call more. */
static void test_context__kernels_may_call_any_function(harness_device *device, const void *data) {
    (void)data;
    kernel_folder folder;
    kernel_folder_make(&folder, "set.cl", "__kernel void set(__global float *x) { x[0] = hypot(3.0f, x[1]); }\n");
    log_lines lines = {.words = "all of OpenCL's declarations"};
    const convcl_context_options options = {.kernel_dir = folder.path, .cache_dir = "off", .log = collect, .log_user = &lines};
    convcl_context *context = context_with(device, &options);
    convcl_kernel *kernel = NULL;
    convcl_status status = convcl_kernel__create(context, "set", "set", NULL, &kernel);
    convcl_kernel__destroy(kernel);
    convcl_context_release(context);
    kernel_folder_remove(&folder);
    assert_ok(status);
    assert_int_equal(lines.has_words, convcl_device_traits__takes_declarations(&device->info));
}

static void test_context__kernel_folder_from_the_environment(harness_device *device, const void *data) {
    (void)data;
    kernel_folder folder;
    kernel_folder_make(&folder, "set.cl", set_kernel);
    setenv("CONVCL_KERNEL_DIR", folder.path, 1);
    convcl_context *context = context_with(device, NULL);
    unsetenv("CONVCL_KERNEL_DIR");
    convcl_kernel *kernel = NULL;
    convcl_status status = convcl_kernel__create(context, "set", "set", "-DT_VALUE=1", &kernel);
    convcl_kernel__destroy(kernel);
    convcl_context_release(context);
    kernel_folder_remove(&folder);
    assert_ok(status);
}

static void test_context__plans_outlive_the_callers_reference(harness_device *device, const void *data) {
    (void)data;
    convcl_context *context = context_with(device, NULL);
    convcl_relu_plan *plan = NULL;
    convcl_status status = convcl_relu_plan_create(context, 3, &plan);
    convcl_context_release(context);
    assert_ok(status);
    const float x[3] = {-1, 2, 0};
    const double expected[3] = {0, 2, 0};
    harness_tensor *tx = harness_input(device, "x", HARNESS_VECTOR(3), x);
    harness_tensor *ty = harness_output(device, "y", HARNESS_VECTOR(3));
    status = convcl_relu_fwd_enqueue(plan, device->queue, tx->buffer, ty->buffer, 0, NULL, NULL);
    convcl_relu_plan_destroy(plan);
    assert_ok(status);
    harness_expect(ty, expected, HARNESS_EXACT);
}

int main(int argc, char **argv) {
    HARNESS_HOST(test_context__create_needs_a_place);
    HARNESS_HOST(test_context__unknown_device_is_invalid);
    HARNESS_HOST(test_context__release_accepts_null);
    HARNESS_HOST(test_context__null_choice_is_the_first_device);
    HARNESS_DEVICE(test_context__from_cl_refuses_null);
    HARNESS_DEVICE(test_context__from_cl_refuses_a_device_of_another_context);
    HARNESS_DEVICE(test_context__options_are_checked);
    HARNESS_DEVICE(test_context__tuning_options_arrive);
    HARNESS_DEVICE(test_context__from_cl_retains_and_releases);
    HARNESS_DEVICE(test_context__queue_refuses_null);
    HARNESS_DEVICE(test_context__queue_has_the_properties);
    HARNESS_DEVICE(test_context__programs_are_built_once);
    HARNESS_DEVICE(test_context__missing_kernel_is_an_error);
    HARNESS_DEVICE(test_context__log_gets_the_compilers_words);
    HARNESS_DEVICE(test_context__kernels_may_call_any_function);
    HARNESS_DEVICE(test_context__kernel_folder_from_the_environment);
    HARNESS_DEVICE(test_context__plans_outlive_the_callers_reference);
    return harness_main(argc, argv);
}
