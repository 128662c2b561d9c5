/* ref_lrn_maxpool.c: normalization and max-pooling in one, and the gradient, by their definition. Source: the formulas of convcl/lrn_maxpool.h.
 * SPDX-License-Identifier: MIT */
#include "reference/ref_lrn_maxpool.h"

#include <stddef.h>

#include "reference/ref_lrn.h"
#include "reference/ref_maxpool.h"

void convcl_ref_lrn_maxpool_fwd(const convcl_lrn_maxpool_desc *d, const double *x, double *v, double *y, uint16_t *index) {
    convcl_ref_lrn_fwd(&d->lrn, x, v);
    convcl_ref_maxpool_fwd(&d->maxpool, v, y, index);
}

void convcl_ref_lrn_maxpool_bwd(const convcl_lrn_maxpool_desc *d, const double *x, const double *dy, const uint16_t *index, double *dv,
                                double *dx) {
    convcl_ref_maxpool_bwd(&d->maxpool, dy, index, NULL, dv);
    convcl_ref_lrn_bwd(&d->lrn, x, dv, dx);
}
