/* fake_cl.c: OpenCL calls and allocations that can be made to fail.
 * SPDX-License-Identifier: MIT */
#include "fake_cl.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "convcl/cl.h"

#define MOST_KERNELS 512

static struct {
    fake_kind kind;
    int left;
    fake_report report;
    cl_kernel kernels[MOST_KERNELS]; /* that cannot be launched */
} fake;

/* Programs are loaded by a thread of their own. */
static pthread_mutex_t count_lock = PTHREAD_MUTEX_INITIALIZER;

void fake_begin(fake_kind kind, int n) {
    fake.report = (fake_report){0};
    fake.left = n;
    memset(fake.kernels, 0, sizeof fake.kernels);
    fake.kind = kind;
}

fake_report fake_so_far(void) {
    return fake.report;
}

fake_report fake_end(void) {
    fake.kind = FAKE_NOTHING;
    return fake.report;
}

/* True when this call is the one that fails. */
static bool fails(fake_kind kind, const char *call) {
    pthread_mutex_lock(&count_lock);
    const bool now = kind == fake.kind && --fake.left == 0;
    if (now) {
        fake.report.fired = true;
        fake.report.call = call;
    }
    pthread_mutex_unlock(&count_lock);
    return now;
}

static void count(bool made, int change) {
    pthread_mutex_lock(&count_lock);
    if (made && fake.kind != FAKE_NOTHING)
        fake.report.kept += change;
    pthread_mutex_unlock(&count_lock);
}

static cl_int fire(const char *call, cl_int code) {
    fake.report.fired = true;
    fake.report.call = call;
    return code;
}

/* Why a launch of the kernel, or a transfer (NULL), fails. */
static cl_int enqueue_failure(const char *call, cl_kernel kernel) {
    fake.report.enqueued += 1;
    if (fails(FAKE_CL, call))
        return CL_OUT_OF_RESOURCES;
    if (fake.kind == FAKE_LAZY_MEMORY && fake.report.held > (size_t)fake.left)
        return fire(call, CL_MEM_OBJECT_ALLOCATION_FAILURE);
    if (fake.kind == FAKE_LOST && fake.report.enqueued >= fake.left)
        return fire(call, CL_OUT_OF_RESOURCES);
    for (int i = 0; kernel && i < MOST_KERNELS; i++)
        if (fake.kernels[i] == kernel)
            return fire(call, CL_OUT_OF_RESOURCES);
    return CL_SUCCESS;
}

/* Replaces one kernel of those that cannot be launched. */
static void note_kernel(cl_kernel old, cl_kernel new) {
    for (int i = 0; i < MOST_KERNELS; i++)
        if (fake.kernels[i] == old) {
            fake.kernels[i] = new;
            return;
        }
}

/* A call that returns a code, with its parameters and their names. */
#define FAKE_CODE(name, parameters, arguments) FAKE_BUILD_CODE(name, CL_SUCCESS, parameters, arguments)

