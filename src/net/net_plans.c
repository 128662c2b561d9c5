/* net_plans.c: the plan of every layer, which builds its kernels, and the workspace that the steps share.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "net/net_internal.h"

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

/* Adds a tensor that is in use from the first step to the last. */
static convcl_status add_lasting_tensor(convcl_net *net, size_t count, bool permanent, int *tensor_out) {
    const convcl_status status = convcl_net__add_tensor(net, count, sizeof(float), permanent, tensor_out);
    if (status == CONVCL_OK) {
        net->tensors[*tensor_out].first = 0;
        net->tensors[*tensor_out].last = (int)net->step_count - 1;
    }
    return status;
}

/* The description of a layer's convolution in one direction. */
static convcl_conv_desc desc_of(const convcl_net_layer *layer, convcl_conv_dir dir) {
    convcl_conv_desc desc = layer->desc.conv;
    if (dir != CONVCL_CONV_FWD)
        desc.activation = CONVCL_ACTIVATION_NONE;
    if (dir != CONVCL_CONV_BWD_DATA && dir != CONVCL_CONV_BWD)
        desc.relu_mask = 0;
    return desc;
}

/* OK when the algorithm that the network's options name computes the layer in the direction. A dense layer is not asked: it has but one. */
static convcl_status check_algorithm(const convcl_net *net, const convcl_net_layer *layer, convcl_conv_dir dir) {
    const convcl_conv_desc desc = desc_of(layer, dir);
    return convcl_conv__check_algorithm(net->context, &desc, dir, &net->options.conv);
}

convcl_status convcl_net__check_algorithms(const convcl_net *net) {
    convcl_status status = CONVCL_OK;
    for (size_t i = net->step_count; i-- > 0;) {
        const convcl_net_layer *layer = &net->layers[net->steps[i].layer];
        if (!net->options.conv.algo || layer->op != CONVCL_NET_OP_CONV || layer->is_dense)
            continue;
        status = check_algorithm(net, layer, convcl_net__step_dir(net->steps[i].kind));
        if (status != CONVCL_UNSUPPORTED)
            return status;
    }
    return status;
}

convcl_status convcl_net__make_conv_plan(const convcl_net *net, const convcl_net_layer *layer, convcl_conv_dir dir, const char *label,
                                         convcl_conv_plan **plan_out) {
    const convcl_conv_desc desc = desc_of(layer, dir);
    convcl_conv_options options = net->options.conv;
    /* BWD is but an offer: two plans take its place, each with the algorithm if it can. */
    if (layer->is_dense || (options.algo && dir != CONVCL_CONV_BWD && check_algorithm(net, layer, dir) == CONVCL_UNSUPPORTED))
        options.algo = NULL;
    return convcl_conv__plan_create(net->context, &desc, dir, &options, label, plan_out);
}

/* The plan of a convolution in one direction, and the tensors that it asks for. */
static convcl_status make_conv_plan(convcl_net *net, convcl_net_layer *layer, convcl_conv_dir dir, size_t *workspace) {
    convcl_status status = convcl_net__make_conv_plan(net, layer, dir, layer->name, &layer->plan.conv[dir]);
    if (status != CONVCL_OK)
        return status;
    *workspace = larger(*workspace, convcl_conv_plan_workspace(layer->plan.conv[dir]));
    if (net->mode == CONVCL_NET_INFERENCE)
        status = add_lasting_tensor(net, convcl_conv_plan_packed(layer->plan.conv[dir]), true, &layer->packed);
    return status;
}

bool convcl_net__may_join(const convcl_net *net, size_t index) {
    const convcl_net_step *step = &net->steps[index], *next = step + 1;
    return step->kind == CONVCL_NET_STEP_CONV_BWD_WEIGHTS && index + 1 < net->step_count && next->layer == step->layer &&
           next->kind == CONVCL_NET_STEP_CONV_BWD_DATA && !net->layers[step->layer].is_dense;
}

