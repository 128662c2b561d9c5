/* programs.c: writes every program that the library would build for a kind of device, without such a device: the texts that tests/offline/check compiles.
 * SPDX-License-Identifier: MIT
 *
 * It stands between the library and OpenCL (the linker's --wrap): programs are made, building one does nothing, and a kernel is a mark on the program. A context
 * on any device then plans AlexNet in each way, in the form of the device asked for, and each program that is asked for goes to FOLDER/<form>/<kernel>-<n>.cl.
 * Its first line is "// <role> <options>", the role one of
 *   default  what the library builds by itself
 *   choice   what it builds when told otherwise: another algorithm, another GEMM variant or tile: the tuner's choices
 *   alone    a file of kernels/ with its defaults (in FOLDER/alone) */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "conv/conv_winograd_fused.h"
#include "convcl/convcl.h"
#include "gemm/gemm.h"
#include "opencl/context_struct.h"
#include "opencl/kernel_source.h"

#define MAX_PROGRAMS 4096

/* What a form's device is told to be; sizes of a card that exists. */
typedef struct pretended {
    const char *form, *vendor, *name;
    unsigned units;
    size_t group, local;
    const char *matrix[5]; /* of matrices, as gemm_mma.c names them; ends with NULL */
} pretended;

static const pretended devices[] = {
    {"nvidia", "NVIDIA Corporation", "H100", 132, 1024, 49152, {"nvidia", "nvidia-half"}},
    {"amd-wave64", "Advanced Micro Devices, Inc.", "gfx90a", 104, 1024, 65536, {"amd"}},
    {"amd-wave32", "Advanced Micro Devices, Inc.", "gfx1030", 48, 1024, 65536, {"amd-half"}},
    {"intel", "Intel(R) Corporation", "A770", 32, 1024, 65536, {"intel", "intel-wide", "intel-half", "intel-wide-half"}},
};

typedef struct program {
    cl_program handle;
    char *text, *options;
} program;

static struct {
    const char *folder, *form, *role;
    program programs[MAX_PROGRAMS]; /* alive */
    char *written[MAX_PROGRAMS];    /* kernel, options and text of what was written for this form */
    int count, written_count;
} state;

