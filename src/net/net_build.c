/* net_build.c: adds layers, computes the shapes of their values, and lets the first error stick.
 * SPDX-License-Identifier: MIT */
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "net/net_internal.h"

/* Every builder call starts here and ends in `stick`. */
static convcl_status begin(const convcl_net *net) {
    CONVCL_REQUIRE(net, "net: net is NULL");
    CONVCL_REQUIRE(!net->compiled, "net: the network is compiled and cannot change any more");
    return convcl_net__sticky_error(net);
}

static convcl_status stick(convcl_net *net, convcl_status status) {
    if (status != CONVCL_OK) {
        net->status = status;
        snprintf(net->error, sizeof net->error, "%s", convcl_last_error());
    }
    return status;
}

/* Says which layer broke a rule that an operation checks: "conv: fh is 0" becomes "net: layer "conv1": conv: fh is 0". */
static convcl_status in_layer(const char *name, convcl_status status) {
    if (status == CONVCL_OK)
        return CONVCL_OK;
    char rule[1024];
    snprintf(rule, sizeof rule, "%s", convcl_last_error());
    return convcl_fail(status, "net: layer \"%s\": %s", name, rule);
}

static convcl_status check_name(const convcl_net *net, const char *name) {
    CONVCL_REQUIRE(name, "net: name is NULL");
    CONVCL_REQUIRE(name[0], "net: name is empty");
    CONVCL_REQUIRE(convcl_net__find_layer(net, name) < 0 && convcl_net__find_parameter(net, name) < 0,
                   "net: name \"%s\" is taken, must be new in this network", name);
    return CONVCL_OK;
}

static convcl_status find_input(const convcl_net *net, const char *name, const char *input, int *input_out) {
    CONVCL_REQUIRE(input, "net: layer \"%s\": input is NULL", name);
    *input_out = convcl_net__find_layer(net, input);
    CONVCL_REQUIRE(*input_out >= 0, "net: layer \"%s\": input \"%s\" is no value of this network; values are added before they are read",
                   name, input);
    return CONVCL_OK;
}

/* Elements of a shape; their bytes fit in a size_t with room to spare. */
static convcl_status count_elements(const char *name, convcl_shape shape, size_t *count_out) {
    size_t count = 1;
    for (int i = 0; i < 4; i++) {
        CONVCL_REQUIRE(count <= SIZE_MAX / 16 / (size_t)shape.dim[i],
                       "net: \"%s\" [%d, %d, %d, %d] has more elements than memory has addresses", name, shape.dim[0], shape.dim[1],
                       shape.dim[2], shape.dim[3]);
        count *= (size_t)shape.dim[i];
    }
    *count_out = count;
    return CONVCL_OK;
}

/* Appends a layer: op, input, shape, desc and parameters are the caller's, the rest is set here. */
static convcl_status append_layer(convcl_net *net, const char *name, convcl_net_layer layer) {
    convcl_status status = count_elements(name, layer.shape, &layer.count);
    if (status == CONVCL_OK && net->layer_count >= INT_MAX - 1)
        status = convcl_fail(CONVCL_INVALID, "net: more than %d layers", INT_MAX - 1);
    if (status == CONVCL_OK)
        status = convcl_grow(&net->layers, &net->layer_capacity, net->layer_count + 1, sizeof *net->layers);
    if (status == CONVCL_OK)
        status = convcl_copy_string(name, &layer.name);
    if (status == CONVCL_OK)
        net->layers[net->layer_count++] = layer;
    return status;
}

static convcl_net_layer new_layer(convcl_net_op op, int input, int n, int h, int w, int c) {
    return (convcl_net_layer){.op = op,
                              .input = input,
                              .shape = {{n, h, w, c}},
                              .weights = -1,
                              .biases = -1,
                              .reader = -1,
                              .fused = -1,
                              .value = -1,
                              .gradient = -1,
                              .index = -1,
                              .packed = -1,
                              .kept = -1};
}

