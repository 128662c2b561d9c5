/* program.h: programs, each made once a context: found in its memory, loaded from the store, or built from source; for src/opencl alone.
 * SPDX-License-Identifier: MIT
 *
 * Loading is left to a thread of its own where the driver has one lock for all building (program_loader.c): plans are made meanwhile, memory is found and the first kernels
 * run. So a kernel object may be without a kernel until it is launched. */
#ifndef CONVCL_OPENCL_PROGRAM_H
#define CONVCL_OPENCL_PROGRAM_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "convcl/context.h"

/* What a program is made of, all owned. */
typedef struct convcl_program_order {
    char *file, *options, *prelude;
    char *source; /* the text of the file and of what it includes */
    char *key;    /* in the store; NULL without a store */
    void *binary; /* what the store has; NULL: nothing */
    size_t size;  /* of it, in bytes */
} convcl_program_order;

typedef enum convcl_program_state {
    CONVCL_PROGRAM_NEW = 0, /* a thread looks it up, and builds it where the store does not have it: whoever wants it waits */
    CONVCL_PROGRAM_WAITING, /* the store has it: to be made by the loader, or by who launches first */
    CONVCL_PROGRAM_MAKING,  /* one of these is at it: plans need not wait, launches do */
    CONVCL_PROGRAM_READY
} convcl_program_state;

struct convcl_kernel_object;

/* A program, by file name, options and the text in front. The context's lock guards everything but the kernels. */
typedef struct convcl_program {
    char *key; /* "<file> <options>", a newline, the generated text in front */
    convcl_program_state state;
    cl_program program;         /* NULL until it is READY */
    convcl_program_order order; /* empty when it is READY */
    bool queued;                /* among those that the loader takes */
    struct convcl_program *next_queued;
    pthread_mutex_t kernels_lock;         /* guards the list of kernels */
    struct convcl_kernel_object *kernels; /* made so far */
} convcl_program;

/* OpenCL's kernel object, one a program and name, which all plans share: some drivers (rusticl) do most of the compiling when they make one. It holds its arguments, so that a
 * thread keeps the lock from the first argument to the enqueue. */
typedef struct convcl_kernel_object {
    char *name;
    convcl_program *program;
    pthread_mutex_t lock; /* guards what follows */
    cl_kernel kernel;     /* NULL until the program is there */
    int users;            /* kernels that were taken and not given back */
    uint64_t tensors;     /* bit i: argument i is memory, and is set */
    struct convcl_kernel_object *next;
} convcl_kernel_object;

/* Takes the kernel `name` of kernels/<file>.cl built with `options`, the generated `prelude` in front of it, from the context or makes it, program and all. Threads that
 * want the same program wait for the first of them; different ones are made at the same time where the driver allows that. The object stays the context's; to be given back.
 * CONVCL_BUILD_FAILED, CONVCL_CL_ERROR, CONVCL_IO, CONVCL_INTERNAL, CONVCL_NO_MEMORY. */
convcl_status convcl_program__take_kernel(convcl_context *context, const char *file, const char *name, const char *options,
                                          const char *prelude, convcl_kernel_object **object_out);

/* Makes sure that the object has its kernel, whose lock the caller holds; waits for the program or makes it. Statuses as above. */
convcl_status convcl_program__need_kernel(convcl_context *context, convcl_kernel_object *object);

/* The last one to give it back has it forget its arguments: some drivers (rusticl) keep their memory alive. */
void convcl_program__give_kernel_back(convcl_kernel_object *object);

/* Releases all programs of a context; the loader is not running. */
void convcl_program__release_all(convcl_context *context);

/* program_make.c: collects what the program is made of, and what the store has of it. CONVCL_IO and CONVCL_INTERNAL when the file cannot be read, CONVCL_NO_MEMORY. */
convcl_status convcl_program__order(convcl_context *context, const char *file, const char *options, const char *prelude,
                                    convcl_program_order *order_out);
void convcl_program__clear_order(convcl_program_order *order);

/* program_make.c: makes the program, without the context's lock, and counts it. The stored bytes are used once: after a failure the next call builds from source. */
convcl_status convcl_program__make(convcl_context *context, convcl_program_order *order, cl_program *program_out);

/* program_make.c: between the two the context's compile_seconds grow, whatever the number of threads. */
void convcl_program__begin_building(convcl_context *context);
void convcl_program__end_building(convcl_context *context);

/* program_loader.c: leaves a program that the store has to the loader. False when it is better made at once. */
bool convcl_program__leave_to_loader(convcl_context *context, convcl_program *entry);

/* program_loader.c: waits until the program is READY, or makes it. */
convcl_status convcl_program__await(convcl_context *context, convcl_program *entry);

/* program_loader.c: stops the loader, which finishes the program that it is at. */
void convcl_program__stop_loader(convcl_context *context);

/* What a stored binary is. */
typedef enum convcl_program_form {
    CONVCL_PROGRAM_EXECUTABLE, /* of clBuildProgram; loading it compiles nothing */
    CONVCL_PROGRAM_OBJECT      /* of clCompileProgram, to be linked; see convcl_program__form */
} convcl_program_form;

/* Which of them the device's driver is asked for.
 *
 * Workaround for PoCL (3.1 on Debian 12): it generates machine code when a kernel is first launched, once for each local size, and keeps it in a cache of its own. Asked for
 * the binary of an executable it generates code that no launch uses: AlexNet's set-up would take twice as long. Its object files are the front end's
 * result, and its own cache has the rest. Retest: time clGetProgramInfo with CL_PROGRAM_BINARIES after clBuildProgram, and the first launch after it. */
convcl_program_form convcl_program__form(const convcl_context *context);

/* program_build.c: builds from source. With `binary` not NULL the store wants the result: it receives the bytes to keep, or stays empty when there are none to be had. */
convcl_status convcl_program__build(convcl_context *context, const char *file, const char *options, const char *const text[2],
                                    cl_program *program_out, convcl_text *binary);

/* program_build.c: makes a program of stored bytes. *program_out is NULL when the driver refuses them, and *code_out says why. */
void convcl_program__load(convcl_context *context, const char *options, const void *binary, size_t size, cl_program *program_out,
                          cl_int *code_out);

/* declarations.c: what stands in front of a program, and behind its options, where the driver takes long over OpenCL's own declarations. */
extern const char convcl_program_declarations[];
extern const char convcl_program_declared_options[];

/* identity.c: adds what built programs and tuning results depend on beside their own text: library, platform, driver, device, and a CPU's instruction sets. */
convcl_status convcl_context__add_identity(const convcl_context *context, convcl_text *text);

/* identity.c: frees what the context remembers of tuning. */
void convcl_context__free_winners(convcl_context *context);

#endif
