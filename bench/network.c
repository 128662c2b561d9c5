/* network.c: --list-layers.
 * SPDX-License-Identifier: MIT */
#include "network.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "devices.h"
#include "net/net_internal.h"
#include "report_json.h"
#include "report_text.h"
#include "session.h"
#include "table.h"

static const char *operation_of(const convcl_net_layer *layer) {
    switch (layer->op) {
    case CONVCL_NET_OP_INPUT:
        return "input";
    case CONVCL_NET_OP_CONV:
        return layer->is_dense ? "dense" : "conv";
    case CONVCL_NET_OP_RELU:
        return "relu";
    case CONVCL_NET_OP_LRN:
        return "lrn";
    case CONVCL_NET_OP_MAXPOOL:
        return "maxpool";
    case CONVCL_NET_OP_AVGPOOL:
        return "avgpool";
    case CONVCL_NET_OP_DROPOUT:
        return "dropout";
    case CONVCL_NET_OP_L2_LOSS:
        return "l2_loss";
    }
    return "";
}

/* ---- JSON: a failed allocation makes a NULL, which jansson's packing passes on to the end ------------------------------------------------ */

static json_t *pair(int first, int second) {
    return json_pack("[i, i]", first, second);
}

static json_t *pads(int top, int bottom, int left, int right) {
    return json_pack("[i, i, i, i]", top, bottom, left, right);
}

/* What the operation is told beside its input: an object to be merged into the layer's. */
static json_t *make_settings(const convcl_net_layer *layer) {
    switch (layer->op) {
    case CONVCL_NET_OP_CONV: {
        const convcl_conv_desc *d = &layer->desc.conv;
        if (layer->is_dense)
            return json_pack("{s:i, s:b}", "inputs", d->ic, "bias", d->has_bias);
        return json_pack("{s:o, s:o, s:o, s:b}", "filter", pair(d->fh, d->fw), "stride", pair(d->stride_h, d->stride_w), "padding",
                         pads(d->pad_top, d->pad_bottom, d->pad_left, d->pad_right), "bias", d->has_bias);
    }
    case CONVCL_NET_OP_LRN: {
        const convcl_lrn_desc *d = &layer->desc.lrn;
        return json_pack("{s:i, s:f, s:f, s:f}", "radius", d->radius, "bias", (double)d->bias, "alpha", (double)d->alpha, "beta",
                         (double)d->beta);
    }
    case CONVCL_NET_OP_MAXPOOL: {
        const convcl_maxpool_desc *d = &layer->desc.maxpool;
        return json_pack("{s:o, s:o, s:o}", "window", pair(d->window_h, d->window_w), "stride", pair(d->stride_h, d->stride_w), "padding",
                         pads(d->pad_top, d->pad_bottom, d->pad_left, d->pad_right));
    }
    case CONVCL_NET_OP_AVGPOOL: {
        const convcl_avgpool_desc *d = &layer->desc.avgpool;
        return json_pack("{s:o, s:o, s:o, s:b}", "window", pair(d->window_h, d->window_w), "stride", pair(d->stride_h, d->stride_w),
                         "padding", pads(d->pad_top, d->pad_bottom, d->pad_left, d->pad_right), "count_padding", d->count_padding);
    }
    case CONVCL_NET_OP_DROPOUT:
        return json_pack("{s:f}", "rate", (double)layer->desc.dropout.rate);
    default:
        return json_object();
    }
}

static json_t *make_shape(const convcl_shape *shape) {
    return json_pack("[i, i, i, i]", shape->dim[0], shape->dim[1], shape->dim[2], shape->dim[3]);
}

static json_t *make_layer(const convcl_net *net, const convcl_net_layer *layer) {
    json_t *settings = make_settings(layer);
    json_t *item =
        json_pack("{s:s, s:s, s:o, s:o}", "name", layer->name, "operation", operation_of(layer), "input",
                  layer->input < 0 ? json_null() : json_string(net->layers[layer->input].name), "shape", make_shape(&layer->shape));
    if (item && json_object_update(item, settings) != 0) {
        json_decref(item);
        item = NULL;
    }
    json_decref(settings);
    return item;
}

static json_t *make_layers(const convcl_net *net) {
    json_t *list = json_array();
    for (size_t i = 0; i < net->layer_count && list; ++i)
        if (json_array_append_new(list, make_layer(net, &net->layers[i])) != 0) {
            json_decref(list);
            list = NULL;
        }
    return list;
}

