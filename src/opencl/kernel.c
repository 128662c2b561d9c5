/* kernel.c: builds programs at run time and makes kernels of them.
 * SPDX-License-Identifier: MIT */
#include "opencl/kernel_struct.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/text.h"
#include "opencl/cl_error.h"
#include "opencl/context_internal.h"
#include "opencl/context_struct.h"
#include "opencl/kernel_source.h"

/* How much of the compiler's log goes into the error text; all of it goes to the log callback. */
#define LOG_HEAD 1500

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Records why a build failed: kernel, options, the compiler's words. */
static convcl_status fail_build(const convcl_context *context, cl_program program, const char *file, const char *options, cl_int code) {
    size_t size = 0;
    char *log = NULL;
    if (clGetProgramBuildInfo(program, context->info.device, CL_PROGRAM_BUILD_LOG, 0, NULL, &size) == CL_SUCCESS &&
        convcl_alloc(size + 1, &log) == CONVCL_OK)
        clGetProgramBuildInfo(program, context->info.device, CL_PROGRAM_BUILD_LOG, size, log, NULL);
    for (char *line = log; line && *line;) {
        char *newline = strchr(line, '\n');
        const size_t length = newline ? (size_t)(newline - line) : strlen(line);
        convcl_context__log(context, "build of %s.cl: %.*s", file, (int)length, line);
        line += length + (newline ? 1 : 0);
    }
    const convcl_status status =
        convcl_fail(CONVCL_BUILD_FAILED, "kernel %s.cl does not build on %s with \"%s\": clBuildProgram: %s (%d)\n%.*s", file,
                    context->info.name, options, convcl_cl__error_name(code), (int)code, LOG_HEAD, log ? log : "");
    free(log);
    return status;
}

/* Compiles the prelude and the file as one text; the context's lock is held. */
static convcl_status build(convcl_context *context, const char *file, const char *options, const char *prelude, cl_program *program_out) {
    convcl_status status = CONVCL_OK;
    char *text = NULL;
    cl_program program = NULL;
    cl_int code = CL_SUCCESS;
    CONVCL_TRY(convcl_kernel_source__get(context->kernel_dir, file, &text));
    program = clCreateProgramWithSource(context->cl, 2, (const char *[]){prelude, text}, NULL, &code);
    CONVCL_TRY(convcl_cl__check(code, "clCreateProgramWithSource", context->info.name, "%s.cl", file));
    const double begin = now();
    code = clBuildProgram(program, 1, &context->info.device, options, NULL, NULL);
    context->compile_seconds += now() - begin;
    ++context->programs_built;
    if (code != CL_SUCCESS) {
        status = fail_build(context, program, file, options, code);
        goto cleanup;
    }
    *program_out = program;
    program = NULL;
cleanup:
    if (program)
        clReleaseProgram(program);
    free(text);
    return status;
}

/* Takes the program from the context or builds it; the context's lock is held. The program stays the context's. */
static convcl_status find_or_build(convcl_context *context, const char *file, const char *options, const char *prelude,
                                   cl_program *program_out) {
    convcl_status status = CONVCL_OK;
    convcl_text key = {0};
    convcl_program entry = {0};
    convcl_text_add(&key, "%s %s\n%s", file, options, prelude);
    CONVCL_TRY(key.status);
    for (size_t i = 0; i < context->program_count; ++i)
        if (strcmp(context->programs[i].key, convcl_text_get(&key)) == 0) {
            *program_out = context->programs[i].program;
            goto cleanup;
        }
    CONVCL_TRY(convcl_grow(&context->programs, &context->program_capacity, context->program_count + 1, sizeof *context->programs));
    CONVCL_TRY(convcl_copy_string(convcl_text_get(&key), &entry.key));
    CONVCL_TRY(build(context, file, options, prelude, &entry.program));
    context->programs[context->program_count++] = entry;
    *program_out = entry.program;
    entry.key = NULL;
cleanup:
    free(entry.key);
    convcl_text_clear(&key);
    return status;
}

convcl_status convcl_kernel__create(convcl_context *context, const char *file, const char *name, const char *options,
                                    convcl_kernel **kernel_out) {
    return convcl_kernel__create_generated(context, file, name, options, "", kernel_out);
}

convcl_status convcl_kernel__create_generated(convcl_context *context, const char *file, const char *name, const char *options,
                                              const char *prelude, convcl_kernel **kernel_out) {
    convcl_status status = CONVCL_OK;
    convcl_kernel *kernel = NULL;
    convcl_text all = {0};
    cl_program program = NULL;
    cl_int code = CL_SUCCESS;
    *kernel_out = NULL;
    convcl_text_add(&all, "-cl-std=CL1.2%s%s", options && *options ? " " : "", options ? options : "");
    CONVCL_TRY(all.status);
    CONVCL_TRY(convcl_alloc(sizeof *kernel, &kernel));
    if (pthread_mutex_init(&kernel->lock, NULL) != 0) {
        free(kernel);
        kernel = NULL;
        status = convcl_fail(CONVCL_NO_MEMORY, "kernel %s: a mutex could not be made", name);
        goto cleanup;
    }
    kernel->context = convcl_context__retain(context);
    CONVCL_TRY(convcl_copy_string(name, &kernel->name));
    pthread_mutex_lock(&context->lock);
    status = find_or_build(context, file, convcl_text_get(&all), prelude, &program);
    pthread_mutex_unlock(&context->lock);
    if (status != CONVCL_OK)
        goto cleanup;
    kernel->kernel = clCreateKernel(program, name, &code);
    CONVCL_TRY(convcl_cl__check(code, "clCreateKernel", context->info.name, "%s in %s.cl", name, file));
    *kernel_out = kernel;
    kernel = NULL;
cleanup:
    convcl_kernel__destroy(kernel);
    convcl_text_clear(&all);
    return status;
}

void convcl_kernel__destroy(convcl_kernel *kernel) {
    if (!kernel)
        return;
    if (kernel->kernel)
        clReleaseKernel(kernel->kernel);
    pthread_mutex_destroy(&kernel->lock);
    free(kernel->name);
    convcl_context_release(kernel->context);
    free(kernel);
}
