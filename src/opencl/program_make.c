/* program_make.c: makes one program, of what the store has where that is good, else from source.
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

void convcl_program__begin_building(convcl_context *context) {
    pthread_mutex_lock(&context->lock);
    if (context->builds_running++ == 0)
        context->builds_begin = now();
    pthread_mutex_unlock(&context->lock);
}

void convcl_program__end_building(convcl_context *context) {
    pthread_mutex_lock(&context->lock);
    if (--context->builds_running == 0)
        context->compile_seconds += now() - context->builds_begin;
    pthread_mutex_unlock(&context->lock);
}

/* ---- the order ----------------------------------------------------------------------------------------------------------------------------------------- */

/* Everything that the built program depends on. */
static convcl_status make_store_key(const convcl_context *context, const convcl_program_order *order, convcl_text *key) {
    char digest[CONVCL_SHA256_TEXT];
    convcl_sha256 hash;
    convcl_sha256__begin(&hash);
    if (convcl_device_traits__takes_declarations(&context->info))
        convcl_sha256__add(&hash, convcl_program_declarations, strlen(convcl_program_declarations));
    convcl_sha256__add(&hash, order->prelude, strlen(order->prelude));
    convcl_sha256__add(&hash, order->source, strlen(order->source));
    convcl_sha256__end(&hash, digest);
    convcl_text_add(key, "%skernel %s\noptions %s\nsource %s\nform %s\n", context->identity, order->file, order->options, digest,
                    convcl_program__form(context) == CONVCL_PROGRAM_OBJECT ? "object" : "executable");
    return key->status;
}

/* Looks up the key in the store. */
static convcl_status look_up(const convcl_context *context, convcl_program_order *order) {
    convcl_text key = {0};
    convcl_status status = make_store_key(context, order, &key);
    if (status == CONVCL_OK)
        status = convcl_copy_string(convcl_text_get(&key), &order->key);
    if (status == CONVCL_OK)
        status = convcl_store__get(context->store, CONVCL_STORE_PROGRAM, order->key, &order->binary, &order->size);
    convcl_text_clear(&key);
    return status;
}

convcl_status convcl_program__order(convcl_context *context, const char *file, const char *options, const char *prelude,
                                    convcl_program_order *order_out) {
    convcl_status status = CONVCL_OK;
    convcl_program_order order = {0};
    CONVCL_TRY(convcl_copy_string(file, &order.file));
    CONVCL_TRY(convcl_copy_string(options, &order.options));
    CONVCL_TRY(convcl_copy_string(prelude, &order.prelude));
    CONVCL_TRY(convcl_kernel_source__get(context->kernel_dir, file, &order.source));
    if (context->store) {
        convcl_program__begin_building(context);
        status = look_up(context, &order);
        convcl_program__end_building(context);
        CONVCL_TRY(status);
    }
    *order_out = order;
    return CONVCL_OK;
cleanup:
    convcl_program__clear_order(&order);
    return status;
}

void convcl_program__clear_order(convcl_program_order *order) {
    free(order->file);
    free(order->options);
    free(order->prelude);
    free(order->source);
    free(order->key);
    free(order->binary);
    *order = (convcl_program_order){0};
}

/* ---- the program --------------------------------------------------------------------------------------------------------------------------------------- */

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

/* Makes the program of the stored bytes, which are spent. NULL when they are no longer good. */
static cl_program load(convcl_context *context, convcl_program_order *order) {
    cl_program program = NULL;
    cl_int code = CL_SUCCESS;
    convcl_program__load(context, order->options, order->binary, order->size, &program, &code);
    free(order->binary);
    order->binary = NULL;
    if (!program) {
        report_refusal(context, order->file, code);
        convcl_store__remove(context->store, CONVCL_STORE_PROGRAM, order->key);
    }
    return program;
}

static convcl_status build(convcl_context *context, const convcl_program_order *order, cl_program *program_out) {
    const char *const text[2] = {order->prelude, order->source};
    convcl_text binary = {0};
    const convcl_status status =
        convcl_program__build(context, order->file, order->options, text, program_out, order->key ? &binary : NULL);
    if (status == CONVCL_OK && binary.length > 0 && binary.status == CONVCL_OK)
        convcl_store__put(context->store, CONVCL_STORE_PROGRAM, order->key, binary.data, binary.length);
    convcl_text_clear(&binary);
    return status;
}

convcl_status convcl_program__make(convcl_context *context, convcl_program_order *order, cl_program *program_out) {
    convcl_status status = CONVCL_OK;
    convcl_program__begin_building(context);
    *program_out = order->binary ? load(context, order) : NULL;
    const bool loaded = *program_out != NULL;
    if (!loaded)
        status = build(context, order, program_out);
    convcl_program__end_building(context);
    pthread_mutex_lock(&context->lock);
    if (loaded)
        ++context->programs_loaded;
    else if (status == CONVCL_OK)
        ++context->programs_built;
    pthread_mutex_unlock(&context->lock);
    return status;
}