/* The names that a run reports, and the layers that hold their values. */
static json_t *make_activations(const convcl_model *model, const convcl_net *net) {
    json_t *list = json_array();
    for (int i = 0; i < model->activation_count && list; ++i) {
        const int layer = convcl_net__find_layer(net, model->activations[i].value);
        json_t *item = json_pack("{s:s, s:s, s:o}", "name", model->activations[i].name, "layer", model->activations[i].value, "shape",
                                 make_shape(&net->layers[layer].shape));
        if (json_array_append_new(list, item) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}

static bench_status print_json(const convcl_model *model, const convcl_net *net) {
    json_t *stddev = model->weights_stddev > 0 ? json_real((double)model->weights_stddev) : json_null();
    return bench_json_print(json_pack("{s:s, s:s, s:i, s:o, s:o, s:o}", "convcl", convcl_version(), "network", model->name, "batch",
                                      net->layers[0].shape.dim[0], "weights_stddev", stddev, "activations", make_activations(model, net),
                                      "layers", make_layers(net)));
}

/* ---- tables ---------------------------------------------------------------------------------------------------------------------------- */

static const bench_column columns[] = {
    {"layer", false},  {"operation", false}, {"reads", false},  {"shape", false}, {"window", false},
    {"stride", false}, {"padding", false},   {"weights", true}, {NULL, false},
};

/* Cells of a window that moves over the image: filters and poolings. */
static void add_window(bench_table *table, const int window[2], const int stride[2], const int padding[4]) {
    bench_table_add(table, "%dx%d", window[0], window[1]);
    bench_table_add(table, "%dx%d", stride[0], stride[1]);
    bench_table_add(table, "%d %d %d %d", padding[0], padding[1], padding[2], padding[3]);
}

static void add_settings(bench_table *table, const convcl_net_layer *layer) {
    if (layer->op == CONVCL_NET_OP_CONV && !layer->is_dense) {
        const convcl_conv_desc *d = &layer->desc.conv;
        add_window(table, (const int[]){d->fh, d->fw}, (const int[]){d->stride_h, d->stride_w},
                   (const int[]){d->pad_top, d->pad_bottom, d->pad_left, d->pad_right});
    } else if (layer->op == CONVCL_NET_OP_MAXPOOL) {
        const convcl_maxpool_desc *d = &layer->desc.maxpool;
        add_window(table, (const int[]){d->window_h, d->window_w}, (const int[]){d->stride_h, d->stride_w},
                   (const int[]){d->pad_top, d->pad_bottom, d->pad_left, d->pad_right});
    } else if (layer->op == CONVCL_NET_OP_AVGPOOL) {
        const convcl_avgpool_desc *d = &layer->desc.avgpool;
        add_window(table, (const int[]){d->window_h, d->window_w}, (const int[]){d->stride_h, d->stride_w},
                   (const int[]){d->pad_top, d->pad_bottom, d->pad_left, d->pad_right});
    } else {
        for (int empty = 0; empty < 3; ++empty)
            bench_table_add(table, "%s", "");
    }
}

static void add_layer(bench_table *table, const convcl_net *net, const convcl_net_layer *layer) {
    const int *dim = layer->shape.dim;
    bench_table_add(table, "%s", layer->name);
    bench_table_add(table, "%s", operation_of(layer));
    bench_table_add(table, "%s", layer->input < 0 ? "" : net->layers[layer->input].name);
    bench_table_add(table, "[%d, %d, %d, %d]", dim[0], dim[1], dim[2], dim[3]);
    add_settings(table, layer);
    if (layer->weights >= 0)
        bench_table_add(table, "%zu", net->parameters[layer->weights].count);
    else
        bench_table_add(table, "%s", "");
}

static bench_status print_table(const convcl_net *net, bench_format format) {
    bench_table table;
    bench_table_begin(&table, columns);
    for (size_t i = 0; i < net->layer_count; ++i)
        add_layer(&table, net, &net->layers[i]);
    const bench_status status = bench_table_print(&table, format);
    bench_table_clear(&table);
    return status == BENCH_OK ? bench_text_flush() : status;
}

bench_status bench_network_list(const bench_options *options) {
    convcl_device_info *devices = NULL;
    convcl_context *context = NULL;
    convcl_net *net = NULL;
    int count = 0;
    char choice[32];
    bench_status status = bench_devices_choose(options->device, &devices, &count);
    if (status != BENCH_OK)
        return status;
    snprintf(choice, sizeof choice, "%d:%d", devices[0].platform_index, devices[0].device_index);
    free(devices);
    status = bench_check(convcl_context_create(choice, NULL, &context));
    if (status == BENCH_OK)
        status = bench_check(convcl_model_create(options->model, context, NULL, options->batch, &net));
    if (status == BENCH_OK)
        status = options->format == BENCH_FORMAT_JSON ? print_json(options->model, net) : print_table(net, options->format);
    convcl_net_destroy(net);
    convcl_context_release(context);
    return status;
}
