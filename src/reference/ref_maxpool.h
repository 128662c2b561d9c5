/* ref_maxpool.h: the definition of max pooling and its gradient, in double. Description, tensors and formulas are those of convcl/maxpool.h.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_REFERENCE_REF_MAXPOOL_H
#define CONVCL_REFERENCE_REF_MAXPOOL_H

#include <stdint.h>

#include "convcl/maxpool.h"

/* oh and ow of the description, which must be valid. */
void convcl_ref_maxpool_output_size(const convcl_maxpool_desc *desc, int *oh_out, int *ow_out);

/* y = maxima, index = where they were; index may be NULL. */
void convcl_ref_maxpool_fwd(const convcl_maxpool_desc *desc, const double *x, double *y, uint16_t *index);

/* dx = dy sent to where the maxima were. x is read only with relu_mask. */
void convcl_ref_maxpool_bwd(const convcl_maxpool_desc *desc, const double *dy, const uint16_t *index, const double *x, double *dx);

#endif
