/* program_build.c: programs from source, their binaries, and programs from binaries.
 * SPDX-License-Identifier: MIT */
#include "opencl/program.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "opencl/cl_error.h"
#include "opencl/context_internal.h"
#include "opencl/context_struct.h"
#include "opencl/device_traits.h"

/* How much of the compiler's log goes into the error text; all of it goes to the log callback. */
#define LOG_HEAD 1500

/* How often a build is tried that fails for no reason in the program. */
#define BUILD_ATTEMPTS 5

convcl_program_form convcl_program__form(const convcl_context *context) {
    return strcmp(context->info.platform_name, "Portable Computing Language") == 0 ? CONVCL_PROGRAM_OBJECT : CONVCL_PROGRAM_EXECUTABLE;
}

/* The compiler's words about a program, for the caller to free; NULL when there is no memory for them. */
static char *build_log(const convcl_context *context, cl_program program) {
    size_t size = 0;
    char *log = NULL;
    if (clGetProgramBuildInfo(program, context->info.device, CL_PROGRAM_BUILD_LOG, 0, NULL, &size) == CL_SUCCESS &&
        convcl_alloc(size + 1, &log) == CONVCL_OK)
        clGetProgramBuildInfo(program, context->info.device, CL_PROGRAM_BUILD_LOG, size, log, NULL);
    return log;
}

/* Records why a build failed: kernel, options, the compiler's words. */
static convcl_status fail_build(const convcl_context *context, cl_program program, const char *file, const char *options, const char *call,
                                cl_int code) {
    char *log = build_log(context, program);
    for (char *line = log; line && *line;) {
        char *newline = strchr(line, '\n');
        const size_t length = newline ? (size_t)(newline - line) : strlen(line);
        convcl_context__log(context, CONVCL_LOG_ERROR, "build of %s.cl: %.*s", file, (int)length, line);
        line += length + (newline ? 1 : 0);
    }
    const convcl_status status =
        convcl_fail(CONVCL_BUILD_FAILED, "kernel %s.cl does not build on %s with \"%s\": %s: %s (%d)\n%.*s", file, context->info.name,
                    options, call, convcl_cl__error_name(code), (int)code, LOG_HEAD, log ? log : "");
    free(log);
    return status;
}

static bool blames_the_text(cl_int code) {
    return code == CL_COMPILE_PROGRAM_FAILURE || code == CL_BUILD_PROGRAM_FAILURE;
}

/* True when a build failed for no reason in the program: PoCL's does when another process builds the same at the same moment (see convcl_device_quirks). */
static bool may_succeed_again(const convcl_context *context, cl_program program, cl_int code) {
    if (!blames_the_text(code) || convcl_program__form(context) != CONVCL_PROGRAM_OBJECT)
        return false;
    char *log = build_log(context, program);
    const bool blamed = log && strstr(log, "error:");
    free(log);
    return !blamed;
}

/* Compiles (`object`) or builds text. The program is the caller's to release, also when the code is not CL_SUCCESS; NULL when there is none. */
static cl_program compile_text(const convcl_context *context, const char *const *text, cl_uint parts, const char *options, bool object,
                               cl_int *code_out) {
    for (int attempt = 1;; attempt++) {
        cl_program program = clCreateProgramWithSource(context->cl, parts, (const char **)text, NULL, code_out);
        if (*code_out != CL_SUCCESS)
            return NULL;
        *code_out = object ? clCompileProgram(program, 1, &context->info.device, options, 0, NULL, NULL, NULL, NULL)
                           : clBuildProgram(program, 1, &context->info.device, options, NULL, NULL);
        if (attempt == BUILD_ATTEMPTS || !may_succeed_again(context, program, *code_out))
            return program;
        clReleaseProgram(program);
    }
}

/* compile_text with declarations of our own. */
static cl_program compile_declared(const convcl_context *context, const char *const text[2], const char *options, bool object,
                                   cl_int *code_out) {
    const char *const parts[3] = {convcl_program_declarations, text[0], text[1]};
    convcl_text declared = {0};
    cl_program program = NULL;
    *code_out = CL_OUT_OF_HOST_MEMORY;
    convcl_text_add(&declared, "%s%s", options, convcl_program_declared_options);
    if (declared.status == CONVCL_OK)
        program = compile_text(context, parts, 3, convcl_text_get(&declared), object, code_out);
    convcl_text_clear(&declared);
    return program;
}

