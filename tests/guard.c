/* guard.c: the memory of one test: host blocks, random values, tensors between guard words.
 * SPDX-License-Identifier: MIT
 *
 * A tensor's buffer:  GUARD + k elements | the tensor | GUARD elements,  k = 1 for the test's first tensor, 2 for its second, ...: no tensor is aligned to more than
 * an element, as the interface allows. Guards hold the word 0x6AB1E5A7 (as float a large number, so that reading it spoils a result visibly). */
#include "harness.h"
#include "harness_internal.h"
#include "reference/ref_random.h"

#define GUARD      64
#define GUARD_WORD 0x6AB1E5A7u

typedef struct host_block {
    struct host_block *older;
    max_align_t data[];
} host_block;

typedef struct deferred {
    void (*release)(void *object);
    void *object;
} deferred;

#define MAX_DEFERRED 256

static host_block *blocks;
static deferred to_release[MAX_DEFERRED];
static int to_release_count;
static harness_tensor *tensors;
static size_t tensor_number;
static convcl_ref_random generator;

/* ---- begin and end ---- */

void harness_memory_begin(void) {
    harness_memory_end();
    tensor_number = 0;
}

void harness_memory_end(void) {
    if (tensors && tensors->device->queue)
        clFinish(tensors->device->queue);
    while (to_release_count > 0) {
        const deferred *last = &to_release[--to_release_count];
        last->release(last->object);
    }
    for (harness_tensor *t = tensors; t; t = t->older)
        if (t->buffer.mem)
            clReleaseMemObject(t->buffer.mem);
    tensors = NULL; /* they lie in blocks */
    while (blocks) {
        host_block *older = blocks->older;
        free(blocks);
        blocks = older;
    }
}

void harness_defer(void (*release)(void *object), void *object) {
    if (to_release_count == MAX_DEFERRED) {
        release(object);
        fail_msg("more than %d deferred objects", MAX_DEFERRED);
    }
    to_release[to_release_count++] = (deferred){release, object};
}

static void release_context(void *context) {
    convcl_context_release(context);
}

convcl_context *harness_context(harness_device *device, const convcl_context_options *options) {
    convcl_context *context = NULL;
    assert_ok(convcl_context_create_from_cl(convcl_context_cl(device->context), device->info.device, options, &context));
    harness_defer(release_context, context);
    return context;
}

void harness_cl(cl_int code, const char *call) {
    if (code != CL_SUCCESS)
        fail_msg("%s failed with %d", call, (int)code);
}

void *harness_alloc(size_t count, size_t element_size) {
    size_t size = sizeof(host_block) + count * element_size;
    host_block *block = calloc(1, size);
    if (!block) {
        fail_msg("no memory for %zu bytes", size);
        return NULL;
    }
    block->older = blocks;
    blocks = block;
    return block->data;
}

/* ---- values ---- */

void harness_random_begin(void) {
    generator = convcl_ref_random_begin(harness_seed());
}

uint32_t harness_random(void) {
    return convcl_ref_random_next(&generator);
}

void harness_uniform(float *values, size_t count, float low, float high) {
    convcl_ref_random_uniform(&generator, values, count, low, high);
}

void harness_integers(float *values, size_t count, int low, int high) {
    convcl_ref_random_integers(&generator, values, count, low, high);
}

double *harness_to_doubles(const float *values, size_t count) {
    double *result = harness_doubles(count);
    for (size_t i = 0; i < count; i++)
        result[i] = (double)values[i];
    return result;
}

/* ---- tensors ---- */

size_t harness_shape_count(harness_shape shape) {
    return shape.dim[0] * shape.dim[1] * shape.dim[2] * shape.dim[3];
}

static size_t buffer_bytes(const harness_tensor *tensor) {
    return (tensor->buffer.offset + tensor->count + GUARD) * tensor->element_size;
}

static void fill_guards(unsigned char *image, const harness_tensor *tensor) {
    static const unsigned char word[4] = {GUARD_WORD & 255, (GUARD_WORD >> 8) & 255, (GUARD_WORD >> 16) & 255, GUARD_WORD >> 24};
    size_t begin = tensor->buffer.offset * tensor->element_size;
    size_t end = begin + tensor->count * tensor->element_size;
    for (size_t i = 0; i < buffer_bytes(tensor); i++)
        if (i < begin || i >= end)
            image[i] = word[i % 4];
}

/* Bytes of `tensor` as it starts when nothing is uploaded. */
static void fill_poison(unsigned char *bytes, const harness_tensor *tensor, bool is_workspace) {
    if (is_workspace || tensor->element_size != sizeof(float)) {
        memset(bytes, 0xA5, tensor->count * tensor->element_size);
        return;
    }
    const uint32_t nan = 0x7FC00BADu;
    for (size_t i = 0; i < tensor->count; i++)
        memcpy(bytes + 4 * i, &nan, 4);
}

typedef enum tensor_role { ROLE_INPUT, ROLE_INOUT, ROLE_OUTPUT, ROLE_WORKSPACE } tensor_role;

static harness_tensor *make_tensor(harness_device *device, const char *name, harness_shape shape, size_t element_size, tensor_role role,
                                   const void *values) {
    harness_tensor *tensor = harness_alloc(1, sizeof *tensor);
    *tensor =
        (harness_tensor){.name = name, .shape = shape, .count = harness_shape_count(shape), .element_size = element_size, .device = device};
    tensor->is_input = role == ROLE_INPUT;
    tensor->buffer.offset = GUARD + ++tensor_number;
    unsigned char *image = harness_alloc(buffer_bytes(tensor), 1);
    unsigned char *inside = image + tensor->buffer.offset * element_size;
    fill_guards(image, tensor);
    if (values)
        memcpy(inside, values, tensor->count * element_size);
    else
        fill_poison(inside, tensor, role == ROLE_WORKSPACE);
    tensor->before = inside;
    cl_int code = CL_SUCCESS;
    tensor->buffer.mem = clCreateBuffer(convcl_context_cl(device->context), CL_MEM_READ_WRITE, buffer_bytes(tensor), NULL, &code);
    harness_cl(code, "clCreateBuffer");
    tensor->older = tensors;
    tensors = tensor;
    harness_cl(clEnqueueWriteBuffer(device->queue, tensor->buffer.mem, CL_TRUE, 0, buffer_bytes(tensor), image, 0, NULL, NULL),
               "clEnqueueWriteBuffer");
    return tensor;
}

