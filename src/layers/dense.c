/* dense.c: the dense layer and its gradients: a 1x1 convolution of n images that are one pixel of `inputs` channels.
 * SPDX-License-Identifier: MIT
 * computes   y, dx, dw, db as in convcl/dense.h
 * launches   those of the convolution by gather, see conv_fwd_gather.c, conv_bwd_data_gather.c, conv_bwd_weights_gather.c
 * workspace  the convolution's      order: fixed, so results are bitwise repeatable
 * tests      test_dense.c */
#include "convcl/dense.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "conv/conv_internal.h"
#include "layers/layers_internal.h"
#include "opencl/context_internal.h"

#define LARGEST (1 << 24) /* a convolution's largest channel count */

struct convcl_dense_plan {
    convcl_context *context;
    convcl_dense_desc desc;
    convcl_conv_dir dir;
    convcl_conv_plan *conv;
    char description[256];
};

convcl_status convcl_dense__validate(const convcl_dense_desc *desc) {
    const struct {
        const char *name;
        int value;
    } sizes[] = {{"n", desc->n}, {"inputs", desc->inputs}, {"outputs", desc->outputs}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) {
        CONVCL_REQUIRE(sizes[i].value >= 1, "dense: %s is %d, must be at least 1", sizes[i].name, sizes[i].value);
        CONVCL_REQUIRE(sizes[i].value <= LARGEST, "dense: %s is %d, must be at most %d", sizes[i].name, sizes[i].value, LARGEST);
    }
    CONVCL_REQUIRE((int64_t)desc->inputs * desc->outputs <= INT_MAX, "dense: inputs * outputs is %d * %d, must be at most %d", desc->inputs,
                   desc->outputs, INT_MAX);
    CONVCL_REQUIRE(desc->no_bias == 0 || desc->no_bias == 1, "dense: no_bias is %d, must be 0 or 1", desc->no_bias);
    CONVCL_REQUIRE(desc->activation == CONVCL_ACTIVATION_NONE || desc->activation == CONVCL_ACTIVATION_RELU,
                   "dense: activation is %d, must be NONE or RELU", (int)desc->activation);
    CONVCL_REQUIRE(desc->relu_mask == 0 || desc->relu_mask == 1, "dense: relu_mask is %d, must be 0 or 1", desc->relu_mask);
    CONVCL_REQUIRE(desc->math == CONVCL_MATH_DEFAULT || desc->math == CONVCL_MATH_STRICT || desc->math == CONVCL_MATH_FAST,
                   "dense: math is %d, must be DEFAULT, STRICT or FAST", (int)desc->math);
    return CONVCL_OK;
}

convcl_conv_desc convcl_dense__conv_desc(const convcl_dense_desc *desc) {
    convcl_conv_desc conv;
    convcl_conv_desc_init(&conv);
    conv.n = desc->n;
    conv.ih = conv.iw = conv.fh = conv.fw = 1;
    conv.ic = desc->inputs;
    conv.oc = desc->outputs;
    conv.has_bias = !desc->no_bias;
    conv.activation = desc->activation;
    conv.relu_mask = desc->relu_mask;
    conv.math = desc->math;
    return conv;
}

const char *convcl_dense__description(const convcl_conv_plan *conv) {
    const char *text = convcl_conv_plan_describe(conv);
    return strncmp(text, "conv ", 5) == 0 ? text + 5 : text;
}

convcl_status convcl_dense_plan_create(convcl_context *context, const convcl_dense_desc *desc, convcl_conv_dir dir,
                                       const convcl_dense_options *options, convcl_dense_plan **plan_out) {
    convcl_status status = CONVCL_OK;
    convcl_dense_plan *plan = NULL;
    const convcl_conv_options conv_options = {.gemm = options ? options->gemm : NULL};
    CONVCL_REQUIRE(plan_out, "dense: plan_out is NULL");
    *plan_out = NULL;
    CONVCL_REQUIRE(context, "dense: context is NULL");
    CONVCL_REQUIRE(desc, "dense: desc is NULL");
    CONVCL_REQUIRE(dir == CONVCL_CONV_FWD || dir == CONVCL_CONV_BWD_DATA || dir == CONVCL_CONV_BWD_WEIGHTS,
                   "dense: dir is %d, must be FWD, BWD_DATA or BWD_WEIGHTS", (int)dir);
    CONVCL_TRY(convcl_dense__validate(desc));
    CONVCL_TRY(convcl_alloc(sizeof *plan, &plan));
    plan->context = convcl_context__retain(context);
    plan->desc = *desc;
    plan->dir = dir;
    const convcl_conv_desc conv = convcl_dense__conv_desc(desc);
    CONVCL_TRY(convcl_conv_plan_create(context, &conv, dir, &conv_options, &plan->conv));
    snprintf(plan->description, sizeof plan->description, "dense %s", convcl_dense__description(plan->conv));
    *plan_out = plan;
    plan = NULL;
cleanup:
    convcl_dense_plan_destroy(plan);
    return status;
}

