/* test_threads.c: threads share plans and contexts; each has a queue, a workspace and an error text of its own.
 * SPDX-License-Identifier: MIT
 *
 * A thread makes no assertion: cmocka's leave a test by a jump, which must not cross threads. It reports, and the test judges. */
#include <pthread.h>
#include <stdio.h>

#include "conv_case.h"

#define THREADS 2
#define ROUNDS  20

typedef struct worker {
    const conv_case *c;
    const convcl_conv_plan *plan;
    cl_command_queue queue;
    conv_values values;
    conv_tensors tensors;
    convcl_status status;
} worker;

static void *enqueue_often(void *argument) {
    worker *w = argument;
    for (int i = 0; i < ROUNDS && w->status == CONVCL_OK; i++)
        w->status = conv_enqueue(w->c, w->plan, w->queue, &w->tensors, 0, NULL, NULL);
    if (clFinish(w->queue) != CL_SUCCESS)
        w->status = CONVCL_CL_ERROR;
    return NULL;
}

static void release_queue(void *queue) {
    clReleaseCommandQueue(queue);
}

static void enqueue_together(harness_device *device, const conv_case *c, const convcl_conv_plan *const plans[THREADS]) {
    worker workers[THREADS];
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (worker){.c = c, .plan = plans[i], .values = conv_random_values(&c->desc)};
        workers[i].tensors = conv_upload(device, c, plans[i], &workers[i].values);
        assert_ok(convcl_context_create_queue(device->context, 0, &workers[i].queue));
        harness_defer(release_queue, workers[i].queue);
    }
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, enqueue_often, &workers[i]), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(workers[i].status, CONVCL_OK);
        conv_expect(c, &workers[i].values, &workers[i].tensors, false);
    }
}

static void test_threads__share_one_plan(harness_device *device, const void *data) {
    const convcl_conv_plan *const plan = conv_plan(device, data);
    enqueue_together(device, data, (const convcl_conv_plan *const[THREADS]){plan, plan});
}

/* Their kernels are the same objects, which hold their arguments. */
static void test_threads__equal_plans(harness_device *device, const void *data) {
    enqueue_together(device, data, (const convcl_conv_plan *const[THREADS]){conv_plan(device, data), conv_plan(device, data)});
}

/* ---- plans made at the same time on one context ---- */

typedef struct maker {
    convcl_context *context;
    const conv_case *c;
    convcl_status status[ROUNDS];
    bool wrong_text;
} maker;

/* Makes good plans and broken ones in turn; the text of a failure must be that of this thread. */
static void *make_plans(void *argument) {
    maker *m = argument;
    for (int i = 0; i < ROUNDS; i++) {
        convcl_conv_desc desc = m->c->desc;
        convcl_conv_plan *plan = NULL;
        if (i % 2)
            desc.stride_h = -m->c->desc.n;
        m->status[i] = convcl_conv_plan_create(m->context, &desc, (convcl_conv_dir)(i % 3), &m->c->options, &plan);
        convcl_conv_plan_destroy(plan);
        char value[16];
        snprintf(value, sizeof value, "%d", desc.stride_h);
        if (i % 2 && !strstr(convcl_last_error(), value))
            m->wrong_text = true;
    }
    return NULL;
}

static void test_threads__make_plans_on_one_context(harness_device *device, const void *data) {
    conv_case cases[THREADS];
    maker makers[THREADS];
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        cases[i] = *(const conv_case *)data;
        cases[i].desc.n = 5 + i;
        makers[i] = (maker){.context = device->context, .c = &cases[i]};
        assert_int_equal(pthread_create(&threads[i], NULL, make_plans, &makers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i < THREADS; i++) {
        assert_false(makers[i].wrong_text);
        for (int round = 0; round < ROUNDS; round++)
            assert_int_equal(makers[i].status[round], round % 2 ? CONVCL_INVALID : CONVCL_OK);
    }
}

/* ---- programs made at the same time on one context ---- */

typedef struct builder {
    convcl_context *context;
    convcl_status status[ROUNDS];
} builder;

/* Wants a few programs, each of them many times. */
static void *make_fills(void *argument) {
    builder *b = argument;
    for (int i = 0; i < ROUNDS; i++) {
        const convcl_fill_desc desc = {.kind = i % 2 ? CONVCL_FILL_NORMAL : CONVCL_FILL_CONSTANT, .count = 64, .stddev = 1};
        convcl_fill_plan *plan = NULL;
        b->status[i] = convcl_fill_plan_create(b->context, &desc, &plan);
        convcl_fill_plan_destroy(plan);
    }
    return NULL;
}

static void test_threads__build_each_program_once(harness_device *device, const void *data) {
    (void)data;
    pthread_t threads[2 * THREADS];
    builder builders[2 * THREADS];
    convcl_context *context = NULL;
    assert_ok(convcl_context_create_from_cl(convcl_context_cl(device->context), device->info.device, NULL, &context));
    int running = 0;
    for (int i = 0; i < 2 * THREADS; i++) {
        builders[i] = (builder){.context = context};
        running += pthread_create(&threads[i], NULL, make_fills, &builders[i]) == 0;
    }
    for (int i = 0; i < running; i++)
        pthread_join(threads[i], NULL);
    const int made = convcl_context_programs_built(context) + convcl_context_programs_loaded(context);
    convcl_context_release(context);
    assert_int_equal(running, 2 * THREADS);
    for (int i = 0; i < 2 * THREADS; i++)
        for (int round = 0; round < ROUNDS; round++)
            assert_int_equal(builders[i].status[round], CONVCL_OK);
    assert_int_equal(made, 2);
}

int main(int argc, char **argv) {
    const char *text = "n2ih13iw11ic16oc24f3p1";
    conv_add_for_gemms("test_threads__share_one_fwd_plan", test_threads__share_one_plan, text, CONVCL_CONV_FWD);
    conv_add_for_gemms("test_threads__share_one_bwd_data_plan", test_threads__share_one_plan, text, CONVCL_CONV_BWD_DATA);
    conv_add_for_gemms("test_threads__share_one_bwd_weights_plan", test_threads__share_one_plan, text, CONVCL_CONV_BWD_WEIGHTS);
    conv_add_for_gemms("test_threads__equal_plans", test_threads__equal_plans, text, CONVCL_CONV_FWD);
    conv_add_for_gemms("test_threads__make_plans_on_one_context", test_threads__make_plans_on_one_context, text, CONVCL_CONV_FWD);
    HARNESS_DEVICE(test_threads__build_each_program_once);
    return harness_main(argc, argv);
}
