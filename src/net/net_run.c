/* net_run.c: runs the steps of a compiled network on the caller's queue.
 * SPDX-License-Identifier: MIT
 *
 * One stream carries all steps, so that they follow one another on an out-of-order queue as well. Nothing here compiles or waits,
 * and nothing is allocated but a list of events, by a run that packs filters behind some. */
#include <stdlib.h>

#include "base/alloc.h"
#include "net/net_internal.h"
#include "opencl/context_internal.h"
#include "opencl/queue.h"

static convcl_status run_step(const convcl_net *net, const convcl_net_step *step, convcl_stream *stream) {
    const convcl_net_layer *layer = &net->layers[step->layer];
    const convcl_buffer *t = step->buffer, workspace = net->workspace_buffer;
    switch (step->kind) {
    case CONVCL_NET_STEP_CONV_FWD:
        if (layer->packed >= 0)
            return convcl_conv__fwd_packed(layer->plan.conv[CONVCL_CONV_FWD], stream, t[0], convcl_net__tensor_buffer(net, layer->packed),
                                           t[2], t[3], workspace);
        return convcl_conv__fwd_keep(layer->plan.conv[CONVCL_CONV_FWD], stream, t[0], t[1], t[2], t[3], t[CONVCL_NET_STEP_KEPT], workspace);
    case CONVCL_NET_STEP_CONV_BWD_DATA:
        return convcl_conv__bwd_data(layer->plan.conv[CONVCL_CONV_BWD_DATA], stream, t[0], t[1], t[2], t[3], workspace);
    case CONVCL_NET_STEP_CONV_BWD_WEIGHTS:
        return convcl_conv__bwd(layer->plan.conv[CONVCL_CONV_BWD_WEIGHTS], stream, t[0], t[1], (convcl_buffer){0}, t[CONVCL_NET_STEP_KEPT],
                                (convcl_buffer){0}, t[2], t[3], workspace);
    case CONVCL_NET_STEP_CONV_BWD:
        return convcl_conv__bwd(layer->plan.conv[CONVCL_CONV_BWD], stream, t[0], t[1], t[4], t[CONVCL_NET_STEP_KEPT], t[5], t[2], t[3],
                                workspace);
    case CONVCL_NET_STEP_RELU_FWD:
        return convcl_relu__fwd(layer->plan.relu, stream, t[0], t[1]);
    case CONVCL_NET_STEP_RELU_BWD:
        return convcl_relu__bwd(layer->plan.relu, stream, t[0], t[1], t[2]);
    case CONVCL_NET_STEP_LRN_FWD:
        return convcl_lrn__fwd(layer->plan.lrn, stream, t[0], t[1]);
    case CONVCL_NET_STEP_LRN_BWD:
        return convcl_lrn__bwd(layer->plan.lrn, stream, t[0], t[1], t[2]);
    case CONVCL_NET_STEP_MAXPOOL_FWD:
        return convcl_maxpool__fwd(layer->plan.maxpool, stream, t[0], t[1], t[2]);
    case CONVCL_NET_STEP_MAXPOOL_BWD:
        return convcl_maxpool__bwd(layer->plan.maxpool, stream, t[0], t[1], t[2], t[3]);
    case CONVCL_NET_STEP_LRN_MAXPOOL_FWD:
        return convcl_lrn_maxpool__fwd(layer->plan.lrn_maxpool, stream, t[0], t[1], t[2]);
    case CONVCL_NET_STEP_LRN_MAXPOOL_BWD:
        return convcl_lrn_maxpool__bwd(layer->plan.lrn_maxpool, stream, t[0], t[1], t[2], t[3]);
    case CONVCL_NET_STEP_DROPOUT_FWD:
        return convcl_dropout__fwd(layer->plan.dropout, stream, net->step, t[0], t[1]);
    case CONVCL_NET_STEP_DROPOUT_BWD:
        return convcl_dropout__bwd(layer->plan.dropout, stream, net->step, t[0], t[1], t[2]);
    case CONVCL_NET_STEP_AVGPOOL_FWD:
        return convcl_avgpool__fwd(layer->plan.avgpool, stream, t[0], t[1]);
    case CONVCL_NET_STEP_AVGPOOL_BWD:
        return convcl_avgpool__bwd(layer->plan.avgpool, stream, t[0], t[1], t[2]);
    case CONVCL_NET_STEP_L2_LOSS_FWD:
        return convcl_l2_loss__fwd(layer->plan.l2_loss, stream, t[0], t[1], workspace);
    case CONVCL_NET_STEP_L2_LOSS_BWD:
        return convcl_l2_loss__bwd(layer->plan.l2_loss, stream, t[0], 1.0f, t[1]);
    }
    return convcl_fail(CONVCL_INTERNAL, "net: step of kind %d", (int)step->kind);
}

/* What a launch's report needs to know of the step that made it. */
struct profiled_step {
    const convcl_net *net;
    const convcl_net_step *step;
};

