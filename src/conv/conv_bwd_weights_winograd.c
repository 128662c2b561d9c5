/* conv_bwd_weights_winograd.c: dw of a convolution by Winograd F(rh x rw, mh x mw), and db.
 * SPDX-License-Identifier: MIT
 * applies to filters of 2 to 7 taps, after the phases of a stride; one group, dilation 1, not in STRICT math
 * method, launches, workspace and order: conv_winograd_bwd.c
 * tests/bench test_conv_bwd_weights.c, test_winograd.c */
#include "conv/conv_winograd_bwd.h"

static convcl_status create(convcl_context *context, const convcl_conv_shape *shape, const convcl_conv_choice *choice, void **state_out) {
    return convcl_winograd_bwd__create(context, shape, CONVCL_CONV_BWD_WEIGHTS, choice, state_out);
}

const convcl_conv_algo convcl_conv_bwd_weights_winograd = {
    .name = "winograd",
    .dir = CONVCL_CONV_BWD_WEIGHTS,
    .refuse = convcl_winograd__refuse,
    .cost = convcl_winograd__cost,
    .create = create,
    .destroy = convcl_winograd_bwd__destroy,
    .workspace = convcl_winograd_bwd__workspace,
    .kept = convcl_winograd_bwd__kept,
    .chunk = convcl_winograd_bwd__chunk,
    .describe = convcl_winograd_bwd__describe,
    .enqueue = convcl_winograd_bwd__enqueue,
};
