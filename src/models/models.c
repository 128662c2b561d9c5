/* models.c: the table of models, and what all of them are made and filled with.
 * SPDX-License-Identifier: MIT */
#include "convcl/models.h"

#include <math.h>
#include <string.h>

#include "convcl/fill.h"
#include "models/models_internal.h"
#include "net/net_internal.h"
#include "opencl/context_internal.h"

const convcl_model *const convcl_models[] = {&convcl_model_alexnet, &convcl_model_alexnet_full,  &convcl_model_overfeat,
                                             &convcl_model_vgg_a,   &convcl_model_cifar10_quick, NULL};

const convcl_model *convcl_model_find(const char *name) {
    for (size_t i = 0; name && convcl_models[i]; i++)
        if (strcmp(convcl_models[i]->name, name) == 0)
            return convcl_models[i];
    return NULL;
}

/* ---- parts ----------------------------------------------------------------------------------------------------------------------------- */

void convcl_models__add_conv_relu(convcl_net *net, const char *conv, const char *relu, const char *input, const convcl_net_conv *layer) {
    convcl_net_add_conv(net, conv, input, layer);
    convcl_net_add_relu(net, relu, conv);
}

convcl_status convcl_models__add_classifier(convcl_net *net, const char *input, int fc6, int fc7) {
    const convcl_net_dropout half = {.rate = 0.5f};
    convcl_net_add_dense(net, "fc6", input, &(convcl_net_dense){.outputs = fc6});
    convcl_net_add_relu(net, "relu6", "fc6");
    convcl_net_add_dropout(net, "drop6", "relu6", &half);
    convcl_net_add_dense(net, "fc7", "drop6", &(convcl_net_dense){.outputs = fc7});
    convcl_net_add_relu(net, "relu7", "fc7");
    convcl_net_add_dropout(net, "drop7", "relu7", &half);
    convcl_net_add_dense(net, "fc8", "drop7", &(convcl_net_dense){.outputs = 1000});
    return convcl_net_add_l2_loss(net, "objective", "fc8");
}

/* ---- making and filling ---------------------------------------------------------------------------------------------------------------- */

convcl_status convcl_model_create(const convcl_model *model, convcl_context *context, const convcl_net_options *options, int batch,
                                  convcl_net **net_out) {
    CONVCL_REQUIRE(net_out, "model: net_out is NULL");
    *net_out = NULL;
    CONVCL_REQUIRE(model, "model: model is NULL");
    CONVCL_REQUIRE(batch >= 1, "%s: batch is %d, must be at least 1", model->name, batch);
    convcl_status status = CONVCL_OK;
    convcl_net *net = NULL;
    CONVCL_REQUIRE(context, "%s: context is NULL", model->name);
    CONVCL_TRY(convcl_net_create(context, options, &net));
    CONVCL_TRY(model->build(net, batch));
    *net_out = net;
    net = NULL;
cleanup:
    convcl_net_destroy(net);
    return status;
}

/* Enqueues; tensors differ, so that no fill waits for another. */
static convcl_status fill(convcl_net *net, cl_command_queue queue, const char *name, convcl_fill_desc desc) {
    convcl_status status = CONVCL_OK;
    convcl_fill_plan *plan = NULL;
    convcl_buffer buffer = {0};
    convcl_shape shape;
    CONVCL_TRY(convcl_net_shape(net, name, &shape));
    CONVCL_TRY(convcl_net__buffer(net, name, &buffer));
    desc.count = (size_t)shape.dim[0] * (size_t)shape.dim[1] * (size_t)shape.dim[2] * (size_t)shape.dim[3];
    CONVCL_TRY(convcl_fill_plan_create(net->context, &desc, &plan));
    CONVCL_TRY(convcl_fill_enqueue(plan, queue, buffer, 0, NULL, NULL));
cleanup:
    convcl_fill_plan_destroy(plan);
    return status;
}

