/* stream.c: launches on a queue, in order, whatever the queue's own order is.
 * SPDX-License-Identifier: MIT */
#include "base/error.h"
#include "opencl/cl_error.h"
#include "opencl/kernel_struct.h"

static const char *device_name(const convcl_stream *stream) {
    return convcl_context_device(stream->context)->name;
}

/* INVALID unless the queue is of the context and its device. */
static convcl_status check_queue(convcl_stream *stream, const char *what) {
    cl_context cl = NULL;
    cl_device_id device = NULL;
    cl_command_queue_properties properties = 0;
    cl_int code = clGetCommandQueueInfo(stream->queue, CL_QUEUE_CONTEXT, sizeof cl, &cl, NULL);
    if (code == CL_SUCCESS)
        code = clGetCommandQueueInfo(stream->queue, CL_QUEUE_DEVICE, sizeof device, &device, NULL);
    if (code == CL_SUCCESS)
        code = clGetCommandQueueInfo(stream->queue, CL_QUEUE_PROPERTIES, sizeof properties, &properties, NULL);
    const convcl_status status = convcl_cl__check(code, "clGetCommandQueueInfo", device_name(stream), "%s", what);
    if (status != CONVCL_OK)
        return status;
    CONVCL_REQUIRE(cl == convcl_context_cl(stream->context), "%s: queue %p is of another OpenCL context", what, (void *)stream->queue);
    CONVCL_REQUIRE(device == convcl_context_device(stream->context)->device, "%s: queue %p is of another device than %s", what,
                   (void *)stream->queue, device_name(stream));
    stream->out_of_order = (properties & CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE) != 0;
    return CONVCL_OK;
}

convcl_status convcl_stream__begin(convcl_stream *stream, const char *what, convcl_context *context, cl_command_queue queue,
                                   cl_uint wait_count, const cl_event *wait, cl_event *event_out) {
    if (event_out)
        *event_out = NULL;
    CONVCL_REQUIRE(queue, "%s: queue is NULL", what);
    CONVCL_REQUIRE((wait_count == 0) == (wait == NULL), "%s: wait_count is %u but wait is %s", what, (unsigned)wait_count,
                   wait ? "not NULL" : "NULL");
    *stream = (convcl_stream){
        .context = context, .queue = queue, .wait_count = wait_count, .waits_left = wait_count, .wait = wait, .event_out = event_out};
    return check_queue(stream, what);
}

convcl_status convcl_stream__check_buffer(const char *what, const char *argument, convcl_buffer buffer, size_t count, size_t element_size) {
    CONVCL_REQUIRE(buffer.mem, "%s: %s is NULL", what, argument);
    size_t bytes = 0;
    const convcl_status status = convcl_cl__check(clGetMemObjectInfo(buffer.mem, CL_MEM_SIZE, sizeof bytes, &bytes, NULL),
                                                  "clGetMemObjectInfo", NULL, "%s: %s", what, argument);
    if (status != CONVCL_OK)
        return status;
    const size_t held = bytes / element_size;
    const size_t left = buffer.offset < held ? held - buffer.offset : 0;
    CONVCL_REQUIRE(left >= count, "%s: %s holds %zu elements after offset %zu, must hold at least %zu", what, argument, left, buffer.offset,
                   count);
    return CONVCL_OK;
}

/* The object's lock is held. */
static cl_int set_args(convcl_kernel_object *object, const convcl_arg *args, int count) {
    const cl_kernel kernel = object->kernel;
    cl_int code = CL_SUCCESS;
    cl_uint index = 0;
    for (int i = 0; i < count && code == CL_SUCCESS; ++i) {
        const convcl_arg *arg = &args[i];
        switch (arg->kind) {
        case CONVCL_ARG_TENSOR: {
            const cl_ulong offset = arg->value.tensor.offset;
            object->tensors |= (uint64_t)1 << index;
            code = clSetKernelArg(kernel, index++, sizeof(cl_mem), arg->value.tensor.mem ? &arg->value.tensor.mem : NULL);
            if (code == CL_SUCCESS)
                code = clSetKernelArg(kernel, index++, sizeof offset, &offset);
            break;
        }
        case CONVCL_ARG_INT:
            code = clSetKernelArg(kernel, index++, sizeof(cl_int), &arg->value.i);
            break;
        case CONVCL_ARG_ULONG:
            code = clSetKernelArg(kernel, index++, sizeof(cl_ulong), &arg->value.u);
            break;
        case CONVCL_ARG_FLOAT:
            code = clSetKernelArg(kernel, index++, sizeof(cl_float), &arg->value.f);
            break;
        case CONVCL_ARG_LOCAL:
            code = clSetKernelArg(kernel, index++, arg->value.local_bytes, NULL);
            break;
        }
    }
    return code;
}

