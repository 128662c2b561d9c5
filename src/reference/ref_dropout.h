/* ref_dropout.h: the definition of dropout, in double. Description and formulas are those of convcl/dropout.h.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_REFERENCE_REF_DROPOUT_H
#define CONVCL_REFERENCE_REF_DROPOUT_H

#include "convcl/dropout.h"

/* y = what is kept of x, scaled. y may be x. */
void convcl_ref_dropout_fwd(const convcl_dropout_desc *desc, uint32_t step, const double *x, double *y);

/* dx = what is kept of dy, scaled. x is read only with relu_mask. dx may be dy. */
void convcl_ref_dropout_bwd(const convcl_dropout_desc *desc, uint32_t step, const double *dy, const double *x, double *dx);

#endif
