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

convcl_status convcl_context__recall(convcl_context *context, const char *problem, char **winner_out) {
    convcl_text key = {0};
    void *value = NULL;
    size_t size = 0;
    *winner_out = NULL;
    if (!context->store)
        return CONVCL_OK;
    convcl_status status = make_key(context, problem, &key);
    if (status == CONVCL_OK)
        status = convcl_store__get(context->store, CONVCL_STORE_TUNING, convcl_text_get(&key), &value, &size);
    *winner_out = value;
    convcl_text_clear(&key);
    return status;
}

convcl_status convcl_context__remember(convcl_context *context, const char *problem, const char *winner) {
    convcl_text key = {0};
    if (!context->store)
        return CONVCL_OK;
    const convcl_status status = make_key(context, problem, &key);
    if (status == CONVCL_OK)
        convcl_store__put(context->store, CONVCL_STORE_TUNING, convcl_text_get(&key), winner, strlen(winner));
    convcl_text_clear(&key);
    return status;
}
