/* tensor.h: how convcl sees the caller's memory: buffers with offsets, layouts, math modes.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_TENSOR_H
#define CONVCL_TENSOR_H

#include <stddef.h>

#include "convcl/cl.h"

#ifdef __cplusplus
extern "C" {
#endif

/* float32 values inside an OpenCL buffer. The memory stays the caller's; convcl neither retains nor releases it. */
typedef struct convcl_buffer {
    cl_mem mem;    /* */
    size_t offset; /* where the tensor begins, in elements (not bytes) */
} convcl_buffer;

/* Order of the four dimensions of an image tensor, the last one contiguous. */
typedef enum convcl_layout {
    CONVCL_LAYOUT_NHWC = 0, /* x[n][h][w][c], native */
    CONVCL_LAYOUT_NCHW = 1  /* x[n][c][h][w]; refused with CONVCL_UNSUPPORTED for now */
} convcl_layout;

/* Order of the four dimensions of a filter, the last one contiguous. */
typedef enum convcl_filter_layout {
    CONVCL_FILTER_LAYOUT_HWIO = 0, /* w[fh][fw][ic][oc], native */
    CONVCL_FILTER_LAYOUT_OIHW = 1  /* w[oc][ic][fh][fw]; refused with CONVCL_UNSUPPORTED for now */
} convcl_filter_layout;

/* What an operation may trade for speed. The error is the relative root mean square against the same sums in double. */
typedef enum convcl_math {
    CONVCL_MATH_DEFAULT = 0, /* any method whose error stays under 1e-5 */
    CONVCL_MATH_STRICT = 1,  /* direct summation in float32 */
    CONVCL_MATH_FAST = 2     /* products of 10 bits of fraction, float32 sums, where the device has them: under 2e-2; else as DEFAULT */
} convcl_math;

/* "default", "strict" or "fast"; "unknown" for any other number. The string is static. Thread safe. */
const char *convcl_math_name(convcl_math math);

#ifdef __cplusplus
}
#endif

#endif
