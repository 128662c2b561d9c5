/* conv_bwd_data_winograd.c: dx of a convolution by Winograd, the forward pass transposed.
 * SPDX-License-Identifier: MIT
 * applies to filters of 2 to 7 taps, after the phases of a stride; one group, dilation 1, not in STRICT math
 * method, launches, workspace and order: conv_winograd_bwd.c
 * tests/bench test_conv_bwd_data.c, test_winograd.c */
#include "conv/conv_winograd_bwd.h"

static convcl_status create(convcl_context *context, const convcl_conv_shape *shape, const convcl_conv_choice *choice, void **state_out) {
    return convcl_winograd_bwd__create(context, shape, CONVCL_CONV_BWD_DATA, choice, state_out);
}

const convcl_conv_algo convcl_conv_bwd_data_winograd = {
    .name = "winograd",
    .dir = CONVCL_CONV_BWD_DATA,
    .refuse = convcl_winograd__refuse,
    .cost = convcl_winograd__cost,
    .create = create,
    .destroy = convcl_winograd_bwd__destroy,
    .workspace = convcl_winograd_bwd__workspace,
    .chunk = convcl_winograd_bwd__chunk,
    .describe = convcl_winograd_bwd__describe,
    .enqueue = convcl_winograd_bwd__enqueue,
};
