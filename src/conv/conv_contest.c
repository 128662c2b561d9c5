/* conv_contest.c: candidates for a convolution, made, run and checked on memory of their own.
 * SPDX-License-Identifier: MIT */
#include "conv/conv_contest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "conv/conv_gather.h"

/* Relative RMS difference from direct sums in float32 at most: what DEFAULT math promises, and FAST (docs/accuracy.md). */
#define LIMIT      1e-5
#define LIMIT_FAST 2e-2

/* And no value is off by more than that many limits, in RMS of the values: a few that are wrong among many do not show in their RMS. */
#define OUTLIER 20.0

/* Of the values. Any will do; the same ones each time make two races alike. */
#define SEED 0x9E3779B97F4A7C15u

/* ---- memory --------------------------------------------------------------------------------------------------------------------------------------------- */

static bool has_data(convcl_conv_dir dir) {
    return dir == CONVCL_CONV_BWD_DATA || dir == CONVCL_CONV_BWD;
}

static bool has_weights(convcl_conv_dir dir) {
    return dir == CONVCL_CONV_BWD_WEIGHTS || dir == CONVCL_CONV_BWD;
}

static convcl_status allocate(convcl_conv_contest *c, const char *what, size_t count, cl_mem *mem_out) {
    return count > 0 ? convcl_context__alloc_buffer(c->context, what, count * sizeof(float), mem_out) : CONVCL_OK;
}

/* Fills a tensor with values in [-1, 1). */
static convcl_status fill(const convcl_conv_contest *c, cl_mem mem, size_t count, uint64_t stream, float *host) {
    uint64_t state = SEED + stream;
    if (!mem)
        return CONVCL_OK;
    for (size_t i = 0; i < count; ++i) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        host[i] = (float)(int32_t)(state >> 32) * (1.0f / 2147483648.0f);
    }
    return convcl_context__write(c->context, c->queue, (convcl_buffer){.mem = mem}, host, count, sizeof(float));
}

/* A driver may hand out more than there is, and only notice at a launch: everybody's, as they share the workspace. */
static void give_workspace_back(convcl_conv_contest *c) {
    convcl_context__free_buffer(c->workspace);
    c->workspace = NULL;
    c->workspace_size = 0;
}

/* Makes the workspace hold `count` floats. */
static convcl_status need_workspace(convcl_conv_contest *c, size_t count) {
    if (count <= c->workspace_size)
        return CONVCL_OK;
    give_workspace_back(c);
    const convcl_status status = allocate(c, "tune: workspace", count, &c->workspace);
    if (status == CONVCL_OK)
        c->workspace_size = count;
    return status;
}

static convcl_buffer whole(cl_mem mem) {
    return (convcl_buffer){.mem = mem};
}

static convcl_conv_tensors tensors_of(const convcl_conv_contest *c) {
    return (convcl_conv_tensors){
        .x = whole(c->x), .w = whole(c->w), .b = whole(c->b), .y = whole(c->y), .dx = whole(c->dx), .dw = whole(c->dw), .db = whole(c->db)};
}

/* Enqueues one algorithm and waits. The workspace grows when another candidate's failure took it away. */
static convcl_status compute(convcl_conv_contest *c, const convcl_conv_algo *algo, const void *state, convcl_conv_tensors tensors) {
    convcl_status status = CONVCL_OK;
    convcl_stream stream;
    CONVCL_TRY(need_workspace(c, algo->workspace(state)));
    tensors.workspace = whole(c->workspace);
    CONVCL_TRY(convcl_stream__begin(&stream, "tune", c->context, c->queue, 0, NULL, NULL));
    CONVCL_TRY(convcl_stream__end(&stream, algo->enqueue(state, &stream, &tensors)));
    CONVCL_TRY(convcl_context__finish(c->context, c->queue));
cleanup:
    if (status != CONVCL_OK)
        give_workspace_back(c);
    return status;
}

/* Runs the forward pass once and keeps what it makes of x, as a network does; without the memory for that, nothing is kept. */
static convcl_status keep(convcl_conv_contest *c, const convcl_conv_winner *forward) {
    convcl_status status = CONVCL_OK;
    void *state = NULL;
    const char *key = NULL;
    if (!has_weights(c->dir) || !forward->algo || !forward->algo->kept)
        return CONVCL_OK;
    CONVCL_TRY(forward->algo->create(c->context, c->shape, &forward->choice, &state));
    const size_t size = forward->algo->kept(state, &key);
    CONVCL_TRY(allocate(c, "tune: kept", size, &c->kept));
    convcl_conv_tensors tensors = tensors_of(c);
    tensors.kept = whole(c->kept);
    CONVCL_TRY(compute(c, forward->algo, state, tensors));
    snprintf(c->kept_key, sizeof c->kept_key, "%s", key);
    c->kept_size = size;
cleanup:
    if (state)
        forward->algo->destroy(state);
    return status;
}

static size_t largest(const convcl_conv_shape *s) {
    const size_t most = s->x > s->y ? s->x : s->y;
    const size_t filters = s->w > s->b ? s->w : s->b;
    return most > filters ? most : filters;
}