static void report_launch(void *user, const char *kernel_name, cl_event event) {
    const struct profiled_step *profiled = user;
    const convcl_net *net = profiled->net;
    net->profile(net->profile_user, net->layers[profiled->step->layer].name, convcl_net__step_direction(profiled->step->kind), kernel_name,
                 event);
}

/* From the first launch on, convcl_net_destroy has a queue to wait for. */
static convcl_status remember_queue(convcl_net *net, cl_command_queue queue) {
    if (net->queue == queue)
        return CONVCL_OK;
    convcl_status status = convcl_queue__retain(queue);
    if (status == CONVCL_OK) {
        convcl_queue__release(net->queue);
        net->queue = queue;
    }
    return status;
}

void convcl_net__forget_awaited(convcl_net *net) {
    for (cl_uint i = 0; i < net->awaited_count; i++)
        clReleaseEvent(net->awaited[i]);
    free(net->awaited);
    net->awaited = NULL;
    net->awaited_count = 0;
}

/* A run that waits for an event which fails packs nothing, although it was enqueued. Its own event would say so, but not on Intel's CPU runtime 2026.22. */
static void remember_awaited(convcl_net *net, cl_uint count, const cl_event *events) {
    convcl_net__forget_awaited(net);
    if (count > 0 && convcl_alloc(count * sizeof *events, &net->awaited) != CONVCL_OK)
        net->packed = false;
    for (cl_uint i = 0; net->awaited && i < count && clRetainEvent(events[i]) == CL_SUCCESS; i++)
        net->awaited[net->awaited_count++] = events[i];
    net->packed = net->packed && net->awaited_count == count;
}

/* True for an inference whose filters are not packed as they are now, or not for sure. */
static bool must_pack(convcl_net *net) {
    cl_uint gone_well = 0;
    if (net->mode != CONVCL_NET_INFERENCE)
        return false;
    while (gone_well < net->awaited_count && convcl_event__succeeded(net->awaited[gone_well]))
        gone_well++;
    if (gone_well == net->awaited_count)
        convcl_net__forget_awaited(net);
    return !net->packed || net->awaited_count > 0 || net->parameters_shared;
}

static convcl_status pack_filters(convcl_net *net, convcl_stream *stream, struct profiled_step *profiled) {
    convcl_status status = CONVCL_OK;
    for (size_t i = 0; i < net->forward_steps && status == CONVCL_OK; i++) {
        const convcl_net_step *step = &net->steps[i];
        const convcl_net_layer *layer = &net->layers[step->layer];
        profiled->step = step;
        if (step->kind == CONVCL_NET_STEP_CONV_FWD)
            status = convcl_conv__pack(layer->plan.conv[CONVCL_CONV_FWD], stream, step->buffer[1],
                                       convcl_net__tensor_buffer(net, layer->packed), net->workspace_buffer);
    }
    net->packed = status == CONVCL_OK;
    return status;
}

static convcl_status run(convcl_net *net, const char *what, size_t step_count, cl_command_queue queue, cl_uint wait_count,
                         const cl_event *wait, cl_event *event_out) {
    convcl_stream stream;
    convcl_status status = convcl_stream__begin(&stream, what, net->context, queue, wait_count, wait, event_out);
    if (status != CONVCL_OK)
        return status;
    struct profiled_step profiled = {net, NULL};
    if (net->profile) {
        stream.profile = report_launch;
        stream.profile_user = &profiled;
    }
    status = remember_queue(net, queue);
    if (status == CONVCL_OK && must_pack(net)) {
        status = pack_filters(net, &stream, &profiled);
        remember_awaited(net, wait_count, wait);
    }
    for (size_t i = 0; status == CONVCL_OK && i < step_count; i++) {
        profiled.step = &net->steps[i];
        status = run_step(net, &net->steps[i], &stream);
    }
    status = convcl_stream__end(&stream, status);
    if (status == CONVCL_OK)
        net->step++;
    return status;
}

convcl_status convcl_net_set_step(convcl_net *net, uint32_t step) {
    CONVCL_REQUIRE(net, "net: net is NULL");
    net->step = step;
    return CONVCL_OK;
}

convcl_status convcl_net_forward(convcl_net *net, cl_command_queue queue, cl_uint wait_count, const cl_event *wait, cl_event *event_out) {
    CONVCL_REQUIRE(net, "net forward: net is NULL");
    CONVCL_REQUIRE(net->compiled, "net forward: the network is not compiled, call convcl_net_compile first");
    return run(net, "net forward", net->forward_steps, queue, wait_count, wait, event_out);
}

convcl_status convcl_net_forward_backward(convcl_net *net, cl_command_queue queue, cl_uint wait_count, const cl_event *wait,
                                          cl_event *event_out) {
    CONVCL_REQUIRE(net, "net forward_backward: net is NULL");
    CONVCL_REQUIRE(net->compiled, "net forward_backward: the network is not compiled, call convcl_net_compile first");
    CONVCL_REQUIRE(net->mode == CONVCL_NET_TRAINING, "net forward_backward: the network is compiled for inference, must be for training");
    return run(net, "net forward_backward", net->step_count, queue, wait_count, wait, event_out);
}
