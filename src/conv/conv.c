/* conv.c: the public convolution: checks, choice of the algorithm, enqueue.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "conv/conv_algo.h"
#include "conv/conv_choose.h"
#include "conv/conv_internal.h"
#include "conv/conv_tune.h"
#include "opencl/context_internal.h"

struct convcl_conv_plan {
    convcl_context *context; /* a reference */
    convcl_conv_shape shape;
    const convcl_conv_algo *algo;
    void *state; /* the algorithm's */
    char description[256];
};

const char *convcl_conv_dir_name(convcl_conv_dir dir) {
    switch (dir) {
    case CONVCL_CONV_FWD:
        return "fwd";
    case CONVCL_CONV_BWD_DATA:
        return "bwd_data";
    case CONVCL_CONV_BWD_WEIGHTS:
        return "bwd_weights";
    case CONVCL_CONV_BWD:
        return "bwd";
    }
    return "unknown";
}

/* Decides by the caller's words, else by what won here before or wins now, else by the cost model. *tuned_out: the second. */
static convcl_status decide(convcl_context *context, const convcl_conv_shape *shape, convcl_conv_dir dir,
                            const convcl_conv_options *options, const char *label, const convcl_conv_algo **algo_out,
                            convcl_conv_choice *choice_out, bool *tuned_out) {
    convcl_conv_winner winner;
    *choice_out = (convcl_conv_choice){.gemm = options ? options->gemm : NULL};
    *tuned_out = false;
    if (!options || (convcl_conv__is_auto(options->algo) && convcl_conv__is_auto(options->gemm))) {
        const convcl_status status = label ? convcl_conv_tune__winner(context, shape, dir, label, &winner, tuned_out)
                                           : convcl_conv_tune__recall(context, shape, dir, &winner, tuned_out);
        if (status != CONVCL_OK)
            return status;
    }
    if (!*tuned_out)
        return convcl_conv__choose(context, shape, dir, options, algo_out, &choice_out->tile);
    if (winner.separate)
        return convcl_fail(CONVCL_UNSUPPORTED, "conv: direction bwd: two plans, bwd_data and bwd_weights, were found to be faster");
    *algo_out = winner.algo;
    *choice_out = winner.choice;
    return CONVCL_OK;
}

convcl_status convcl_conv__check_algorithm(const convcl_context *context, const convcl_conv_desc *desc, convcl_conv_dir dir,
                                           const convcl_conv_options *options) {
    convcl_conv_shape shape;
    const convcl_conv_algo *algo = NULL;
    int tile = 0;
    const convcl_status status = convcl_conv_shape__make(desc, &shape);
    return status == CONVCL_OK ? convcl_conv__choose(context, &shape, dir, options, &algo, &tile) : status;
}

convcl_status convcl_conv__plan_create(convcl_context *context, const convcl_conv_desc *desc, convcl_conv_dir dir,
                                       const convcl_conv_options *options, const char *label, convcl_conv_plan **plan_out) {
    CONVCL_REQUIRE(plan_out, "conv: plan_out is NULL");
    *plan_out = NULL;
    CONVCL_REQUIRE(context, "conv: context is NULL");
    CONVCL_REQUIRE(dir == CONVCL_CONV_FWD || dir == CONVCL_CONV_BWD_DATA || dir == CONVCL_CONV_BWD_WEIGHTS || dir == CONVCL_CONV_BWD,
                   "conv: dir is %d, must be FWD, BWD_DATA, BWD_WEIGHTS or BWD", (int)dir);
    convcl_status status = CONVCL_OK;
    convcl_conv_plan *plan = NULL;
    convcl_conv_shape shape;
    convcl_conv_choice choice;
    bool tuned = false;
    CONVCL_TRY(convcl_conv_shape__make(desc, &shape));
    CONVCL_TRY(convcl_alloc(sizeof *plan, &plan));
    plan->context = convcl_context__retain(context);
    plan->shape = shape;
    CONVCL_TRY(decide(context, &shape, dir, options, label, &plan->algo, &choice, &tuned));
    status = plan->algo->create(context, &shape, &choice, &plan->state);
    if (tuned && (status == CONVCL_UNSUPPORTED || status == CONVCL_BUILD_FAILED)) {
        /* What was remembered does not work any more, as after an update that the key does not show. */
        choice = (convcl_conv_choice){0};
        CONVCL_TRY(convcl_conv__choose(context, &shape, dir, NULL, &plan->algo, &choice.tile));
        status = plan->algo->create(context, &shape, &choice, &plan->state);
    }
    CONVCL_TRY(status);
    snprintf(plan->description, sizeof plan->description, "conv %s %s, %s", convcl_conv_dir_name(dir), plan->algo->name,
             plan->algo->describe(plan->state));
    *plan_out = plan;
    plan = NULL;
cleanup:
    convcl_conv_plan_destroy(plan);
    return status;
}

