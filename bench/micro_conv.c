/* micro_conv.c: the row of one convolution in one direction.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conv/conv_internal.h"
#include "micro.h"
#include "reference/ref_conv.h"
#include "reference/ref_random.h"

/* Host values, x w b dy, in the order in which the tests make them. */
typedef struct host_values {
    float *x, *w, *b, *dy;
} host_values;

/* One run, and what it needs. Buffers that the direction does not use are {NULL, 0}. */
typedef struct conv_run {
    convcl_conv_desc desc;
    convcl_conv_dir dir;
    convcl_conv_plan *plan;
    size_t x_count, w_count, b_count, y_count;
    convcl_ref_random random;
    bench_buffers buffers;
    convcl_buffer x, w, b, dy, out, db, workspace;
} conv_run;

static convcl_status enqueue(void *user, convcl_stream *stream) {
    const conv_run *run = user;
    switch (run->dir) {
    case CONVCL_CONV_FWD:
        return convcl_conv__fwd(run->plan, stream, run->x, run->w, run->b, run->out, run->workspace);
    case CONVCL_CONV_BWD_DATA:
        return convcl_conv__bwd_data(run->plan, stream, run->dy, run->w, run->x, run->out, run->workspace);
    case CONVCL_CONV_BWD_WEIGHTS:
    case CONVCL_CONV_BWD: /* no case asks for both gradients at once */
        break;
    }
    return convcl_conv__bwd_weights(run->plan, stream, run->x, run->dy, run->out, run->db, run->workspace);
}

static size_t out_count(const conv_run *run) {
    return run->dir == CONVCL_CONV_FWD ? run->y_count : run->dir == CONVCL_CONV_BWD_DATA ? run->x_count : run->w_count;
}

/* ---- values ---------------------------------------------------------------------------------------------------------------------------- */

static void free_values(host_values *v) {
    free(v->x);
    free(v->w);
    free(v->b);
    free(v->dy);
}

/* Uniform in [-1, 1), or whole numbers from -4 to 4, whose sums float32 holds exactly. */
static float *make(conv_run *run, size_t count, bool whole, bench_row *row) {
    float *values = malloc(count * sizeof *values);
    if (!values)
        bench_row_no_memory(row, count);
    else if (whole)
        convcl_ref_random_integers(&run->random, values, count, -4, 4);
    else
        convcl_ref_random_uniform(&run->random, values, count, -1, 1);
    return values;
}

static host_values make_values(conv_run *run, bool whole, bench_row *row) {
    host_values v = {0};
    v.x = make(run, run->x_count, whole, row);
    v.w = make(run, run->w_count, whole, row);
    v.b = make(run, run->b_count, whole, row);
    v.dy = make(run, run->y_count, whole, row);
    return v;
}

static void upload(bench_micro *micro, conv_run *run, const host_values *v, bench_row *row) {
    const convcl_conv_desc *d = &run->desc;
    const bool fwd = run->dir == CONVCL_CONV_FWD, data = run->dir == CONVCL_CONV_BWD_DATA;
    bench_buffers *to = &run->buffers;
    bench_buffers_clear(to);
    run->x = bench_buffers_add(to, micro, "x", v->x, !data || d->relu_mask ? run->x_count : 0, row);
    run->w = bench_buffers_add(to, micro, "w", v->w, fwd || data ? run->w_count : 0, row);
    run->b = bench_buffers_add(to, micro, "b", v->b, fwd && d->has_bias ? run->b_count : 0, row);
    run->dy = bench_buffers_add(to, micro, "dy", v->dy, fwd ? 0 : run->y_count, row);
    run->out = bench_buffers_add(to, micro, fwd ? "y" : data ? "dx" : "dw", NULL, out_count(run), row);
    run->db = bench_buffers_add(to, micro, "db", NULL, !fwd && !data && d->has_bias ? run->b_count : 0, row);
    run->workspace = bench_buffers_add(to, micro, "workspace", NULL, convcl_conv_plan_workspace(run->plan), row);
}

/* ---- the check ------------------------------------------------------------------------------------------------------------------------- */

/* Terms of the longest sum: what the rounding error of direct summation grows with. */
static double terms(const conv_run *run) {
    const convcl_conv_desc *d = &run->desc;
    if (run->dir == CONVCL_CONV_BWD_WEIGHTS)
        return (double)run->y_count / d->oc;
    return (double)d->fh * d->fw * (run->dir == CONVCL_CONV_FWD ? d->ic : d->oc) / d->groups;
}

/* The bounds of the tests: direct summation within twice what rounding predicts, others within what CONVCL_MATH_DEFAULT promises; wider for few values, which
 * may cancel by chance. */
static double limit_of(const conv_run *run, bool direct, size_t count) {
    return (direct ? 1e-7 + 4e-8 * sqrt(terms(run)) : 1e-5) * (count < 64 ? 8 : 1);
}

