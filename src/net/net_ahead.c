/* net_ahead.c: builds the programs of a network by several threads, before the plans that need them are made one after the other.
 * SPDX-License-Identifier: MIT
 *
 * A thread takes one step after another, makes its plan and throws it away: the context keeps the programs. Neighbouring layers want the same programs, which are
 * made once (src/opencl/program.c) while other threads wait: so the order is one in which neighbours lie far apart. Nothing is tuned here. */
#include <pthread.h>

#include "net/net_internal.h"
#include "opencl/context_internal.h"

#define MOST_THREADS 64

typedef struct work {
    const convcl_net *net;
    pthread_mutex_t lock; /* guards what follows */
    size_t taken;         /* steps, in the order of step_at */
    bool failed;          /* the rest is not worth building */
} work;

static convcl_status try_conv(const convcl_net *net, const convcl_net_layer *layer, convcl_conv_dir dir) {
    convcl_conv_plan *plan = NULL;
    const convcl_status status = convcl_net__make_conv_plan(net, layer, dir, NULL, &plan);
    convcl_conv_plan_destroy(plan);
    return status;
}

/* Builds for the step at `index`; for both gradients of a convolution at the first of their two steps. */
static convcl_status build(const convcl_net *net, size_t index) {
    const convcl_net_step *step = &net->steps[index];
    convcl_net_layer layer = net->layers[step->layer];
    if (layer.op == CONVCL_NET_OP_CONV) {
        if (index > 0 && convcl_net__may_join(net, index - 1))
            return CONVCL_OK;
        if (!convcl_net__may_join(net, index))
            return try_conv(net, &layer, convcl_net__step_dir(step->kind));
        convcl_status status = try_conv(net, &layer, CONVCL_CONV_BWD);
        if (status != CONVCL_UNSUPPORTED)
            return status;
        status = try_conv(net, &layer, CONVCL_CONV_BWD_WEIGHTS);
        return status == CONVCL_OK ? try_conv(net, &layer, CONVCL_CONV_BWD_DATA) : status;
    }
    const convcl_status status = convcl_net__make_layer_plan(net, &layer);
    convcl_net__destroy_layer_plan(&layer);
    return status;
}

static size_t common_divisor(size_t a, size_t b) {
    return b == 0 ? a : common_divisor(b, a % b);
}

/* The step that is taken as number `i`: all come once, as the stride has no divisor in common with their count. */
static size_t step_at(size_t i, size_t count) {
    size_t stride = (size_t)(0.618 * (double)count) + 1;
    while (common_divisor(count, stride) != 1)
        stride++;
    return i * stride % count;
}

static void *build_steps(void *argument) {
    work *w = argument;
    for (;;) {
        pthread_mutex_lock(&w->lock);
        const size_t i = w->failed ? w->net->step_count : w->taken++;
        pthread_mutex_unlock(&w->lock);
        if (i >= w->net->step_count)
            return NULL;
        if (build(w->net, step_at(i, w->net->step_count)) == CONVCL_OK)
            continue;
        pthread_mutex_lock(&w->lock);
        w->failed = true;
        pthread_mutex_unlock(&w->lock);
    }
}

void convcl_net__build_ahead(const convcl_net *net) {
    const int wanted = convcl_context__build_threads(net->context);
    pthread_t threads[MOST_THREADS];
    int started = 0;
    work w = {.net = net};
    if (wanted < 2 || pthread_mutex_init(&w.lock, NULL) != 0)
        return;
    /* The caller's thread is one of them. A thread that cannot be had leaves its work to the others. */
    while (started + 1 < wanted && started < MOST_THREADS && pthread_create(&threads[started], NULL, build_steps, &w) == 0)
        started++;
    if (started > 0)
        build_steps(&w);
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    pthread_mutex_destroy(&w.lock);
}
