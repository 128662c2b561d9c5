/* net_compile.c: from layers to an executable network: rules, fusion, then steps, memory, plans.
 * SPDX-License-Identifier: MIT
 *
 * Order of the work: memory is planned twice. The first time without workspace, which only the plans know, so that a network that cannot fit is refused before
 * a kernel is compiled; the second time with it.
 *
 * Fusion. A ReLU is computed by the convolution that it reads, when nobody else reads that convolution and it is not kept. So is a normalization by the max-pool that
 * reads it, in both directions, where the device gains by that: neither its value nor its gradient is ever stored. In training, the gradient of a ReLU
 * is applied by the operation that makes the gradient of its value (convolution, dense layer, lrn, poolings, dropout: their relu_mask), else by a step of its own, in place; so a ReLU never
 * needs memory for a gradient of its own. */
#include <stdlib.h>

#include "net/net_internal.h"
#include "opencl/context_internal.h"

static void count_readers(convcl_net *net) {
    for (size_t i = 0; i < net->layer_count; i++) {
        net->layers[i].readers = 0;
        net->layers[i].reader = -1;
    }
    for (size_t i = 0; i < net->layer_count; i++) {
        const int input = net->layers[i].input;
        if (input >= 0) {
            net->layers[input].readers++;
            net->layers[input].reader = (int)i;
        }
    }
}

static convcl_status check_layers(const convcl_net *net) {
    for (size_t i = 0; i < net->layer_count; i++)
        if (net->layers[i].op != CONVCL_NET_OP_INPUT)
            return CONVCL_OK;
    return convcl_fail(CONVCL_INVALID, "net: there is no layer to compile, add at least one");
}

/* Training: one chain of layers from an input to the objective, with something to train. */
static convcl_status check_training(const convcl_net *net) {
    const convcl_net_layer *last = &net->layers[net->layer_count - 1];
    CONVCL_REQUIRE(last->op == CONVCL_NET_OP_L2_LOSS, "net: the last layer is \"%s\", training needs an objective (an l2 loss) there",
                   last->name);
    for (size_t i = 0; i + 1 < net->layer_count; i++) {
        const convcl_net_layer *layer = &net->layers[i];
        CONVCL_REQUIRE(layer->op != CONVCL_NET_OP_L2_LOSS, "net: \"%s\" is a second objective beside \"%s\", training takes one",
                       layer->name, last->name);
        if (layer->readers > 1)
            return convcl_fail(CONVCL_UNSUPPORTED, "net: %d layers read \"%s\", training supports one reader for each value",
                               layer->readers, layer->name);
        CONVCL_REQUIRE(layer->readers == 1 || layer->op == CONVCL_NET_OP_INPUT,
                       "net: no layer reads \"%s\", in training every value must lead to \"%s\"", layer->name, last->name);
    }
    CONVCL_REQUIRE(net->parameter_count > 0,
                   "net: there is no parameter to train, add a convolution or a dense layer, or compile for inference");
    return CONVCL_OK;
}

static bool takes_relu_mask(convcl_net_op op) {
    return op == CONVCL_NET_OP_CONV || op == CONVCL_NET_OP_LRN || op == CONVCL_NET_OP_MAXPOOL || op == CONVCL_NET_OP_AVGPOOL ||
           op == CONVCL_NET_OP_DROPOUT;
}

static void set_relu_mask(convcl_net_layer *layer, int mask) {
    if (layer->op == CONVCL_NET_OP_CONV)
        layer->desc.conv.relu_mask = mask;
    else if (layer->op == CONVCL_NET_OP_LRN)
        layer->desc.lrn.relu_mask = mask;
    else if (layer->op == CONVCL_NET_OP_MAXPOOL)
        layer->desc.maxpool.relu_mask = mask;
    else if (layer->op == CONVCL_NET_OP_AVGPOOL)
        layer->desc.avgpool.relu_mask = mask;
    else if (layer->op == CONVCL_NET_OP_DROPOUT)
        layer->desc.dropout.relu_mask = mask;
}

convcl_lrn_maxpool_desc convcl_net__lrn_maxpool_desc(const convcl_net *net, const convcl_net_layer *maxpool) {
    return (convcl_lrn_maxpool_desc){.lrn = net->layers[maxpool->input].desc.lrn, .maxpool = maxpool->desc.maxpool};
}

