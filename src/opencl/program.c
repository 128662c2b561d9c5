/* program.c: the programs and kernels of a context, each made once.
 * SPDX-License-Identifier: MIT */
#include "opencl/program.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "opencl/cl_error.h"
#include "opencl/context_internal.h"
#include "opencl/context_struct.h"

/* ---- the context's memory ------------------------------------------------------------------------------------------------------------------------------ */

static convcl_program *find(const convcl_context *context, const char *key) {
    for (size_t i = 0; i < context->program_count; ++i)
        if (strcmp(context->programs[i]->key, key) == 0)
            return context->programs[i];
    return NULL;
}

static void destroy_kernels(convcl_kernel_object *object) {
    while (object) {
        convcl_kernel_object *next = object->next;
        if (object->kernel)
            clReleaseKernel(object->kernel);
        pthread_mutex_destroy(&object->lock);
        free(object->name);
        free(object);
        object = next;
    }
}

static void destroy(convcl_program *entry) {
    destroy_kernels(entry->kernels);
    convcl_program__clear_order(&entry->order);
    if (entry->program)
        clReleaseProgram(entry->program);
    pthread_mutex_destroy(&entry->kernels_lock);
    free(entry->key);
    free(entry);
}

/* Adds an entry that nobody else may use yet; the lock is held. */
static convcl_status add(convcl_context *context, const char *key, convcl_program **entry_out) {
    convcl_status status = CONVCL_OK;
    convcl_program *entry = NULL;
    CONVCL_TRY(convcl_grow(&context->programs, &context->program_capacity, context->program_count + 1, sizeof(convcl_program *)));
    CONVCL_TRY(convcl_alloc(sizeof *entry, &entry));
    if (pthread_mutex_init(&entry->kernels_lock, NULL) != 0) {
        status = convcl_fail(CONVCL_NO_MEMORY, "program: a mutex could not be made");
        goto cleanup;
    }
    status = convcl_copy_string(key, &entry->key);
    if (status != CONVCL_OK) {
        pthread_mutex_destroy(&entry->kernels_lock);
        goto cleanup;
    }
    context->programs[context->program_count++] = entry;
    *entry_out = entry;
    return CONVCL_OK;
cleanup:
    free(entry);
    return status;
}

/* Forgets an entry whose program could not be made; the lock is held. */
static void drop(convcl_context *context, convcl_program *entry) {
    size_t at = 0;
    while (context->programs[at] != entry)
        ++at;
    context->programs[at] = context->programs[--context->program_count];
    destroy(entry);
}

/* Makes what a new entry needs to be used, without the lock: its program, or the certainty that it can be loaded. */
static convcl_status begin(convcl_context *context, const char *file, const char *options, const char *prelude, convcl_program *entry) {
    convcl_status status = convcl_program__order(context, file, options, prelude, &entry->order);
    if (status != CONVCL_OK || (entry->order.binary && convcl_program__leave_to_loader(context, entry)))
        return status;
    cl_program program = NULL;
    status = convcl_program__make(context, &entry->order, &program);
    if (status != CONVCL_OK)
        return status;
    pthread_mutex_lock(&context->lock);
    entry->program = program;
    entry->state = CONVCL_PROGRAM_READY;
    convcl_program__clear_order(&entry->order);
    pthread_mutex_unlock(&context->lock);
    return CONVCL_OK;
}

/* Finds or begins a program. */
static convcl_status get(convcl_context *context, const char *file, const char *options, const char *prelude, convcl_program **entry_out,
                         bool *ready_out) {
    convcl_status status = CONVCL_OK;
    convcl_program *entry = NULL;
    convcl_text key = {0};
    convcl_text_add(&key, "%s %s\n%s", file, options, prelude);
    if (key.status != CONVCL_OK)
        return key.status;
    pthread_mutex_lock(&context->lock);
    while ((entry = find(context, convcl_text_get(&key))) && entry->state == CONVCL_PROGRAM_NEW)
        pthread_cond_wait(&context->program_made, &context->lock);
    if (!entry) {
        status = add(context, convcl_text_get(&key), &entry);
        if (status == CONVCL_OK) {
            pthread_mutex_unlock(&context->lock);
            status = begin(context, file, options, prelude, entry);
            pthread_mutex_lock(&context->lock);
            if (status != CONVCL_OK)
                drop(context, entry);
            pthread_cond_broadcast(&context->program_made);
        }
    }
    if (status == CONVCL_OK) {
        *entry_out = entry;
        *ready_out = entry->state == CONVCL_PROGRAM_READY;
    }
    pthread_mutex_unlock(&context->lock);
    convcl_text_clear(&key);
    return status;
}

