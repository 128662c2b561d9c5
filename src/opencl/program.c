/* program.c: makes each program once a context, from the store where it is there.
 * SPDX-License-Identifier: MIT */
#include "opencl/program.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/sha256.h"
#include "opencl/cl_error.h"
#include "opencl/context_internal.h"
#include "opencl/context_struct.h"
#include "opencl/device_traits.h"
#include "opencl/kernel_source.h"

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Between the two the context's compile_seconds grow, whatever the number of threads. */
static void begin_building(convcl_context *context) {
    pthread_mutex_lock(&context->lock);
    if (context->builds_running++ == 0)
        context->builds_begin = now();
    pthread_mutex_unlock(&context->lock);
}

static void end_building(convcl_context *context) {
    pthread_mutex_lock(&context->lock);
    if (--context->builds_running == 0)
        context->compile_seconds += now() - context->builds_begin;
    pthread_mutex_unlock(&context->lock);
}

/* ---- the store ----------------------------------------------------------------------------------------------------------------------------------------- */

/* Everything that the built program depends on. */
static convcl_status make_store_key(const convcl_context *context, const char *file, const char *options, const char *const text[2],
                                    convcl_text *key) {
    char digest[CONVCL_SHA256_TEXT];
    convcl_sha256 hash;
    convcl_sha256__begin(&hash);
    if (convcl_device_traits__takes_declarations(&context->info))
        convcl_sha256__add(&hash, convcl_program_declarations, strlen(convcl_program_declarations));
    for (int i = 0; i < 2; ++i)
        convcl_sha256__add(&hash, text[i], strlen(text[i]));
    convcl_sha256__end(&hash, digest);
    convcl_text_add(key, "%skernel %s\noptions %s\nsource %s\nform %s\n", context->identity, file, options, digest,
                    convcl_program__form(context) == CONVCL_PROGRAM_OBJECT ? "object" : "executable");
    return key->status;
}

/* Says once a context that the driver does not take what is in the store. */
static void report_refusal(convcl_context *context, const char *file, cl_int code) {
    pthread_mutex_lock(&context->lock);
    const bool first = !context->refusal_reported;
    context->refusal_reported = true;
    pthread_mutex_unlock(&context->lock);
    if (first)
        convcl_context__log(context, CONVCL_LOG_WARNING, "the stored program of %s.cl is refused by the driver: %s (%d); it is built anew",
                            file, convcl_cl__error_name(code), (int)code);
}

/* Takes the program from the store. *program_out is NULL when it is not there, or no longer good. */
static convcl_status load(convcl_context *context, const char *file, const char *options, const char *key, cl_program *program_out) {
    void *binary = NULL;
    size_t size = 0;
    cl_int code = CL_SUCCESS;
    *program_out = NULL;
    const convcl_status status = convcl_store__get(context->store, CONVCL_STORE_PROGRAM, key, &binary, &size);
    if (status != CONVCL_OK || !binary)
        return status;
    convcl_program__load(context, options, binary, size, program_out, &code);
    free(binary);
    if (!*program_out) {
        report_refusal(context, file, code);
        convcl_store__remove(context->store, CONVCL_STORE_PROGRAM, key);
    }
    return CONVCL_OK;
}

/* ---- making one program -------------------------------------------------------------------------------------------------------------------------------- */

static convcl_status load_or_build(convcl_context *context, const char *file, const char *options, const char *const text[2],
                                   cl_program *program_out, bool *loaded_out) {
    convcl_status status = CONVCL_OK;
    convcl_text key = {0}, binary = {0};
    *program_out = NULL;
    if (context->store) {
        CONVCL_TRY(make_store_key(context, file, options, text, &key));
        CONVCL_TRY(load(context, file, options, convcl_text_get(&key), program_out));
    }
    *loaded_out = *program_out != NULL;
    if (!*program_out)
        CONVCL_TRY(convcl_program__build(context, file, options, text, program_out, context->store ? &binary : NULL));
    if (!*loaded_out && binary.length > 0 && binary.status == CONVCL_OK)
        convcl_store__put(context->store, CONVCL_STORE_PROGRAM, convcl_text_get(&key), binary.data, binary.length);
cleanup:
    convcl_text_clear(&key);
    convcl_text_clear(&binary);
    return status;
}