static convcl_status append_parameter(convcl_net *net, const char *layer, const char *suffix, convcl_shape shape, int *index_out) {
    convcl_status status = CONVCL_OK;
    convcl_text name = {0};
    convcl_net_parameter parameter = {.shape = shape, .value = -1, .gradient = -1};
    convcl_text_add(&name, "%s.%s", layer, suffix);
    if (name.status != CONVCL_OK)
        CONVCL_TRY(convcl_fail(name.status, "net: no memory for a name"));
    CONVCL_TRY(check_name(net, convcl_text_get(&name)));
    CONVCL_TRY(count_elements(convcl_text_get(&name), shape, &parameter.count));
    CONVCL_TRY(convcl_grow(&net->parameters, &net->parameter_capacity, net->parameter_count + 1, sizeof *net->parameters));
    CONVCL_TRY(convcl_copy_string(convcl_text_get(&name), &parameter.name));
    *index_out = (int)net->parameter_count;
    net->parameters[net->parameter_count++] = parameter;
cleanup:
    convcl_text_clear(&name);
    return status;
}

static convcl_status add_input(convcl_net *net, const char *name, int n, int h, int w, int c) {
    convcl_status status = check_name(net, name);
    if (status != CONVCL_OK)
        return status;
    CONVCL_REQUIRE(n >= 1, "net: input \"%s\": n is %d, must be at least 1", name, n);
    CONVCL_REQUIRE(h >= 1, "net: input \"%s\": h is %d, must be at least 1", name, h);
    CONVCL_REQUIRE(w >= 1, "net: input \"%s\": w is %d, must be at least 1", name, w);
    CONVCL_REQUIRE(c >= 1, "net: input \"%s\": c is %d, must be at least 1", name, c);
    return append_layer(net, name, new_layer(CONVCL_NET_OP_INPUT, -1, n, h, w, c));
}

convcl_status convcl_net_add_input(convcl_net *net, const char *name, int n, int h, int w, int c) {
    convcl_status status = begin(net);
    return status == CONVCL_OK ? stick(net, add_input(net, name, n, h, w, c)) : status;
}

/* The description of a convolution of a value of shape `x`, and the size of its output. */
static convcl_status describe_conv(const convcl_net *net, const convcl_net_conv *conv, const int x[4], convcl_conv_desc *desc, int *oh,
                                   int *ow) {
    CONVCL_REQUIRE(conv->padding == CONVCL_PADDING_VALID || conv->padding == CONVCL_PADDING_SAME,
                   "conv: padding is %d, must be VALID or SAME", (int)conv->padding);
    convcl_conv_desc_init(desc);
    desc->n = x[0];
    desc->ih = x[1];
    desc->iw = x[2];
    desc->ic = x[3];
    desc->oc = conv->oc;
    desc->fh = conv->fh;
    desc->fw = conv->fw;
    desc->stride_h = conv->stride_h == 0 ? 1 : conv->stride_h;
    desc->stride_w = conv->stride_w == 0 ? 1 : conv->stride_w;
    desc->has_bias = !conv->no_bias;
    desc->math = net->options.math;
    convcl_status status = CONVCL_OK;
    if (conv->padding == CONVCL_PADDING_SAME)
        status = convcl_conv_desc_same(desc);
    return status == CONVCL_OK ? convcl_conv_output_size(desc, oh, ow) : status;
}

static convcl_status add_conv(convcl_net *net, const char *name, const char *input, const convcl_net_conv *conv) {
    convcl_status status = CONVCL_OK;
    int x = -1, oh = 0, ow = 0, weights = -1, biases = -1;
    convcl_conv_desc desc;
    CONVCL_TRY(check_name(net, name));
    CONVCL_TRY(find_input(net, name, input, &x));
    if (!conv)
        CONVCL_TRY(convcl_fail(CONVCL_INVALID, "net: layer \"%s\": conv is NULL", name));
    CONVCL_TRY(in_layer(name, describe_conv(net, conv, net->layers[x].shape.dim, &desc, &oh, &ow)));
    CONVCL_TRY(append_parameter(net, name, "weights", (convcl_shape){{desc.fh, desc.fw, desc.ic, desc.oc}}, &weights));
    if (desc.has_bias)
        CONVCL_TRY(append_parameter(net, name, "biases", (convcl_shape){{1, 1, 1, desc.oc}}, &biases));
    convcl_net_layer layer = new_layer(CONVCL_NET_OP_CONV, x, desc.n, oh, ow, desc.oc);
    layer.desc.conv = desc;
    layer.weights = weights;
    layer.biases = biases;
    CONVCL_TRY(append_layer(net, name, layer));
cleanup:
    return status;
}

