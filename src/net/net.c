/* net.c: the life of a network, its names, and the error that sticks.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "net/net_internal.h"
#include "opencl/context_internal.h"
#include "opencl/queue.h"

static convcl_status copy_options(convcl_net *net, const convcl_net_options *options) {
    convcl_status status = CONVCL_OK;
    net->options = *options;
    if (options->conv.algo) {
        CONVCL_TRY(convcl_copy_string(options->conv.algo, &net->algo_name));
        net->options.conv.algo = net->algo_name;
    }
    if (options->conv.gemm) {
        CONVCL_TRY(convcl_copy_string(options->conv.gemm, &net->gemm_name));
        net->options.conv.gemm = net->gemm_name;
    }
cleanup:
    return status;
}

convcl_status convcl_net_create(convcl_context *context, const convcl_net_options *options, convcl_net **net_out) {
    CONVCL_REQUIRE(net_out, "net: net_out is NULL");
    *net_out = NULL;
    CONVCL_REQUIRE(context, "net: context is NULL");
    convcl_status status = CONVCL_OK;
    convcl_net *net = NULL;
    CONVCL_TRY(convcl_alloc(sizeof *net, &net));
    net->workspace = -1;
    net->context = convcl_context__retain(context);
    if (options)
        CONVCL_TRY(copy_options(net, options));
    *net_out = net;
    net = NULL;
cleanup:
    convcl_net_destroy(net);
    return status;
}

void convcl_net_destroy(convcl_net *net) {
    if (!net)
        return;
    convcl_net__finish(net);
    convcl_queue__release(net->queue);
    convcl_net__clear_compiled(net);
    for (size_t i = 0; i < net->layer_count; i++)
        free(net->layers[i].name);
    for (size_t i = 0; i < net->parameter_count; i++)
        free(net->parameters[i].name);
    free(net->layers);
    free(net->parameters);
    free(net->tensors);
    free(net->steps);
    free(net->blocks);
    free(net->algo_name);
    free(net->gemm_name);
    convcl_context_release(net->context);
    free(net);
}

int convcl_net__find_layer(const convcl_net *net, const char *name) {
    for (size_t i = 0; name && i < net->layer_count; i++)
        if (strcmp(net->layers[i].name, name) == 0)
            return (int)i;
    return -1;
}

int convcl_net__find_parameter(const convcl_net *net, const char *name) {
    for (size_t i = 0; name && i < net->parameter_count; i++)
        if (strcmp(net->parameters[i].name, name) == 0)
            return (int)i;
    return -1;
}

void convcl_net__set_profile(convcl_net *net, convcl_net_profile_fn profile, void *user) {
    net->profile = profile;
    net->profile_user = user;
}

convcl_status convcl_net__sticky_error(const convcl_net *net) {
    return net->status == CONVCL_OK ? CONVCL_OK : convcl_fail(net->status, "%s", net->error);
}

convcl_status convcl_net__finish(const convcl_net *net) {
    return net->queue ? convcl_context__finish(net->context, net->queue) : CONVCL_OK;
}