/* The same for one that compiles: `code` is what a compiler says of a program that it cannot build. */
#define FAKE_BUILD_CODE(name, code, parameters, arguments)                                                                                 \
    cl_int CL_API_CALL __real_##name parameters;                                                                                           \
    cl_int CL_API_CALL __wrap_##name parameters;                                                                                           \
    cl_int CL_API_CALL __wrap_##name parameters {                                                                                          \
        if (code != CL_SUCCESS && fails(FAKE_BUILD, #name))                                                                                \
            return code;                                                                                                                   \
        return fails(FAKE_CL, #name) ? CL_OUT_OF_RESOURCES : __real_##name arguments;                                                      \
    }

/* A call that makes an object; its last parameter is `cl_int *code`. */
#define FAKE_CREATE(type, name, parameters, arguments)                                                                                     \
    type CL_API_CALL __real_##name parameters;                                                                                             \
    type CL_API_CALL __wrap_##name parameters;                                                                                             \
    type CL_API_CALL __wrap_##name parameters {                                                                                            \
        if (fails(FAKE_CL, #name)) {                                                                                                       \
            *code = CL_OUT_OF_RESOURCES;                                                                                                   \
            return NULL;                                                                                                                   \
        }                                                                                                                                  \
        type object = __real_##name arguments;                                                                                             \
        count(object != NULL, 1);                                                                                                          \
        return object;                                                                                                                     \
    }

/* A retain can fail, a release cannot. */
#define FAKE_RETAIN(type, name)                                                                                                            \
    cl_int CL_API_CALL __real_##name(type object);                                                                                         \
    cl_int CL_API_CALL __wrap_##name(type object);                                                                                         \
    cl_int CL_API_CALL __wrap_##name(type object) {                                                                                        \
        cl_int code = fails(FAKE_CL, #name) ? CL_OUT_OF_RESOURCES : __real_##name(object);                                                 \
        count(code == CL_SUCCESS, 1);                                                                                                      \
        return code;                                                                                                                       \
    }
#define FAKE_RELEASE(type, name)                                                                                                           \
    cl_int CL_API_CALL __real_##name(type object);                                                                                         \
    cl_int CL_API_CALL __wrap_##name(type object);                                                                                         \
    cl_int CL_API_CALL __wrap_##name(type object) {                                                                                        \
        cl_int code = __real_##name(object);                                                                                               \
        count(code == CL_SUCCESS, -1);                                                                                                     \
        return code;                                                                                                                       \
    }

/* A call that enqueues (a kernel, or NULL) and may hand out an event; its last parameter is `cl_event *event`. */
#define FAKE_ENQUEUE(name, kernel_or_null, parameters, arguments)                                                                          \
    cl_int CL_API_CALL __real_##name parameters;                                                                                           \
    cl_int CL_API_CALL __wrap_##name parameters;                                                                                           \
    cl_int CL_API_CALL __wrap_##name parameters {                                                                                          \
        cl_int code = enqueue_failure(#name, kernel_or_null);                                                                              \
        if (code == CL_SUCCESS)                                                                                                            \
            code = __real_##name arguments;                                                                                                \
        count(code == CL_SUCCESS && event, 1);                                                                                             \
        return code;                                                                                                                       \
    }

typedef void(CL_CALLBACK *context_notify)(const char *, const void *, size_t, void *);
typedef void(CL_CALLBACK *program_notify)(cl_program, void *);

FAKE_CODE(clGetPlatformIDs, (cl_uint entries, cl_platform_id *platforms, cl_uint *found), (entries, platforms, found))
FAKE_CODE(clGetPlatformInfo, (cl_platform_id platform, cl_platform_info what, size_t size, void *value, size_t *needed),
          (platform, what, size, value, needed))
FAKE_CODE(clGetDeviceIDs, (cl_platform_id platform, cl_device_type type, cl_uint entries, cl_device_id *devices, cl_uint *found),
          (platform, type, entries, devices, found))
FAKE_CODE(clGetDeviceInfo, (cl_device_id device, cl_device_info what, size_t size, void *value, size_t *needed),
          (device, what, size, value, needed))
FAKE_CODE(clGetContextInfo, (cl_context context, cl_context_info what, size_t size, void *value, size_t *needed),
          (context, what, size, value, needed))
FAKE_CODE(clGetCommandQueueInfo, (cl_command_queue queue, cl_command_queue_info what, size_t size, void *value, size_t *needed),
          (queue, what, size, value, needed))
FAKE_CODE(clGetMemObjectInfo, (cl_mem mem, cl_mem_info what, size_t size, void *value, size_t *needed), (mem, what, size, value, needed))
FAKE_BUILD_CODE(clBuildProgram, CL_BUILD_PROGRAM_FAILURE,
                (cl_program program, cl_uint count_, const cl_device_id *devices, const char *options, program_notify notify, void *user),
                (program, count_, devices, options, notify, user))
FAKE_BUILD_CODE(clCompileProgram, CL_COMPILE_PROGRAM_FAILURE,
                (cl_program program, cl_uint count_, const cl_device_id *devices, const char *options, cl_uint headers,
                 const cl_program *texts, const char **names, program_notify notify, void *user),
                (program, count_, devices, options, headers, texts, names, notify, user))
FAKE_CODE(clGetProgramInfo, (cl_program program, cl_program_info what, size_t size, void *value, size_t *needed),
          (program, what, size, value, needed))
/* A kernel that forgets its memory does so like a release: whether that works changes nothing. */
cl_int CL_API_CALL __real_clSetKernelArg(cl_kernel kernel, cl_uint index, size_t size, const void *value);
cl_int CL_API_CALL __wrap_clSetKernelArg(cl_kernel kernel, cl_uint index, size_t size, const void *value);
cl_int CL_API_CALL __wrap_clSetKernelArg(cl_kernel kernel, cl_uint index, size_t size, const void *value) {
    const bool forgets = !value && size == sizeof(cl_mem);
    return !forgets && fails(FAKE_CL, "clSetKernelArg") ? CL_OUT_OF_RESOURCES : __real_clSetKernelArg(kernel, index, size, value);
}
FAKE_CODE(clFinish, (cl_command_queue queue), (queue))

FAKE_CREATE(cl_context, clCreateContext,
            (const cl_context_properties *properties, cl_uint count_, const cl_device_id *devices, context_notify notify, void *user,
             cl_int *code),
            (properties, count_, devices, notify, user, code))
FAKE_CREATE(cl_command_queue, clCreateCommandQueue,
            (cl_context context, cl_device_id device, cl_command_queue_properties properties, cl_int *code),
            (context, device, properties, code))
FAKE_CREATE(cl_program, clCreateProgramWithSource,
            (cl_context context, cl_uint count_, const char **texts, const size_t *lengths, cl_int *code),
            (context, count_, texts, lengths, code))
FAKE_CREATE(cl_program, clCreateProgramWithBinary,
            (cl_context context, cl_uint count_, const cl_device_id *devices, const size_t *lengths, const unsigned char **binaries,
             cl_int *status, cl_int *code),
            (context, count_, devices, lengths, binaries, status, code))
FAKE_CREATE(cl_program, clLinkProgram,
            (cl_context context, cl_uint count_, const cl_device_id *devices, const char *options, cl_uint inputs,
             const cl_program *programs, program_notify notify, void *user, cl_int *code),
            (context, count_, devices, options, inputs, programs, notify, user, code))

FAKE_RETAIN(cl_context, clRetainContext)
FAKE_RETAIN(cl_device_id, clRetainDevice)
FAKE_RETAIN(cl_command_queue, clRetainCommandQueue)
FAKE_RELEASE(cl_context, clReleaseContext)
FAKE_RELEASE(cl_device_id, clReleaseDevice)
FAKE_RELEASE(cl_command_queue, clReleaseCommandQueue)
FAKE_RELEASE(cl_program, clReleaseProgram)
FAKE_RELEASE(cl_event, clReleaseEvent)

FAKE_ENQUEUE(clEnqueueNDRangeKernel, kernel,
             (cl_command_queue queue, cl_kernel kernel, cl_uint dims, const size_t *offset, const size_t *global, const size_t *local,
              cl_uint waits, const cl_event *wait, cl_event *event),
             (queue, kernel, dims, offset, global, local, waits, wait, event))
FAKE_ENQUEUE(clEnqueueMarkerWithWaitList, NULL, (cl_command_queue queue, cl_uint waits, const cl_event *wait, cl_event *event),
             (queue, waits, wait, event))
FAKE_ENQUEUE(clEnqueueBarrierWithWaitList, NULL, (cl_command_queue queue, cl_uint waits, const cl_event *wait, cl_event *event),
             (queue, waits, wait, event))
FAKE_ENQUEUE(clEnqueueReadBuffer, NULL,
             (cl_command_queue queue, cl_mem mem, cl_bool blocking, size_t offset, size_t size, void *to, cl_uint waits,
              const cl_event *wait, cl_event *event),
             (queue, mem, blocking, offset, size, to, waits, wait, event))
FAKE_ENQUEUE(clEnqueueWriteBuffer, NULL,
             (cl_command_queue queue, cl_mem mem, cl_bool blocking, size_t offset, size_t size, const void *from, cl_uint waits,
              const cl_event *wait, cl_event *event),
             (queue, mem, blocking, offset, size, from, waits, wait, event))

/* ---- buffers, whose bytes count, and kernels, of which some cannot be launched ---- */

cl_mem CL_API_CALL __real_clCreateBuffer(cl_context context, cl_mem_flags flags, size_t size, void *host, cl_int *code);
cl_mem CL_API_CALL __wrap_clCreateBuffer(cl_context context, cl_mem_flags flags, size_t size, void *host, cl_int *code);
cl_mem CL_API_CALL __wrap_clCreateBuffer(cl_context context, cl_mem_flags flags, size_t size, void *host, cl_int *code) {
    if (fails(FAKE_CL, "clCreateBuffer")) {
        *code = CL_OUT_OF_RESOURCES;
        return NULL;
    }
    if (fake.kind == FAKE_MEMORY && fake.report.held + size > (size_t)fake.left) {
        *code = fire("clCreateBuffer", CL_MEM_OBJECT_ALLOCATION_FAILURE);
        return NULL;
    }
    cl_mem mem = __real_clCreateBuffer(context, flags, size, host, code);
    count(mem != NULL, 1);
    fake.report.held += mem ? size : 0;
    return mem;
}

cl_int CL_API_CALL __real_clReleaseMemObject(cl_mem mem);
cl_int CL_API_CALL __wrap_clReleaseMemObject(cl_mem mem);
cl_int CL_API_CALL __wrap_clReleaseMemObject(cl_mem mem) {
    size_t size = 0;
    __real_clGetMemObjectInfo(mem, CL_MEM_SIZE, sizeof size, &size, NULL);
    fake.report.held -= size < fake.report.held ? size : fake.report.held;
    cl_int code = __real_clReleaseMemObject(mem);
    count(code == CL_SUCCESS, -1);
    return code;
}

cl_kernel CL_API_CALL __real_clCreateKernel(cl_program program, const char *name, cl_int *code);
cl_kernel CL_API_CALL __wrap_clCreateKernel(cl_program program, const char *name, cl_int *code);
cl_kernel CL_API_CALL __wrap_clCreateKernel(cl_program program, const char *name, cl_int *code) {
    if (fails(FAKE_CL, "clCreateKernel")) {
        *code = CL_OUT_OF_RESOURCES;
        return NULL;
    }
    cl_kernel kernel = __real_clCreateKernel(program, name, code);
    count(kernel != NULL, 1);
    fake.report.kernels += kernel != NULL;
    if (kernel && fake.kind == FAKE_KERNELS && fake.report.kernels >= fake.left)
        note_kernel(NULL, kernel);
    return kernel;
}

cl_int CL_API_CALL __real_clReleaseKernel(cl_kernel kernel);
cl_int CL_API_CALL __wrap_clReleaseKernel(cl_kernel kernel);
cl_int CL_API_CALL __wrap_clReleaseKernel(cl_kernel kernel) {
    note_kernel(kernel, NULL);
    cl_int code = __real_clReleaseKernel(kernel);
    count(code == CL_SUCCESS, -1);
    return code;
}

/* ---- the host's memory ---- */

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size) {
    return fails(FAKE_ALLOCATION, "malloc") ? NULL : __real_malloc(size);
}

void *__real_calloc(size_t count_, size_t size);
void *__wrap_calloc(size_t count_, size_t size);
void *__wrap_calloc(size_t count_, size_t size) {
    return fails(FAKE_ALLOCATION, "calloc") ? NULL : __real_calloc(count_, size);
}

void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size) {
    return fails(FAKE_ALLOCATION, "realloc") ? NULL : __real_realloc(memory, size);
}
