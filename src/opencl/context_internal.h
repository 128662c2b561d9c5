/* context_internal.h: what the rooms above src/opencl may ask of a context beyond the public calls.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_OPENCL_CONTEXT_INTERNAL_H
#define CONVCL_OPENCL_CONTEXT_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "convcl/context.h"
#include "convcl/tensor.h"
#include "opencl/device_traits.h"
#include "store/store.h"

/* Takes one more reference; released with convcl_context_release. Returns its argument. */
convcl_context *convcl_context__retain(convcl_context *context);

/* What is known about the device: the row of its kind, or of the kind that the options or CONVCL_FORM ask for. Never NULL. */
const convcl_device_traits *convcl_context__traits(const convcl_context *context);

/* True when work-items should own register tiles of vectors (a CPU), false when work-groups should share local memory. */
bool convcl_context__prefers_registers(const convcl_context *context);

/* Whether a tensor of that many floats is better stored past the caches: it is too large to be found there when it is read next. An argument for kernels. */
int convcl_context__streams(const convcl_context *context, size_t floats);

/* Threads to build programs with, 1 or more: what the options ask for, else what the driver makes use of. */
int convcl_context__build_threads(const convcl_context *context);

/* Waits until no program is being loaded behind the caller's back: what is timed after that is timed alone. */
void convcl_context__finish_loading(const convcl_context *context);

/* True while that would wait. */
bool convcl_context__is_loading(const convcl_context *context);

/* Width in floats of the vectors that kernels should use on a CPU: 4, 8 or 16. 1 on a GPU. */
int convcl_context__vector_width(const convcl_context *context);

/* What running an optional path on the device showed; remembered, so that it is run once. The caller counts its paths, from 0. Thread safe. */
#define CONVCL_PROBES 9
typedef enum convcl_probe {
    CONVCL_PROBE_UNKNOWN = 0, /* not run yet */
    CONVCL_PROBE_PASSED = 1,
    CONVCL_PROBE_FAILED = 2
} convcl_probe;

convcl_probe convcl_context__probe(convcl_context *context, int index);
void convcl_context__set_probe(convcl_context *context, int index, convcl_probe found);

/* Sends one line to the context's log callback, if there is one. */
void convcl_context__log(const convcl_context *context, convcl_log_level level, const char *format, ...) CONVCL_PRINTF(3, 4);

/* The store of built programs and tuning results, borrowed; NULL when there is none, which every function of store.h takes. */
convcl_store *convcl_context__store(const convcl_context *context);

/* What the caller allows for tuning. The budget is what is left of its seconds: 0 or less when it is used up, a very large number when there is no limit. */
convcl_tuning convcl_context__tuning(const convcl_context *context);
double convcl_context__tuning_budget(const convcl_context *context);

/* True once the caller wants no more tuning. */
bool convcl_context__stops_tuning(convcl_context *context);

/* Adds to what convcl_context_tune_seconds and convcl_context_candidates_tuned report. */
void convcl_context__count_tuning(convcl_context *context, double seconds, int candidates);

/* What won for a problem on this device, driver, library and set of kernels. `problem` is the caller's text for everything else that the result depends on.
 * *winner_out is released with free(); NULL when nobody remembered one. The answer stays the same in a context, whatever other processes find, until this
 * one remembers another; it does without a store, too. CONVCL_OK; CONVCL_NO_MEMORY; CONVCL_IO when CONVCL_KERNEL_DIR cannot be read. */
convcl_status convcl_context__recall(convcl_context *context, const char *problem, char **winner_out);

/* Remembers it, for this and for later processes. Statuses as above; a store that cannot be written is CONVCL_OK. */
convcl_status convcl_context__remember(convcl_context *context, const char *problem, const char *winner);

/* Allocates device memory and checks it against the device's limits first, so that a too large request has a clear text. `what` names it there.
 * Memory is not cleared. Released with clReleaseMemObject through convcl_context__free_buffer. CONVCL_NO_DEVICE_MEMORY, CONVCL_CL_ERROR. */
convcl_status convcl_context__alloc_buffer(convcl_context *context, const char *what, size_t bytes, cl_mem *mem_out);

/* The same for memory that starts as `bytes` zeros and is only read. */
convcl_status convcl_context__alloc_zeros(convcl_context *context, const char *what, size_t bytes, cl_mem *mem_out);

/* Has the pages of a new buffer found, where nothing else is to be done and the device's memory is the process's: while, and as long as, programs are being loaded, on a CPU with one memory. Kernels
 * would meet each page for the first time, in their first run. Bytes that nobody wrote yet may change. */
void convcl_context__find_pages(const convcl_context *context, cl_mem mem, size_t bytes);

/* NULL is fine. */
void convcl_context__free_buffer(cl_mem mem);

/* Blocking transfers. */
convcl_status convcl_context__write(const convcl_context *context, cl_command_queue queue, convcl_buffer buffer, const void *from,
                                    size_t count, size_t element_size);
convcl_status convcl_context__read(const convcl_context *context, cl_command_queue queue, convcl_buffer buffer, void *to, size_t count,
                                   size_t element_size);

/* Waits until the queue is idle. */
convcl_status convcl_context__finish(const convcl_context *context, cl_command_queue queue);

#endif