/* ---- kernels ------------------------------------------------------------------------------------------------------------------------------------------- */

static convcl_kernel_object *find_kernel(const convcl_program *entry, const char *name) {
    convcl_kernel_object *object = entry->kernels;
    while (object && strcmp(object->name, name) != 0)
        object = object->next;
    return object;
}

/* Makes the object of a kernel, without the kernel; the program's lock is held. */
static convcl_status add_kernel(convcl_program *entry, const char *name, convcl_kernel_object **object_out) {
    convcl_status status = CONVCL_OK;
    convcl_kernel_object *object = NULL;
    CONVCL_TRY(convcl_alloc(sizeof *object, &object));
    CONVCL_TRY(convcl_copy_string(name, &object->name));
    if (pthread_mutex_init(&object->lock, NULL) != 0) {
        status = convcl_fail(CONVCL_NO_MEMORY, "kernel %s: a mutex could not be made", name);
        goto cleanup;
    }
    object->program = entry;
    object->next = entry->kernels;
    entry->kernels = object;
    *object_out = object;
    return CONVCL_OK;
cleanup:
    if (object)
        free(object->name);
    free(object);
    return status;
}

convcl_status convcl_program__need_kernel(convcl_context *context, convcl_kernel_object *object) {
    cl_int code = CL_SUCCESS;
    if (object->kernel)
        return CONVCL_OK;
    convcl_status status = convcl_program__await(context, object->program);
    if (status != CONVCL_OK)
        return status;
    convcl_program__begin_building(context);
    cl_kernel kernel = clCreateKernel(object->program->program, object->name, &code);
    convcl_program__end_building(context);
    const char *key = object->program->key;
    status = convcl_cl__check(code, "clCreateKernel", context->info.name, "%s of %.*s", object->name, (int)strcspn(key, "\n"), key);
    if (status == CONVCL_OK)
        object->kernel = kernel;
    return status;
}

convcl_status convcl_program__take_kernel(convcl_context *context, const char *file, const char *name, const char *options,
                                          const char *prelude, convcl_kernel_object **object_out) {
    convcl_program *entry = NULL;
    convcl_kernel_object *object = NULL;
    bool ready = false;
    convcl_status status = get(context, file, options, prelude, &entry, &ready);
    if (status != CONVCL_OK)
        return status;
    pthread_mutex_lock(&entry->kernels_lock);
    object = find_kernel(entry, name);
    if (!object)
        status = add_kernel(entry, name, &object);
    pthread_mutex_unlock(&entry->kernels_lock);
    if (status != CONVCL_OK)
        return status;
    pthread_mutex_lock(&object->lock);
    if (ready)
        status = convcl_program__need_kernel(context, object);
    if (status == CONVCL_OK) {
        object->users++;
        *object_out = object;
    }
    pthread_mutex_unlock(&object->lock);
    return status;
}

void convcl_program__give_kernel_back(convcl_kernel_object *object) {
    pthread_mutex_lock(&object->lock);
    if (--object->users == 0)
        for (cl_uint i = 0; object->tensors; i++, object->tensors >>= 1)
            if (object->tensors & 1)
                clSetKernelArg(object->kernel, i, sizeof(cl_mem), NULL);
    pthread_mutex_unlock(&object->lock);
}

void convcl_program__release_all(convcl_context *context) {
    for (size_t i = 0; i < context->program_count; ++i)
        destroy(context->programs[i]);
    free(context->programs);
}
