/* queue.c: references to command queues, and the ends of their commands.
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

bool convcl_event__succeeded(cl_event event) {
    cl_int state = CL_QUEUED;
    return clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof state, &state, NULL) == CL_SUCCESS && state == CL_COMPLETE;
}