convcl_status convcl_conv_plan_create(convcl_context *context, const convcl_conv_desc *desc, convcl_conv_dir dir,
                                      const convcl_conv_options *options, convcl_conv_plan **plan_out) {
    return convcl_conv__plan_create(context, desc, dir, options, "conv", plan_out);
}

void convcl_conv_plan_destroy(convcl_conv_plan *plan) {
    if (!plan)
        return;
    if (plan->algo)
        plan->algo->destroy(plan->state);
    convcl_context_release(plan->context);
    free(plan);
}

size_t convcl_conv_plan_workspace(const convcl_conv_plan *plan) {
    return plan->algo->workspace(plan->state);
}

const char *convcl_conv_plan_describe(const convcl_conv_plan *plan) {
    return plan->description;
}

/* One tensor to check: no check when `needed` is false. */
typedef struct tensor_check {
    const char *name;
    convcl_buffer buffer;
    size_t count;
    bool needed;
} tensor_check;

/* Checks the direction and every buffer. */
static convcl_status check(const convcl_conv_plan *plan, convcl_conv_dir dir, const tensor_check *checks, int count,
                           convcl_buffer workspace) {
    CONVCL_REQUIRE(plan->algo->dir == dir, "conv: plan is made for %s, must be made for %s", convcl_conv_dir_name(plan->algo->dir),
                   convcl_conv_dir_name(dir));
    convcl_status status = CONVCL_OK;
    for (int i = 0; i < count; ++i)
        if (checks[i].needed)
            CONVCL_TRY(convcl_stream__check_buffer("conv", checks[i].name, checks[i].buffer, checks[i].count, sizeof(float)));
    if (convcl_conv_plan_workspace(plan) > 0)
        CONVCL_TRY(convcl_stream__check_buffer("conv", "workspace", workspace, convcl_conv_plan_workspace(plan), sizeof(float)));
cleanup:
    return status;
}

convcl_status convcl_conv__fwd(const convcl_conv_plan *plan, convcl_stream *stream, convcl_buffer x, convcl_buffer w, convcl_buffer b,
                               convcl_buffer y, convcl_buffer workspace) {
    const convcl_conv_shape *s = &plan->shape;
    const tensor_check checks[] = {{"x", x, s->x, true}, {"w", w, s->w, true}, {"b", b, s->b, s->desc.has_bias != 0}, {"y", y, s->y, true}};
    const convcl_status status = check(plan, CONVCL_CONV_FWD, checks, 4, workspace);
    if (status != CONVCL_OK)
        return status;
    return plan->algo->enqueue(plan->state, stream, &(convcl_conv_tensors){.x = x, .w = w, .b = b, .y = y, .workspace = workspace});
}

size_t convcl_conv_plan_packed(const convcl_conv_plan *plan) {
    return plan->algo->dir == CONVCL_CONV_FWD ? plan->algo->packed(plan->state) : 0;
}