convcl_status convcl_stream__launch(convcl_stream *stream, convcl_kernel *kernel, const convcl_arg *args, int arg_count,
                                    const convcl_range *range) {
    cl_event event = NULL;
    const bool wants_event = stream->out_of_order || stream->profile;
    const cl_uint wait_count = stream->last ? 1 : stream->waits_left;
    const cl_event *wait = stream->last ? &stream->last : wait_count > 0 ? stream->wait : NULL;
    convcl_kernel_object *object = kernel->object;
    pthread_mutex_lock(&object->lock);
    convcl_status status = convcl_program__need_kernel(stream->context, object);
    if (status != CONVCL_OK) {
        pthread_mutex_unlock(&object->lock);
        return status;
    }
    cl_int code = set_args(object, args, arg_count);
    const char *call = "clSetKernelArg";
    if (code == CL_SUCCESS) {
        call = "clEnqueueNDRangeKernel";
        code = clEnqueueNDRangeKernel(stream->queue, object->kernel, 3, NULL, range->global, range->local, wait_count, wait,
                                      wants_event ? &event : NULL);
    }
    pthread_mutex_unlock(&object->lock);
    status = convcl_cl__check(code, call, device_name(stream), "%s, global %zux%zux%zu, local %zux%zux%zu", object->name, range->global[0],
                              range->global[1], range->global[2], range->local[0], range->local[1], range->local[2]);
    if (status != CONVCL_OK)
        return status;
    /* An in-order queue keeps the order by itself once the first launch has waited. */
    stream->waits_left = 0;
    if (stream->profile)
        stream->profile(stream->profile_user, object->name, event);
    if (stream->last)
        clReleaseEvent(stream->last);
    stream->last = stream->out_of_order ? event : NULL;
    if (event && !stream->out_of_order)
        clReleaseEvent(event);
    return CONVCL_OK;
}

/* A barrier after the stream's last launch, or after what the caller waits for. */
static convcl_status barrier(convcl_stream *stream, cl_uint wait_count, const cl_event *wait, cl_event *event_out) {
    const cl_int code = clEnqueueBarrierWithWaitList(stream->queue, wait_count, wait, event_out);
    return convcl_cl__check(code, "clEnqueueBarrierWithWaitList", device_name(stream), NULL);
}

convcl_status convcl_stream__foreign_begin(convcl_stream *stream) {
    convcl_status status = CONVCL_OK;
    if (stream->last)
        status = barrier(stream, 1, &stream->last, NULL);
    else if (stream->waits_left > 0)
        status = barrier(stream, stream->wait_count, stream->wait, NULL);
    stream->waits_left = 0;
    return status;
}

convcl_status convcl_stream__foreign_end(convcl_stream *stream) {
    if (!stream->out_of_order)
        return CONVCL_OK;
    if (stream->last)
        clReleaseEvent(stream->last);
    stream->last = NULL;
    return barrier(stream, 0, NULL, &stream->last);
}

convcl_status convcl_stream__end(convcl_stream *stream, convcl_status status) {
    if (status == CONVCL_OK && stream->event_out) {
        cl_event event = stream->last;
        stream->last = NULL;
        /* The launches of an in-order queue go on behind one whose wait has failed; the caller's event must not. */
        if (!event)
            status = convcl_cl__check(clEnqueueMarkerWithWaitList(stream->queue, stream->wait_count, stream->wait, &event),
                                      "clEnqueueMarkerWithWaitList", device_name(stream), NULL);
        if (status == CONVCL_OK)
            *stream->event_out = event;
    }
    if (stream->last)
        clReleaseEvent(stream->last);
    stream->last = NULL;
    return status;
}
