/* net_describe.c: the compiled network in words: one line a step, then the memory.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/alloc.h"
#include "base/text.h"
#include "net/net_internal.h"

const char *convcl_net__bytes_text(size_t bytes, char text[CONVCL_NET_BYTES_TEXT]) {
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (bytes < 1024) {
        snprintf(text, CONVCL_NET_BYTES_TEXT, "%zu bytes", bytes);
        return text;
    }
    double value = (double)bytes / 1024;
    int unit = 0;
    for (; value >= 1024 && unit < 5; unit++)
        value /= 1024;
    snprintf(text, CONVCL_NET_BYTES_TEXT, "%.1f %s", value, units[unit]);
    return text;
}

static void describe_conv(const convcl_net_layer *layer, convcl_conv_dir dir, convcl_text *text) {
    const convcl_conv_plan *plan = layer->plan.conv[dir];
    if (layer->is_dense)
        convcl_text_add(text, "dense %s", convcl_dense__description(plan));
    else
        convcl_text_add(text, "%s", convcl_conv_plan_describe(plan));
}

static void describe_plan(const convcl_net *net, const convcl_net_step *step, convcl_text *text) {
    const convcl_net_layer *layer = &net->layers[step->layer];
    switch (step->kind) {
    case CONVCL_NET_STEP_CONV_FWD:
        describe_conv(layer, CONVCL_CONV_FWD, text);
        if (layer->fused >= 0)
            convcl_text_add(text, ", makes %s", net->layers[layer->fused].name);
        break;
    case CONVCL_NET_STEP_CONV_BWD_DATA:
        describe_conv(layer, CONVCL_CONV_BWD_DATA, text);
        break;
    case CONVCL_NET_STEP_CONV_BWD_WEIGHTS:
        describe_conv(layer, CONVCL_CONV_BWD_WEIGHTS, text);
        break;
    case CONVCL_NET_STEP_CONV_BWD:
        describe_conv(layer, CONVCL_CONV_BWD, text);
        break;
    case CONVCL_NET_STEP_RELU_FWD:
        convcl_text_add(text, "relu");
        break;
    case CONVCL_NET_STEP_RELU_BWD:
        convcl_text_add(text, "relu in place");
        break;
    case CONVCL_NET_STEP_LRN_FWD:
    case CONVCL_NET_STEP_LRN_BWD:
        convcl_text_add(text, "lrn radius %d", layer->desc.lrn.radius);
        break;
    case CONVCL_NET_STEP_MAXPOOL_FWD:
    case CONVCL_NET_STEP_MAXPOOL_BWD:
        convcl_text_add(text, "maxpool %dx%d stride %dx%d", layer->desc.maxpool.window_h, layer->desc.maxpool.window_w,
                        layer->desc.maxpool.stride_h, layer->desc.maxpool.stride_w);
        break;
    case CONVCL_NET_STEP_LRN_MAXPOOL_FWD:
    case CONVCL_NET_STEP_LRN_MAXPOOL_BWD:
        convcl_text_add(text, "lrn radius %d of %s on the way, maxpool %dx%d stride %dx%d", net->layers[layer->fused].desc.lrn.radius,
                        net->layers[layer->fused].name, layer->desc.maxpool.window_h, layer->desc.maxpool.window_w,
                        layer->desc.maxpool.stride_h, layer->desc.maxpool.stride_w);
        break;
    case CONVCL_NET_STEP_AVGPOOL_FWD:
    case CONVCL_NET_STEP_AVGPOOL_BWD:
        convcl_text_add(text, "avgpool %dx%d stride %dx%d", layer->desc.avgpool.window_h, layer->desc.avgpool.window_w,
                        layer->desc.avgpool.stride_h, layer->desc.avgpool.stride_w);
        break;
    case CONVCL_NET_STEP_DROPOUT_FWD:
    case CONVCL_NET_STEP_DROPOUT_BWD:
        convcl_text_add(text, "dropout rate %g%s", (double)layer->desc.dropout.rate,
                        step->kind == CONVCL_NET_STEP_DROPOUT_BWD ? " in place" : "");
        break;
    case CONVCL_NET_STEP_L2_LOSS_FWD:
    case CONVCL_NET_STEP_L2_LOSS_BWD:
        convcl_text_add(text, "l2 loss");
        break;
    }
}

/* The ReLU before the step whose gradient it also applies; NULL when there is none. */
static const convcl_net_layer *masked_relu(const convcl_net *net, const convcl_net_step *step) {
    int input = net->layers[step->layer].input;
    if (step->kind == CONVCL_NET_STEP_LRN_MAXPOOL_BWD)
        input = net->layers[input].input;
    else if (step->kind != CONVCL_NET_STEP_CONV_BWD_DATA && step->kind != CONVCL_NET_STEP_CONV_BWD &&
             step->kind != CONVCL_NET_STEP_LRN_BWD && step->kind != CONVCL_NET_STEP_MAXPOOL_BWD &&
             step->kind != CONVCL_NET_STEP_AVGPOOL_BWD && step->kind != CONVCL_NET_STEP_DROPOUT_BWD)
        return NULL;
    return net->layers[input].masked ? &net->layers[input] : NULL;
}

static void describe_step(const convcl_net *net, const convcl_net_step *step, convcl_text *text) {
    char bytes_text[CONVCL_NET_BYTES_TEXT];
    const convcl_net_layer *layer = &net->layers[step->layer], *relu = masked_relu(net, step);
    size_t bytes = 0;
    for (int t = 0; t < CONVCL_NET_STEP_TENSORS; t++)
        if (step->tensor[t] >= 0)
            bytes += net->tensors[step->tensor[t]].bytes;
    convcl_text_add(text, "%-10s %-11s ", layer->name, convcl_net__step_direction(step->kind));
    describe_plan(net, step, text);
    if (relu)
        convcl_text_add(text, ", with the gradient of %s", relu->name);
    if (step->tensor[CONVCL_NET_STEP_KEPT] >= 0)
        convcl_text_add(text, ", %s the transform of x", step->kind == CONVCL_NET_STEP_CONV_FWD ? "keeps" : "reads");
    convcl_text_add(text, ", %s\n", convcl_net__bytes_text(bytes, bytes_text));
}

convcl_status convcl_net__make_describe(convcl_net *net) {
    convcl_text text = {0};
    char all[CONVCL_NET_BYTES_TEXT], permanent[CONVCL_NET_BYTES_TEXT], workspace[CONVCL_NET_BYTES_TEXT];
    size_t all_bytes = 0, permanent_bytes = 0;
    for (size_t i = 0; i < net->step_count; i++)
        describe_step(net, &net->steps[i], &text);
    for (size_t i = 0; i < net->block_count; i++) {
        all_bytes += net->blocks[i].bytes;
        permanent_bytes += net->blocks[i].permanent ? net->blocks[i].bytes : 0;
    }
    convcl_text_add(&text, "memory     %s in %zu buffers, of which %s for parameters%s and %s of workspace\n",
                    convcl_net__bytes_text(all_bytes, all), net->block_count, convcl_net__bytes_text(permanent_bytes, permanent),
                    net->mode == CONVCL_NET_TRAINING ? " and their gradients" : "",
                    convcl_net__bytes_text(net->tensors[net->workspace].bytes, workspace));
    convcl_status status = text.status == CONVCL_OK ? convcl_copy_string(convcl_text_get(&text), &net->describe)
                                                    : convcl_fail(text.status, "net: no memory for the description");
    convcl_text_clear(&text);
    return status;
}
