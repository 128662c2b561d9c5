/* ref_relu.h: the definition of the ReLU and its gradient, in double. Tensors and formulas are those of convcl/relu.h.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_REFERENCE_REF_RELU_H
#define CONVCL_REFERENCE_REF_RELU_H

#include <stddef.h>

/* y[i] = x[i] > 0 ? x[i] : 0; a NaN stays a NaN. y may be x. */
void convcl_ref_relu_fwd(size_t count, const double *x, double *y);

/* dx[i] = y[i] > 0 ? dy[i] : 0. dx may be dy. */
void convcl_ref_relu_bwd(size_t count, const double *y, const double *dy, double *dx);

#endif