/* Joins the two gradients of a convolution where one plan makes both; the step at `index` is bwd_weights. */
static convcl_status join_backward_steps(convcl_net *net, size_t index) {
    convcl_net_step *step = &net->steps[index];
    const convcl_net_step *next = step + 1;
    convcl_net_layer *layer = &net->layers[step->layer];
    if (!convcl_net__may_join(net, index))
        return CONVCL_OK;
    const convcl_status status = convcl_net__make_conv_plan(net, layer, CONVCL_CONV_BWD, layer->name, &layer->plan.conv[CONVCL_CONV_BWD]);
    if (status == CONVCL_UNSUPPORTED)
        return CONVCL_OK;
    if (status != CONVCL_OK)
        return status;
    step->kind = CONVCL_NET_STEP_CONV_BWD;
    step->tensor[4] = next->tensor[1];
    step->tensor[5] = next->tensor[3];
    memmove(step + 1, step + 2, (net->step_count - index - 2) * sizeof *step);
    net->step_count--;
    return CONVCL_OK;
}

/* Lets the forward step of a convolution keep what the backward step at `index` can read. */
static convcl_status keep_transform(convcl_net *net, size_t index) {
    convcl_net_step *step = &net->steps[index];
    convcl_net_layer *layer = &net->layers[step->layer];
    const convcl_conv_dir dir = step->kind == CONVCL_NET_STEP_CONV_BWD ? CONVCL_CONV_BWD : CONVCL_CONV_BWD_WEIGHTS;
    const size_t count = convcl_conv_plan_kept(layer->plan.conv[CONVCL_CONV_FWD], layer->plan.conv[dir]);
    if (count == 0 || net->options.recompute)
        return CONVCL_OK;
    const convcl_status status = convcl_net__add_tensor(net, count, sizeof(float), false, &layer->kept);
    for (size_t i = 0; status == CONVCL_OK && i <= index; i++)
        if (net->steps[i].layer == step->layer && (i == index || net->steps[i].kind == CONVCL_NET_STEP_CONV_FWD))
            net->steps[i].tensor[CONVCL_NET_STEP_KEPT] = layer->kept;
    return status;
}

bool convcl_net__drop_kept(convcl_net *net) {
    bool any = false;
    for (size_t i = 0; i < net->step_count; i++)
        if (net->steps[i].tensor[CONVCL_NET_STEP_KEPT] >= 0) {
            any = true;
            net->tensors[net->steps[i].tensor[CONVCL_NET_STEP_KEPT]].bytes = 0;
            net->steps[i].tensor[CONVCL_NET_STEP_KEPT] = -1;
            net->layers[net->steps[i].layer].kept = -1;
        }
    return any;
}

convcl_conv_dir convcl_net__step_dir(convcl_net_step_kind kind) {
    return kind == CONVCL_NET_STEP_CONV_FWD        ? CONVCL_CONV_FWD
           : kind == CONVCL_NET_STEP_CONV_BWD_DATA ? CONVCL_CONV_BWD_DATA
                                                   : CONVCL_CONV_BWD_WEIGHTS;
}

convcl_status convcl_net__make_layer_plan(const convcl_net *net, convcl_net_layer *layer) {
    switch (layer->op) {
    case CONVCL_NET_OP_INPUT:
    case CONVCL_NET_OP_CONV:
        break;
    case CONVCL_NET_OP_RELU:
        return layer->plan.relu ? CONVCL_OK : convcl_relu_plan_create(net->context, layer->count, &layer->plan.relu);
    case CONVCL_NET_OP_LRN:
        return layer->plan.lrn ? CONVCL_OK : convcl_lrn_plan_create(net->context, &layer->desc.lrn, &layer->plan.lrn);
    case CONVCL_NET_OP_MAXPOOL:
        if (layer->fused >= 0) {
            const convcl_lrn_maxpool_desc desc = convcl_net__lrn_maxpool_desc(net, layer);
            return layer->plan.lrn_maxpool ? CONVCL_OK : convcl_lrn_maxpool_plan_create(net->context, &desc, &layer->plan.lrn_maxpool);
        }
        return layer->plan.maxpool ? CONVCL_OK : convcl_maxpool_plan_create(net->context, &layer->desc.maxpool, &layer->plan.maxpool);
    case CONVCL_NET_OP_AVGPOOL:
        return layer->plan.avgpool ? CONVCL_OK : convcl_avgpool_plan_create(net->context, &layer->desc.avgpool, &layer->plan.avgpool);
    case CONVCL_NET_OP_DROPOUT:
        return layer->plan.dropout ? CONVCL_OK : convcl_dropout_plan_create(net->context, &layer->desc.dropout, &layer->plan.dropout);
    case CONVCL_NET_OP_L2_LOSS:
        return layer->plan.l2_loss ? CONVCL_OK
                                   : convcl_l2_loss_plan_create(net->context, net->layers[layer->input].count, &layer->plan.l2_loss);
    }
    return CONVCL_OK;
}