void convcl_dense_plan_destroy(convcl_dense_plan *plan) {
    if (!plan)
        return;
    convcl_conv_plan_destroy(plan->conv);
    convcl_context_release(plan->context);
    free(plan);
}

size_t convcl_dense_plan_workspace(const convcl_dense_plan *plan) {
    return convcl_conv_plan_workspace(plan->conv);
}

const char *convcl_dense_plan_describe(const convcl_dense_plan *plan) {
    return plan->description;
}

/* A tensor of `rows` rows; the convolution's own checks would name the convolution. */
static convcl_status check_tensor(const char *name, convcl_buffer buffer, int rows, int columns) {
    return convcl_stream__check_buffer("dense", name, buffer, (size_t)rows * (size_t)columns, sizeof(float));
}

static convcl_status begin(const convcl_dense_plan *plan, convcl_conv_dir dir, convcl_stream *stream, cl_command_queue queue,
                           convcl_buffer workspace, cl_uint wait_count, const cl_event *wait, cl_event *event_out) {
    CONVCL_REQUIRE(plan, "dense: plan is NULL");
    CONVCL_REQUIRE(plan->dir == dir, "dense: plan is for %s, must be for %s", convcl_conv_dir_name(plan->dir), convcl_conv_dir_name(dir));
    const convcl_status status = convcl_stream__begin(stream, "dense", plan->context, queue, wait_count, wait, event_out);
    const size_t floats = convcl_dense_plan_workspace(plan);
    return status == CONVCL_OK && floats > 0 ? convcl_stream__check_buffer("dense", "workspace", workspace, floats, sizeof(float)) : status;
}

convcl_status convcl_dense_fwd_enqueue(const convcl_dense_plan *plan, cl_command_queue queue, convcl_buffer x, convcl_buffer w,
                                       convcl_buffer b, convcl_buffer y, convcl_buffer workspace, cl_uint wait_count, const cl_event *wait,
                                       cl_event *event_out) {
    convcl_status status = CONVCL_OK;
    convcl_stream stream;
    CONVCL_TRY(begin(plan, CONVCL_CONV_FWD, &stream, queue, workspace, wait_count, wait, event_out));
    const convcl_dense_desc *d = &plan->desc;
    CONVCL_TRY(check_tensor("x", x, d->n, d->inputs));
    CONVCL_TRY(check_tensor("w", w, d->inputs, d->outputs));
    if (!d->no_bias)
        CONVCL_TRY(check_tensor("b", b, 1, d->outputs));
    CONVCL_TRY(check_tensor("y", y, d->n, d->outputs));
    status = convcl_stream__end(&stream, convcl_conv__fwd(plan->conv, &stream, x, w, b, y, workspace));
cleanup:
    return status;
}

convcl_status convcl_dense_bwd_data_enqueue(const convcl_dense_plan *plan, cl_command_queue queue, convcl_buffer dy, convcl_buffer w,
                                            convcl_buffer x, convcl_buffer dx, convcl_buffer workspace, cl_uint wait_count,
                                            const cl_event *wait, cl_event *event_out) {
    convcl_status status = CONVCL_OK;
    convcl_stream stream;
    CONVCL_TRY(begin(plan, CONVCL_CONV_BWD_DATA, &stream, queue, workspace, wait_count, wait, event_out));
    const convcl_dense_desc *d = &plan->desc;
    CONVCL_TRY(check_tensor("dy", dy, d->n, d->outputs));
    CONVCL_TRY(check_tensor("w", w, d->inputs, d->outputs));
    if (d->relu_mask)
        CONVCL_TRY(check_tensor("x", x, d->n, d->inputs));
    CONVCL_TRY(check_tensor("dx", dx, d->n, d->inputs));
    status = convcl_stream__end(&stream, convcl_conv__bwd_data(plan->conv, &stream, dy, w, x, dx, workspace));
cleanup:
    return status;
}

convcl_status convcl_dense_bwd_weights_enqueue(const convcl_dense_plan *plan, cl_command_queue queue, convcl_buffer x, convcl_buffer dy,
                                               convcl_buffer dw, convcl_buffer db, convcl_buffer workspace, cl_uint wait_count,
                                               const cl_event *wait, cl_event *event_out) {
    convcl_status status = CONVCL_OK;
    convcl_stream stream;
    CONVCL_TRY(begin(plan, CONVCL_CONV_BWD_WEIGHTS, &stream, queue, workspace, wait_count, wait, event_out));
    const convcl_dense_desc *d = &plan->desc;
    CONVCL_TRY(check_tensor("x", x, d->n, d->inputs));
    CONVCL_TRY(check_tensor("dy", dy, d->n, d->outputs));
    CONVCL_TRY(check_tensor("dw", dw, d->inputs, d->outputs));
    if (!d->no_bias)
        CONVCL_TRY(check_tensor("db", db, 1, d->outputs));
    status = convcl_stream__end(&stream, convcl_conv__bwd_weights(plan->conv, &stream, x, dy, dw, db, workspace));
cleanup:
    return status;
}
