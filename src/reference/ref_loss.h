/* ref_loss.h: the definition of the l2 loss and its gradient, in double. Formulas are those of convcl/loss.h.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_REFERENCE_REF_LOSS_H
#define CONVCL_REFERENCE_REF_LOSS_H

#include <stddef.h>

/* Sum of x[i]^2 / 2. */
double convcl_ref_l2_loss_fwd(size_t count, const double *x);

/* dx[i] = x[i] * scale. dx may be x. */
void convcl_ref_l2_loss_bwd(size_t count, const double *x, double scale, double *dx);

#endif
