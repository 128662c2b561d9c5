/* error.c: the thread's error text, and the names of statuses.
 * SPDX-License-Identifier: MIT */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

/* Fixed size, so that a report of exhausted memory needs none. Long texts (a list of devices, the head of a build log) are cut. */
static _Thread_local char last_error[4096];

const char *convcl_status_name(convcl_status status) {
    switch (status) {
    case CONVCL_OK:
        return "CONVCL_OK";
    case CONVCL_INVALID:
        return "CONVCL_INVALID";
    case CONVCL_UNSUPPORTED:
        return "CONVCL_UNSUPPORTED";
    case CONVCL_NO_MEMORY:
        return "CONVCL_NO_MEMORY";
    case CONVCL_NO_DEVICE_MEMORY:
        return "CONVCL_NO_DEVICE_MEMORY";
    case CONVCL_BUILD_FAILED:
        return "CONVCL_BUILD_FAILED";
    case CONVCL_CL_ERROR:
        return "CONVCL_CL_ERROR";
    case CONVCL_IO:
        return "CONVCL_IO";
    case CONVCL_INTERNAL:
        return "CONVCL_INTERNAL";
    }
    return "unknown status";
}

const char *convcl_last_error(void) {
    return last_error;
}

convcl_status convcl_fail(convcl_status status, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(last_error, sizeof last_error, format, args);
    va_end(args);
    return status;
}
