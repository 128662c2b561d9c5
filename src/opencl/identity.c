/* identity.c: what a built program and a tuning result depend on, as text, for the keys of the store.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/sha256.h"
#include "convcl/version.h"
#include "opencl/cl_error.h"
#include "opencl/context_internal.h"
#include "opencl/context_struct.h"
#include "opencl/kernel_source.h"
#include "opencl/program.h"

static convcl_status add_platform_version(const convcl_context *context, convcl_text *text) {
    char version[512] = "";
    const convcl_status status =
        convcl_cl__check(clGetPlatformInfo(context->info.platform, CL_PLATFORM_VERSION, sizeof version, version, NULL), "clGetPlatformInfo",
                         context->info.name, "CL_PLATFORM_VERSION");
    convcl_text_add(text, "platform %s, %s\n", context->info.platform_name, version);
    return status;
}

/* The model and the instruction sets of the first processor, as Linux lists them. A home folder may be shared by machines whose devices have the same name
 * ("AMD EPYC") and different instructions. Elsewhere than on Linux there is nothing to read, and nothing is added. */
static void add_processor(convcl_text *text) {
    char line[8192], digest[CONVCL_SHA256_TEXT];
    convcl_sha256 hash;
    FILE *file = fopen("/proc/cpuinfo", "r");
    if (!file)
        return;
    convcl_sha256__begin(&hash);
    while (fgets(line, sizeof line, file) && line[0] != '\n')
        if (strncmp(line, "model name", 10) == 0 || strncmp(line, "flags", 5) == 0 || strncmp(line, "Features", 8) == 0 ||
            strncmp(line, "CPU part", 8) == 0 || strncmp(line, "isa", 3) == 0)
            convcl_sha256__add(&hash, line, strlen(line));
    fclose(file);
    convcl_sha256__end(&hash, digest);
    convcl_text_add(text, "processor %s\n", digest);
}

convcl_status convcl_context__add_identity(const convcl_context *context, convcl_text *text) {
    const convcl_device_info *info = &context->info;
    convcl_text_add(text, "convcl %s\n", convcl_version());
    const convcl_status status = add_platform_version(context, text);
    if (status != CONVCL_OK)
        return status;
    convcl_text_add(text, "device %s, %s, %s, %s, %u units, vectors of %u, groups of %zu, %llu bytes local\n",
                    convcl_device_type_name(info->type), info->name, info->vendor, info->version, info->compute_units, info->vector_width,
                    info->max_work_group_size, (unsigned long long)info->local_memory);
    convcl_text_add(text, "driver %s\n", info->driver);
    if (info->type & CL_DEVICE_TYPE_CPU)
        add_processor(text);
    return text->status;
}

/* A digest of all kernels, as this context would read them. */
static convcl_status hash_kernels(const convcl_context *context, char digest[CONVCL_SHA256_TEXT]) {
    convcl_sha256 hash;
    convcl_sha256__begin(&hash);
    for (const convcl_kernel_source *source = convcl_kernel_sources; source->name; ++source) {
        char *text = NULL;
        const convcl_status status = convcl_kernel_source__get(context->kernel_dir, source->name, &text);
        if (status != CONVCL_OK)
            return status;
        convcl_sha256__add(&hash, text, strlen(text) + 1);
        free(text);
    }
    convcl_sha256__end(&hash, digest);
    return CONVCL_OK;
}

/* The key of a tuning result. */
static convcl_status make_key(convcl_context *context, const char *problem, convcl_text *key) {
    convcl_status status = CONVCL_OK;
    pthread_mutex_lock(&context->lock);
    if (!context->kernels_digest[0])
        status = hash_kernels(context, context->kernels_digest);
    pthread_mutex_unlock(&context->lock);
    if (status != CONVCL_OK)
        return status;
    convcl_text_add(key, "%skernels %s\n", context->identity, context->kernels_digest);
    if (context->form) /* another kind of device than it is, for tests: what wins there says nothing about the device's own kernels */
        convcl_text_add(key, "form %s\n", context->form->name);
    convcl_text_add(key, "problem %s\n", problem);
    return key->status;
}

/* ---- winners --------------------------------------------------------------------------------------------------------------------------------------------- */

/* The context's own memory of them; NULL when there is none. The lock is held. */
static convcl_winner *find_winner(const convcl_context *context, const char *problem) {
    for (size_t i = 0; i < context->winner_count; ++i)
        if (strcmp(context->winners[i].problem, problem) == 0)
            return &context->winners[i];
    return NULL;
}

/* Keeps a copy in the context. */
static convcl_status keep_winner(convcl_context *context, const char *problem, const char *text) {
    convcl_status status = CONVCL_OK;
    convcl_winner kept = {0};
    pthread_mutex_lock(&context->lock);
    convcl_winner *known = find_winner(context, problem);
    CONVCL_TRY(convcl_copy_string(text, &kept.text));
    if (!known) {
        CONVCL_TRY(convcl_copy_string(problem, &kept.problem));
        CONVCL_TRY(convcl_grow(&context->winners, &context->winner_capacity, context->winner_count + 1, sizeof *context->winners));
        context->winners[context->winner_count++] = kept;
    } else {
        free(known->text);
        known->text = kept.text;
    }
    kept = (convcl_winner){0};
cleanup:
    pthread_mutex_unlock(&context->lock);
    free(kept.problem);
    free(kept.text);
    return status;
}

void convcl_context__free_winners(convcl_context *context) {
    for (size_t i = 0; i < context->winner_count; ++i) {
        free(context->winners[i].problem);
        free(context->winners[i].text);
    }
    free(context->winners);
}

convcl_status convcl_context__recall(convcl_context *context, const char *problem, char **winner_out) {
    convcl_text key = {0};
    void *value = NULL;
    size_t size = 0;
    convcl_status status = CONVCL_OK;
    *winner_out = NULL;
    pthread_mutex_lock(&context->lock);
    const convcl_winner *known = find_winner(context, problem);
    if (known)
        status = convcl_copy_string(known->text, winner_out);
    pthread_mutex_unlock(&context->lock);
    if (known || !context->store)
        return status;
    CONVCL_TRY(make_key(context, problem, &key));
    CONVCL_TRY(convcl_store__get(context->store, CONVCL_STORE_TUNING, convcl_text_get(&key), &value, &size));
    if (value)
        CONVCL_TRY(keep_winner(context, problem, value));
    *winner_out = value;
    value = NULL;
cleanup:
    free(value);
    convcl_text_clear(&key);
    return status;
}

convcl_status convcl_context__remember(convcl_context *context, const char *problem, const char *winner) {
    convcl_text key = {0};
    convcl_status status = keep_winner(context, problem, winner);
    if (status != CONVCL_OK || !context->store)
        return status;
    status = make_key(context, problem, &key);
    if (status == CONVCL_OK)
        convcl_store__put(context->store, CONVCL_STORE_TUNING, convcl_text_get(&key), winner, strlen(winner));
    convcl_text_clear(&key);
    return status;
}
