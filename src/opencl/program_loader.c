/* program_loader.c: a thread that makes the programs which the store has, while the caller goes on.
 * SPDX-License-Identifier: MIT
 *
 * Only where the driver builds one program at a time in any case (PoCL, Intel's CPU runtime); elsewhere src/net/net_ahead.c has several threads at it. PoCL 3.1 spends 0.4 s on its
 * first link, in which it reads its library of built-in functions, and 2 to 9 ms on each of the others: more than half of the set-up of a second run.
 *
 * A program stays in the order of its coming, but a launch that needs one does not wait for those in front of it. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "opencl/context_internal.h"
#include "opencl/context_struct.h"
#include "opencl/device_traits.h"
#include "opencl/program.h"

/* A process that ends takes its drivers down while other threads run, and a driver that is taken down while it links may crash. So the loaders are stopped before that. */
static pthread_mutex_t loaders_lock = PTHREAD_MUTEX_INITIALIZER;
static convcl_context *with_loader;
static bool stops_at_exit, exits;
static pid_t loads_in;

/* ---- the queue; the context's lock is held --------------------------------------------------------------------------------------------------------------- */

static void enqueue(convcl_context *context, convcl_program *entry) {
    entry->queued = true;
    entry->next_queued = NULL;
    if (context->queue_last)
        context->queue_last->next_queued = entry;
    else
        context->queue_first = entry;
    context->queue_last = entry;
}

static void dequeue(convcl_context *context, convcl_program *entry) {
    convcl_program *before = NULL;
    if (!entry->queued)
        return;
    for (convcl_program *other = context->queue_first; other != entry; other = other->next_queued)
        before = other;
    if (before)
        before->next_queued = entry->next_queued;
    else
        context->queue_first = entry->next_queued;
    if (context->queue_last == entry)
        context->queue_last = before;
    entry->queued = false;
}

/* Makes a program that is WAITING; the lock is given up meanwhile. After a failure it is WAITING again, for the next launch. */
static convcl_status make(convcl_context *context, convcl_program *entry) {
    cl_program program = NULL;
    dequeue(context, entry);
    entry->state = CONVCL_PROGRAM_MAKING;
    pthread_mutex_unlock(&context->lock);
    const convcl_status status = convcl_program__make(context, &entry->order, &program);
    pthread_mutex_lock(&context->lock);
    entry->program = program;
    entry->state = status == CONVCL_OK ? CONVCL_PROGRAM_READY : CONVCL_PROGRAM_WAITING;
    if (status == CONVCL_OK)
        convcl_program__clear_order(&entry->order);
    pthread_cond_broadcast(&context->program_made);
    return status;
}

/* ---- the thread ------------------------------------------------------------------------------------------------------------------------------------------ */

static void *load_queued(void *argument) {
    convcl_context *context = argument;
    pthread_mutex_lock(&context->lock);
    while (!context->loader_stops) {
        if (!context->queue_first || context->launches_waiting > 0) {
            pthread_cond_wait(&context->program_made, &context->lock);
            continue;
        }
        context->loader_busy = true;
        make(context, context->queue_first);
        context->loader_busy = false;
        pthread_cond_broadcast(&context->program_made);
    }
    pthread_mutex_unlock(&context->lock);
    return NULL;
}

/* Ends the thread of a context that is on the list; the list's lock is held. */
static void join(convcl_context *context) {
    pthread_mutex_lock(&context->lock);
    context->loader_stops = true;
    pthread_cond_broadcast(&context->program_made);
    pthread_mutex_unlock(&context->lock);
    pthread_join(context->loader, NULL);
    pthread_mutex_lock(&context->lock);
    context->loader_runs = false;
    pthread_cond_broadcast(&context->program_made);
    pthread_mutex_unlock(&context->lock);
}

/* A process that forked off has the list, but none of the threads, and perhaps locks that nobody will open. */
static void stop_all(void) {
    if (getpid() != loads_in)
        return;
    pthread_mutex_lock(&loaders_lock);
    exits = true;
    for (; with_loader; with_loader = with_loader->next_with_loader)
        join(with_loader);
    pthread_mutex_unlock(&loaders_lock);
}

/* Starts the thread, which no signal to the process goes to. */
static bool start(convcl_context *context) {
    static const int of_the_thread[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    sigset_t all, before;
    sigfillset(&all);
    for (size_t i = 0; i < sizeof of_the_thread / sizeof *of_the_thread; i++)
        sigdelset(&all, of_the_thread[i]);
    if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
        return false;
    const bool started = pthread_create(&context->loader, NULL, load_queued, context) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

/* True when the context has a loader, perhaps from now on. */
static bool has_loader(convcl_context *context) {
    pthread_mutex_lock(&loaders_lock);
    if (!stops_at_exit) {
        loads_in = getpid();
        stops_at_exit = atexit(stop_all) == 0;
    }
    pthread_mutex_lock(&context->lock);
    bool has = context->loader_runs;
    if (!has && stops_at_exit && !exits && !context->loader_stops && start(context)) {
        has = context->loader_runs = true;
        context->next_with_loader = with_loader;
        with_loader = context;
    }
    pthread_mutex_unlock(&context->lock);
    pthread_mutex_unlock(&loaders_lock);
    return has;
}

void convcl_program__stop_loader(convcl_context *context) {
    pthread_mutex_lock(&loaders_lock);
    convcl_context **link = &with_loader;
    while (*link && *link != context)
        link = &(*link)->next_with_loader;
    if (*link) {
        *link = context->next_with_loader;
        join(context);
    }
    pthread_mutex_unlock(&loaders_lock);
}

/* ---- what others ask for --------------------------------------------------------------------------------------------------------------------------------- */

bool convcl_program__leave_to_loader(convcl_context *context, convcl_program *entry) {
    if (!convcl_device_traits__builds_serially(&context->info) || context->build_threads > 0 || !has_loader(context))
        return false;
    pthread_mutex_lock(&context->lock);
    entry->state = CONVCL_PROGRAM_WAITING;
    enqueue(context, entry);
    pthread_cond_broadcast(&context->program_made);
    pthread_mutex_unlock(&context->lock);
    return true;
}

convcl_status convcl_program__await(convcl_context *context, convcl_program *entry) {
    convcl_status status = CONVCL_OK;
    pthread_mutex_lock(&context->lock);
    ++context->launches_waiting;
    while (entry->state != CONVCL_PROGRAM_READY && status == CONVCL_OK)
        if (entry->state == CONVCL_PROGRAM_WAITING)
            status = make(context, entry);
        else
            pthread_cond_wait(&context->program_made, &context->lock);
    if (--context->launches_waiting == 0)
        pthread_cond_broadcast(&context->program_made);
    pthread_mutex_unlock(&context->lock);
    return status;
}

/* The lock is held. */
static bool is_loading(const convcl_context *context) {
    return context->loader_runs && (context->queue_first || context->loader_busy);
}

bool convcl_context__is_loading(const convcl_context *context) {
    convcl_context *locked = (convcl_context *)context;
    pthread_mutex_lock(&locked->lock);
    const bool loading = is_loading(locked);
    pthread_mutex_unlock(&locked->lock);
    return loading;
}

void convcl_context__finish_loading(const convcl_context *context) {
    convcl_context *locked = (convcl_context *)context;
    pthread_mutex_lock(&locked->lock);
    while (is_loading(locked))
        pthread_cond_wait(&locked->program_made, &locked->lock);
    pthread_mutex_unlock(&locked->lock);
}