static void die(const char *format, ...) CONVCL_PRINTF(1, 2);
static void die(const char *format, ...) {
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

static void need(convcl_status status) {
    if (status != CONVCL_OK)
        die("programs: %s", convcl_last_error());
}

static char *copy(const char *text) {
    char *to = malloc(strlen(text) + 1);
    if (!to)
        die("programs: out of memory");
    return strcpy(to, text);
}

/* ---- files ---- */

static void make_folder(const char *path) {
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        die("programs: %s: %s", path, strerror(errno));
}

/* Writes a program unless its like is there: roles are visited from the most telling to the least. */
static void write_program(const char *kernel, const char *options, const char *text) {
    char path[1024];
    char *key = malloc(strlen(kernel) + strlen(options) + strlen(text) + 3);
    if (!key || state.written_count == MAX_PROGRAMS)
        die("programs: out of memory");
    sprintf(key, "%s\n%s\n%s", kernel, options, text);
    for (int i = 0; i < state.written_count; ++i)
        if (strcmp(state.written[i], key) == 0) {
            free(key);
            return;
        }
    state.written[state.written_count++] = key;
    snprintf(path, sizeof path, "%s/%s/%s-%03d.cl", state.folder, state.form, kernel, state.written_count);
    FILE *file = fopen(path, "w");
    if (!file || fprintf(file, "// %s %s\n%s", state.role, options, text) < 0 || fclose(file) != 0)
        die("programs: %s: %s", path, strerror(errno));
}

static void begin_form(const char *form) {
    char path[1024];
    while (state.written_count > 0)
        free(state.written[--state.written_count]);
    state.form = form;
    snprintf(path, sizeof path, "%s/%s", state.folder, form);
    make_folder(path);
}

/* ---- between the library and OpenCL ---- */

cl_program CL_API_CALL __real_clCreateProgramWithSource(cl_context context, cl_uint count, const char **texts, const size_t *lengths,
                                                        cl_int *code);
cl_program CL_API_CALL __wrap_clCreateProgramWithSource(cl_context context, cl_uint count, const char **texts, const size_t *lengths,
                                                        cl_int *code);
cl_int CL_API_CALL __wrap_clBuildProgram(cl_program handle, cl_uint count, const cl_device_id *device, const char *options,
                                         void(CL_CALLBACK *notify)(cl_program, void *), void *user);
cl_kernel CL_API_CALL __wrap_clCreateKernel(cl_program handle, const char *name, cl_int *code);
cl_int CL_API_CALL __wrap_clReleaseKernel(cl_kernel kernel);
bool __wrap_convcl_device_traits__takes_declarations(const convcl_device_info *info);

/* What a driver on this machine needs is not for other compilers. */
bool __wrap_convcl_device_traits__takes_declarations(const convcl_device_info *info) {
    (void)info;
    return false;
}

static program *find(cl_program handle) {
    for (int i = state.count - 1; i >= 0; --i)
        if (state.programs[i].handle == handle)
            return &state.programs[i];
    die("programs: a program that nobody made");
    return NULL;
}

cl_program CL_API_CALL __wrap_clCreateProgramWithSource(cl_context context, cl_uint count, const char **texts, const size_t *lengths,
                                                        cl_int *code) {
    size_t size = 1;
    for (cl_uint i = 0; i < count; ++i)
        size += strlen(texts[i]);
    if (state.count == MAX_PROGRAMS || lengths)
        die("programs: more programs than expected, or texts with lengths");
    program *made = &state.programs[state.count++];
    made->text = calloc(size, 1);
    if (!made->text)
        die("programs: out of memory");
    for (cl_uint i = 0; i < count; ++i)
        strcat(made->text, texts[i]);
    made->handle = __real_clCreateProgramWithSource(context, count, texts, lengths, code);
    return made->handle;
}

cl_int CL_API_CALL __wrap_clBuildProgram(cl_program handle, cl_uint count, const cl_device_id *device, const char *options,
                                         void(CL_CALLBACK *notify)(cl_program, void *), void *user) {
    (void)count, (void)device, (void)notify, (void)user;
    program *built = find(handle);
    free(built->options);
    built->options = copy(options ? options : "");
    return CL_SUCCESS;
}

cl_kernel CL_API_CALL __wrap_clCreateKernel(cl_program handle, const char *name, cl_int *code) {
    const program *built = find(handle);
    write_program(name, built->options, built->text);
    *code = CL_SUCCESS;
    return (cl_kernel)(void *)&state;
}

cl_int CL_API_CALL __wrap_clReleaseKernel(cl_kernel kernel) {
    (void)kernel;
    return CL_SUCCESS;
}

/* ---- what the library would build ---- */

static convcl_context *pretend(const pretended *device) {
    convcl_context *context = NULL;
    need(convcl_context_create(NULL, &(convcl_context_options){.form = device->form}, &context));
    context->info.type = CL_DEVICE_TYPE_GPU;
    snprintf(context->info.vendor, sizeof context->info.vendor, "%s", device->vendor);
    snprintf(context->info.name, sizeof context->info.name, "%s", device->name);
    convcl_gemm_mma__set_probe(context, NULL, CONVCL_PROBE_FAILED); /* nothing runs here; write_form says when it has passed */
    convcl_gemm_async__set_probe(context, CONVCL_PROBE_FAILED);
    context->info.vector_width = 1;
    context->info.compute_units = device->units;
    context->info.max_work_group_size = device->group;
    context->info.local_memory = device->local;
    return context;
}

/* Plans AlexNet. What this device cannot do is left out. */
static void plan_net(convcl_context *context, int batch, convcl_net_mode mode, const convcl_net_options *options) {
    convcl_net *net = NULL;
    need(convcl_alexnet_create(context, options, batch, &net));
    const convcl_status status = convcl_net_compile(net, mode);
    if (status != CONVCL_UNSUPPORTED)
        need(status);
    convcl_net_destroy(net);
}

static void plan_nets(convcl_context *context, convcl_math math, const char *algorithm, const char *gemm) {
    const convcl_net_options options = {.math = math, .conv = {.algo = algorithm, .gemm = gemm}};
    const int batches[] = {1, 32, 128};
    for (int i = 0; i < 3; ++i) {
        plan_net(context, batches[i], CONVCL_NET_INFERENCE, &options);
        plan_net(context, batches[i], CONVCL_NET_TRAINING, &options);
    }
}

/* A tile with every kind of A: a request does not say more. In FAST math and with asynchronous copies with one of them, because how A comes does not depend on
 * either; with CONVCL_OFFLINE_ALL set with all. */
static void plan_tile(convcl_context *context, const char *variant, convcl_tile tile, convcl_math math, int prefetch) {
    for (int source = CONVCL_GEMM_PANELS; source <= CONVCL_GEMM_BLOCKS; ++source)
        for (int run = 3; run <= 4; ++run) {
            const convcl_gemm_request request = {.variant = variant,
                                                 .tile = &tile,
                                                 .source = (convcl_gemm_source)source,
                                                 .check = true,
                                                 .run = run,
                                                 .math = math,
                                                 .prefetch = prefetch};
            convcl_gemm *gemm = NULL;
            if (request.source != CONVCL_GEMM_PLAIN && (prefetch || math == CONVCL_MATH_FAST) && !getenv("CONVCL_OFFLINE_ALL"))
                continue;
            if (run == 3 && request.source != CONVCL_GEMM_ROWS && request.source != CONVCL_GEMM_SUM)
                continue;
            const convcl_status status = convcl_gemm__create(context, &request, &gemm);
            if (status != CONVCL_UNSUPPORTED)
                need(status);
            convcl_gemm__destroy(gemm);
        }
}

static void plan_tiles(convcl_context *context) {
    for (int t = 0; t < convcl_gemm_tile__count(); ++t) {
        plan_tile(context, "tile", convcl_gemm_tile__get(t), CONVCL_MATH_DEFAULT, 0);
        plan_tile(context, "tile", convcl_gemm_tile__get(t), CONVCL_MATH_DEFAULT, 1);
    }
}

static void plan_unit_tiles(convcl_context *context, const char *unit) {
    const char *variant = convcl_gemm_mma__variant(unit);
    for (int t = 0; t < convcl_gemm_mma__count(unit); ++t) {
        plan_tile(context, variant, convcl_gemm_mma__get(unit, t), CONVCL_MATH_DEFAULT, 0);
        plan_tile(context, variant, convcl_gemm_mma__get(unit, t), CONVCL_MATH_FAST, 0);
        plan_tile(context, variant, convcl_gemm_mma__get(unit, t), CONVCL_MATH_DEFAULT, 1);
        plan_tile(context, variant, convcl_gemm_mma__get(unit, t), CONVCL_MATH_FAST, 1);
    }
}

/* The fused Winograd of a layer of AlexNet's without a stride, both ways, with that tile and share of a work-item. What does not fit the device is left out. */
static void plan_fused(convcl_context *context, int size, int channels, int outputs, int filter, int tile, int space) {
    static const convcl_conv_algo *const algos[] = {&convcl_conv_fwd_winograd_fused, &convcl_conv_bwd_data_winograd_fused};
    const convcl_conv_desc desc = {.n = 32,
                                   .ih = size,
                                   .iw = size,
                                   .ic = channels,
                                   .oc = outputs,
                                   .fh = filter,
                                   .fw = filter,
                                   .stride_h = 1,
                                   .stride_w = 1,
                                   .dilation_h = 1,
                                   .dilation_w = 1,
                                   .groups = 1,
                                   .pad_top = filter / 2,
                                   .pad_bottom = filter / 2,
                                   .pad_left = filter / 2,
                                   .pad_right = filter / 2,
                                   .has_bias = 1,
                                   .activation = CONVCL_ACTIVATION_RELU,
                                   .relu_mask = 1};
    convcl_conv_shape shape;
    need(convcl_conv_shape__make(&desc, &shape));
    for (int i = 0; i < 2; ++i) {
        void *plan = NULL;
        const convcl_conv_choice choice = {.tile = tile, .space = space};
        const convcl_status status = algos[i]->create(context, &shape, &choice, &plan);
        if (status != CONVCL_UNSUPPORTED)
            need(status);
        algos[i]->destroy(plan);
    }
}

static void plan_fused_layers(convcl_context *context, int tile, int space) {
    plan_fused(context, 27, 64, 192, 5, tile, space);
    plan_fused(context, 13, 192, 384, 3, tile, space);
}

static void plan_maths(convcl_context *context, const char *gemm) {
    plan_nets(context, CONVCL_MATH_DEFAULT, NULL, gemm);
    plan_nets(context, CONVCL_MATH_STRICT, NULL, gemm);
    plan_nets(context, CONVCL_MATH_FAST, NULL, gemm);
}

/* A device that has this unit and no other. */
static void pass_unit(convcl_context *context, const char *unit) {
    convcl_gemm_mma__set_probe(context, NULL, CONVCL_PROBE_FAILED);
    convcl_gemm_mma__set_probe(context, unit, CONVCL_PROBE_PASSED);
}

static void write_form(const pretended *device) {
    convcl_context *context = pretend(device);
    /* Of the fused Winograd's tiles the one that is chosen and F(4, r), which holds most; with CONVCL_OFFLINE_ALL set F(2, r) as well. */
    const int fused_step = getenv("CONVCL_OFFLINE_ALL") ? 2 : 4;
    begin_form(device->form);
    state.role = "default";
    plan_maths(context, NULL); /* as on the older cards of the kind */
    for (int tile = 0; tile <= 4; tile += fused_step)
        plan_fused_layers(context, tile, 0);
    for (const char *const *unit = device->matrix; *unit; ++unit) {
        pass_unit(context, *unit);
        plan_maths(context, NULL);
        plan_maths(context, convcl_gemm_mma__variant(
                                *unit)); /* what a variant takes by itself must not spill either, also where it is not the default */
    }
    state.role = "choice";
    convcl_gemm_async__set_probe(context, CONVCL_PROBE_PASSED); /* only asked for where the traits have them */
    for (const convcl_gemm_variant *const *variant = convcl_gemm_variants; *variant; ++variant)
        if (strcmp((*variant)->name, "register") != 0 && strcmp((*variant)->name, "clblast") != 0) {
            plan_nets(context, CONVCL_MATH_DEFAULT, "gather", (*variant)->name);
            plan_nets(context, CONVCL_MATH_DEFAULT, NULL, (*variant)->name);
        }
    plan_tiles(context);
    for (int space = 1; space <= convcl_winograd_fused__spaces(); ++space)
        if (getenv("CONVCL_OFFLINE_ALL"))
            plan_fused_layers(context, 4, space);
        else
            plan_fused(context, 13, 192, 384, 3, 4, space);
    for (const char *const *unit = device->matrix; *unit; ++unit) {
        pass_unit(context, *unit);
        plan_nets(context, CONVCL_MATH_DEFAULT, "gather", convcl_gemm_mma__variant(*unit));
        plan_unit_tiles(context, *unit);
    }
    printf("%s: %d programs\n", device->form, state.written_count);
    convcl_context_release(context);
}

int main(int argc, char **argv) {
    if (argc != 2)
        die("usage: programs FOLDER");
    state.folder = argv[1];
    make_folder(state.folder);
    begin_form("alone");
    state.role = "alone";
    for (const convcl_kernel_source *source = convcl_kernel_sources; source->name; ++source)
        write_program(source->name, "-cl-std=CL1.2", source->text);
    printf("alone: %d programs\n", state.written_count);
    for (size_t i = 0; i < sizeof devices / sizeof *devices; ++i)
        write_form(&devices[i]);
    begin_form("."); /* frees what was kept */
    for (int i = 0; i < state.count; ++i) {
        free(state.programs[i].text);
        free(state.programs[i].options);
    }
    return 0;
}
