/* ref_avgpool.h: the definition of average pooling and its gradient, in double. Description, tensors and formulas are those of convcl/avgpool.h.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_REFERENCE_REF_AVGPOOL_H
#define CONVCL_REFERENCE_REF_AVGPOOL_H

#include "convcl/avgpool.h"

/* oh and ow of the description, which must be valid. */
void convcl_ref_avgpool_output_size(const convcl_avgpool_desc *desc, int *oh_out, int *ow_out);

/* y = averages. */
void convcl_ref_avgpool_fwd(const convcl_avgpool_desc *desc, const double *x, double *y);

/* dx = dy spread over the windows. x is read only with relu_mask. */
void convcl_ref_avgpool_bwd(const convcl_avgpool_desc *desc, const double *dy, const double *x, double *dx);

#endif
