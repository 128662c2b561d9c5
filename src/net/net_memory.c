/* net_memory.c: when each tensor is in use, where it lies, and the OpenCL buffers behind that.
 * SPDX-License-Identifier: MIT
 *
 * Placement: the largest tensor first, each into the smallest gap (best fit) between those already placed that are in use at some time that it is; into the first
 * block where it fits, so that there is one block unless the device limits the size of a buffer. Parameters and their gradients have blocks of their own. */
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "net/net_internal.h"
#include "opencl/context_internal.h"

convcl_status convcl_net__add_tensor(convcl_net *net, size_t count, size_t element_size, bool permanent, int *tensor_out) {
    CONVCL_REQUIRE(count <= SIZE_MAX / 2 / element_size, "net: a tensor of %zu elements has more bytes than memory has addresses", count);
    CONVCL_REQUIRE(net->tensor_count < INT_MAX, "net: more than %d tensors", INT_MAX);
    convcl_status status = convcl_grow(&net->tensors, &net->tensor_capacity, net->tensor_count + 1, sizeof *net->tensors);
    if (status != CONVCL_OK)
        return status;
    *tensor_out = (int)net->tensor_count;
    net->tensors[net->tensor_count++] = (convcl_net_tensor){
        .bytes = count * element_size, .element_size = element_size, .permanent = permanent, .first = INT_MAX, .last = -1, .block = -1};
    return CONVCL_OK;
}

void convcl_net__set_lifetimes(convcl_net *net) {
    const int end = net->step_count > 0 ? (int)net->step_count - 1 : 0; /* an inference of dropouts alone has no step */
    for (size_t i = 0; i < net->tensor_count; i++) {
        net->tensors[i].first = INT_MAX;
        net->tensors[i].last = -1;
    }
    for (size_t s = 0; s < net->step_count; s++)
        for (int t = 0; t < CONVCL_NET_STEP_TENSORS; t++) {
            if (net->steps[s].tensor[t] < 0)
                continue;
            convcl_net_tensor *tensor = &net->tensors[net->steps[s].tensor[t]];
            tensor->first = tensor->first < (int)s ? tensor->first : (int)s;
            tensor->last = (int)s;
        }
    for (size_t i = 0; i < net->layer_count; i++) {
        const convcl_net_layer *layer = &net->layers[i];
        if (layer->value < 0 || !convcl_net__is_kept(net, (int)i))
            continue;
        convcl_net_tensor *tensor = &net->tensors[layer->value];
        tensor->last = end;
        /* Inputs outlive runs. So does the objective in training: a later convcl_net_forward leaves it out. */
        if (layer->op == CONVCL_NET_OP_INPUT || layer->op == CONVCL_NET_OP_L2_LOSS)
            tensor->first = 0;
    }
    for (size_t i = 0; i < net->tensor_count; i++)
        if (net->tensors[i].permanent) {
            net->tensors[i].first = 0;
            net->tensors[i].last = end;
        }
}

static bool overlap_in_time(const convcl_net_tensor *a, const convcl_net_tensor *b) {
    return a->first <= b->last && b->first <= a->last;
}

static size_t align(size_t bytes) {
    return (bytes + CONVCL_NET_ALIGNMENT - 1) / CONVCL_NET_ALIGNMENT * CONVCL_NET_ALIGNMENT;
}

/* Finds the best offset for `tensor` in a block. placed: the tensors placed so far, by offset. False when there is no room below `limit`. */
static bool find_offset(const convcl_net_tensor *tensor, int block, convcl_net_tensor *const *placed, size_t placed_count, size_t limit,
                        size_t *offset_out) {
    const size_t bytes = align(tensor->bytes);
    size_t end = 0, best_gap = SIZE_MAX;
    for (size_t i = 0; i < placed_count; i++) {
        const convcl_net_tensor *other = placed[i];
        if (other->block != block || !overlap_in_time(tensor, other))
            continue;
        if (other->offset >= end && other->offset - end >= bytes && other->offset - end < best_gap) {
            best_gap = other->offset - end;
            *offset_out = end;
        }
        const size_t other_end = other->offset + align(other->bytes);
        end = end > other_end ? end : other_end;
    }
    if (best_gap != SIZE_MAX)
        return true;
    *offset_out = end;
    return bytes <= limit && end <= limit - bytes;
}

