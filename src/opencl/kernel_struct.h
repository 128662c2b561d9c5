/* kernel_struct.h: what a kernel holds; for src/opencl alone.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_OPENCL_KERNEL_STRUCT_H
#define CONVCL_OPENCL_KERNEL_STRUCT_H

#include <pthread.h>

#include "opencl/kernel.h"

struct convcl_kernel {
    convcl_context *context;
    char *name;
    pthread_mutex_t lock; /* held from the first argument to the enqueue: OpenCL's kernel objects hold their arguments */
    cl_kernel kernel;
};

#endif
