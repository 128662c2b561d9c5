/* cl.h: the OpenCL headers, at the version that convcl needs and no newer.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_CL_H
#define CONVCL_CL_H

#ifndef CL_TARGET_OPENCL_VERSION
#define CL_TARGET_OPENCL_VERSION 120
#endif
#ifdef __APPLE__
#include <OpenCL/opencl.h>
#else
#include <CL/cl.h>
#endif

#endif
