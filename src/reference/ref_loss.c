/* ref_loss.c: the l2 loss and its gradient by their definition.
 * SPDX-License-Identifier: MIT */
#include "reference/ref_loss.h"

double convcl_ref_l2_loss_fwd(size_t count, const double *x) {
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += x[i] * x[i];
    return sum / 2;
}

void convcl_ref_l2_loss_bwd(size_t count, const double *x, double scale, double *dx) {
    for (size_t i = 0; i < count; i++)
        dx[i] = x[i] * scale;
}
