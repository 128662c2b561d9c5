/* test_status.c: every status, made to happen by the example that status.h gives, and the error text.
 * SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/alloc.h"
#include "harness.h"
#include "kernel_folder.h"
#include "opencl/context_internal.h"
#include "opencl/kernel.h"

static convcl_conv_desc small_conv(void) {
    convcl_conv_desc desc;
    convcl_conv_desc_init(&desc);
    desc.n = desc.ih = desc.iw = desc.ic = desc.oc = desc.fh = desc.fw = 1;
    return desc;
}

static void test_status__names(void **state) {
    (void)state;
    static const struct {
        convcl_status status;
        int value;
        const char *name;
    } all[] = {{CONVCL_OK, 0, "CONVCL_OK"},
               {CONVCL_INVALID, 1, "CONVCL_INVALID"},
               {CONVCL_UNSUPPORTED, 2, "CONVCL_UNSUPPORTED"},
               {CONVCL_NO_MEMORY, 3, "CONVCL_NO_MEMORY"},
               {CONVCL_NO_DEVICE_MEMORY, 4, "CONVCL_NO_DEVICE_MEMORY"},
               {CONVCL_BUILD_FAILED, 5, "CONVCL_BUILD_FAILED"},
               {CONVCL_CL_ERROR, 6, "CONVCL_CL_ERROR"},
               {CONVCL_IO, 7, "CONVCL_IO"},
               {CONVCL_INTERNAL, 8, "CONVCL_INTERNAL"}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        assert_int_equal(all[i].status, all[i].value);
        assert_string_equal(convcl_status_name(all[i].status), all[i].name);
    }
    assert_string_equal(convcl_status_name((convcl_status)9), "unknown status");
    assert_string_equal(convcl_status_name((convcl_status)-1), "unknown status");
}

static void test_status__other_names(void **state) {
    (void)state;
    assert_string_equal(convcl_math_name(CONVCL_MATH_DEFAULT), "default");
    assert_string_equal(convcl_math_name(CONVCL_MATH_STRICT), "strict");
    assert_string_equal(convcl_math_name(CONVCL_MATH_FAST), "fast");
    assert_string_equal(convcl_math_name((convcl_math)77), "unknown");
    assert_string_equal(convcl_version(), CONVCL_VERSION_STRING);
    assert_non_null(strstr(convcl_build_info(), CONVCL_VERSION_STRING));
}

static void *read_text(void *unused) {
    (void)unused;
    static char copy[64];
    snprintf(copy, sizeof copy, "%s", convcl_last_error());
    return copy;
}

static void test_status__text_belongs_to_the_thread(void **state) {
    (void)state;
    assert_status(convcl_device_count(NULL), CONVCL_INVALID);
    assert_true(strlen(convcl_last_error()) > 0);
    pthread_t thread;
    void *text = NULL;
    assert_int_equal(pthread_create(&thread, NULL, read_text, NULL), 0);
    assert_int_equal(pthread_join(thread, &text), 0);
    assert_string_equal(text, "");
}

static void test_status__ok_leaves_the_text_alone(harness_device *device, const void *data) {
    (void)data;
    assert_status(convcl_device_count(NULL), CONVCL_INVALID);
    char before[256];
    snprintf(before, sizeof before, "%s", convcl_last_error());
    convcl_device_info info;
    int count, oh, ow;
    convcl_context *context = NULL;
    convcl_conv_plan *plan = NULL;
    cl_command_queue queue = NULL;
    convcl_conv_desc desc = small_conv();
    assert_ok(convcl_device_count(&count));
    assert_ok(convcl_device_describe(device->info.device, &info));
    assert_ok(convcl_conv_output_size(&desc, &oh, &ow));
    assert_ok(convcl_context_create_from_cl(convcl_context_cl(device->context), device->info.device, NULL, &context));
    assert_ok(convcl_context_create_queue(context, 0, &queue));
    convcl_status status = convcl_conv_plan_create(context, &desc, CONVCL_CONV_FWD, NULL, &plan);
    convcl_context_release(context);
    convcl_conv_plan_destroy(plan);
    clReleaseCommandQueue(queue);
    assert_ok(status);
    assert_string_equal(convcl_last_error(), before);
}

static void test_status__invalid(harness_device *device, const void *data) {
    (void)data;
    convcl_conv_desc desc = small_conv();
    convcl_conv_plan *plan = (convcl_conv_plan *)&desc;
    desc.stride_h = 0;
    assert_fails(convcl_conv_plan_create(device->context, &desc, CONVCL_CONV_FWD, NULL, &plan), CONVCL_INVALID,
                 "conv|stride_h|0|at least 1");
    assert_null(plan);
}

static void test_status__unsupported(harness_device *device, const void *data) {
    (void)data;
    convcl_conv_desc desc = small_conv();
    convcl_conv_plan *plan = (convcl_conv_plan *)&desc;
    desc.layout = CONVCL_LAYOUT_NCHW;
    assert_fails(convcl_conv_plan_create(device->context, &desc, CONVCL_CONV_FWD, NULL, &plan), CONVCL_UNSUPPORTED, "conv|layout|NCHW");
    assert_null(plan);
}

static void test_status__no_memory(void **state) {
    (void)state;
    void *memory = &memory;
    assert_fails(convcl_alloc(SIZE_MAX / 4, &memory), CONVCL_NO_MEMORY, "memory");
    assert_null(memory);
}

static void test_status__no_device_memory(harness_device *device, const void *data) {
    (void)data;
    cl_mem mem = (cl_mem)device;
    size_t bytes = (size_t)device->info.max_allocation + 1;
    char words[64];
    snprintf(words, sizeof words, "arena|%zu", bytes);
    assert_fails(convcl_context__alloc_buffer(device->context, "arena", bytes, &mem), CONVCL_NO_DEVICE_MEMORY, words);
    assert_null(mem);
}

/* Bytes of the process's address space; 0 where the system does not say. */
static size_t address_space(void) {
    FILE *file = fopen("/proc/self/statm", "r");
    size_t pages = 0;
    if (file && fscanf(file, "%zu", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* The device allows the buffer, but the system has no more memory for the process. */
static void test_status__no_memory_for_a_buffer(harness_device *device, const void *data) {
    (void)data;
    const size_t bytes = (size_t)1 << 30, left = (size_t)1 << 28;
    struct rlimit before, limit;
    cl_mem mem = (cl_mem)device;
    if (!(device->info.type & CL_DEVICE_TYPE_CPU))
        harness_skip("the memory of %s is not the process's", device->info.name);
    if (device->info.max_allocation < bytes)
        harness_skip("%s allows no buffer of 1 GiB", device->info.name);
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    limit = before;
    limit.rlim_cur = address_space() + left;
    assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
    const convcl_status status = convcl_context__alloc_buffer(device->context, "arena", bytes, &mem);
    assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
    assert_fails(status, CONVCL_NO_DEVICE_MEMORY, "arena|1073741824|clCreateBuffer");
    assert_null(mem);
    assert_ok(convcl_context__alloc_buffer(device->context, "arena", bytes, &mem));
    convcl_context__free_buffer(mem);
}

static void test_status__build_failed(harness_device *device, const void *data) {
    (void)data;
    kernel_folder folder;
    kernel_folder_make(&folder, "broken.cl", "__kernel void broken(__global float *x) { x[0] = no_such_name + T_VALUE; }\n");
    const convcl_context_options options = {.kernel_dir = folder.path};
    convcl_context *context = NULL;
    convcl_kernel *kernel = (convcl_kernel *)&folder;
    assert_ok(convcl_context_create_from_cl(convcl_context_cl(device->context), device->info.device, &options, &context));
    convcl_status status = convcl_kernel__create(context, "broken", "broken", "-DT_VALUE=3", &kernel);
    const int built = convcl_context_programs_built(context);
    convcl_context_release(context);
    kernel_folder_remove(&folder);
    assert_fails(status, CONVCL_BUILD_FAILED, "broken|-DT_VALUE=3|no_such_name");
    assert_int_equal(built, 0);
    assert_null(kernel);
}

static void test_status__cl_error(harness_device *device, const void *data) {
    (void)data;
    cl_command_queue queue = (cl_command_queue)device;
    const cl_command_queue_properties none_such = (cl_command_queue_properties)1 << 40;
    assert_fails(convcl_context_create_queue(device->context, none_such, &queue), CONVCL_CL_ERROR, "clCreateCommandQueue|CL_INVALID");
    assert_non_null(strstr(convcl_last_error(), device->info.name));
    assert_null(queue);
}

static void test_status__io(harness_device *device, const void *data) {
    (void)data;
    const convcl_context_options options = {.kernel_dir = "/nowhere/at/all"};
    convcl_context *context = NULL;
    convcl_conv_desc desc = small_conv();
    convcl_conv_plan *plan = (convcl_conv_plan *)&desc;
    assert_ok(convcl_context_create_from_cl(convcl_context_cl(device->context), device->info.device, &options, &context));
    convcl_status status = convcl_conv_plan_create(context, &desc, CONVCL_CONV_FWD, NULL, &plan);
    convcl_context_release(context);
    assert_fails(status, CONVCL_IO, "/nowhere/at/all");
    assert_null(plan);
}

static void test_status__internal(harness_device *device, const void *data) {
    (void)data;
    convcl_kernel *kernel = (convcl_kernel *)device;
    assert_fails(convcl_kernel__create(device->context, "no_such_kernel", "no_such_kernel", NULL, &kernel), CONVCL_INTERNAL,
                 "no_such_kernel");
    assert_null(kernel);
}

int main(int argc, char **argv) {
    HARNESS_HOST(test_status__names);
    HARNESS_HOST(test_status__other_names);
    HARNESS_HOST(test_status__text_belongs_to_the_thread);
    HARNESS_HOST(test_status__no_memory);
    HARNESS_DEVICE(test_status__ok_leaves_the_text_alone);
    HARNESS_DEVICE(test_status__invalid);
    HARNESS_DEVICE(test_status__unsupported);
    HARNESS_DEVICE(test_status__no_device_memory);
    HARNESS_DEVICE(test_status__no_memory_for_a_buffer);
    HARNESS_DEVICE(test_status__build_failed);
    HARNESS_DEVICE(test_status__cl_error);
    HARNESS_DEVICE(test_status__io);
    HARNESS_DEVICE(test_status__internal);
    return harness_main(argc, argv);
}
