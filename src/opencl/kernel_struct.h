/* kernel_struct.h: what a kernel holds; for src/opencl alone.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_OPENCL_KERNEL_STRUCT_H
#define CONVCL_OPENCL_KERNEL_STRUCT_H

#include "opencl/kernel.h"
#include "opencl/program.h"

struct convcl_kernel {
    convcl_context *context;      /* a reference */
    convcl_kernel_object *object; /* the context's */
};

#endif