/* Larger first; of equal ones the older first, so that the order is always the same. */
static int compare_tensors(const void *a, const void *b) {
    const convcl_net_tensor *x = *(convcl_net_tensor *const *)a, *y = *(convcl_net_tensor *const *)b;
    if (x->bytes != y->bytes)
        return x->bytes > y->bytes ? -1 : 1;
    return x < y ? -1 : x > y;
}

static void insert_by_offset(convcl_net_tensor **placed, size_t count, convcl_net_tensor *tensor) {
    size_t at = count;
    for (; at > 0 && placed[at - 1]->offset > tensor->offset; at--)
        placed[at] = placed[at - 1];
    placed[at] = tensor;
}

/* Places one tensor, opening a new block when no block has room. */
static convcl_status place_tensor(convcl_net *net, convcl_net_tensor *tensor, convcl_net_tensor *const *placed, size_t placed_count,
                                  size_t limit) {
    size_t block = 0, offset = 0;
    for (; block < net->block_count; block++)
        if (net->blocks[block].permanent == tensor->permanent && find_offset(tensor, (int)block, placed, placed_count, limit, &offset))
            break;
    if (block == net->block_count) {
        convcl_status status = convcl_grow(&net->blocks, &net->block_capacity, net->block_count + 1, sizeof *net->blocks);
        if (status != CONVCL_OK)
            return status;
        net->blocks[net->block_count++] = (convcl_net_block){.permanent = tensor->permanent};
        offset = 0;
    }
    tensor->block = (int)block;
    tensor->offset = offset;
    const size_t end = offset + align(tensor->bytes);
    if (net->blocks[block].bytes < end)
        net->blocks[block].bytes = end;
    return CONVCL_OK;
}

static const char *tensor_name(const convcl_net *net, int tensor, const char **what_out) {
    *what_out = "workspace";
    for (size_t i = 0; i < net->layer_count; i++)
        if (net->layers[i].packed == tensor) {
            *what_out = "packed filter of";
            return net->layers[i].name;
        } else if (net->layers[i].kept == tensor) {
            *what_out = "transform kept of the input of";
            return net->layers[i].name;
        } else if (net->layers[i].value == tensor || net->layers[i].gradient == tensor || net->layers[i].index == tensor) {
            *what_out = net->layers[i].value == tensor      ? "value"
                        : net->layers[i].gradient == tensor ? "gradient of value"
                                                            : "pooling index of";
            return net->layers[i].name;
        }
    for (size_t i = 0; i < net->parameter_count; i++)
        if (net->parameters[i].value == tensor || net->parameters[i].gradient == tensor) {
            *what_out = net->parameters[i].value == tensor ? "parameter" : "gradient of parameter";
            return net->parameters[i].name;
        }
    return "of all layers";
}

/* Each tensor must fit in one buffer, and all blocks together on the device. */
static convcl_status check_tensors(const convcl_net *net, size_t limit) {
    char needs[CONVCL_NET_BYTES_TEXT], allows[CONVCL_NET_BYTES_TEXT];
    for (size_t i = 0; i < net->tensor_count; i++) {
        if (net->tensors[i].bytes <= limit)
            continue;
        const char *what = NULL, *name = tensor_name(net, (int)i, &what);
        return convcl_fail(CONVCL_NO_DEVICE_MEMORY, "net: %s \"%s\" needs %s in one buffer, %s allows at most %s", what, name,
                           convcl_net__bytes_text(net->tensors[i].bytes, needs), convcl_context_device(net->context)->name,
                           convcl_net__bytes_text(limit, allows));
    }
    return CONVCL_OK;
}

