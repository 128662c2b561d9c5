/* cl_error.h: the one place where OpenCL's error codes become statuses.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_OPENCL_CL_ERROR_H
#define CONVCL_OPENCL_CL_ERROR_H

#include "base/error.h"
#include "convcl/cl.h"

/* Name of an OpenCL error code, such as "CL_OUT_OF_RESOURCES"; "unknown OpenCL error" for any other. */
const char *convcl_cl__error_name(cl_int code);

/* CONVCL_OK for CL_SUCCESS. Otherwise records "<call>: <name> (<code>) on <device>[: <detail>]" and returns the status that fits the code.
 * device_name may be NULL; format may be NULL when there is no detail. */
convcl_status convcl_cl__check(cl_int code, const char *call, const char *device_name, const char *format, ...) CONVCL_PRINTF(4, 5);

#endif
