/* net_steps.c: the operations of a compiled network in their order, and the tensors between them.
 * SPDX-License-Identifier: MIT
 *
 * forward    each layer that computes something, in the order they were added; in training all but the objective
 * objective  the loss (training)
 * backward   the layers from the last to the first (training). A convolution makes the gradients of its parameters before that of its input, so that the memory
 *            of the latter is taken as late as possible. What no parameter lies before gets no gradient. */
#include "net/net_internal.h"

#include "base/alloc.h"

const char *convcl_net__step_direction(convcl_net_step_kind kind) {
    switch (kind) {
    case CONVCL_NET_STEP_CONV_FWD:
    case CONVCL_NET_STEP_RELU_FWD:
    case CONVCL_NET_STEP_LRN_FWD:
    case CONVCL_NET_STEP_MAXPOOL_FWD:
    case CONVCL_NET_STEP_LRN_MAXPOOL_FWD:
    case CONVCL_NET_STEP_DROPOUT_FWD:
    case CONVCL_NET_STEP_AVGPOOL_FWD:
    case CONVCL_NET_STEP_L2_LOSS_FWD:
        return "fwd";
    case CONVCL_NET_STEP_CONV_BWD_DATA:
        return "bwd_data";
    case CONVCL_NET_STEP_CONV_BWD_WEIGHTS:
        return "bwd_weights";
    case CONVCL_NET_STEP_CONV_BWD:
    case CONVCL_NET_STEP_RELU_BWD:
    case CONVCL_NET_STEP_LRN_BWD:
    case CONVCL_NET_STEP_MAXPOOL_BWD:
    case CONVCL_NET_STEP_LRN_MAXPOOL_BWD:
    case CONVCL_NET_STEP_DROPOUT_BWD:
    case CONVCL_NET_STEP_AVGPOOL_BWD:
    case CONVCL_NET_STEP_L2_LOSS_BWD:
        return "bwd";
    }
    return "unknown";
}

static convcl_status add_step(convcl_net *net, convcl_net_step_kind kind, size_t layer, int a, int b, int c, int d) {
    convcl_status status = convcl_grow(&net->steps, &net->step_capacity, net->step_count + 1, sizeof *net->steps);
    if (status == CONVCL_OK)
        net->steps[net->step_count++] = (convcl_net_step){.kind = kind, .layer = (int)layer, .tensor = {a, b, c, d, -1, -1, -1}};
    return status;
}

static int parameter_value(const convcl_net *net, int parameter) {
    return parameter < 0 ? -1 : net->parameters[parameter].value;
}

static int parameter_gradient(const convcl_net *net, int parameter) {
    return parameter < 0 ? -1 : net->parameters[parameter].gradient;
}

static convcl_status add_tensors(convcl_net *net) {
    convcl_status status = CONVCL_OK;
    const bool training = net->mode == CONVCL_NET_TRAINING;
    for (size_t i = 0; i < net->parameter_count; i++) {
        convcl_net_parameter *parameter = &net->parameters[i];
        CONVCL_TRY(convcl_net__add_tensor(net, parameter->count, sizeof(float), true, &parameter->value));
        if (training)
            CONVCL_TRY(convcl_net__add_tensor(net, parameter->count, sizeof(float), true, &parameter->gradient));
    }
    for (size_t i = 0; i < net->layer_count; i++) {
        convcl_net_layer *layer = &net->layers[i];
        if ((layer->op == CONVCL_NET_OP_CONV || layer->op == CONVCL_NET_OP_LRN) && layer->fused >= 0)
            continue; /* its value exists in registers and caches only */
        if (layer->op == CONVCL_NET_OP_DROPOUT && !training) {
            layer->value = net->layers[layer->input].value;
            continue;
        }
        CONVCL_TRY(convcl_net__add_tensor(net, layer->count, sizeof(float), false, &layer->value));
        if (layer->op == CONVCL_NET_OP_MAXPOOL && layer->needs_gradient && net->layers[layer->input].needs_gradient)
            CONVCL_TRY(convcl_net__add_tensor(net, layer->count, sizeof(cl_ushort), false, &layer->index));
    }
cleanup:
    return status;
}