convcl_status convcl_net_add_conv(convcl_net *net, const char *name, const char *input, const convcl_net_conv *conv) {
    convcl_status status = begin(net);
    return status == CONVCL_OK ? stick(net, add_conv(net, name, input, conv)) : status;
}

static convcl_status add_dense(convcl_net *net, const char *name, const char *input, const convcl_net_dense *dense) {
    convcl_status status = CONVCL_OK;
    int x = -1;
    convcl_net_layer layer;
    CONVCL_TRY(check_name(net, name));
    CONVCL_TRY(find_input(net, name, input, &x));
    CONVCL_REQUIRE(dense, "net: layer \"%s\": dense is NULL", name);
    const int *dim = net->layers[x].shape.dim;
    const size_t inputs = net->layers[x].count / (size_t)dim[0];
    CONVCL_REQUIRE(inputs <= INT_MAX, "net: layer \"%s\": an image of \"%s\" has %zu elements, must have at most %d", name, input, inputs,
                   INT_MAX);
    const convcl_dense_desc desc = {
        .n = dim[0], .inputs = (int)inputs, .outputs = dense->outputs, .no_bias = dense->no_bias, .math = net->options.math};
    CONVCL_TRY(in_layer(name, convcl_dense__validate(&desc)));
    layer = new_layer(CONVCL_NET_OP_CONV, x, desc.n, 1, 1, desc.outputs);
    layer.desc.conv = convcl_dense__conv_desc(&desc);
    layer.is_dense = true;
    CONVCL_TRY(append_parameter(net, name, "weights", (convcl_shape){{1, 1, desc.inputs, desc.outputs}}, &layer.weights));
    if (!desc.no_bias)
        CONVCL_TRY(append_parameter(net, name, "biases", (convcl_shape){{1, 1, 1, desc.outputs}}, &layer.biases));
    CONVCL_TRY(append_layer(net, name, layer));
cleanup:
    return status;
}

convcl_status convcl_net_add_dense(convcl_net *net, const char *name, const char *input, const convcl_net_dense *dense) {
    convcl_status status = begin(net);
    return status == CONVCL_OK ? stick(net, add_dense(net, name, input, dense)) : status;
}

static convcl_status add_dropout(convcl_net *net, const char *name, const char *input, const convcl_net_dropout *dropout) {
    convcl_status status = CONVCL_OK;
    int x = -1;
    convcl_net_layer layer;
    CONVCL_TRY(check_name(net, name));
    CONVCL_TRY(find_input(net, name, input, &x));
    CONVCL_REQUIRE(dropout, "net: layer \"%s\": dropout is NULL", name);
    CONVCL_TRY(in_layer(name, convcl_dropout__check_rate("dropout", dropout->rate)));
    const int *dim = net->layers[x].shape.dim;
    layer = new_layer(CONVCL_NET_OP_DROPOUT, x, dim[0], dim[1], dim[2], dim[3]);
    layer.desc.dropout = (convcl_dropout_desc){
        .count = net->layers[x].count, .rate = dropout->rate, .seed = dropout->seed, .stream = (uint32_t)net->layer_count};
    CONVCL_TRY(append_layer(net, name, layer));
cleanup:
    return status;
}

convcl_status convcl_net_add_dropout(convcl_net *net, const char *name, const char *input, const convcl_net_dropout *dropout) {
    convcl_status status = begin(net);
    return status == CONVCL_OK ? stick(net, add_dropout(net, name, input, dropout)) : status;
}