convcl_status convcl_conv__pack(const convcl_conv_plan *plan, convcl_stream *stream, convcl_buffer w, convcl_buffer packed,
                                convcl_buffer workspace) {
    const tensor_check checks[] = {{"w", w, plan->shape.w, true}, {"packed", packed, convcl_conv_plan_packed(plan), true}};
    const convcl_status status = check(plan, CONVCL_CONV_FWD, checks, 2, workspace);
    return status == CONVCL_OK ? plan->algo->pack(plan->state, stream, w, packed, workspace) : status;
}

convcl_status convcl_conv__fwd_packed(const convcl_conv_plan *plan, convcl_stream *stream, convcl_buffer x, convcl_buffer packed,
                                      convcl_buffer b, convcl_buffer y, convcl_buffer workspace) {
    const convcl_conv_shape *s = &plan->shape;
    const tensor_check checks[] = {{"x", x, s->x, true},
                                   {"packed", packed, convcl_conv_plan_packed(plan), true},
                                   {"b", b, s->b, s->desc.has_bias != 0},
                                   {"y", y, s->y, true}};
    const convcl_status status = check(plan, CONVCL_CONV_FWD, checks, 4, workspace);
    if (status != CONVCL_OK)
        return status;
    return plan->algo->enqueue(plan->state, stream,
                               &(convcl_conv_tensors){.x = x, .packed = packed, .b = b, .y = y, .workspace = workspace});
}

convcl_status convcl_conv__bwd_data(const convcl_conv_plan *plan, convcl_stream *stream, convcl_buffer dy, convcl_buffer w, convcl_buffer x,
                                    convcl_buffer dx, convcl_buffer workspace) {
    const convcl_conv_shape *s = &plan->shape;
    const tensor_check checks[] = {
        {"dy", dy, s->y, true}, {"w", w, s->w, true}, {"x", x, s->x, s->desc.relu_mask != 0}, {"dx", dx, s->x, true}};
    const convcl_status status = check(plan, CONVCL_CONV_BWD_DATA, checks, 4, workspace);
    if (status != CONVCL_OK)
        return status;
    return plan->algo->enqueue(plan->state, stream, &(convcl_conv_tensors){.x = x, .w = w, .y = dy, .dx = dx, .workspace = workspace});
}

convcl_status convcl_conv__bwd_weights(const convcl_conv_plan *plan, convcl_stream *stream, convcl_buffer x, convcl_buffer dy,
                                       convcl_buffer dw, convcl_buffer db, convcl_buffer workspace) {
    const convcl_conv_shape *s = &plan->shape;
    const tensor_check checks[] = {
        {"x", x, s->x, true}, {"dy", dy, s->y, true}, {"dw", dw, s->w, true}, {"db", db, s->b, s->desc.has_bias != 0}};
    const convcl_status status = check(plan, CONVCL_CONV_BWD_WEIGHTS, checks, 4, workspace);
    if (status != CONVCL_OK)
        return status;
    return plan->algo->enqueue(plan->state, stream, &(convcl_conv_tensors){.x = x, .y = dy, .dw = dw, .db = db, .workspace = workspace});
}

/* Floats of what the plan keeps or can read, and how that lies; 0 when there is nothing. */
static size_t kept_of(const convcl_conv_plan *plan, const char **key_out) {
    return plan->algo->kept ? plan->algo->kept(plan->state, key_out) : 0;
}

size_t convcl_conv_plan_kept(const convcl_conv_plan *fwd, const convcl_conv_plan *bwd) {
    const char *key = NULL, *other = NULL;
    if (fwd->algo->dir != CONVCL_CONV_FWD || bwd->algo->dir == CONVCL_CONV_FWD)
        return 0;
    const size_t size = kept_of(fwd, &key);
    return size > 0 && kept_of(bwd, &other) == size && strcmp(key, other) == 0 ? size : 0;
}

