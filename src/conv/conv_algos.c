/* conv_algos.c: the table of convolution algorithms.
 * SPDX-License-Identifier: MIT */
#include "conv/conv_algo.h"

const convcl_conv_algo *const convcl_conv_algos[] = {
    &convcl_conv_fwd_gather,
    &convcl_conv_bwd_data_gather,
    &convcl_conv_bwd_weights_gather,
    &convcl_conv_fwd_winograd,
    &convcl_conv_bwd_data_winograd,
    &convcl_conv_bwd_weights_winograd,
    &convcl_conv_bwd_winograd,
    &convcl_conv_fwd_winograd_fused,
    &convcl_conv_bwd_data_winograd_fused,
    NULL,
};
