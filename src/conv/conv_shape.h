/* conv_shape.h: checks and derived sizes of a convolution; for src/conv alone.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_CONV_CONV_SHAPE_H
#define CONVCL_CONV_CONV_SHAPE_H

#include "convcl/conv.h"

/* A checked description with what follows from it. */
typedef struct convcl_conv_shape {
    convcl_conv_desc desc;
    int oh, ow;
    int icg, ocg;      /* channels of one group */
    size_t x, w, b, y; /* elements */
} convcl_conv_shape;

/* INVALID for a broken rule, also when a tensor would not fit a size_t or a dimension of the GEMM an int; UNSUPPORTED for NCHW and OIHW. */
convcl_status convcl_conv_shape__make(const convcl_conv_desc *desc, convcl_conv_shape *shape_out);

#endif
