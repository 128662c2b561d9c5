/* context_struct.h: what a context holds; for src/opencl alone.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_OPENCL_CONTEXT_STRUCT_H
#define CONVCL_OPENCL_CONTEXT_STRUCT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "convcl/context.h"
#include "opencl/context_internal.h"
#include "opencl/device_traits.h"

/* A program that was built, by file name and options. */
typedef struct convcl_program {
    char *key; /* "<file> <options>", a newline, the generated text in front */
    cl_program program;
} convcl_program;

struct convcl_context {
    convcl_device_info info;
    cl_context cl;
    bool device_retained;
    convcl_log_fn log;
    void *log_user;
    const convcl_device_traits *form; /* the row that was asked for; NULL: the device's own */
    char *kernel_dir;                 /* NULL: the kernels built in */

    pthread_mutex_t lock; /* guards everything below; held while a program is built, so that each is built once */
    int references;
    convcl_probe matrix_probe;
    convcl_program *programs;
    size_t program_count, program_capacity;
    int programs_built;
    double compile_seconds;
};

#endif