/* Layers whose value has the shape of what they read. */
static convcl_status add_same_shape(convcl_net *net, convcl_net_op op, const char *name, const char *input, const convcl_net_lrn *lrn) {
    int x = -1;
    convcl_status status = check_name(net, name);
    if (status == CONVCL_OK)
        status = find_input(net, name, input, &x);
    if (status != CONVCL_OK)
        return status;
    const int *dim = net->layers[x].shape.dim;
    convcl_net_layer layer = new_layer(op, x, dim[0], dim[1], dim[2], dim[3]);
    if (op == CONVCL_NET_OP_LRN) {
        CONVCL_REQUIRE(lrn, "net: layer \"%s\": lrn is NULL", name);
        CONVCL_REQUIRE(lrn->radius >= 0, "net: layer \"%s\": radius is %d, must be at least 0", name, lrn->radius);
        CONVCL_REQUIRE(isfinite(lrn->bias) && lrn->bias > 0, "net: layer \"%s\": bias is %g, must be above 0 and finite", name,
                       (double)lrn->bias);
        CONVCL_REQUIRE(isfinite(lrn->alpha) && lrn->alpha >= 0, "net: layer \"%s\": alpha is %g, must be at least 0 and finite", name,
                       (double)lrn->alpha);
        CONVCL_REQUIRE(isfinite(lrn->beta) && lrn->beta >= 0, "net: layer \"%s\": beta is %g, must be at least 0 and finite", name,
                       (double)lrn->beta);
        layer.desc.lrn = (convcl_lrn_desc){.n = dim[0],
                                           .h = dim[1],
                                           .w = dim[2],
                                           .c = dim[3],
                                           .radius = lrn->radius,
                                           .bias = lrn->bias,
                                           .alpha = lrn->alpha,
                                           .beta = lrn->beta};
    }
    return append_layer(net, name, layer);
}

convcl_status convcl_net_add_relu(convcl_net *net, const char *name, const char *input) {
    convcl_status status = begin(net);
    return status == CONVCL_OK ? stick(net, add_same_shape(net, CONVCL_NET_OP_RELU, name, input, NULL)) : status;
}

convcl_status convcl_net_add_lrn(convcl_net *net, const char *name, const char *input, const convcl_net_lrn *lrn) {
    convcl_status status = begin(net);
    return status == CONVCL_OK ? stick(net, add_same_shape(net, CONVCL_NET_OP_LRN, name, input, lrn)) : status;
}

/* TensorFlow's SAME along one dimension, see convcl_conv_desc_same. */
static void same_pads(int in, int window, int stride, int *before, int *after) {
    if (window < 1 || stride < 1) /* refused by the pooling's own rules */
        return;
    long long out = ((long long)in + stride - 1) / stride;
    long long total = (out - 1) * stride + window - in;
    total = total > 0 ? total : 0;
    *before = (int)(total / 2);
    *after = (int)(total - total / 2);
}

/* What both poolings share: checks names and padding, finds the input, and says in a maxpool's words where the windows lie. */
static convcl_status describe_pool(const convcl_net *net, const char *name, const char *input, const convcl_net_maxpool *pool, int *x_out,
                                   convcl_maxpool_desc *desc_out) {
    convcl_status status = CONVCL_OK;
    CONVCL_TRY(check_name(net, name));
    CONVCL_TRY(find_input(net, name, input, x_out));
    CONVCL_REQUIRE(pool->padding == CONVCL_PADDING_VALID || pool->padding == CONVCL_PADDING_SAME,
                   "net: layer \"%s\": padding is %d, must be VALID or SAME", name, (int)pool->padding);
    const int *dim = net->layers[*x_out].shape.dim;
    convcl_maxpool_desc desc = {.n = dim[0],
                                .ih = dim[1],
                                .iw = dim[2],
                                .c = dim[3],
                                .window_h = pool->window_h,
                                .window_w = pool->window_w,
                                .stride_h = pool->stride_h == 0 ? pool->window_h : pool->stride_h,
                                .stride_w = pool->stride_w == 0 ? pool->window_w : pool->stride_w};
    if (pool->padding == CONVCL_PADDING_SAME) {
        same_pads(desc.ih, desc.window_h, desc.stride_h, &desc.pad_top, &desc.pad_bottom);
        same_pads(desc.iw, desc.window_w, desc.stride_w, &desc.pad_left, &desc.pad_right);
    }
    *desc_out = desc;
cleanup:
    return status;
}