/* Makes the program, without the context's lock, and counts it. */
static convcl_status make(convcl_context *context, const char *file, const char *options, const char *prelude, cl_program *program_out) {
    char *source = NULL;
    bool loaded = false;
    *program_out = NULL;
    convcl_status status = convcl_kernel_source__get(context->kernel_dir, file, &source);
    if (status != CONVCL_OK)
        return status;
    const char *const text[2] = {prelude, source};
    begin_building(context);
    status = load_or_build(context, file, options, text, program_out, &loaded);
    end_building(context);
    pthread_mutex_lock(&context->lock);
    if (loaded)
        ++context->programs_loaded;
    else
        ++context->programs_built;
    pthread_mutex_unlock(&context->lock);
    free(source);
    return status;
}

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
        clReleaseKernel(object->kernel);
        pthread_mutex_destroy(&object->lock);
        free(object->name);
        free(object);
        object = next;
    }
}

static void destroy(convcl_program *entry) {
    destroy_kernels(entry->kernels);
    if (entry->program)
        clReleaseProgram(entry->program);
    pthread_mutex_destroy(&entry->kernels_lock);
    free(entry->key);
    free(entry);
}

/* Adds an entry whose program is being made; the lock is held. */
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

/* Finds or makes a program. */
static convcl_status get(convcl_context *context, const char *file, const char *options, const char *prelude, convcl_program **entry_out) {
    convcl_status status = CONVCL_OK;
    convcl_program *entry = NULL;
    convcl_text key = {0};
    convcl_text_add(&key, "%s %s\n%s", file, options, prelude);
    if (key.status != CONVCL_OK)
        return key.status;
    pthread_mutex_lock(&context->lock);
    while ((entry = find(context, convcl_text_get(&key))) && !entry->program)
        pthread_cond_wait(&context->program_made, &context->lock);
    if (!entry) {
        status = add(context, convcl_text_get(&key), &entry);
        if (status == CONVCL_OK) {
            cl_program program = NULL;
            pthread_mutex_unlock(&context->lock);
            status = make(context, file, options, prelude, &program);
            pthread_mutex_lock(&context->lock);
            if (status == CONVCL_OK)
                entry->program = program;
            else
                drop(context, entry);
            pthread_cond_broadcast(&context->program_made);
        }
    }
    if (status == CONVCL_OK)
        *entry_out = entry;
    pthread_mutex_unlock(&context->lock);
    convcl_text_clear(&key);
    return status;
}

/* ---- kernels ------------------------------------------------------------------------------------------------------------------------------------------- */

/* Makes a kernel of a program; its lock is held. */
static convcl_status make_kernel(convcl_context *context, convcl_program *entry, const char *file, const char *name,
                                 convcl_kernel_object **object_out) {
    convcl_status status = CONVCL_OK;
    convcl_kernel_object *object = NULL;
    cl_int code = CL_SUCCESS;
    CONVCL_TRY(convcl_alloc(sizeof *object, &object));
    CONVCL_TRY(convcl_copy_string(name, &object->name));
    begin_building(context);
    object->kernel = clCreateKernel(entry->program, name, &code);
    end_building(context);
    CONVCL_TRY(convcl_cl__check(code, "clCreateKernel", context->info.name, "%s in %s.cl", name, file));
    if (pthread_mutex_init(&object->lock, NULL) != 0) {
        clReleaseKernel(object->kernel);
        status = convcl_fail(CONVCL_NO_MEMORY, "kernel %s: a mutex could not be made", name);
        goto cleanup;
    }
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

convcl_status convcl_program__take_kernel(convcl_context *context, const char *file, const char *name, const char *options,
                                          const char *prelude, convcl_kernel_object **object_out) {
    convcl_program *entry = NULL;
    convcl_status status = get(context, file, options, prelude, &entry);
    if (status != CONVCL_OK)
        return status;
    pthread_mutex_lock(&entry->kernels_lock);
    convcl_kernel_object *object = entry->kernels;
    while (object && strcmp(object->name, name) != 0)
        object = object->next;
    if (!object)
        status = make_kernel(context, entry, file, name, &object);
    pthread_mutex_unlock(&entry->kernels_lock);
    if (status != CONVCL_OK)
        return status;
    pthread_mutex_lock(&object->lock);
    object->users++;
    pthread_mutex_unlock(&object->lock);
    *object_out = object;
    return CONVCL_OK;
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