size_t convcl_net__block_bytes(const convcl_net *net) {
    size_t total = 0;
    for (size_t i = 0; i < net->block_count; i++)
        total = net->blocks[i].bytes > SIZE_MAX - total ? SIZE_MAX : total + net->blocks[i].bytes;
    return total;
}

static convcl_status check_blocks(const convcl_net *net) {
    char needs[CONVCL_NET_BYTES_TEXT], has[CONVCL_NET_BYTES_TEXT];
    const convcl_device_info *device = convcl_context_device(net->context);
    const size_t total = convcl_net__block_bytes(net);
    if ((uint64_t)total <= device->global_memory)
        return CONVCL_OK;
    return convcl_fail(CONVCL_NO_DEVICE_MEMORY, "net: %s needs %s, %s has %s", net->mode == CONVCL_NET_TRAINING ? "training" : "inference",
                       convcl_net__bytes_text(total, needs), device->name, convcl_net__bytes_text((size_t)device->global_memory, has));
}

convcl_status convcl_net__place(convcl_net *net) {
    convcl_status status = CONVCL_OK;
    convcl_net_tensor **order = NULL, **placed = NULL;
    size_t limit = net->max_block, count = 0;
    if (limit == 0 || limit > convcl_context_device(net->context)->max_allocation)
        limit = (size_t)convcl_context_device(net->context)->max_allocation;
    limit = limit / CONVCL_NET_ALIGNMENT * CONVCL_NET_ALIGNMENT;
    net->block_count = 0;
    CONVCL_TRY(check_tensors(net, limit));
    CONVCL_TRY(convcl_alloc(net->tensor_count * sizeof(convcl_net_tensor *), &order));
    CONVCL_TRY(convcl_alloc(net->tensor_count * sizeof(convcl_net_tensor *), &placed));
    for (size_t i = 0; i < net->tensor_count; i++) {
        net->tensors[i].block = -1;
        if (net->tensors[i].bytes > 0 && net->tensors[i].first <= net->tensors[i].last)
            order[count++] = &net->tensors[i];
    }
    qsort(order, count, sizeof(convcl_net_tensor *), compare_tensors);
    for (size_t i = 0; i < count; i++) {
        CONVCL_TRY(place_tensor(net, order[i], placed, i, limit));
        insert_by_offset(placed, i, order[i]);
    }
    CONVCL_TRY(check_blocks(net));
cleanup:
    free(order);
    free(placed);
    return status;
}

convcl_buffer convcl_net__tensor_buffer(const convcl_net *net, int tensor) {
    if (tensor < 0 || net->tensors[tensor].block < 0)
        return (convcl_buffer){0};
    const convcl_net_tensor *t = &net->tensors[tensor];
    return (convcl_buffer){net->blocks[t->block].mem, t->offset / t->element_size};
}

convcl_status convcl_net__allocate(convcl_net *net) {
    for (size_t i = 0; i < net->block_count; i++) {
        const char *what = net->blocks[i].permanent ? "net: parameters" : "net: values";
        convcl_status status = convcl_context__alloc_buffer(net->context, what, net->blocks[i].bytes, &net->blocks[i].mem);
        if (status != CONVCL_OK)
            return status;
        convcl_context__find_pages(net->context, net->blocks[i].mem, net->blocks[i].bytes);
    }
    for (size_t s = 0; s < net->step_count; s++)
        for (int t = 0; t < CONVCL_NET_STEP_TENSORS; t++)
            net->steps[s].buffer[t] = convcl_net__tensor_buffer(net, net->steps[s].tensor[t]);
    net->workspace_buffer = convcl_net__tensor_buffer(net, net->workspace);
    return CONVCL_OK;
}

size_t convcl_net_memory(const convcl_net *net) {
    return net && net->compiled ? convcl_net__block_bytes(net) : 0;
}
