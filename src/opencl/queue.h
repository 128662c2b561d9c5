/* queue.h: keeps a caller's command queue alive for as long as convcl may still have to wait for it, and says how a command ended.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_OPENCL_QUEUE_H
#define CONVCL_OPENCL_QUEUE_H

#include <stdbool.h>

#include "convcl/cl.h"
#include "convcl/status.h"

/* Takes one more reference to the queue. CONVCL_CL_ERROR when it is none. */
convcl_status convcl_queue__retain(cl_command_queue queue);

/* Releases the reference. NULL is fine. */
void convcl_queue__release(cl_command_queue queue);

/* True when the event's command has ended, and well: neither it failed nor what it waited for. */
bool convcl_event__succeeded(cl_event event);

#endif
