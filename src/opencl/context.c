/* context.c: a device made ready: OpenCL context, program cache, log, device memory.
 * SPDX-License-Identifier: MIT */
#include "opencl/context_struct.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/text.h"
#include "opencl/cl_error.h"
#include "opencl/context_internal.h"
#include "opencl/program.h"

/* Floats from which a tensor is taken not to be in the caches any more when it is read: 2 MiB, what a core of today has for itself. */
#define STREAM_FLOATS ((size_t)1 << 19)

/* Threads that build programs: what may be asked for, and what is taken unasked. */
#define MOST_BUILD_THREADS    64
#define DEFAULT_BUILD_THREADS 8

static void free_context(convcl_context *context) {
    convcl_program__stop_loader(context);
    convcl_program__release_all(context);
    convcl_context__free_winners(context);
    convcl_store__close(context->store);
    free(context->identity);
    free(context->kernel_dir);
    if (context->cl)
        clReleaseContext(context->cl);
    if (context->device_retained)
        clReleaseDevice(context->info.device);
    pthread_cond_destroy(&context->program_made);
    pthread_mutex_destroy(&context->log_lock);
    pthread_mutex_destroy(&context->lock);
    free(context);
}

static convcl_status check_options(const convcl_context_options *options) {
    if (!options)
        return CONVCL_OK;
    CONVCL_REQUIRE(options->tuning >= CONVCL_TUNING_OFF && options->tuning <= CONVCL_TUNING_FULL,
                   "context: tuning is %d, must be OFF, QUICK or FULL", (int)options->tuning);
    CONVCL_REQUIRE(options->tuning_seconds >= 0 && isfinite(options->tuning_seconds),
                   "context: tuning_seconds is %g, must be at least 0 and finite", options->tuning_seconds);
    CONVCL_REQUIRE(options->build_threads >= 0 && options->build_threads <= MOST_BUILD_THREADS,
                   "context: build_threads is %d, must be 0 to %d", options->build_threads, MOST_BUILD_THREADS);
    return CONVCL_OK;
}

/* What the options ask for, else the environment; 0 when neither does. */
static convcl_status find_build_threads(const convcl_context_options *options, int *threads_out) {
    const char *text = getenv("CONVCL_BUILD_THREADS");
    char *end = NULL;
    *threads_out = options ? options->build_threads : 0;
    if (*threads_out > 0 || !text || !*text)
        return CONVCL_OK;
    const long threads = strtol(text, &end, 10);
    CONVCL_REQUIRE(!*end && threads >= 0 && threads <= MOST_BUILD_THREADS, "context: CONVCL_BUILD_THREADS is \"%s\", must be 0 to %d", text,
                   MOST_BUILD_THREADS);
    *threads_out = (int)threads;
    return CONVCL_OK;
}

/* Hands a line to the caller, one at a time; `user` is the context. */
static void pass_on(convcl_log_level level, const char *line, void *user) {
    convcl_context *context = user;
    pthread_mutex_lock(&context->log_lock);
    context->log(level, line, context->log_user);
    pthread_mutex_unlock(&context->log_lock);
}

/* Opens the store, and makes what its keys begin with. */
static convcl_status open_store(convcl_context *context, const char *folder) {
    convcl_status status = CONVCL_OK;
    convcl_text identity = {0};
    CONVCL_TRY(convcl_store__open(folder, context->log ? pass_on : NULL, context, &context->store));
    if (!context->store)
        return CONVCL_OK;
    CONVCL_TRY(convcl_context__add_identity(context, &identity));
    CONVCL_TRY(convcl_copy_string(convcl_text_get(&identity), &context->identity));
cleanup:
    convcl_text_clear(&identity);
    return status;
}

/* The object's locks and condition; nothing else is freed when they cannot be made. */
static convcl_status make_locks(convcl_context *context) {
    if (pthread_mutex_init(&context->lock, NULL) != 0)
        return convcl_fail(CONVCL_NO_MEMORY, "context: a mutex could not be made");
    if (pthread_mutex_init(&context->log_lock, NULL) == 0) {
        if (pthread_cond_init(&context->program_made, NULL) == 0)
            return CONVCL_OK;
        pthread_mutex_destroy(&context->log_lock);
    }
    pthread_mutex_destroy(&context->lock);
    return convcl_fail(CONVCL_NO_MEMORY, "context: a mutex or a condition variable could not be made");
}

static void warn_of_faults(const convcl_context *context) {
    const convcl_device_quirk *quirk = convcl_device_traits__warning(&context->info);
    if (quirk)
        convcl_context__log(context, CONVCL_LOG_WARNING, "%s (driver %s) has a fault known of %s: %s; %s", context->info.name,
                            context->info.driver, quirk->driver, quirk->symptom, quirk->answer);
}

