/* ref_lrn_maxpool.h: the definition of normalization and max-pooling in one, in double: the two references one after the other. Description, tensors and formulas are
 * those of convcl/lrn_maxpool.h.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_REFERENCE_REF_LRN_MAXPOOL_H
#define CONVCL_REFERENCE_REF_LRN_MAXPOOL_H

#include <stdint.h>

#include "convcl/lrn_maxpool.h"

/* v = the normalization of x, of its shape; y = maxima of v, index = where they were; index may be NULL. */
void convcl_ref_lrn_maxpool_fwd(const convcl_lrn_maxpool_desc *desc, const double *x, double *v, double *y, uint16_t *index);

/* dv = dy sent to where the maxima were; dx = gradient with respect to x. Both of the shape of x. */
void convcl_ref_lrn_maxpool_bwd(const convcl_lrn_maxpool_desc *desc, const double *x, const double *dy, const uint16_t *index, double *dv,
                                double *dx);

#endif
