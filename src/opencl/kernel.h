/* kernel.h: kernels built at run time, their arguments, and launches on a queue.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_OPENCL_KERNEL_H
#define CONVCL_OPENCL_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "convcl/context.h"
#include "convcl/tensor.h"

/* One kernel of one program, with a lock, because OpenCL's kernel objects hold their arguments. */
typedef struct convcl_kernel convcl_kernel;

/* Builds (or takes from the context's memory) the program of kernels/<file>.cl with `options` and makes its kernel `name`.
 *
 * options     "-DT_MR=6 -DF_RELU=1"; NULL means none. -cl-std=CL1.2 is added
 * kernel_out  the caller's to destroy; NULL on failure. It keeps a reference to the context
 * CONVCL_BUILD_FAILED carries the kernel, the options and the head of the compiler's log; the whole log goes to the context's log callback. */
convcl_status convcl_kernel__create(convcl_context *context, const char *file, const char *name, const char *options,
                                    convcl_kernel **kernel_out);

/* The same with generated text in front of the file's. */
convcl_status convcl_kernel__create_generated(convcl_context *context, const char *file, const char *name, const char *options,
                                              const char *prelude, convcl_kernel **kernel_out);

/* NULL is fine. */
void convcl_kernel__destroy(convcl_kernel *kernel);

/* One argument of a launch. */
typedef struct convcl_arg {
    enum { CONVCL_ARG_TENSOR, CONVCL_ARG_INT, CONVCL_ARG_ULONG, CONVCL_ARG_FLOAT, CONVCL_ARG_LOCAL } kind;
    union {
        convcl_buffer tensor;
        cl_int i;
        cl_ulong u;
        cl_float f;
        size_t local_bytes;
    } value;
} convcl_arg;

/* A tensor takes two kernel arguments: `__global float *x, ulong x_offset`, the offset in elements of the kernel's own type. A NULL mem passes a null pointer. */
static inline convcl_arg convcl_arg_tensor(convcl_buffer tensor) {
    return (convcl_arg){.kind = CONVCL_ARG_TENSOR, .value.tensor = tensor};
}
static inline convcl_arg convcl_arg_int(int value) {
    return (convcl_arg){.kind = CONVCL_ARG_INT, .value.i = value};
}
static inline convcl_arg convcl_arg_ulong(uint64_t value) {
    return (convcl_arg){.kind = CONVCL_ARG_ULONG, .value.u = value};
}
static inline convcl_arg convcl_arg_float(float value) {
    return (convcl_arg){.kind = CONVCL_ARG_FLOAT, .value.f = value};
}
static inline convcl_arg convcl_arg_local(size_t bytes) {
    return (convcl_arg){.kind = CONVCL_ARG_LOCAL, .value.local_bytes = bytes};
}

/* Global and local size of a launch. Unused dimensions are 1. global must be a multiple of local. */
typedef struct convcl_range {
    size_t global[3];
    size_t local[3];
} convcl_range;

/* Called after each launch of a stream that is profiled; the event is borrowed during the call. */
typedef void (*convcl_profile_fn)(void *user, const char *kernel_name, cl_event event);

/* A sequence of launches on one queue: the first waits for the caller's events, each waits for the one before, the caller's event ends with the last.
 * On an in-order queue that costs no event; on an out-of-order queue the launches are chained. Lives on the stack of one enqueue call. */
typedef struct convcl_stream {
    convcl_context *context;
    cl_command_queue queue;
    cl_uint wait_count, waits_left; /* the caller's events; those that nothing waits for yet, all or none */
    const cl_event *wait;
    cl_event *event_out;
    cl_event last; /* the launch before, on an out-of-order queue */
    bool out_of_order;
    convcl_profile_fn profile; /* NULL: not profiled */
    void *profile_user;
} convcl_stream;

/* Checks the queue (not NULL, of the context and its device) and the wait list, and begins. event_out, when not NULL, is set to NULL.
 * `what` names the operation in the error text. Nothing is enqueued on failure. */
convcl_status convcl_stream__begin(convcl_stream *stream, const char *what, convcl_context *context, cl_command_queue queue,
                                   cl_uint wait_count, const cl_event *wait, cl_event *event_out);

/* Checks that a buffer is there and holds `count` elements of `element_size` bytes behind its offset: "conv: x holds 10 elements after offset 2, needs 12". */
convcl_status convcl_stream__check_buffer(const char *what, const char *argument, convcl_buffer buffer, size_t count, size_t element_size);

/* Sets the arguments and enqueues one launch. */
convcl_status convcl_stream__launch(convcl_stream *stream, convcl_kernel *kernel, const convcl_arg *args, int arg_count,
                                    const convcl_range *range);

/* Around a call of another library that enqueues on the stream's queue by itself: before it, everything so far is made to come first; after it, the stream
 * goes on when that library's work is done. */
convcl_status convcl_stream__foreign_begin(convcl_stream *stream);
convcl_status convcl_stream__foreign_end(convcl_stream *stream);

/* Ends the sequence: hands the event over when all went well, drops it otherwise. Returns `status`, or the failure of making the event. */
convcl_status convcl_stream__end(convcl_stream *stream, convcl_status status);

#endif
