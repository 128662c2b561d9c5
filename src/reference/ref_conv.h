/* ref_conv.h: the definition of a convolution and its gradients: plain loops, tensors and sums in double.
 * SPDX-License-Identifier: MIT
 *
 * The description, the tensors and the formulas are those of convcl/conv.h; layout and math fields are not read. The description must be valid.
 * Nothing is allocated; every output element is written. Outputs must not overlap inputs. */
#ifndef CONVCL_REFERENCE_REF_CONV_H
#define CONVCL_REFERENCE_REF_CONV_H

#include "convcl/conv.h"

/* oh and ow of the description. */
void convcl_ref_conv_output_size(const convcl_conv_desc *desc, int *oh_out, int *ow_out);

/* y = act(conv(x, w) + b). b is not read when has_bias is 0. */
void convcl_ref_conv_fwd(const convcl_conv_desc *desc, const double *x, const double *w, const double *b, double *y);

/* dx = gradient with respect to x. x is read only with relu_mask. */
void convcl_ref_conv_bwd_data(const convcl_conv_desc *desc, const double *dy, const double *w, const double *x, double *dx);

/* dw and db = gradients with respect to w and b. db is not touched when has_bias is 0. */
void convcl_ref_conv_bwd_weights(const convcl_conv_desc *desc, const double *x, const double *dy, double *dw, double *db);

#endif