static double *to_doubles(const float *values, size_t count, bench_row *row) {
    double *doubles = malloc(count * sizeof *doubles);
    if (!doubles)
        bench_row_no_memory(row, count);
    for (size_t i = 0; i < count && doubles && values; ++i)
        doubles[i] = (double)values[i];
    return doubles;
}

static void compare(bench_micro *micro, conv_run *run, const host_values *v, bool whole, bench_row *row) {
    const char *const names[] = {"y", "dx", "dw"};
    const bool direct = strcmp(row->algorithm, "gather") == 0;
    double *x = to_doubles(v->x, run->x_count, row), *w = to_doubles(v->w, run->w_count, row), *b = to_doubles(v->b, run->b_count, row);
    double *dy = to_doubles(v->dy, run->y_count, row), *out = to_doubles(NULL, out_count(run), row),
           *db = to_doubles(NULL, run->b_count, row);
    if (row->status == BENCH_ROW_OK) {
        if (run->dir == CONVCL_CONV_FWD)
            convcl_ref_conv_fwd(&run->desc, x, w, b, out);
        else if (run->dir == CONVCL_CONV_BWD_DATA)
            convcl_ref_conv_bwd_data(&run->desc, dy, w, x, out);
        else
            convcl_ref_conv_bwd_weights(&run->desc, x, dy, out, db);
        row->limit = limit_of(run, direct, out_count(run));
        bench_row_compare(micro, names[run->dir], run->out, out, out_count(run), row->limit, whole && direct, row);
        if (run->db.mem)
            bench_row_compare(micro, "db", run->db, db, run->b_count, limit_of(run, direct, run->b_count), whole && direct, row);
    }
    free(x);
    free(w);
    free(b);
    free(dy);
    free(out);
    free(db);
}

/* Random values, then whole numbers, as the tests do. Leaves the last values on the device. */
static void run_values(bench_micro *micro, conv_run *run, bench_row *row) {
    const bool verify = micro->options->common.verify;
    for (int whole = 0; whole < (verify ? 2 : 1) && row->status == BENCH_ROW_OK; ++whole) {
        host_values values = make_values(run, whole, row);
        if (row->status == BENCH_ROW_OK)
            upload(micro, run, &values, row);
        if (row->status == BENCH_ROW_OK && verify && bench_row_run_once(micro, enqueue, run, row))
            compare(micro, run, &values, whole, row);
        free_values(&values);
    }
    row->verified = verify && row->status == BENCH_ROW_OK;
}

/* ---- the row --------------------------------------------------------------------------------------------------------------------------- */

/* The algorithm out of "conv fwd winograd, F(4x4, 3x3), ...". */
static void take_names(const conv_run *run, bench_row *row) {
    char prefix[32];
    const char *text = convcl_conv_plan_describe(run->plan);
    snprintf(row->describe, sizeof row->describe, "%s", text);
    const int length = snprintf(prefix, sizeof prefix, "conv %s ", convcl_conv_dir_name(run->dir));
    if (strncmp(text, prefix, (size_t)length) == 0)
        snprintf(row->algorithm, sizeof row->algorithm, "%.*s", (int)strcspn(text + length, ","), text + length);
}

void bench_micro_conv(bench_micro *micro, const convcl_conv_desc *desc, convcl_conv_dir dir, bench_row *row) {
    const bench_options *common = &micro->options->common;
    const convcl_conv_options options = {.algo = common->algo, .gemm = common->gemm};
    conv_run run = {.desc = *desc, .dir = dir, .random = convcl_ref_random_begin(common->seed)};
    int oh = 0, ow = 0;
    snprintf(row->operation, sizeof row->operation, "%s", convcl_conv_dir_name(dir));
    snprintf(row->algorithm, sizeof row->algorithm, "%s", common->algo ? common->algo : "auto");
    const double compiled = convcl_context_compile_seconds(micro->session.context);
    if (!bench_row_check(row, convcl_conv_plan_create(micro->session.context, desc, dir, &options, &run.plan)))
        return;
    row->compile_s = convcl_context_compile_seconds(micro->session.context) - compiled;
    convcl_ref_conv_output_size(desc, &oh, &ow);
    run.x_count = (size_t)desc->n * (size_t)desc->ih * (size_t)desc->iw * (size_t)desc->ic;
    run.w_count = (size_t)desc->fh * (size_t)desc->fw * (size_t)(desc->ic / desc->groups) * (size_t)desc->oc;
    run.b_count = (size_t)desc->oc;
    run.y_count = (size_t)desc->n * (size_t)oh * (size_t)ow * (size_t)desc->oc;
    row->work = bench_work_conv(desc, dir);
    take_names(&run, row);
    if (bench_row_fits(micro, row->work.bytes / sizeof(float) + (double)convcl_conv_plan_workspace(run.plan), row))
        run_values(micro, &run, row);
    if (row->status == BENCH_ROW_OK)
        bench_row_time(micro, enqueue, &run, row);
    bench_buffers_clear(&run.buffers);
    convcl_conv_plan_destroy(run.plan);
}
