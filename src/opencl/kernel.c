/* kernel.c: makes kernels of programs.
 * SPDX-License-Identifier: MIT */
#include "opencl/kernel_struct.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"
#include "opencl/context_internal.h"

convcl_status convcl_kernel__create(convcl_context *context, const char *file, const char *name, const char *options,
                                    convcl_kernel **kernel_out) {
    return convcl_kernel__create_generated(context, file, name, options, "", kernel_out);
}

convcl_status convcl_kernel__create_generated(convcl_context *context, const char *file, const char *name, const char *options,
                                              const char *prelude, convcl_kernel **kernel_out) {
    convcl_status status = CONVCL_OK;
    convcl_kernel *kernel = NULL;
    convcl_text all = {0};
    *kernel_out = NULL;
    convcl_text_add(&all, "-cl-std=CL1.2%s%s", options && *options ? " " : "", options ? options : "");
    CONVCL_TRY(all.status);
    CONVCL_TRY(convcl_alloc(sizeof *kernel, &kernel));
    kernel->context = convcl_context__retain(context);
    CONVCL_TRY(convcl_program__take_kernel(context, file, name, convcl_text_get(&all), prelude, &kernel->object));
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
    if (kernel->object)
        convcl_program__give_kernel_back(kernel->object);
    convcl_context_release(kernel->context);
    free(kernel);
}
