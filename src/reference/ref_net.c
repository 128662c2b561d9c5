/* ref_net.c: a network through the reference operations.
 * SPDX-License-Identifier: MIT */
#include "reference/ref_net.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "net/net_internal.h"
#include "reference/ref_avgpool.h"
#include "reference/ref_conv.h"
#include "reference/ref_dropout.h"
#include "reference/ref_loss.h"
#include "reference/ref_lrn.h"
#include "reference/ref_maxpool.h"
#include "reference/ref_relu.h"

typedef struct ref_tensor {
    size_t count;
    double *value, *gradient; /* gradient: NULL where there is none */
    uint16_t *index;          /* of a maxpool */
} ref_tensor;

struct convcl_ref_net {
    const convcl_net *net;
    convcl_net_mode mode;
    ref_tensor *layers, *parameters; /* in the network's order */
};

static convcl_status allocate(ref_tensor *tensor, size_t count, bool gradient, bool index) {
    convcl_status status = CONVCL_OK;
    tensor->count = count;
    CONVCL_TRY(convcl_alloc(count * sizeof(double), &tensor->value));
    if (gradient)
        CONVCL_TRY(convcl_alloc(count * sizeof(double), &tensor->gradient));
    if (index)
        CONVCL_TRY(convcl_alloc(count * sizeof(uint16_t), &tensor->index));
cleanup:
    return status;
}

convcl_status convcl_ref_net_create(const convcl_net *net, convcl_net_mode mode, convcl_ref_net **run_out) {
    convcl_status status = CONVCL_OK;
    convcl_ref_net *run = NULL;
    CONVCL_REQUIRE(run_out, "ref_net: run_out is NULL");
    *run_out = NULL;
    CONVCL_REQUIRE(net, "ref_net: net is NULL");
    const bool training = mode == CONVCL_NET_TRAINING;
    CONVCL_TRY(convcl_alloc(sizeof *run, &run));
    run->net = net;
    run->mode = mode;
    CONVCL_TRY(convcl_alloc((net->layer_count + 1) * sizeof *run->layers, &run->layers));
    CONVCL_TRY(convcl_alloc((net->parameter_count + 1) * sizeof *run->parameters, &run->parameters));
    for (size_t i = 0; i < net->layer_count; i++)
        CONVCL_TRY(allocate(&run->layers[i], net->layers[i].count, training && net->layers[i].op != CONVCL_NET_OP_INPUT,
                            net->layers[i].op == CONVCL_NET_OP_MAXPOOL));
    for (size_t i = 0; i < net->parameter_count; i++)
        CONVCL_TRY(allocate(&run->parameters[i], net->parameters[i].count, training, false));
    *run_out = run;
    run = NULL;
cleanup:
    convcl_ref_net_destroy(run);
    return status;
}

static void clear(ref_tensor *tensors, size_t count) {
    for (size_t i = 0; tensors && i < count; i++) {
        free(tensors[i].value);
        free(tensors[i].gradient);
        free(tensors[i].index);
    }
    free(tensors);
}

void convcl_ref_net_destroy(convcl_ref_net *run) {
    if (!run)
        return;
    clear(run->layers, run->net->layer_count);
    clear(run->parameters, run->net->parameter_count);
    free(run);
}

static ref_tensor *find(const convcl_ref_net *run, const char *name) {
    const int layer = convcl_net__find_layer(run->net, name), parameter = convcl_net__find_parameter(run->net, name);
    return layer >= 0 ? &run->layers[layer] : parameter >= 0 ? &run->parameters[parameter] : NULL;
}

convcl_status convcl_ref_net_set(convcl_ref_net *run, const char *name, const float *values) {
    CONVCL_REQUIRE(run && name && values, "ref_net: %s is NULL", !run ? "run" : !name ? "name" : "values");
    ref_tensor *tensor = find(run, name);
    CONVCL_REQUIRE(tensor, "ref_net: \"%s\" is no value or parameter of the network", name);
    for (size_t i = 0; i < tensor->count; i++)
        tensor->value[i] = (double)values[i];
    return CONVCL_OK;
}

/* The convolution of a layer alone, as it was before compile fused others into it. */
static convcl_conv_desc conv_of(const convcl_net_layer *layer) {
    convcl_conv_desc desc = layer->desc.conv;
    desc.activation = CONVCL_ACTIVATION_NONE;
    desc.relu_mask = 0;
    return desc;
}

static const double *value_of(const convcl_ref_net *run, int parameter) {
    return parameter < 0 ? NULL : run->parameters[parameter].value;
}

