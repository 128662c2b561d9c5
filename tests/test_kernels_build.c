/* test_kernels_build.c: every file of kernels/ builds alone, with its defaults, on every device; and from disk it is the text that was built in.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "harness.h"
#include "opencl/kernel.h"
#include "opencl/kernel_source.h"

static void print_log(const convcl_kernel_source *source, cl_program program, cl_device_id device) {
    char log[8192] = "";
    clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, sizeof log - 1, log, NULL);
    print_error("%s.cl does not build with its defaults:\n%s\n", source->name, log);
}

static void build(harness_device *device, const void *data) {
    const convcl_kernel_source *source = data;
    cl_int code = CL_SUCCESS;
    const char *text = source->text;
    cl_program program = clCreateProgramWithSource(convcl_context_cl(device->context), 1, &text, NULL, &code);
    assert_int_equal(code, CL_SUCCESS);
    code = clBuildProgram(program, 1, &device->info.device, "-cl-std=CL1.2", NULL, NULL);
    if (code != CL_SUCCESS)
        print_log(source, program, device->info.device);
    cl_uint kernels = 0;
    cl_int count_code = clCreateKernelsInProgram(program, 0, NULL, &kernels);
    clReleaseProgram(program);
    assert_int_equal(code, CL_SUCCESS);
    assert_int_equal(count_code, CL_SUCCESS);
    assert_true(kernels >= 1);
}

static void count_undeclared(convcl_log_level level, const char *line, void *user) {
    (void)level;
    if (strstr(line, "all of OpenCL's declarations")) {
        print_error("%s\n", line);
        ++*(int *)user;
    }
}

/* src/opencl/declarations.c has what our kernels call, so that no program is built twice. */
static void test_kernels_build__functions_are_declared(harness_device *device, const void *data) {
    (void)data;
    int undeclared = 0;
    convcl_context *context = NULL;
    const convcl_context_options options = {.log = count_undeclared, .log_user = &undeclared, .cache_dir = "off"};
    assert_ok(convcl_context_create_from_cl(convcl_context_cl(device->context), device->info.device, &options, &context));
    convcl_status status = CONVCL_OK;
    for (const convcl_kernel_source *source = convcl_kernel_sources; source->name && status == CONVCL_OK; source++) {
        convcl_kernel *kernel = NULL;
        status = convcl_kernel__create(context, source->name, source->name, NULL, &kernel);
        convcl_kernel__destroy(kernel);
    }
    convcl_context_release(context);
    assert_ok(status);
    assert_int_equal(undeclared, 0);
}

static void test_kernels_build__there_are_kernels(void **state) {
    (void)state;
    assert_non_null(convcl_kernel_sources[0].name);
}

/* Equal but for empty lines, which stand in other places where an include was taken in. */
static bool same_lines(const char *a, const char *b) {
    while (*a && *b) {
        if (*a == *b) {
            a++;
            b++;
        } else if (*a == '\n') {
            a++;
        } else if (*b == '\n') {
            b++;
        } else {
            return false;
        }
    }
    return a[strspn(a, "\n")] == 0 && b[strspn(b, "\n")] == 0;
}

static void test_kernels_build__disk_and_built_in_are_the_same(void **state) {
    (void)state;
    for (const convcl_kernel_source *source = convcl_kernel_sources; source->name; source++) {
        char *text = NULL;
        assert_ok(convcl_kernel_source__get(CONVCL_TESTS_DIR "/../kernels", source->name, &text));
        bool same = same_lines(text, source->text);
        free(text);
        if (!same)
            fail_msg("%s.cl from disk differs from the text that was built in", source->name);
    }
}

static void test_kernels_build__no_extension(void **state) {
    (void)state;
    for (const convcl_kernel_source *source = convcl_kernel_sources; source->name; source++)
        if (strstr(source->text, "#pragma OPENCL EXTENSION"))
            fail_msg("%s.cl asks for an extension", source->name);
}

int main(int argc, char **argv) {
    HARNESS_HOST(test_kernels_build__there_are_kernels);
    HARNESS_HOST(test_kernels_build__disk_and_built_in_are_the_same);
    HARNESS_HOST(test_kernels_build__no_extension);
    HARNESS_DEVICE(test_kernels_build__functions_are_declared);
    for (const convcl_kernel_source *source = convcl_kernel_sources; source->name; source++) {
        char name[128];
        snprintf(name, sizeof name, "build %s.cl", source->name);
        harness_add_device_test(name, build, source);
    }
    return harness_main(argc, argv);
}
