/* fill.h: constant and random values, made on the device.
 * SPDX-License-Identifier: MIT
 *
 * Tensor: float32 y[count].
 * Element i depends on (seed, stream, i) alone: the same bits on every device, for any count and however the device splits the work.
 * The generator is Philox 4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011); normal values by the method of
 * Box and Muller in operations that OpenCL rounds correctly. */
#ifndef CONVCL_FILL_H
#define CONVCL_FILL_H

#include <stdint.h>

#include "convcl/context.h"
#include "convcl/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What to fill with. */
typedef enum convcl_fill_kind {
    CONVCL_FILL_CONSTANT = 0,        /* mean */
    CONVCL_FILL_NORMAL = 1,          /* mean + stddev * normal(0, 1) */
    CONVCL_FILL_TRUNCATED_NORMAL = 2 /* the same, values further than 2 stddev from the mean drawn again, as TensorFlow does */
} convcl_fill_kind;

/* Zero-initialise it and set what differs. */
typedef struct convcl_fill_desc {
    convcl_fill_kind kind;
    size_t count;    /* elements, >= 1 */
    float mean;      /* finite */
    float stddev;    /* >= 0, finite; not read for CONSTANT */
    uint64_t seed;   /* any; not read for CONSTANT */
    uint32_t stream; /* tells tensors with the same seed apart; not read for CONSTANT */
} convcl_fill_desc;

/* A fill, ready to enqueue. It never changes after create and may be shared by threads. */
typedef struct convcl_fill_plan convcl_fill_plan;

/* Checks the description and builds the kernel.
 *
 * context   where it will run; the plan keeps a reference
 * desc      copied
 * plan_out  receives the plan, the caller's to destroy; NULL on failure
 * Returns CONVCL_OK; CONVCL_INVALID when a field breaks its rule (the text names it); CONVCL_NO_MEMORY; CONVCL_BUILD_FAILED; CONVCL_CL_ERROR.
 * Blocks while the kernel compiles. Thread safe. */
convcl_status convcl_fill_plan_create(convcl_context *context, const convcl_fill_desc *desc, convcl_fill_plan **plan_out);

/* Destroys a plan. Work already enqueued is not disturbed. NULL is fine. */
void convcl_fill_plan_destroy(convcl_fill_plan *plan);

/* Fills y. Enqueues and returns.
 *
 * queue              of the plan's context and device; in-order or out-of-order
 * y                  count elements
 * wait_count, wait   events to wait for; 0 and NULL for none
 * event_out          receives an event that ends with the operation, the caller's to release; NULL when not wanted
 * Returns CONVCL_OK; CONVCL_INVALID for a NULL argument or a buffer that is too small (nothing is enqueued then); CONVCL_BUILD_FAILED and
 * CONVCL_NO_MEMORY for a program of the store, see cache_dir in context.h; CONVCL_CL_ERROR. Thread safe. */
convcl_status convcl_fill_enqueue(const convcl_fill_plan *plan, cl_command_queue queue, convcl_buffer y, cl_uint wait_count,
                                  const cl_event *wait, cl_event *event_out);

#ifdef __cplusplus
}
#endif

#endif
