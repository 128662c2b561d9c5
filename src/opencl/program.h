/* program.h: programs, each made once a context: found in its memory, loaded from the store, or built from source; for src/opencl alone.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_OPENCL_PROGRAM_H
#define CONVCL_OPENCL_PROGRAM_H

#include <pthread.h>
#include <stdint.h>

#include "base/text.h"
#include "convcl/context.h"

/* OpenCL's kernel object, one a program and name, which all plans share: some drivers (rusticl) do most of the compiling when they make one. It holds its arguments, so that a
 * thread keeps the lock from the first argument to the enqueue. */
typedef struct convcl_kernel_object {
    char *name;
    cl_kernel kernel;
    pthread_mutex_t lock; /* guards the kernel and what follows */
    int users;            /* kernels that were taken and not given back */
    uint64_t tensors;     /* bit i: argument i is memory, and is set */
    struct convcl_kernel_object *next;
} convcl_kernel_object;

/* Takes the kernel `name` of kernels/<file>.cl built with `options`, the generated `prelude` in front of it, from the context or makes it, program and all. Threads that
 * want the same program wait for the first of them; different ones are made at the same time where the driver allows that. The object stays the context's; to be given back.
 * CONVCL_BUILD_FAILED, CONVCL_CL_ERROR, CONVCL_IO, CONVCL_INTERNAL, CONVCL_NO_MEMORY. */
convcl_status convcl_program__take_kernel(convcl_context *context, const char *file, const char *name, const char *options,
                                          const char *prelude, convcl_kernel_object **object_out);

/* The last one to give it back has it forget its arguments: some drivers (rusticl) keep their memory alive. */
void convcl_program__give_kernel_back(convcl_kernel_object *object);

/* Releases all programs of a context. */
void convcl_program__release_all(convcl_context *context);

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
