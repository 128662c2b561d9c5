/* ref_dense.h: the definition of the dense layer and its gradients, in double. Description, tensors and formulas are those of convcl/dense.h.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_REFERENCE_REF_DENSE_H
#define CONVCL_REFERENCE_REF_DENSE_H

#include "convcl/dense.h"

/* y = act(x * w + b). b is not read with no_bias. */
void convcl_ref_dense_fwd(const convcl_dense_desc *desc, const double *x, const double *w, const double *b, double *y);

/* dx = gradient with respect to x. x is read only with relu_mask. */
void convcl_ref_dense_bwd_data(const convcl_dense_desc *desc, const double *dy, const double *w, const double *x, double *dx);

/* dw and db = gradients with respect to w and b. db is not touched with no_bias. */
void convcl_ref_dense_bwd_weights(const convcl_dense_desc *desc, const double *x, const double *dy, double *dw, double *db);

#endif