void convcl_ref_net_forward_layer(convcl_ref_net *run, size_t i, bool dropping, uint32_t step) {
    const convcl_net_layer *layer = &run->net->layers[i];
    const ref_tensor *input = layer->input < 0 ? NULL : &run->layers[layer->input];
    double *y = run->layers[i].value;
    if (!input)
        return;
    switch (layer->op) {
    case CONVCL_NET_OP_INPUT:
        break;
    case CONVCL_NET_OP_CONV: {
        const convcl_conv_desc desc = conv_of(layer);
        convcl_ref_conv_fwd(&desc, input->value, value_of(run, layer->weights), value_of(run, layer->biases), y);
        break;
    }
    case CONVCL_NET_OP_RELU:
        convcl_ref_relu_fwd(input->count, input->value, y);
        break;
    case CONVCL_NET_OP_LRN:
        convcl_ref_lrn_fwd(&layer->desc.lrn, input->value, y);
        break;
    case CONVCL_NET_OP_MAXPOOL:
        convcl_ref_maxpool_fwd(&layer->desc.maxpool, input->value, y, run->layers[i].index);
        break;
    case CONVCL_NET_OP_AVGPOOL:
        convcl_ref_avgpool_fwd(&layer->desc.avgpool, input->value, y);
        break;
    case CONVCL_NET_OP_DROPOUT:
        if (dropping)
            convcl_ref_dropout_fwd(&layer->desc.dropout, step, input->value, y);
        else
            memcpy(y, input->value, input->count * sizeof *y);
        break;
    case CONVCL_NET_OP_L2_LOSS:
        y[0] = convcl_ref_l2_loss_fwd(input->count, input->value);
        break;
    }
}

void convcl_ref_net_forward(convcl_ref_net *run, uint32_t step) {
    for (size_t i = 0; i < run->net->layer_count; i++)
        convcl_ref_net_forward_layer(run, i, run->mode == CONVCL_NET_TRAINING, step);
}

static void backward_conv(convcl_ref_net *run, const convcl_net_layer *layer, const double *dy) {
    const ref_tensor *input = &run->layers[layer->input];
    const convcl_conv_desc desc = conv_of(layer);
    convcl_ref_conv_bwd_weights(&desc, input->value, dy, run->parameters[layer->weights].gradient,
                                layer->biases < 0 ? NULL : run->parameters[layer->biases].gradient);
    if (input->gradient)
        convcl_ref_conv_bwd_data(&desc, dy, value_of(run, layer->weights), NULL, input->gradient);
}

/* The maxima that a pooling found in values which were set from outside are looked for again; the values themselves stay. */
static convcl_status find_maxima(const convcl_net_layer *layer, const double *x, const ref_tensor *y) {
    double *maxima = NULL;
    const convcl_status status = convcl_alloc(y->count * sizeof *maxima, &maxima);
    if (status == CONVCL_OK)
        convcl_ref_maxpool_fwd(&layer->desc.maxpool, x, maxima, y->index);
    free(maxima);
    return status;
}

static convcl_status backward_layer(convcl_ref_net *run, size_t i, uint32_t step) {
    convcl_net_layer layer = run->net->layers[i];
    const ref_tensor *own = &run->layers[i];
    if (layer.op == CONVCL_NET_OP_CONV)
        backward_conv(run, &layer, own->gradient);
    if (layer.op == CONVCL_NET_OP_CONV || layer.input < 0 || !run->layers[layer.input].gradient)
        return CONVCL_OK;
    const double *x = run->layers[layer.input].value, *dy = own->gradient;
    double *dx = run->layers[layer.input].gradient;
    convcl_status status = CONVCL_OK;
    switch (layer.op) {
    case CONVCL_NET_OP_INPUT:
    case CONVCL_NET_OP_CONV:
        break;
    case CONVCL_NET_OP_RELU:
        convcl_ref_relu_bwd(own->count, own->value, dy, dx);
        break;
    case CONVCL_NET_OP_LRN:
        layer.desc.lrn.relu_mask = 0;
        convcl_ref_lrn_bwd(&layer.desc.lrn, x, dy, dx);
        break;
    case CONVCL_NET_OP_MAXPOOL:
        layer.desc.maxpool.relu_mask = 0;
        status = find_maxima(&layer, x, own);
        convcl_ref_maxpool_bwd(&layer.desc.maxpool, dy, own->index, NULL, dx);
        break;
    case CONVCL_NET_OP_AVGPOOL:
        layer.desc.avgpool.relu_mask = 0;
        convcl_ref_avgpool_bwd(&layer.desc.avgpool, dy, NULL, dx);
        break;
    case CONVCL_NET_OP_DROPOUT:
        layer.desc.dropout.relu_mask = 0;
        convcl_ref_dropout_bwd(&layer.desc.dropout, step, dy, NULL, dx);
        break;
    case CONVCL_NET_OP_L2_LOSS:
        convcl_ref_l2_loss_bwd(run->layers[layer.input].count, x, 1.0, dx);
        break;
    }
    return status;
}

convcl_status convcl_ref_net_backward(convcl_ref_net *run, uint32_t step) {
    convcl_status status = CONVCL_OK;
    for (size_t i = run->net->layer_count; status == CONVCL_OK && i-- > 0;)
        status = backward_layer(run, i, step);
    return status;
}

const double *convcl_ref_net_value(const convcl_ref_net *run, const char *name, size_t *count_out) {
    const ref_tensor *tensor = find(run, name);
    if (tensor && count_out)
        *count_out = tensor->count;
    return tensor ? tensor->value : NULL;
}

const double *convcl_ref_net_gradient(const convcl_ref_net *run, const char *name, size_t *count_out) {
    const ref_tensor *tensor = find(run, name);
    if (tensor && count_out)
        *count_out = tensor->count;
    return tensor ? tensor->gradient : NULL;
}