convcl_status convcl_conv_contest__create(convcl_conv_contest *c, convcl_context *context, const convcl_conv_shape *shape,
                                          convcl_conv_dir dir, const convcl_conv_winner *forward) {
    convcl_status status = CONVCL_OK;
    const convcl_conv_shape *s = shape;
    float *host = NULL;
    *c = (convcl_conv_contest){.context = context, .shape = shape, .dir = dir};
    CONVCL_TRY(convcl_context_create_queue(context, 0, &c->queue));
    CONVCL_TRY(convcl_alloc(largest(s) * sizeof(float), &host));
    CONVCL_TRY(allocate(c, "tune: x", s->x, &c->x));
    CONVCL_TRY(allocate(c, "tune: w", s->w, &c->w));
    CONVCL_TRY(allocate(c, "tune: b", s->desc.has_bias ? s->b : 0, &c->b));
    CONVCL_TRY(allocate(c, "tune: y", s->y, &c->y));
    CONVCL_TRY(allocate(c, "tune: dx", has_data(dir) ? s->x : 0, &c->dx));
    CONVCL_TRY(allocate(c, "tune: dw", has_weights(dir) ? s->w : 0, &c->dw));
    CONVCL_TRY(allocate(c, "tune: db", has_weights(dir) && s->desc.has_bias ? s->b : 0, &c->db));
    CONVCL_TRY(fill(c, c->x, s->x, 1, host));
    CONVCL_TRY(fill(c, c->w, s->w, 2, host));
    CONVCL_TRY(fill(c, c->b, s->b, 3, host));
    if (keep(c, forward) != CONVCL_OK) {
        convcl_context__free_buffer(c->kept);
        c->kept = NULL;
    }
    if (dir != CONVCL_CONV_FWD) /* the forward pass wrote y, which is dy from here on */
        CONVCL_TRY(fill(c, c->y, s->y, 4, host));
cleanup:
    free(host);
    return status;
}

void convcl_conv_contest__clear(convcl_conv_contest *c) {
    const cl_mem memory[] = {c->x, c->w, c->b, c->y, c->dx, c->dw, c->db, c->kept, c->workspace};
    for (size_t i = 0; i < sizeof memory / sizeof *memory; ++i)
        convcl_context__free_buffer(memory[i]);
    for (int i = 0; i < CONVCL_CONV_OUTPUTS; ++i)
        free(c->reference[i]);
    if (c->queue)
        clReleaseCommandQueue(c->queue);
    *c = (convcl_conv_contest){0};
}

/* ---- one candidate -------------------------------------------------------------------------------------------------------------------------------------- */

static void drop(convcl_conv_candidate *k) {
    if (k->state)
        k->how.algo->destroy(k->state);
    if (k->data_state)
        k->data_algo->destroy(k->data_state);
    k->state = k->data_state = NULL;
}

static convcl_status prepare(convcl_conv_contest *c, const convcl_conv_shape *shape, convcl_conv_candidate *k) {
    convcl_status status = CONVCL_OK;
    const char *key = NULL;
    CONVCL_TRY(k->how.algo->create(c->context, shape, &k->how.choice, &k->state));
    k->reads_kept =
        c->kept_size > 0 && k->how.algo->kept && k->how.algo->kept(k->state, &key) == c->kept_size && strcmp(key, c->kept_key) == 0;
    if (k->how.separate) {
        CONVCL_TRY(k->data_algo->create(c->context, shape, &k->data_choice, &k->data_state));
        snprintf(k->text, sizeof k->text, "two plans, %s and %s", k->data_algo->name, k->how.algo->name);
    } else {
        snprintf(k->text, sizeof k->text, "%s, %s", k->how.algo->name, k->how.algo->describe(k->state));
    }
cleanup:
    return status;
}

static convcl_status run(convcl_conv_contest *c, const convcl_conv_candidate *k) {
    convcl_conv_tensors tensors = tensors_of(c);
    if (k->how.separate) {
        const convcl_status status = compute(c, k->data_algo, k->data_state, tensors);
        if (status != CONVCL_OK)
            return status;
    }
    if (k->reads_kept)
        tensors.kept = whole(c->kept);
    return compute(c, k->how.algo, k->state, tensors);
}

convcl_conv_candidate convcl_conv_contest__plain(convcl_conv_dir dir) {
    const bool both = dir == CONVCL_CONV_BWD;
    convcl_conv_candidate k = {.how = {.separate = both, .algo = convcl_conv__find("gather", both ? CONVCL_CONV_BWD_WEIGHTS : dir)}};
    if (both)
        k.data_algo = convcl_conv__find("gather", CONVCL_CONV_BWD_DATA);
    return k;
}

convcl_status convcl_conv_contest__prepare(void *user, int candidate) {
    convcl_conv_contest *c = user;
    return prepare(c, c->shape, &c->candidates[candidate]);
}

convcl_status convcl_conv_contest__run(void *user, int candidate) {
    convcl_conv_contest *c = user;
    return run(c, &c->candidates[candidate]);
}

