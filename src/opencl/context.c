/* context.c: a device made ready: OpenCL context, program cache, log, device memory.
 * SPDX-License-Identifier: MIT */
#include "opencl/context_struct.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "opencl/cl_error.h"
#include "opencl/context_internal.h"

static void free_context(convcl_context *context) {
    for (size_t i = 0; i < context->program_count; ++i) {
        clReleaseProgram(context->programs[i].program);
        free(context->programs[i].key);
    }
    free(context->programs);
    free(context->kernel_dir);
    if (context->cl)
        clReleaseContext(context->cl);
    if (context->device_retained)
        clReleaseDevice(context->info.device);
    pthread_mutex_destroy(&context->lock);
    free(context);
}

/* Makes the object with everything but the OpenCL context. */
static convcl_status make(const convcl_device_info *info, const convcl_context_options *options, convcl_context **context_out) {
    convcl_status status = CONVCL_OK;
    convcl_context *context = NULL;
    const char *form = options && options->form ? options->form : getenv("CONVCL_FORM");
    const char *directory = options && options->kernel_dir ? options->kernel_dir : getenv("CONVCL_KERNEL_DIR");
    CONVCL_TRY(convcl_alloc(sizeof *context, &context));
    context->info = *info;
    context->references = 1;
    if (pthread_mutex_init(&context->lock, NULL) != 0) {
        free(context);
        return convcl_fail(CONVCL_NO_MEMORY, "context: a mutex could not be made");
    }
    CONVCL_TRY(convcl_device_traits__named(form, &context->form));
    if (options) {
        context->log = options->log;
        context->log_user = options->log_user;
    }
    if (directory && *directory)
        CONVCL_TRY(convcl_copy_string(directory, &context->kernel_dir));
    *context_out = context;
    return CONVCL_OK;
cleanup:
    if (context)
        free_context(context);
    return status;
}

convcl_status convcl_context_create(const char *choice, const convcl_context_options *options, convcl_context **context_out) {
    CONVCL_REQUIRE(context_out, "context: context_out is NULL");
    *context_out = NULL;
    convcl_status status = CONVCL_OK;
    convcl_context *context = NULL;
    convcl_device_info info;
    cl_int code = CL_SUCCESS;
    CONVCL_TRY(convcl_device_choose(choice, &info));
    CONVCL_TRY(make(&info, options, &context));
    const cl_context_properties properties[] = {CL_CONTEXT_PLATFORM, (cl_context_properties)info.platform, 0};
    context->cl = clCreateContext(properties, 1, &info.device, NULL, NULL, &code);
    CONVCL_TRY(convcl_cl__check(code, "clCreateContext", info.name, NULL));
    *context_out = context;
    context = NULL;
cleanup:
    convcl_context_release(context);
    return status;
}

/* INVALID unless the OpenCL context holds the device. */
static convcl_status check_membership(cl_context cl, cl_device_id device) {
    convcl_status status = CONVCL_OK;
    cl_device_id *devices = NULL;
    size_t size = 0;
    CONVCL_TRY(convcl_cl__check(clGetContextInfo(cl, CL_CONTEXT_DEVICES, 0, NULL, &size), "clGetContextInfo", NULL, NULL));
    CONVCL_TRY(convcl_alloc(size, &devices));
    CONVCL_TRY(convcl_cl__check(clGetContextInfo(cl, CL_CONTEXT_DEVICES, size, devices, NULL), "clGetContextInfo", NULL, NULL));
    size_t at = 0;
    while (at < size / sizeof *devices && devices[at] != device)
        ++at;
    if (at == size / sizeof *devices)
        status = convcl_fail(CONVCL_INVALID, "context: device %p is not in the OpenCL context %p", (void *)device, (void *)cl);
cleanup:
    free(devices);
    return status;
}

