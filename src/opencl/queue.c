/* queue.c: references to command queues.
 * SPDX-License-Identifier: MIT */
#include "opencl/queue.h"

#include "opencl/cl_error.h"

convcl_status convcl_queue__retain(cl_command_queue queue) {
    return convcl_cl__check(clRetainCommandQueue(queue), "clRetainCommandQueue", NULL, NULL);
}

void convcl_queue__release(cl_command_queue queue) {
    if (queue)
        clReleaseCommandQueue(queue);
}
