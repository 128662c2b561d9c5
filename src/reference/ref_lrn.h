/* ref_lrn.h: the definition of local response normalization and its gradient, in double. Description, tensors and formulas are those of convcl/lrn.h.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_REFERENCE_REF_LRN_H
#define CONVCL_REFERENCE_REF_LRN_H

#include "convcl/lrn.h"

/* y = x * s^-beta. y must not be x. */
void convcl_ref_lrn_fwd(const convcl_lrn_desc *desc, const double *x, double *y);

/* dx = gradient with respect to x. dx must be neither x nor dy. */
void convcl_ref_lrn_bwd(const convcl_lrn_desc *desc, const double *x, const double *dy, double *dx);

#endif
