/* kernel.c: makes kernels of programs.
 * SPDX-License-Identifier: MIT */
#include "opencl/kernel_struct.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"
#include "opencl/cl_error.h"
#include "opencl/context_internal.h"
#include "opencl/context_struct.h"
#include "opencl/program.h"

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
    CONVCL_TRY(convcl_program__get(context, file, convcl_text_get(&all), prelude, &program));
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
