/* conv_bwd_data_winograd_fused.c: dx of a convolution by Winograd in one launch, on GPUs: a forward convolution of dy with the filter turned.
 * SPDX-License-Identifier: MIT
 * applies to filters of 2 to 7 taps, stride 1, dilation 1, one group, not in STRICT math, where work-groups share local memory
 * method, launches, workspace and order: conv_winograd_fused.c
 * tests/bench test_conv_bwd_data.c, test_winograd_fused.c */
#include "conv/conv_winograd_fused.h"

static double cost(const convcl_context *context, const convcl_conv_shape *shape) {
    return convcl_winograd_fused__cost(context, shape, CONVCL_CONV_BWD_DATA, 0);
}

static convcl_status create(convcl_context *context, const convcl_conv_shape *shape, const convcl_conv_choice *choice, void **state_out) {
    return convcl_winograd_fused__create(context, shape, CONVCL_CONV_BWD_DATA, choice, state_out);
}

const convcl_conv_algo convcl_conv_bwd_data_winograd_fused = {
    .name = "winograd-fused",
    .dir = CONVCL_CONV_BWD_DATA,
    .own_product = true,
    .refuse = convcl_winograd_fused__refuse,
    .cost = cost,
    .create = create,
    .destroy = convcl_winograd_fused__destroy,
    .workspace = convcl_winograd_fused__packed,
    .describe = convcl_winograd_fused__describe,
    .enqueue = convcl_winograd_fused__enqueue,
};