/* Makes the object with everything but the OpenCL context. */
static convcl_status make(const convcl_device_info *info, const convcl_context_options *options, convcl_context **context_out) {
    convcl_status status = CONVCL_OK;
    convcl_context *context = NULL;
    const char *form = options && options->form ? options->form : getenv("CONVCL_FORM");
    const char *directory = options && options->kernel_dir ? options->kernel_dir : getenv("CONVCL_KERNEL_DIR");
    CONVCL_TRY(check_options(options));
    CONVCL_TRY(convcl_alloc(sizeof *context, &context));
    context->info = *info;
    context->references = 1;
    status = make_locks(context);
    if (status != CONVCL_OK) {
        free(context);
        return status;
    }
    CONVCL_TRY(convcl_device_traits__named(form, &context->form));
    CONVCL_TRY(find_build_threads(options, &context->build_threads));
    if (options) {
        context->log = options->log;
        context->log_user = options->log_user;
        context->tuning = options->tuning;
        context->tuning_budget = options->tuning_seconds;
        context->stop_tuning = options->stop_tuning;
        context->stop_user = options->stop_user;
    }
    if (directory && *directory)
        CONVCL_TRY(convcl_copy_string(directory, &context->kernel_dir));
    warn_of_faults(context);
    CONVCL_TRY(open_store(context, options ? options->cache_dir : NULL));
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

/* A number that another thread may be changing; not one that the loader is about to change. */
#define READ_LOCKED(type, name)                                                                                                            \
    type convcl_context_##name(const convcl_context *context) {                                                                            \
        convcl_context *locked = (convcl_context *)context;                                                                                \
        convcl_context__finish_loading(context);                                                                                           \
        pthread_mutex_lock(&locked->lock);                                                                                                 \
        const type value = locked->name;                                                                                                   \
        pthread_mutex_unlock(&locked->lock);                                                                                               \
        return value;                                                                                                                      \
    }
READ_LOCKED(double, compile_seconds)
READ_LOCKED(double, tune_seconds)
READ_LOCKED(int, programs_built)
READ_LOCKED(int, programs_loaded)
READ_LOCKED(int, candidates_tuned)

convcl_store *convcl_context__store(const convcl_context *context) {
    return context->store;
}

convcl_tuning convcl_context__tuning(const convcl_context *context) {
    return context->tuning;
}

double convcl_context__tuning_budget(const convcl_context *context) {
    return context->tuning_budget > 0 ? context->tuning_budget - convcl_context_tune_seconds(context) : HUGE_VAL;
}

bool convcl_context__stops_tuning(convcl_context *context) {
    pthread_mutex_lock(&context->lock);
    bool stopped = context->tuning_stopped;
    pthread_mutex_unlock(&context->lock);
    if (stopped || !context->stop_tuning || !context->stop_tuning(context->stop_user))
        return stopped;
    pthread_mutex_lock(&context->lock);
    context->tuning_stopped = true;
    pthread_mutex_unlock(&context->lock);
    return true;
}

void convcl_context__count_tuning(convcl_context *context, double seconds, int candidates) {
    pthread_mutex_lock(&context->lock);
    context->tune_seconds += seconds;
    context->candidates_tuned += candidates;
    pthread_mutex_unlock(&context->lock);
}

const convcl_device_traits *convcl_context__traits(const convcl_context *context) {
    return context->form ? context->form : convcl_device_traits__of(&context->info);
}

bool convcl_context__prefers_registers(const convcl_context *context) {
    return convcl_context__traits(context)->registers;
}

int convcl_context__streams(const convcl_context *context, size_t floats) {
    return convcl_context__prefers_registers(context) && floats >= STREAM_FLOATS;
}

int convcl_context__build_threads(const convcl_context *context) {
    if (context->build_threads > 0)
        return context->build_threads;
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (processors < 1 || convcl_device_traits__builds_serially(&context->info))
        return 1;
    return processors < DEFAULT_BUILD_THREADS ? (int)processors : DEFAULT_BUILD_THREADS;
}

int convcl_context__vector_width(const convcl_context *context) {
    if (!convcl_context__prefers_registers(context))
        return 1;
    return context->info.vector_width >= 16 ? 16 : context->info.vector_width >= 8 ? 8 : 4;
}

convcl_probe convcl_context__probe(convcl_context *context, int index) {
    pthread_mutex_lock(&context->lock);
    const convcl_probe found = context->probes[index];
    pthread_mutex_unlock(&context->lock);
    return found;
}

void convcl_context__set_probe(convcl_context *context, int index, convcl_probe found) {
    pthread_mutex_lock(&context->lock);
    context->probes[index] = found;
    pthread_mutex_unlock(&context->lock);
}

void convcl_context__log(const convcl_context *context, convcl_log_level level, const char *format, ...) {
    if (!context->log)
        return;
    char line[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    pass_on(level, line, (void *)context);
}