harness_tensor *harness_input(harness_device *device, const char *name, harness_shape shape, const float *values) {
    return make_tensor(device, name, shape, sizeof(float), ROLE_INPUT, values);
}

harness_tensor *harness_input_uint16(harness_device *device, const char *name, harness_shape shape, const uint16_t *values) {
    return make_tensor(device, name, shape, sizeof(uint16_t), ROLE_INPUT, values);
}

harness_tensor *harness_inout(harness_device *device, const char *name, harness_shape shape, const float *values) {
    return make_tensor(device, name, shape, sizeof(float), ROLE_INOUT, values);
}

harness_tensor *harness_output(harness_device *device, const char *name, harness_shape shape) {
    return make_tensor(device, name, shape, sizeof(float), ROLE_OUTPUT, NULL);
}

harness_tensor *harness_output_uint16(harness_device *device, const char *name, harness_shape shape) {
    return make_tensor(device, name, shape, sizeof(uint16_t), ROLE_OUTPUT, NULL);
}

convcl_buffer harness_workspace(harness_device *device, size_t count) {
    if (count == 0)
        return HARNESS_NO_BUFFER;
    return make_tensor(device, "workspace", HARNESS_VECTOR(count), sizeof(float), ROLE_WORKSPACE, NULL)->buffer;
}

/* ---- reading back ---- */

/* The whole buffer, guards included; freed by the caller. */
static unsigned char *read_image(const harness_tensor *tensor) {
    unsigned char *image = malloc(buffer_bytes(tensor));
    if (!image)
        fail_msg("no memory");
    cl_int code = clEnqueueReadBuffer(tensor->device->queue, tensor->buffer.mem, CL_TRUE, 0, buffer_bytes(tensor), image, 0, NULL, NULL);
    if (code != CL_SUCCESS) {
        free(image);
        fail_msg("reading %s failed with %d", tensor->name, (int)code);
    }
    return image;
}

/* How many elements before, behind and (for an input) inside the tensor differ from what was uploaded. */
static size_t count_changes(const harness_tensor *tensor, const unsigned char *image, size_t *first_out) {
    const unsigned char *original = (const unsigned char *)tensor->before - tensor->buffer.offset * tensor->element_size;
    size_t changes = 0, size = tensor->element_size;
    for (size_t i = 0; i < buffer_bytes(tensor) / size; i++) {
        bool inside = i >= tensor->buffer.offset && i < tensor->buffer.offset + tensor->count;
        if ((inside && !tensor->is_input) || memcmp(image + i * size, original + i * size, size) == 0)
            continue;
        if (changes++ == 0)
            *first_out = i;
    }
    return changes;
}

static void check_tensor(const harness_tensor *tensor) {
    unsigned char *image = read_image(tensor);
    size_t first = 0;
    size_t changes = count_changes(tensor, image, &first);
    free(image);
    if (changes == 0)
        return;
    long place = (long)first - (long)tensor->buffer.offset;
    bool inside = place >= 0 && (size_t)place < tensor->count;
    print_error("%s : %s %s: %zu elements overwritten, the first at %s[%ld] of %zu\n", harness_now.case_name, inside ? "input" : "guard of",
                tensor->name, changes, tensor->name, place, tensor->count);
    harness_print_repeat();
    fail();
}

void harness_check_memory(harness_device *device) {
    harness_cl(clFinish(device->queue), "clFinish");
    for (const harness_tensor *tensor = tensors; tensor; tensor = tensor->older)
        check_tensor(tensor);
}

static void *read_elements(const harness_tensor *tensor) {
    harness_cl(clFinish(tensor->device->queue), "clFinish");
    void *values = harness_alloc(tensor->count, tensor->element_size);
    harness_cl(clEnqueueReadBuffer(tensor->device->queue, tensor->buffer.mem, CL_TRUE, tensor->buffer.offset * tensor->element_size,
                                   tensor->count * tensor->element_size, values, 0, NULL, NULL),
               "clEnqueueReadBuffer");
    return values;
}

float *harness_read(const harness_tensor *tensor) {
    assert_int_equal(tensor->element_size, sizeof(float));
    return read_elements(tensor);
}

uint16_t *harness_read_uint16(const harness_tensor *tensor) {
    assert_int_equal(tensor->element_size, sizeof(uint16_t));
    return read_elements(tensor);
}

void harness_poison(harness_tensor *tensor) {
    unsigned char *bytes = harness_alloc(tensor->count, tensor->element_size);
    fill_poison(bytes, tensor, false);
    harness_cl(clEnqueueWriteBuffer(tensor->device->queue, tensor->buffer.mem, CL_TRUE, tensor->buffer.offset * tensor->element_size,
                                    tensor->count * tensor->element_size, bytes, 0, NULL, NULL),
               "clEnqueueWriteBuffer");
}

bool harness_is_poisoned(const harness_tensor *tensor) {
    unsigned char *poison = harness_alloc(tensor->count, tensor->element_size);
    fill_poison(poison, tensor, false);
    return memcmp(read_elements(tensor), poison, tensor->count * tensor->element_size) == 0;
}