/* Has a max-pool compute the normalization that it reads, where that is asked for and it can. */
static void fuse_lrn(convcl_net *net, int index) {
    convcl_net_layer *layer = &net->layers[index], *input = &net->layers[layer->input];
    if (!net->options.fuse_lrn || input->op != CONVCL_NET_OP_LRN || input->readers != 1 || input->keep)
        return;
    const convcl_lrn_maxpool_desc desc = convcl_net__lrn_maxpool_desc(net, layer);
    if (convcl_lrn_maxpool__pays(net->context, &desc)) {
        input->fused = index;
        layer->fused = layer->input;
    }
}

static void fuse(convcl_net *net) {
    for (size_t i = 0; i < net->layer_count; i++) {
        convcl_net_layer *layer = &net->layers[i];
        convcl_net_layer *input = layer->input >= 0 ? &net->layers[layer->input] : NULL;
        layer->needs_gradient = net->mode == CONVCL_NET_TRAINING && input && (input->needs_gradient || layer->op == CONVCL_NET_OP_CONV);
        if (layer->op == CONVCL_NET_OP_RELU && input->op == CONVCL_NET_OP_CONV && input->readers == 1 && !input->keep) {
            input->fused = (int)i;
            layer->fused = layer->input;
            input->desc.conv.activation = CONVCL_ACTIVATION_RELU;
        }
        if (input && input->op == CONVCL_NET_OP_RELU && input->needs_gradient && takes_relu_mask(layer->op)) {
            input->masked = true;
            set_relu_mask(layer, 1);
        }
        if (layer->op == CONVCL_NET_OP_MAXPOOL)
            fuse_lrn(net, (int)i);
    }
}

void convcl_net__clear_compiled(convcl_net *net) {
    convcl_net__destroy_plans(net);
    for (size_t i = 0; i < net->block_count; i++)
        convcl_context__free_buffer(net->blocks[i].mem);
    net->block_count = net->tensor_count = net->step_count = net->forward_steps = 0;
    net->workspace = -1;
    net->workspace_buffer = (convcl_buffer){0};
    net->packed = net->parameters_shared = false;
    convcl_net__forget_awaited(net);
    free(net->describe);
    net->describe = NULL;
    for (size_t i = 0; i < net->layer_count; i++) {
        convcl_net_layer *layer = &net->layers[i];
        layer->fused = layer->value = layer->gradient = layer->index = layer->packed = layer->kept = -1;
        layer->needs_gradient = layer->masked = false;
        set_relu_mask(layer, 0);
        if (layer->op == CONVCL_NET_OP_CONV)
            layer->desc.conv.activation = CONVCL_ACTIVATION_NONE;
    }
    for (size_t i = 0; i < net->parameter_count; i++)
        net->parameters[i].value = net->parameters[i].gradient = -1;
    net->compiled = false;
}

/* Transforms kept for the backward pass save time as long as there is plenty of memory: they may not make the network take more than half of it. */
static convcl_status place_with_kept(convcl_net *net) {
    convcl_status status = convcl_net__place(net);
    const bool is_large = convcl_net__block_bytes(net) > convcl_context_device(net->context)->global_memory / 2;
    if ((status == CONVCL_NO_DEVICE_MEMORY || is_large) && convcl_net__drop_kept(net))
        status = convcl_net__place(net);
    return status;
}

static convcl_status compile(convcl_net *net) {
    convcl_status status = CONVCL_OK;
    count_readers(net);
    CONVCL_TRY(check_layers(net));
    if (net->mode == CONVCL_NET_TRAINING)
        CONVCL_TRY(check_training(net));
    fuse(net);
    CONVCL_TRY(convcl_net__make_steps(net));
    CONVCL_TRY(convcl_net__check_algorithms(net));
    convcl_net__set_lifetimes(net);
    CONVCL_TRY(convcl_net__place(net));
    convcl_net__build_ahead(net);
    CONVCL_TRY(convcl_net__make_plans(net));
    CONVCL_TRY(place_with_kept(net));
    CONVCL_TRY(convcl_net__allocate(net));
    CONVCL_TRY(convcl_net__make_describe(net));
cleanup:
    return status;
}

convcl_status convcl_net_compile(convcl_net *net, convcl_net_mode mode) {
    CONVCL_REQUIRE(net, "net: net is NULL");
    CONVCL_REQUIRE(mode == CONVCL_NET_INFERENCE || mode == CONVCL_NET_TRAINING, "net: mode is %d, must be INFERENCE or TRAINING",
                   (int)mode);
    CONVCL_REQUIRE(!net->compiled, "net: the network is compiled already");
    convcl_status status = convcl_net__sticky_error(net);
    if (status != CONVCL_OK)
        return status;
    net->mode = mode;
    status = compile(net);
    if (status == CONVCL_OK)
        net->compiled = true;
    else
        convcl_net__clear_compiled(net);
    return status;
}