/* compile_text, with what the driver needs. */
static cl_program compile(convcl_context *context, const char *file, const char *const text[2], const char *options, bool object,
                          cl_int *code_out) {
    if (!convcl_device_traits__takes_declarations(&context->info))
        return compile_text(context, text, 2, options, object, code_out);
    cl_program program = compile_declared(context, text, options, object, code_out);
    if (!program || !blames_the_text(*code_out))
        return program;
    clReleaseProgram(program);
    program = compile_text(context, text, 2, options, object, code_out);
    if (*code_out == CL_SUCCESS)
        convcl_context__log(context, CONVCL_LOG_INFO,
                            "%s.cl is built with all of OpenCL's declarations: those of declarations.c are not enough", file);
    return program;
}

/* Where the context's device stands among the devices of a program; a caller's context may hold several. False when OpenCL does not say. */
static bool find_device(const convcl_context *context, cl_program program, cl_uint *at_out, cl_uint *count_out) {
    cl_device_id devices[64];
    size_t size = 0;
    if (clGetProgramInfo(program, CL_PROGRAM_DEVICES, sizeof devices, devices, &size) != CL_SUCCESS)
        return false;
    *count_out = (cl_uint)(size / sizeof *devices);
    for (*at_out = 0; *at_out < *count_out; ++*at_out)
        if (devices[*at_out] == context->info.device)
            return true;
    return false;
}

/* Copies the program's binary for the context's device; leaves `binary` empty when there is none. */
static void read_binary(const convcl_context *context, cl_program program, convcl_text *binary) {
    size_t sizes[64] = {0};
    unsigned char *pointers[64] = {NULL};
    cl_uint at = 0, count = 0;
    char *bytes = NULL;
    if (!find_device(context, program, &at, &count) ||
        clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, count * sizeof *sizes, sizes, NULL) != CL_SUCCESS || sizes[at] == 0)
        return;
    if (convcl_alloc(sizes[at], &bytes) != CONVCL_OK)
        return;
    pointers[at] = (unsigned char *)bytes;
    if (clGetProgramInfo(program, CL_PROGRAM_BINARIES, count * sizeof *pointers, pointers, NULL) == CL_SUCCESS)
        convcl_text_add_bytes(binary, bytes, sizes[at]);
    free(bytes);
}

/* Makes an executable of an object. NULL and the code when that fails; like a build, it may fail for no reason in the program. */
static cl_program link_object(const convcl_context *context, cl_program object, cl_int *code_out) {
    for (int attempt = 1;; attempt++) {
        cl_program program = clLinkProgram(context->cl, 1, &context->info.device, NULL, 1, &object, NULL, NULL, code_out);
        if (*code_out == CL_SUCCESS)
            return program;
        if (program)
            clReleaseProgram(program);
        if (attempt == BUILD_ATTEMPTS || *code_out != CL_LINK_PROGRAM_FAILURE)
            return NULL;
    }
}

convcl_status convcl_program__build(convcl_context *context, const char *file, const char *options, const char *const text[2],
                                    cl_program *program_out, convcl_text *binary) {
    convcl_status status = CONVCL_OK;
    cl_int code = CL_SUCCESS;
    const bool object = binary && convcl_program__form(context) == CONVCL_PROGRAM_OBJECT;
    cl_program program = compile(context, file, text, options, object, &code), linked = NULL;
    if (!program)
        CONVCL_TRY(convcl_cl__check(code, "clCreateProgramWithSource", context->info.name, "%s.cl", file));
    if (code != CL_SUCCESS) {
        status = fail_build(context, program, file, options, object ? "clCompileProgram" : "clBuildProgram", code);
        goto cleanup;
    }
    if (binary)
        read_binary(context, program, binary);
    if (object) {
        linked = link_object(context, program, &code);
        CONVCL_TRY(convcl_cl__check(code, "clLinkProgram", context->info.name, "%s.cl", file));
        clReleaseProgram(program);
        program = linked;
    }
    *program_out = program;
    program = NULL;
cleanup:
    if (program)
        clReleaseProgram(program);
    return status;
}

void convcl_program__load(convcl_context *context, const char *options, const void *binary, size_t size, cl_program *program_out,
                          cl_int *code_out) {
    const unsigned char *bytes = binary;
    cl_int device_code = CL_SUCCESS;
    *program_out = NULL;
    cl_program program = clCreateProgramWithBinary(context->cl, 1, &context->info.device, &size, &bytes, &device_code, code_out);
    if (*code_out == CL_SUCCESS)
        *code_out = device_code;
    if (*code_out == CL_SUCCESS && convcl_program__form(context) == CONVCL_PROGRAM_OBJECT)
        *program_out = link_object(context, program, code_out);
    else if (*code_out == CL_SUCCESS) {
        *code_out = clBuildProgram(program, 1, &context->info.device, options, NULL, NULL);
        if (*code_out == CL_SUCCESS) {
            *program_out = program;
            program = NULL;
        }
    }
    if (program)
        clReleaseProgram(program);
}