/* Makes the plan of a step, and the tensors that it asks for. */
static convcl_status make_plan(convcl_net *net, const convcl_net_step *step, size_t *workspace) {
    convcl_net_layer *layer = &net->layers[step->layer];
    if (layer->op == CONVCL_NET_OP_CONV)
        return make_conv_plan(net, layer, convcl_net__step_dir(step->kind), workspace);
    const convcl_status status = convcl_net__make_layer_plan(net, layer);
    if (status == CONVCL_OK && layer->op == CONVCL_NET_OP_L2_LOSS)
        *workspace = larger(*workspace, convcl_l2_loss_plan_workspace(layer->plan.l2_loss));
    return status;
}

convcl_status convcl_net__make_plans(convcl_net *net) {
    convcl_status status = CONVCL_OK;
    size_t workspace = 0;
    for (size_t i = 0; i < net->step_count; i++) {
        const convcl_net_step *step = &net->steps[i];
        if (step->kind == CONVCL_NET_STEP_CONV_BWD_WEIGHTS)
            CONVCL_TRY(join_backward_steps(net, i));
        if (step->kind == CONVCL_NET_STEP_CONV_BWD)
            workspace = larger(workspace, convcl_conv_plan_workspace(net->layers[step->layer].plan.conv[CONVCL_CONV_BWD]));
        else
            CONVCL_TRY(make_plan(net, step, &workspace));
        if (step->kind == CONVCL_NET_STEP_CONV_BWD || step->kind == CONVCL_NET_STEP_CONV_BWD_WEIGHTS)
            CONVCL_TRY(keep_transform(net, i));
    }
    convcl_net__set_lifetimes(net);
    CONVCL_TRY(add_lasting_tensor(net, workspace, false, &net->workspace));
cleanup:
    return status;
}

void convcl_net__destroy_layer_plan(convcl_net_layer *layer) {
    switch (layer->op) {
    case CONVCL_NET_OP_INPUT:
        break;
    case CONVCL_NET_OP_CONV:
        for (int dir = 0; dir < CONVCL_NET_CONV_DIRS; dir++) {
            convcl_conv_plan_destroy(layer->plan.conv[dir]);
            layer->plan.conv[dir] = NULL;
        }
        break;
    case CONVCL_NET_OP_RELU:
        convcl_relu_plan_destroy(layer->plan.relu);
        layer->plan.relu = NULL;
        break;
    case CONVCL_NET_OP_LRN:
        convcl_lrn_plan_destroy(layer->plan.lrn);
        layer->plan.lrn = NULL;
        break;
    case CONVCL_NET_OP_MAXPOOL:
        if (layer->fused >= 0)
            convcl_lrn_maxpool_plan_destroy(layer->plan.lrn_maxpool);
        else
            convcl_maxpool_plan_destroy(layer->plan.maxpool);
        layer->plan.maxpool = NULL;
        break;
    case CONVCL_NET_OP_AVGPOOL:
        convcl_avgpool_plan_destroy(layer->plan.avgpool);
        layer->plan.avgpool = NULL;
        break;
    case CONVCL_NET_OP_DROPOUT:
        convcl_dropout_plan_destroy(layer->plan.dropout);
        layer->plan.dropout = NULL;
        break;
    case CONVCL_NET_OP_L2_LOSS:
        convcl_l2_loss_plan_destroy(layer->plan.l2_loss);
        layer->plan.l2_loss = NULL;
        break;
    }
}

void convcl_net__destroy_plans(convcl_net *net) {
    for (size_t i = 0; i < net->layer_count; i++)
        convcl_net__destroy_layer_plan(&net->layers[i]);
}
