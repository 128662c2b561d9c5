/* buffer.c: device memory and blocking transfers.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "opencl/cl_error.h"
#include "opencl/context_internal.h"
#include "opencl/device_traits.h"

#define PAGES_AT_ONCE 1024

static convcl_status alloc(convcl_context *context, const char *what, size_t bytes, cl_mem_flags flags, void *from, cl_mem *mem_out) {
    const convcl_device_info *info = convcl_context_device(context);
    *mem_out = NULL;
    if (bytes > info->max_allocation)
        return convcl_fail(CONVCL_NO_DEVICE_MEMORY, "%s needs %zu bytes in one buffer, %s allows at most %llu", what, bytes, info->name,
                           (unsigned long long)info->max_allocation);
    if (!from && convcl_device_traits__allocates_late(info))
        flags |= CL_MEM_ALLOC_HOST_PTR;
    cl_int code = CL_SUCCESS;
    cl_mem mem = clCreateBuffer(convcl_context_cl(context), flags, bytes > 0 ? bytes : 1, from, &code);
    const convcl_status status = convcl_cl__check(code, "clCreateBuffer", info->name, "%s, %zu bytes", what, bytes);
    if (status == CONVCL_OK)
        *mem_out = mem;
    /* A CPU has no memory but the host's. */
    return status == CONVCL_NO_MEMORY && (info->type & CL_DEVICE_TYPE_CPU) ? CONVCL_NO_DEVICE_MEMORY : status;
}

convcl_status convcl_context__alloc_buffer(convcl_context *context, const char *what, size_t bytes, cl_mem *mem_out) {
    return alloc(context, what, bytes, CL_MEM_READ_WRITE, NULL, mem_out);
}

convcl_status convcl_context__alloc_zeros(convcl_context *context, const char *what, size_t bytes, cl_mem *mem_out) {
    void *zeros = NULL;
    *mem_out = NULL;
    convcl_status status = convcl_alloc(bytes, &zeros);
    if (status == CONVCL_OK)
        status = alloc(context, what, bytes, CL_MEM_READ_ONLY | CL_MEM_COPY_HOST_PTR, zeros, mem_out);
    free(zeros);
    return status;
}

/* On a machine with several memories a page belongs to the one whose processor meets it first, which should be one that works with it. */
static bool has_one_memory(void) {
    return access("/sys/devices/system/node/node1", F_OK) != 0;
}

/* Ends with the loading: from then on kernels find pages faster, on all processors. */
static void touch(const convcl_context *context, cl_command_queue queue, cl_mem mem, size_t bytes, size_t page) {
    cl_int code = CL_SUCCESS;
    volatile char *mapped = clEnqueueMapBuffer(queue, mem, CL_TRUE, CL_MAP_WRITE_INVALIDATE_REGION, 0, bytes, 0, NULL, NULL, &code);
    if (code != CL_SUCCESS || !mapped)
        return;
    for (size_t begin = 0; begin < bytes && convcl_context__is_loading(context); begin += PAGES_AT_ONCE * page)
        for (size_t i = begin; i < bytes && i < begin + PAGES_AT_ONCE * page; i += page)
            mapped[i] = 0;
    clEnqueueUnmapMemObject(queue, mem, (void *)mapped, 0, NULL, NULL);
    clFinish(queue);
}

void convcl_context__find_pages(const convcl_context *context, cl_mem mem, size_t bytes) {
    cl_command_queue queue = NULL;
    const long page = sysconf(_SC_PAGESIZE);
    if (page < 1 || !(convcl_context_device(context)->type & CL_DEVICE_TYPE_CPU) || !convcl_context__is_loading(context) ||
        !has_one_memory())
        return;
    if (convcl_context_create_queue(context, 0, &queue) != CONVCL_OK)
        return;
    touch(context, queue, mem, bytes, (size_t)page);
    clReleaseCommandQueue(queue);
}

void convcl_context__free_buffer(cl_mem mem) {
    if (mem)
        clReleaseMemObject(mem);
}

convcl_status convcl_context__write(const convcl_context *context, cl_command_queue queue, convcl_buffer buffer, const void *from,
                                    size_t count, size_t element_size) {
    /* CL_TRUE promises only that `from` may be used again: Intel's CPU runtime (2026.22) returns before the values arrive, and another queue may then
     * read the old ones. Only the event says that they are there. */
    cl_event done = NULL;
    const char *call = "clEnqueueWriteBuffer";
    cl_int code =
        clEnqueueWriteBuffer(queue, buffer.mem, CL_FALSE, buffer.offset * element_size, count * element_size, from, 0, NULL, &done);
    if (code == CL_SUCCESS) {
        call = "clWaitForEvents";
        code = clWaitForEvents(1, &done);
        clReleaseEvent(done);
    }
    return convcl_cl__check(code, call, convcl_context_device(context)->name, "%zu elements", count);
}

convcl_status convcl_context__read(const convcl_context *context, cl_command_queue queue, convcl_buffer buffer, void *to, size_t count,
                                   size_t element_size) {
    const cl_int code =
        clEnqueueReadBuffer(queue, buffer.mem, CL_TRUE, buffer.offset * element_size, count * element_size, to, 0, NULL, NULL);
    return convcl_cl__check(code, "clEnqueueReadBuffer", convcl_context_device(context)->name, "%zu elements", count);
}

convcl_status convcl_context__finish(const convcl_context *context, cl_command_queue queue) {
    return convcl_cl__check(clFinish(queue), "clFinish", convcl_context_device(context)->name, NULL);
}
