/* net_access.c: shapes, buffers, and blocking reads and writes by name.
 * SPDX-License-Identifier: MIT */
#include "net/net_internal.h"
#include "opencl/context_internal.h"

bool convcl_net__is_kept(const convcl_net *net, int index) {
    const convcl_net_layer *layer = &net->layers[index];
    const bool objective = layer->op == CONVCL_NET_OP_L2_LOSS;
    const bool result = layer->readers == 0 || net->layers[layer->reader].op == CONVCL_NET_OP_L2_LOSS;
    return layer->keep || layer->op == CONVCL_NET_OP_INPUT || objective || result;
}

convcl_status convcl_net_shape(const convcl_net *net, const char *name, convcl_shape *shape_out) {
    CONVCL_REQUIRE(net, "net: net is NULL");
    CONVCL_REQUIRE(name, "net: name is NULL");
    CONVCL_REQUIRE(shape_out, "net: shape_out is NULL");
    const int layer = convcl_net__find_layer(net, name), parameter = convcl_net__find_parameter(net, name);
    CONVCL_REQUIRE(layer >= 0 || parameter >= 0, "net: \"%s\" is no value or parameter of this network", name);
    *shape_out = layer >= 0 ? net->layers[layer].shape : net->parameters[parameter].shape;
    return CONVCL_OK;
}

/* The tensor of a value or a parameter that can be read, and its elements. */
static convcl_status find_tensor(const convcl_net *net, const char *name, int *tensor_out, size_t *count_out) {
    CONVCL_REQUIRE(net, "net: net is NULL");
    CONVCL_REQUIRE(name, "net: name is NULL");
    CONVCL_REQUIRE(net->compiled, "net: \"%s\" has no memory before convcl_net_compile", name);
    const int parameter = convcl_net__find_parameter(net, name);
    if (parameter >= 0) {
        *tensor_out = net->parameters[parameter].value;
        *count_out = net->parameters[parameter].count;
        return CONVCL_OK;
    }
    const int index = convcl_net__find_layer(net, name);
    CONVCL_REQUIRE(index >= 0, "net: \"%s\" is no value or parameter of this network", name);
    const convcl_net_layer *layer = &net->layers[index];
    CONVCL_REQUIRE(layer->value >= 0, "net: value \"%s\" does not exist, it was fused into \"%s\"; keep it before compile", name,
                   layer->fused >= 0 ? net->layers[layer->fused].name : "");
    CONVCL_REQUIRE(convcl_net__is_kept(net, index), "net: value \"%s\" is not kept, its memory is used again; keep it before compile",
                   name);
    *tensor_out = layer->value;
    *count_out = layer->count;
    return CONVCL_OK;
}

/* The tensor of a parameter's gradient, and its elements. */
static convcl_status find_gradient(const convcl_net *net, const char *name, int *tensor_out, size_t *count_out) {
    CONVCL_REQUIRE(net, "net: net is NULL");
    CONVCL_REQUIRE(name, "net: name is NULL");
    CONVCL_REQUIRE(net->compiled, "net: \"%s\" has no memory before convcl_net_compile", name);
    CONVCL_REQUIRE(net->mode == CONVCL_NET_TRAINING, "net: \"%s\" has no gradient, the network is compiled for inference", name);
    const int parameter = convcl_net__find_parameter(net, name);
    CONVCL_REQUIRE(parameter >= 0, "net: \"%s\" is no parameter of this network, only parameters have gradients", name);
    *tensor_out = net->parameters[parameter].gradient;
    *count_out = net->parameters[parameter].count;
    return CONVCL_OK;
}

void convcl_net__parameters_changed(convcl_net *net) {
    net->packed = false;
}

convcl_status convcl_net_buffer(convcl_net *net, const char *name, convcl_buffer *buffer_out) {
    const convcl_status status = convcl_net__buffer(net, name, buffer_out);
    if (status == CONVCL_OK && convcl_net__find_parameter(net, name) >= 0)
        net->parameters_shared = true;
    return status;
}