convcl_status convcl_context_create_from_cl(cl_context cl, cl_device_id device, const convcl_context_options *options,
                                            convcl_context **context_out) {
    CONVCL_REQUIRE(context_out, "context: context_out is NULL");
    *context_out = NULL;
    CONVCL_REQUIRE(cl, "context: cl is NULL");
    CONVCL_REQUIRE(device, "context: device is NULL");
    convcl_status status = CONVCL_OK;
    convcl_context *context = NULL;
    convcl_device_info info;
    CONVCL_TRY(check_membership(cl, device));
    CONVCL_TRY(convcl_device_describe(device, &info));
    CONVCL_TRY(make(&info, options, &context));
    CONVCL_TRY(convcl_cl__check(clRetainContext(cl), "clRetainContext", info.name, NULL));
    context->cl = cl;
    CONVCL_TRY(convcl_cl__check(clRetainDevice(device), "clRetainDevice", info.name, NULL));
    context->device_retained = true;
    *context_out = context;
    context = NULL;
cleanup:
    convcl_context_release(context);
    return status;
}

convcl_context *convcl_context__retain(convcl_context *context) {
    pthread_mutex_lock(&context->lock);
    ++context->references;
    pthread_mutex_unlock(&context->lock);
    return context;
}

void convcl_context_release(convcl_context *context) {
    if (!context)
        return;
    pthread_mutex_lock(&context->lock);
    const int left = --context->references;
    pthread_mutex_unlock(&context->lock);
    if (left == 0)
        free_context(context);
}

cl_context convcl_context_cl(const convcl_context *context) {
    return context->cl;
}

const convcl_device_info *convcl_context_device(const convcl_context *context) {
    return &context->info;
}

convcl_status convcl_context_create_queue(const convcl_context *context, cl_command_queue_properties properties,
                                          cl_command_queue *queue_out) {
    CONVCL_REQUIRE(queue_out, "context: queue_out is NULL");
    *queue_out = NULL;
    CONVCL_REQUIRE(context, "context: context is NULL");
    cl_int code = CL_SUCCESS;
    cl_command_queue queue = clCreateCommandQueue(context->cl, context->info.device, properties, &code);
    const convcl_status status =
        convcl_cl__check(code, "clCreateCommandQueue", context->info.name, "properties %llu", (unsigned long long)properties);
    if (status == CONVCL_OK)
        *queue_out = queue;
    return status;
}

double convcl_context_compile_seconds(const convcl_context *context) {
    convcl_context *locked = (convcl_context *)context;
    pthread_mutex_lock(&locked->lock);
    const double seconds = locked->compile_seconds;
    pthread_mutex_unlock(&locked->lock);
    return seconds;
}

int convcl_context_programs_built(const convcl_context *context) {
    convcl_context *locked = (convcl_context *)context;
    pthread_mutex_lock(&locked->lock);
    const int built = locked->programs_built;
    pthread_mutex_unlock(&locked->lock);
    return built;
}

const convcl_device_traits *convcl_context__traits(const convcl_context *context) {
    return context->form ? context->form : convcl_device_traits__of(&context->info);
}

bool convcl_context__prefers_registers(const convcl_context *context) {
    return convcl_context__traits(context)->registers;
}

int convcl_context__vector_width(const convcl_context *context) {
    if (!convcl_context__prefers_registers(context))
        return 1;
    return context->info.vector_width >= 16 ? 16 : context->info.vector_width >= 8 ? 8 : 4;
}

convcl_probe convcl_context__matrix_probe(convcl_context *context) {
    pthread_mutex_lock(&context->lock);
    const convcl_probe found = context->matrix_probe;
    pthread_mutex_unlock(&context->lock);
    return found;
}

void convcl_context__set_matrix_probe(convcl_context *context, convcl_probe found) {
    pthread_mutex_lock(&context->lock);
    context->matrix_probe = found;
    pthread_mutex_unlock(&context->lock);
}

void convcl_context__log(const convcl_context *context, const char *format, ...) {
    if (!context->log)
        return;
    char line[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    context->log(context->log_user, line);
}