/* Weights drawn, biases 0. */
static convcl_status fill_parameter(const convcl_model *model, convcl_net *net, cl_command_queue queue, int index, uint64_t seed) {
    const convcl_net_parameter *parameter = &net->parameters[index];
    const int *dim = parameter->shape.dim;
    const size_t length = strlen(parameter->name), suffix = strlen(".weights");
    convcl_fill_desc desc = {.kind = CONVCL_FILL_CONSTANT};
    if (length > suffix && strcmp(parameter->name + length - suffix, ".weights") == 0) {
        const float scaled = (float)sqrt(2.0 / ((double)dim[0] * dim[1] * dim[2]));
        desc = (convcl_fill_desc){.kind = CONVCL_FILL_TRUNCATED_NORMAL,
                                  .stddev = model->weights_stddev > 0 ? model->weights_stddev : scaled,
                                  .seed = seed,
                                  .stream = (uint32_t)index + 1};
    }
    return fill(net, queue, parameter->name, desc);
}

/* True when the network has the layers of the model. */
static convcl_status is_of_model(const convcl_model *model, const convcl_net *net, bool *same_out) {
    convcl_net *twin = NULL;
    const convcl_status status =
        convcl_model_create(model, net->context, NULL, net->layer_count > 0 ? net->layers[0].shape.dim[0] : 1, &twin);
    *same_out = status == CONVCL_OK && twin->layer_count == net->layer_count && twin->parameter_count == net->parameter_count;
    for (size_t i = 0; *same_out && i < net->layer_count; i++)
        *same_out = strcmp(twin->layers[i].name, net->layers[i].name) == 0 &&
                    memcmp(&twin->layers[i].shape, &net->layers[i].shape, sizeof(convcl_shape)) == 0;
    for (size_t i = 0; *same_out && i < net->parameter_count; i++)
        *same_out = memcmp(&twin->parameters[i].shape, &net->parameters[i].shape, sizeof(convcl_shape)) == 0;
    convcl_net_destroy(twin);
    return status;
}

static convcl_status check(const convcl_model *model, const convcl_net *net, const convcl_context *context, cl_command_queue queue) {
    bool same = false;
    CONVCL_REQUIRE(model, "model: model is NULL");
    CONVCL_REQUIRE(net, "%s: net is NULL", model->name);
    CONVCL_REQUIRE(context, "%s: context is NULL", model->name);
    CONVCL_REQUIRE(queue, "%s: queue is NULL", model->name);
    CONVCL_REQUIRE(net->context == context, "%s: context is not the one that the network was made with", model->name);
    CONVCL_REQUIRE(net->compiled, "%s: the network is not compiled, call convcl_net_compile first", model->name);
    const convcl_status status = is_of_model(model, net, &same);
    if (status != CONVCL_OK)
        return status;
    CONVCL_REQUIRE(same, "%s: the network was not made by convcl_model_create of this model", model->name);
    return CONVCL_OK;
}

static convcl_status fill_all(const convcl_model *model, convcl_net *net, cl_command_queue queue, uint64_t seed) {
    convcl_status status = CONVCL_OK;
    CONVCL_TRY(fill(net, queue, "images", (convcl_fill_desc){.kind = CONVCL_FILL_NORMAL, .stddev = 0.1f, .seed = seed, .stream = 0}));
    convcl_net__parameters_changed(net);
    for (int i = 0; i < convcl_net_parameter_count(net); i++)
        CONVCL_TRY(fill_parameter(model, net, queue, i, seed));
cleanup:
    return status;
}

convcl_status convcl_model_fill(const convcl_model *model, convcl_net *net, convcl_context *context, cl_command_queue queue,
                                uint64_t seed) {
    convcl_status status = CONVCL_OK;
    CONVCL_TRY(check(model, net, context, queue));
    CONVCL_TRY(convcl_net__finish(net)); /* on an out-of-order queue the fills would overtake the last run */
    status = fill_all(model, net, queue, seed);
    const convcl_status finished = convcl_context__finish(context, queue);
    status = status == CONVCL_OK ? finished : status;
cleanup:
    return status;
}