/* Checks `kept`, which may have a NULL mem. */
static convcl_status check_kept(const convcl_conv_plan *plan, convcl_buffer kept) {
    const char *key = NULL;
    if (!kept.mem)
        return CONVCL_OK;
    const size_t size = kept_of(plan, &key);
    if (size == 0)
        return convcl_fail(CONVCL_UNSUPPORTED, "conv: kept is given, but %s keeps nothing of x", plan->description);
    return convcl_stream__check_buffer("conv", "kept", kept, size, sizeof(float));
}

convcl_status convcl_conv__fwd_keep(const convcl_conv_plan *plan, convcl_stream *stream, convcl_buffer x, convcl_buffer w, convcl_buffer b,
                                    convcl_buffer y, convcl_buffer kept, convcl_buffer workspace) {
    const convcl_conv_shape *s = &plan->shape;
    const tensor_check checks[] = {{"x", x, s->x, true}, {"w", w, s->w, true}, {"b", b, s->b, s->desc.has_bias != 0}, {"y", y, s->y, true}};
    convcl_status status = check(plan, CONVCL_CONV_FWD, checks, 4, workspace);
    if (status == CONVCL_OK)
        status = check_kept(plan, kept);
    if (status != CONVCL_OK)
        return status;
    return plan->algo->enqueue(plan->state, stream,
                               &(convcl_conv_tensors){.x = x, .w = w, .b = b, .y = y, .kept = kept, .workspace = workspace});
}

convcl_status convcl_conv__bwd(const convcl_conv_plan *plan, convcl_stream *stream, convcl_buffer x, convcl_buffer dy, convcl_buffer w,
                               convcl_buffer kept, convcl_buffer dx, convcl_buffer dw, convcl_buffer db, convcl_buffer workspace) {
    const convcl_conv_shape *s = &plan->shape;
    const bool data = plan->algo->dir != CONVCL_CONV_BWD_WEIGHTS;
    const tensor_check checks[] = {{"x", x, s->x, !kept.mem || (data && s->desc.relu_mask)},
                                   {"dy", dy, s->y, true},
                                   {"w", w, s->w, data},
                                   {"dx", dx, s->x, data},
                                   {"dw", dw, s->w, true},
                                   {"db", db, s->b, s->desc.has_bias != 0}};
    convcl_status status = check(plan, data ? CONVCL_CONV_BWD : CONVCL_CONV_BWD_WEIGHTS, checks, 6, workspace);
    if (status == CONVCL_OK)
        status = check_kept(plan, kept);
    if (status != CONVCL_OK)
        return status;
    return plan->algo->enqueue(
        plan->state, stream,
        &(convcl_conv_tensors){.x = x, .w = w, .y = dy, .dx = dx, .dw = dw, .db = db, .kept = kept, .workspace = workspace});
}

convcl_status convcl_conv_fwd_enqueue(const convcl_conv_plan *plan, cl_command_queue queue, convcl_buffer x, convcl_buffer w,
                                      convcl_buffer b, convcl_buffer y, convcl_buffer workspace, cl_uint wait_count, const cl_event *wait,
                                      cl_event *event_out) {
    CONVCL_REQUIRE(plan, "conv: plan is NULL");
    convcl_stream stream;
    const convcl_status status = convcl_stream__begin(&stream, "conv", plan->context, queue, wait_count, wait, event_out);
    return status == CONVCL_OK ? convcl_stream__end(&stream, convcl_conv__fwd(plan, &stream, x, w, b, y, workspace)) : status;
}

convcl_status convcl_conv_pack_enqueue(const convcl_conv_plan *plan, cl_command_queue queue, convcl_buffer w, convcl_buffer packed,
                                       convcl_buffer workspace, cl_uint wait_count, const cl_event *wait, cl_event *event_out) {
    CONVCL_REQUIRE(plan, "conv: plan is NULL");
    convcl_stream stream;
    const convcl_status status = convcl_stream__begin(&stream, "conv", plan->context, queue, wait_count, wait, event_out);
    return status == CONVCL_OK ? convcl_stream__end(&stream, convcl_conv__pack(plan, &stream, w, packed, workspace)) : status;
}

