/* conv_fwd_winograd.c: y of a convolution by Winograd's minimal filtering.
 * SPDX-License-Identifier: MIT
 * applies to filters of 2 to 7 taps, after the phases of a stride; one group, dilation 1, not in STRICT math
 * launches, workspace and order: conv_winograd_pass.c
 * tests/bench test_conv_fwd.c, test_winograd.c */
#include "conv/conv_winograd_pass.h"

static const char *refuse(const convcl_conv_shape *shape, int tile) {
    return convcl_winograd__refuse(shape, CONVCL_CONV_FWD, tile);
}

static double cost(const convcl_conv_shape *shape) {
    const convcl_winograd_view view = convcl_winograd__view(shape, CONVCL_CONV_FWD);
    double work = 0.0;
    convcl_winograd__choose(shape, &view, 0, &work);
    return work;
}

static convcl_status create(convcl_context *context, const convcl_conv_shape *shape, const convcl_conv_choice *choice, void **state_out) {
    return convcl_winograd_pass__create(context, shape, CONVCL_CONV_FWD, choice, state_out);
}

const convcl_conv_algo convcl_conv_fwd_winograd = {
    .name = "winograd",
    .dir = CONVCL_CONV_FWD,
    .refuse = refuse,
    .cost = cost,
    .create = create,
    .destroy = convcl_winograd_pass__destroy,
    .workspace = convcl_winograd_pass__workspace,
    .packed = convcl_winograd_pass__packed,
    .pack = convcl_winograd_pass__pack,
    .describe = convcl_winograd_pass__describe,
    .enqueue = convcl_winograd_pass__enqueue,
};