void convcl_conv_contest__drop(void *user, int candidate) {
    convcl_conv_contest *c = user;
    drop(&c->candidates[candidate]);
}

const char *convcl_conv_contest__describe(void *user, int candidate) {
    const convcl_conv_contest *c = user;
    return c->candidates[candidate].text;
}

/* ---- the check ------------------------------------------------------------------------------------------------------------------------------------------ */

typedef struct output {
    cl_mem mem;
    size_t count;
} output;

static void outputs_of(const convcl_conv_contest *c, output outputs[CONVCL_CONV_OUTPUTS]) {
    const convcl_conv_shape *s = c->shape;
    outputs[0] = c->dir == CONVCL_CONV_FWD ? (output){c->y, s->y} : (output){c->dx, c->dx ? s->x : 0};
    outputs[1] = (output){c->dw, c->dw ? s->w : 0};
    outputs[2] = (output){c->db, c->db ? s->b : 0};
}

/* Runs it on outputs that hold no result, and reads them. The arrays are as large as the outputs. */
static convcl_status run_afresh(convcl_conv_contest *c, const convcl_conv_candidate *k, float *const into[CONVCL_CONV_OUTPUTS]) {
    convcl_status status = CONVCL_OK;
    output outputs[CONVCL_CONV_OUTPUTS];
    outputs_of(c, outputs);
    for (int i = 0; i < CONVCL_CONV_OUTPUTS; ++i) {
        for (size_t j = 0; j < outputs[i].count; ++j)
            into[i][j] = NAN;
        if (outputs[i].count > 0)
            CONVCL_TRY(convcl_context__write(c->context, c->queue, whole(outputs[i].mem), into[i], outputs[i].count, sizeof(float)));
    }
    CONVCL_TRY(run(c, k));
    for (int i = 0; i < CONVCL_CONV_OUTPUTS; ++i)
        if (outputs[i].count > 0)
            CONVCL_TRY(convcl_context__read(c->context, c->queue, whole(outputs[i].mem), into[i], outputs[i].count, sizeof(float)));
cleanup:
    return status;
}

static convcl_status allocate_outputs(const convcl_conv_contest *c, float *into[CONVCL_CONV_OUTPUTS]) {
    convcl_status status = CONVCL_OK;
    output outputs[CONVCL_CONV_OUTPUTS];
    outputs_of(c, outputs);
    for (int i = 0; i < CONVCL_CONV_OUTPUTS && status == CONVCL_OK; ++i)
        if (outputs[i].count > 0)
            status = convcl_alloc(outputs[i].count * sizeof(float), &into[i]);
    return status;
}

/* In STRICT math, so that what is compared shares no reduced products with the candidates of FAST. */
static convcl_status make_reference(convcl_conv_contest *c) {
    convcl_status status = CONVCL_OK;
    convcl_conv_shape strict = *c->shape;
    convcl_conv_candidate plain = convcl_conv_contest__plain(c->dir);
    float *made[CONVCL_CONV_OUTPUTS] = {NULL};
    CONVCL_TRY(allocate_outputs(c, made));
    strict.desc.math = CONVCL_MATH_STRICT;
    CONVCL_TRY(prepare(c, &strict, &plain));
    CONVCL_TRY(run_afresh(c, &plain, made));
    memcpy(c->reference, made, sizeof made);
    memset(made, 0, sizeof made);
cleanup:
    drop(&plain);
    for (int i = 0; i < CONVCL_CONV_OUTPUTS; ++i)
        free(made[i]);
    return status;
}

/* False for a NaN. */
static bool is_near(const float *values, const float *reference, size_t count, double limit) {
    double error = 0.0, size = 0.0, worst = 0.0;
    for (size_t i = 0; i < count; ++i) {
        const double d = (double)values[i] - (double)reference[i];
        error += d * d;
        size += (double)reference[i] * (double)reference[i];
        worst = d * d > worst ? d * d : worst;
    }
    const double most = OUTLIER * limit;
    return error <= limit * limit * size && (count == 0 || worst <= most * most * size / (double)count);
}

convcl_status convcl_conv_contest__check(void *user, int candidate, bool *right_out) {
    convcl_conv_contest *c = user;
    convcl_status status = CONVCL_OK;
    float *values[CONVCL_CONV_OUTPUTS] = {NULL};
    output outputs[CONVCL_CONV_OUTPUTS];
    const double limit = c->shape->desc.math == CONVCL_MATH_FAST ? LIMIT_FAST : LIMIT;
    bool right = true;
    outputs_of(c, outputs);
    *right_out = false;
    if (!c->reference[0] && !c->reference[1])
        CONVCL_TRY(make_reference(c));
    CONVCL_TRY(allocate_outputs(c, values));
    CONVCL_TRY(run_afresh(c, &c->candidates[candidate], values));
    for (int i = 0; i < CONVCL_CONV_OUTPUTS; ++i)
        right = right && is_near(values[i], c->reference[i], outputs[i].count, limit);
    *right_out = right;
cleanup:
    for (int i = 0; i < CONVCL_CONV_OUTPUTS; ++i)
        free(values[i]);
    return status;
}