convcl_status convcl_conv_fwd_packed_enqueue(const convcl_conv_plan *plan, cl_command_queue queue, convcl_buffer x, convcl_buffer packed,
                                             convcl_buffer b, convcl_buffer y, convcl_buffer workspace, cl_uint wait_count,
                                             const cl_event *wait, cl_event *event_out) {
    CONVCL_REQUIRE(plan, "conv: plan is NULL");
    convcl_stream stream;
    const convcl_status status = convcl_stream__begin(&stream, "conv", plan->context, queue, wait_count, wait, event_out);
    return status == CONVCL_OK ? convcl_stream__end(&stream, convcl_conv__fwd_packed(plan, &stream, x, packed, b, y, workspace)) : status;
}

convcl_status convcl_conv_bwd_data_enqueue(const convcl_conv_plan *plan, cl_command_queue queue, convcl_buffer dy, convcl_buffer w,
                                           convcl_buffer x, convcl_buffer dx, convcl_buffer workspace, cl_uint wait_count,
                                           const cl_event *wait, cl_event *event_out) {
    CONVCL_REQUIRE(plan, "conv: plan is NULL");
    convcl_stream stream;
    const convcl_status status = convcl_stream__begin(&stream, "conv", plan->context, queue, wait_count, wait, event_out);
    return status == CONVCL_OK ? convcl_stream__end(&stream, convcl_conv__bwd_data(plan, &stream, dy, w, x, dx, workspace)) : status;
}

convcl_status convcl_conv_bwd_weights_enqueue(const convcl_conv_plan *plan, cl_command_queue queue, convcl_buffer x, convcl_buffer dy,
                                              convcl_buffer dw, convcl_buffer db, convcl_buffer workspace, cl_uint wait_count,
                                              const cl_event *wait, cl_event *event_out) {
    CONVCL_REQUIRE(plan, "conv: plan is NULL");
    convcl_stream stream;
    const convcl_status status = convcl_stream__begin(&stream, "conv", plan->context, queue, wait_count, wait, event_out);
    return status == CONVCL_OK ? convcl_stream__end(&stream, convcl_conv__bwd_weights(plan, &stream, x, dy, dw, db, workspace)) : status;
}

convcl_status convcl_conv_fwd_keep_enqueue(const convcl_conv_plan *plan, cl_command_queue queue, convcl_buffer x, convcl_buffer w,
                                           convcl_buffer b, convcl_buffer y, convcl_buffer kept, convcl_buffer workspace,
                                           cl_uint wait_count, const cl_event *wait, cl_event *event_out) {
    CONVCL_REQUIRE(plan, "conv: plan is NULL");
    CONVCL_REQUIRE(kept.mem, "conv: kept is NULL");
    convcl_stream stream;
    const convcl_status status = convcl_stream__begin(&stream, "conv", plan->context, queue, wait_count, wait, event_out);
    return status == CONVCL_OK ? convcl_stream__end(&stream, convcl_conv__fwd_keep(plan, &stream, x, w, b, y, kept, workspace)) : status;
}

convcl_status convcl_conv_bwd_enqueue(const convcl_conv_plan *plan, cl_command_queue queue, convcl_buffer x, convcl_buffer dy,
                                      convcl_buffer w, convcl_buffer kept, convcl_buffer dx, convcl_buffer dw, convcl_buffer db,
                                      convcl_buffer workspace, cl_uint wait_count, const cl_event *wait, cl_event *event_out) {
    CONVCL_REQUIRE(plan, "conv: plan is NULL");
    convcl_stream stream;
    const convcl_status status = convcl_stream__begin(&stream, "conv", plan->context, queue, wait_count, wait, event_out);
    return status == CONVCL_OK ? convcl_stream__end(&stream, convcl_conv__bwd(plan, &stream, x, dy, w, kept, dx, dw, db, workspace))
                               : status;
}