static convcl_status add_maxpool(convcl_net *net, const char *name, const char *input, const convcl_net_maxpool *maxpool) {
    convcl_status status = CONVCL_OK;
    int x = -1, oh = 0, ow = 0;
    convcl_maxpool_desc desc;
    CONVCL_REQUIRE(maxpool, "net: layer \"%s\": maxpool is NULL", name ? name : "");
    CONVCL_TRY(describe_pool(net, name, input, maxpool, &x, &desc));
    CONVCL_TRY(in_layer(name, convcl_maxpool_output_size(&desc, &oh, &ow)));
    convcl_net_layer layer = new_layer(CONVCL_NET_OP_MAXPOOL, x, desc.n, oh, ow, desc.c);
    layer.desc.maxpool = desc;
    CONVCL_TRY(append_layer(net, name, layer));
cleanup:
    return status;
}

convcl_status convcl_net_add_maxpool(convcl_net *net, const char *name, const char *input, const convcl_net_maxpool *maxpool) {
    convcl_status status = begin(net);
    return status == CONVCL_OK ? stick(net, add_maxpool(net, name, input, maxpool)) : status;
}

static convcl_status add_avgpool(convcl_net *net, const char *name, const char *input, const convcl_net_avgpool *avgpool) {
    convcl_status status = CONVCL_OK;
    int x = -1, oh = 0, ow = 0;
    convcl_maxpool_desc d;
    CONVCL_REQUIRE(avgpool, "net: layer \"%s\": avgpool is NULL", name ? name : "");
    const convcl_net_maxpool pool = {.window_h = avgpool->window_h,
                                     .window_w = avgpool->window_w,
                                     .stride_h = avgpool->stride_h,
                                     .stride_w = avgpool->stride_w,
                                     .padding = avgpool->padding};
    CONVCL_TRY(describe_pool(net, name, input, &pool, &x, &d));
    CONVCL_REQUIRE(avgpool->count_padding == 0 || avgpool->count_padding == 1, "net: layer \"%s\": count_padding is %d, must be 0 or 1",
                   name, avgpool->count_padding);
    const convcl_avgpool_desc desc = {.n = d.n,
                                      .ih = d.ih,
                                      .iw = d.iw,
                                      .c = d.c,
                                      .window_h = d.window_h,
                                      .window_w = d.window_w,
                                      .stride_h = d.stride_h,
                                      .stride_w = d.stride_w,
                                      .pad_top = d.pad_top,
                                      .pad_bottom = d.pad_bottom,
                                      .pad_left = d.pad_left,
                                      .pad_right = d.pad_right,
                                      .count_padding = avgpool->count_padding};
    CONVCL_TRY(in_layer(name, convcl_avgpool_output_size(&desc, &oh, &ow)));
    convcl_net_layer layer = new_layer(CONVCL_NET_OP_AVGPOOL, x, desc.n, oh, ow, desc.c);
    layer.desc.avgpool = desc;
    CONVCL_TRY(append_layer(net, name, layer));
cleanup:
    return status;
}

convcl_status convcl_net_add_avgpool(convcl_net *net, const char *name, const char *input, const convcl_net_avgpool *avgpool) {
    convcl_status status = begin(net);
    return status == CONVCL_OK ? stick(net, add_avgpool(net, name, input, avgpool)) : status;
}

static convcl_status add_l2_loss(convcl_net *net, const char *name, const char *input) {
    int x = -1;
    convcl_status status = check_name(net, name);
    if (status == CONVCL_OK)
        status = find_input(net, name, input, &x);
    return status == CONVCL_OK ? append_layer(net, name, new_layer(CONVCL_NET_OP_L2_LOSS, x, 1, 1, 1, 1)) : status;
}

convcl_status convcl_net_add_l2_loss(convcl_net *net, const char *name, const char *input) {
    convcl_status status = begin(net);
    return status == CONVCL_OK ? stick(net, add_l2_loss(net, name, input)) : status;
}

static convcl_status keep(convcl_net *net, const char *name) {
    CONVCL_REQUIRE(name, "net: name is NULL");
    int layer = convcl_net__find_layer(net, name);
    CONVCL_REQUIRE(layer >= 0 || convcl_net__find_parameter(net, name) >= 0, "net: there is no value \"%s\" to keep", name);
    if (layer >= 0)
        net->layers[layer].keep = true;
    return CONVCL_OK;
}

convcl_status convcl_net_keep(convcl_net *net, const char *name) {
    convcl_status status = begin(net);
    return status == CONVCL_OK ? stick(net, keep(net, name)) : status;
}