static convcl_status add_forward_step(convcl_net *net, size_t index) {
    const convcl_net_layer *layer = &net->layers[index];
    if (layer->op == CONVCL_NET_OP_INPUT)
        return CONVCL_OK;
    const int x = net->layers[layer->input].value;
    switch (layer->op) {
    case CONVCL_NET_OP_INPUT:
        break;
    case CONVCL_NET_OP_CONV: {
        const int y = layer->fused >= 0 ? net->layers[layer->fused].value : layer->value;
        return add_step(net, CONVCL_NET_STEP_CONV_FWD, index, x, parameter_value(net, layer->weights), parameter_value(net, layer->biases),
                        y);
    }
    case CONVCL_NET_OP_RELU:
        return layer->fused >= 0 ? CONVCL_OK : add_step(net, CONVCL_NET_STEP_RELU_FWD, index, x, layer->value, -1, -1);
    case CONVCL_NET_OP_LRN:
        return layer->fused >= 0 ? CONVCL_OK : add_step(net, CONVCL_NET_STEP_LRN_FWD, index, x, layer->value, -1, -1);
    case CONVCL_NET_OP_MAXPOOL:
        if (layer->fused >= 0)
            return add_step(net, CONVCL_NET_STEP_LRN_MAXPOOL_FWD, index, net->layers[net->layers[layer->fused].input].value, layer->value,
                            layer->index, -1);
        return add_step(net, CONVCL_NET_STEP_MAXPOOL_FWD, index, x, layer->value, layer->index, -1);
    case CONVCL_NET_OP_AVGPOOL:
        return add_step(net, CONVCL_NET_STEP_AVGPOOL_FWD, index, x, layer->value, -1, -1);
    case CONVCL_NET_OP_DROPOUT:
        return layer->value == x ? CONVCL_OK : add_step(net, CONVCL_NET_STEP_DROPOUT_FWD, index, x, layer->value, -1, -1);
    case CONVCL_NET_OP_L2_LOSS:
        return add_step(net, CONVCL_NET_STEP_L2_LOSS_FWD, index, x, layer->value, -1, -1);
    }
    return CONVCL_OK;
}

/* Makes the gradient of what the layer reads; its own gradient is there already. */
static convcl_status add_data_step(convcl_net *net, size_t index) {
    const convcl_net_layer *layer = &net->layers[index];
    const bool skips_lrn = layer->op == CONVCL_NET_OP_MAXPOOL && layer->fused >= 0; /* and makes the gradient of what the lrn reads */
    convcl_net_layer *input = &net->layers[skips_lrn ? net->layers[layer->fused].input : layer->input];
    const int x = input->value, dy = layer->gradient;
    if (layer->op == CONVCL_NET_OP_RELU) { /* in place */
        input->gradient = dy;
        return layer->masked ? CONVCL_OK : add_step(net, CONVCL_NET_STEP_RELU_BWD, index, layer->value, dy, dy, -1);
    }
    if (layer->op == CONVCL_NET_OP_DROPOUT) { /* likewise */
        input->gradient = dy;
        return add_step(net, CONVCL_NET_STEP_DROPOUT_BWD, index, dy, input->masked ? x : -1, dy, -1);
    }
    convcl_status status = convcl_net__add_tensor(net, input->count, sizeof(float), false, &input->gradient);
    const int dx = input->gradient, mask = input->masked ? x : -1;
    if (status != CONVCL_OK)
        return status;
    switch (layer->op) {
    case CONVCL_NET_OP_CONV:
        return add_step(net, CONVCL_NET_STEP_CONV_BWD_DATA, index, dy, parameter_value(net, layer->weights), mask, dx);
    case CONVCL_NET_OP_LRN:
        return add_step(net, CONVCL_NET_STEP_LRN_BWD, index, x, dy, dx, -1);
    case CONVCL_NET_OP_MAXPOOL:
        if (skips_lrn)
            return add_step(net, CONVCL_NET_STEP_LRN_MAXPOOL_BWD, index, x, dy, layer->index, dx);
        return add_step(net, CONVCL_NET_STEP_MAXPOOL_BWD, index, dy, layer->index, mask, dx);
    case CONVCL_NET_OP_AVGPOOL:
        return add_step(net, CONVCL_NET_STEP_AVGPOOL_BWD, index, dy, mask, dx, -1);
    case CONVCL_NET_OP_L2_LOSS:
        return add_step(net, CONVCL_NET_STEP_L2_LOSS_BWD, index, x, dx, -1, -1);
    case CONVCL_NET_OP_INPUT:
    case CONVCL_NET_OP_RELU:
    case CONVCL_NET_OP_DROPOUT:
        break;
    }
    return CONVCL_OK;
}

static convcl_status add_backward_steps(convcl_net *net) {
    convcl_status status = CONVCL_OK;
    for (size_t i = net->layer_count; i-- > 0;) {
        const convcl_net_layer *layer = &net->layers[i];
        if (!layer->needs_gradient)
            continue;
        if (layer->op == CONVCL_NET_OP_CONV)
            CONVCL_TRY(add_step(net, CONVCL_NET_STEP_CONV_BWD_WEIGHTS, i, net->layers[layer->input].value, layer->gradient,
                                parameter_gradient(net, layer->weights), parameter_gradient(net, layer->biases)));
        if (net->layers[layer->input].needs_gradient && !(layer->op == CONVCL_NET_OP_LRN && layer->fused >= 0))
            CONVCL_TRY(add_data_step(net, i));
    }
cleanup:
    return status;
}

convcl_status convcl_net__make_steps(convcl_net *net) {
    convcl_status status = CONVCL_OK;
    CONVCL_TRY(add_tensors(net));
    for (size_t i = 0; i < net->layer_count; i++) {
        if (net->mode == CONVCL_NET_TRAINING && net->layers[i].op == CONVCL_NET_OP_L2_LOSS)
            net->forward_steps = net->step_count;
        CONVCL_TRY(add_forward_step(net, i));
    }
    if (net->mode == CONVCL_NET_TRAINING)
        CONVCL_TRY(add_backward_steps(net));
    else
        net->forward_steps = net->step_count;
cleanup:
    return status;
}