convcl_status convcl_net__buffer(const convcl_net *net, const char *name, convcl_buffer *buffer_out) {
    CONVCL_REQUIRE(buffer_out, "net: buffer_out is NULL");
    int tensor = -1;
    size_t count = 0;
    convcl_status status = find_tensor(net, name, &tensor, &count);
    if (status == CONVCL_OK)
        *buffer_out = convcl_net__tensor_buffer(net, tensor);
    return status;
}

convcl_status convcl_net_gradient_buffer(const convcl_net *net, const char *name, convcl_buffer *buffer_out) {
    CONVCL_REQUIRE(buffer_out, "net: buffer_out is NULL");
    int tensor = -1;
    size_t count = 0;
    convcl_status status = find_gradient(net, name, &tensor, &count);
    if (status == CONVCL_OK)
        *buffer_out = convcl_net__tensor_buffer(net, tensor);
    return status;
}

static convcl_status check_transfer(cl_command_queue queue, const char *name, const void *values, size_t count, size_t expected) {
    CONVCL_REQUIRE(queue, "net: queue is NULL");
    CONVCL_REQUIRE(values, "net: values is NULL");
    CONVCL_REQUIRE(count == expected, "net: count is %zu, must be %zu for \"%s\"", count, expected, name);
    return CONVCL_OK;
}

convcl_status convcl_net_write(convcl_net *net, cl_command_queue queue, const char *name, const float *values, size_t count) {
    convcl_status status = CONVCL_OK;
    int tensor = -1;
    size_t expected = 0;
    CONVCL_TRY(find_tensor(net, name, &tensor, &expected));
    const int layer = convcl_net__find_layer(net, name);
    if (layer >= 0 && net->layers[layer].op != CONVCL_NET_OP_INPUT)
        CONVCL_TRY(convcl_fail(CONVCL_INVALID, "net: \"%s\" is computed by a layer, only inputs and parameters can be written", name));
    CONVCL_TRY(check_transfer(queue, name, values, count, expected));
    CONVCL_TRY(convcl_net__finish(net)); /* on an out-of-order queue the transfer would overtake the last run */
    convcl_net__parameters_changed(net);
    CONVCL_TRY(convcl_context__write(net->context, queue, convcl_net__tensor_buffer(net, tensor), values, count, sizeof *values));
cleanup:
    return status;
}

static convcl_status read_tensor(const convcl_net *net, cl_command_queue queue, const char *name, int tensor, float *values, size_t count,
                                 size_t expected) {
    convcl_status status = check_transfer(queue, name, values, count, expected);
    if (status == CONVCL_OK)
        status = convcl_net__finish(net);
    if (status == CONVCL_OK)
        status = convcl_context__read(net->context, queue, convcl_net__tensor_buffer(net, tensor), values, count, sizeof *values);
    return status;
}

convcl_status convcl_net_read(const convcl_net *net, cl_command_queue queue, const char *name, float *values, size_t count) {
    int tensor = -1;
    size_t expected = 0;
    convcl_status status = find_tensor(net, name, &tensor, &expected);
    return status == CONVCL_OK ? read_tensor(net, queue, name, tensor, values, count, expected) : status;
}

convcl_status convcl_net_read_gradient(const convcl_net *net, cl_command_queue queue, const char *name, float *values, size_t count) {
    int tensor = -1;
    size_t expected = 0;
    convcl_status status = find_gradient(net, name, &tensor, &expected);
    return status == CONVCL_OK ? read_tensor(net, queue, name, tensor, values, count, expected) : status;
}

int convcl_net_parameter_count(const convcl_net *net) {
    return net ? (int)net->parameter_count : 0;
}

const char *convcl_net_parameter_name(const convcl_net *net, int index) {
    return net && index >= 0 && (size_t)index < net->parameter_count ? net->parameters[index].name : NULL;
}

const char *convcl_net_describe(const convcl_net *net) {
    return net && net->describe ? net->describe : "";
}
