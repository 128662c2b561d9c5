/* ref_relu.c: ReLU and its gradient by their definition.
 * SPDX-License-Identifier: MIT */
#include "reference/ref_relu.h"

void convcl_ref_relu_fwd(size_t count, const double *x, double *y) {
    for (size_t i = 0; i < count; i++)
        y[i] = x[i] <= 0 ? 0 : x[i]; /* a NaN is not <= 0 */
}

void convcl_ref_relu_bwd(size_t count, const double *y, const double *dy, double *dx) {
    for (size_t i = 0; i < count; i++)
        dx[i] = y[i] > 0 ? dy[i] : 0;
}
