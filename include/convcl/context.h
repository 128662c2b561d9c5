/* context.h: a device made ready for convcl: the OpenCL context, the programs built so far, the log.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_CONTEXT_H
#define CONVCL_CONTEXT_H

#include "convcl/cl.h"
#include "convcl/device.h"
#include "convcl/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Everything that convcl keeps for one device. Plans and networks hold a reference to it, so it may be released before them. Thread safe. */
typedef struct convcl_context convcl_context;

/* How serious a line of the log is. */
typedef enum convcl_log_level {
    CONVCL_LOG_ERROR = 1,   /* a call is about to fail: the compiler's words about a kernel */
    CONVCL_LOG_WARNING = 2, /* things go on, but slower, without memory (a damaged store) or wrong (a driver with a known fault) */
    CONVCL_LOG_INFO = 3     /* progress */
} convcl_log_level;

/* Receives one line of the library's log, without a newline. Called on the thread that logs, which can be one that convcl builds or loads programs with, but never on two at
 * once for one context, and never after the context is gone. The message is borrowed during the call, which must not call convcl. */
typedef void (*convcl_log_fn)(convcl_log_level level, const char *message, void *user);

/* How much time convcl may spend on finding what is fastest, when it meets a problem that the store knows no answer to. */
typedef enum convcl_tuning {
    CONVCL_TUNING_OFF = 0,   /* none: what the store knows, else the cost model's choice */
    CONVCL_TUNING_QUICK = 1, /* the candidates that the cost model thinks most of */
    CONVCL_TUNING_FULL = 2   /* all candidates */
} convcl_tuning;

/* Asked between candidates while a context tunes, on the thread that tunes; anything but 0 ends the tuning for good. Must not call convcl. */
typedef int (*convcl_stop_fn)(void *user);

/* How to make a context. Zero-initialise it (`convcl_context_options options = {0};`) and set what differs. */
typedef struct convcl_context_options {
    /* Receives the log, with log_user as it is. NULL: silent. */
    convcl_log_fn log;
    void *log_user;

    /* Folder of .cl files to read instead of the built-in ones. NULL: the environment's CONVCL_KERNEL_DIR, else built in. */
    const char *kernel_dir;

    /* Folder of the store of built programs and tuning results, made if it is not there; "off": none. NULL: the environment's CONVCL_CACHE_DIR (the same
     * words), else $XDG_CACHE_HOME/convcl, else $HOME/.cache/convcl. A program that is there may be loaded by a thread of the context while the caller goes
     * on; the first launch of its kernels waits for it, and builds it should the driver refuse it. */
    const char *cache_dir;

    /* Whether to tune, and what all tuning of this context may take: seconds, finite, not below 0; 0: no limit but the mode's own. */
    convcl_tuning tuning;
    double tuning_seconds;

    /* Ends the tuning early, as at Ctrl-C; gets stop_user as it is. What was decided counts, a race that is under way decides nothing, and the rest is as with
     * OFF. NULL: tuning goes on to its end. */
    convcl_stop_fn stop_tuning;
    void *stop_user;

    /* Threads that build the programs of a network, 0 to 64. 1: the caller's own only; 0: the environment's CONVCL_BUILD_THREADS, else as many as the driver
     * makes use of, at most 8. */
    int build_threads;

    /* Kernels for another kind of device than it is, for tests: "cpu", "gpu", "nvidia", "amd-wave64", "amd-wave32" or "intel". NULL: the environment's
     * CONVCL_FORM, else the device's own kind. */
    const char *form;
} convcl_context_options;

/* Makes a context on a device chosen by what a person types.
 *
 * choice       as in convcl_device_choose; NULL means "0"
 * options      NULL means all defaults; copied
 * context_out  receives the context, the caller's to release; NULL on failure
 * Returns CONVCL_OK; CONVCL_INVALID (see convcl_device_choose; context_out is NULL; an unknown form; tuning is 7; tuning_seconds is -1; build_threads is 65); CONVCL_NO_MEMORY;
 * CONVCL_NO_DEVICE_MEMORY; CONVCL_CL_ERROR. A store that cannot be used is no failure: the log gets one warning and the context works without.
 * Blocks while the driver starts. Thread safe. */
convcl_status convcl_context_create(const char *choice, const convcl_context_options *options, convcl_context **context_out);

/* Makes a context on the caller's own OpenCL context. Both handles are retained, and released with the convcl context.
 *
 * cl           an OpenCL context that holds `device`; must not be NULL
 * device       one of its devices; must not be NULL
 * options      NULL means all defaults; copied
 * context_out  receives the context, the caller's to release; NULL on failure
 * Returns CONVCL_OK; CONVCL_INVALID for NULL, when `device` is not in `cl`, or for options as above; CONVCL_NO_MEMORY; CONVCL_CL_ERROR. Thread safe. */
convcl_status convcl_context_create_from_cl(cl_context cl, cl_device_id device, const convcl_context_options *options,
                                            convcl_context **context_out);

/* Releases the caller's reference. NULL is fine. The last one may wait for a program that is being loaded. Thread safe. */
void convcl_context_release(convcl_context *context);

/* The OpenCL context behind it, borrowed. */
cl_context convcl_context_cl(const convcl_context *context);

/* The device's description, borrowed; lives as long as the context. */
const convcl_device_info *convcl_context_device(const convcl_context *context);

/* Makes a command queue on the context's device, for callers that have none.
 *
 * properties  0, CL_QUEUE_PROFILING_ENABLE, CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE or both
 * queue_out   receives the queue, the caller's to release with clReleaseCommandQueue; NULL on failure
 * Returns CONVCL_OK; CONVCL_INVALID for NULL; CONVCL_NO_MEMORY; CONVCL_CL_ERROR when the device refuses the properties. Thread safe. */
convcl_status convcl_context_create_queue(const convcl_context *context, cl_command_queue_properties properties,
                                          cl_command_queue *queue_out);

/* Seconds during which programs were being built so far, from source or from the store, by one thread or several; on some drivers those of the store are loaded while the caller
 * goes on (see docs/design.md), and then other work went on in the same seconds. A driver may compile more at a kernel's first launch (PoCL does, for each local size), which this
 * cannot see. This call and the next two wait for programs that are being loaded. Thread safe. */
double convcl_context_compile_seconds(const convcl_context *context);

/* Programs that the device's compiler built from source so far. One that was there already, in the context or in the store, does not count. Thread safe. */
int convcl_context_programs_built(const convcl_context *context);

/* Programs that came from the store so far, ready but for what the driver does at loading. Thread safe. */
int convcl_context_programs_loaded(const convcl_context *context);

/* Seconds spent on tuning so far, compiling the candidates included, and how many candidates were timed. Thread safe. */
double convcl_context_tune_seconds(const convcl_context *context);
int convcl_context_candidates_tuned(const convcl_context *context);

#ifdef __cplusplus
}
#endif

#endif
