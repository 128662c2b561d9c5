/* test_lrn_maxpool.c: normalization and max-pooling in one over tests/cases/lrn_maxpool.txt, in every form of the kernels: against the reference; and where a
 * network fuses the two operations, against these one after the other, to the bit.
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "harness.h"
#include "layer_forms.h"
#include "layers/layers_internal.h"
#include "reference/ref_lrn_maxpool.h"
#include "reference/ref_maxpool.h"

#define FWD_LIMIT 5e-7
#define BWD_LIMIT 1e-6

typedef struct fused_test {
    convcl_lrn_maxpool_desc desc;
    const layer_form *form;
    float range; /* of x */
} fused_test;

/* The tensors of one case; `index` and `dx` of the fused operation, the others of the two. */
typedef struct fused_tensors {
    harness_tensor *x, *dy, *y, *index, *dx;
    harness_tensor *lone_y, *lone_index, *lone_dx;
} fused_tensors;

static harness_shape x_shape(const convcl_lrn_maxpool_desc *d) {
    return HARNESS_SHAPE(d->lrn.n, d->lrn.h, d->lrn.w, d->lrn.c);
}

static harness_shape y_shape(const convcl_lrn_maxpool_desc *d) {
    int oh = 0, ow = 0;
    convcl_ref_maxpool_output_size(&d->maxpool, &oh, &ow);
    return HARNESS_SHAPE(d->lrn.n, oh, ow, d->lrn.c);
}

static convcl_lrn_maxpool_plan *plan_of(harness_device *device, const convcl_lrn_maxpool_desc *desc) {
    convcl_lrn_maxpool_plan *plan = NULL;
    assert_ok(convcl_lrn_maxpool_plan_create(device->context, desc, &plan));
    return plan;
}

static void run_fused(harness_device *device, const convcl_lrn_maxpool_desc *desc, fused_tensors *t) {
    convcl_lrn_maxpool_plan *plan = plan_of(device, desc);
    cl_command_queue queue = device->queue;
    t->y = harness_output(device, "y", y_shape(desc));
    t->index = harness_output_uint16(device, "index", y_shape(desc));
    t->dx = harness_output(device, "dx", x_shape(desc));
    assert_ok(convcl_lrn_maxpool_fwd_enqueue(plan, queue, t->x->buffer, t->y->buffer, t->index->buffer, 0, NULL, NULL));
    assert_ok(convcl_lrn_maxpool_bwd_enqueue(plan, queue, t->x->buffer, t->dy->buffer, t->index->buffer, t->dx->buffer, 0, NULL, NULL));
    convcl_lrn_maxpool_plan_destroy(plan);
}

static void run_two(harness_device *device, const convcl_lrn_maxpool_desc *desc, fused_tensors *t) {
    convcl_lrn_plan *lrn = NULL;
    convcl_maxpool_plan *pool = NULL;
    cl_command_queue queue = device->queue;
    harness_tensor *v = harness_output(device, "v", x_shape(desc)), *dv = harness_output(device, "dv", x_shape(desc));
    t->lone_y = harness_output(device, "y of two", y_shape(desc));
    t->lone_index = harness_output_uint16(device, "index of two", y_shape(desc));
    t->lone_dx = harness_output(device, "dx of two", x_shape(desc));
    assert_ok(convcl_lrn_plan_create(device->context, &desc->lrn, &lrn));
    assert_ok(convcl_maxpool_plan_create(device->context, &desc->maxpool, &pool));
    assert_ok(convcl_lrn_fwd_enqueue(lrn, queue, t->x->buffer, v->buffer, 0, NULL, NULL));
    assert_ok(convcl_maxpool_fwd_enqueue(pool, queue, v->buffer, t->lone_y->buffer, t->lone_index->buffer, 0, NULL, NULL));
    assert_ok(convcl_maxpool_bwd_enqueue(pool, queue, t->dy->buffer, t->lone_index->buffer, HARNESS_NO_BUFFER, dv->buffer, 0, NULL, NULL));
    assert_ok(convcl_lrn_bwd_enqueue(lrn, queue, t->x->buffer, dv->buffer, t->lone_dx->buffer, 0, NULL, NULL));
    convcl_lrn_plan_destroy(lrn);
    convcl_maxpool_plan_destroy(pool);
}

/* The same bits, or both NaN, whose bits mean nothing. */
static void expect_same(const char *name, const float *got, const float *expected, size_t count) {
    for (size_t i = 0; i < count; ++i)
        if (memcmp(&got[i], &expected[i], sizeof *got) != 0 && !(isnan(got[i]) && isnan(expected[i])))
            fail_msg("%s[%zu] is %.9g, the two operations make %.9g", name, i, (double)got[i], (double)expected[i]);
}

/* Runs the fused operation, and where networks use it the two, and compares all they make. */
static void run_and_compare(harness_device *device, const convcl_lrn_maxpool_desc *desc, const float *x, const float *dy,
                            fused_tensors *t) {
    const size_t x_count = harness_shape_count(x_shape(desc)), y_count = harness_shape_count(y_shape(desc));
    t->x = harness_input(device, "x", x_shape(desc), x);
    t->dy = harness_input(device, "dy", y_shape(desc), dy);
    run_fused(device, desc, t);
    if (!convcl_lrn_maxpool__pays(device->context, desc))
        return;
    run_two(device, desc, t);
    expect_same("y", harness_read(t->y), harness_read(t->lone_y), y_count);
    assert_memory_equal(harness_read_uint16(t->index), harness_read_uint16(t->lone_index), y_count * sizeof(uint16_t));
    expect_same("dx", harness_read(t->dx), harness_read(t->lone_dx), x_count);
}

/* The place of v that an index names; -1 outside. */
static long place_of(const convcl_lrn_maxpool_desc *d, size_t at, uint16_t index) {
    const harness_shape shape = y_shape(d);
    const convcl_maxpool_desc *pool = &d->maxpool;
    const long c = (long)(at % shape.dim[3]), q = (long)(at / shape.dim[3] % shape.dim[2]);
    const long p = (long)(at / shape.dim[3] / shape.dim[2] % shape.dim[1]), n = (long)(at / shape.dim[3] / shape.dim[2] / shape.dim[1]);
    const long h = p * pool->stride_h - pool->pad_top + index / pool->window_w,
               w = q * pool->stride_w - pool->pad_left + index % pool->window_w;
    return h < 0 || h >= pool->ih || w < 0 || w >= pool->iw ? -1 : ((n * pool->ih + h) * pool->iw + w) * pool->c + c;
}

/* Two values of v may differ by less than float32 rounds: each index must name a value that is the maximum within that. */
static void check_index(const convcl_lrn_maxpool_desc *desc, const uint16_t *index, const double *v, const double *y) {
    const size_t count = harness_shape_count(y_shape(desc));
    for (size_t i = 0; i < count; ++i) {
        const long place = place_of(desc, i, index[i]);
        if (place < 0 || !(fabs(v[place] - y[i]) <= 1e-6 * fabs(y[i])))
            fail_msg("index[%zu] is %u, whose value is %.9g, the maximum is %.9g", i, index[i], place < 0 ? (double)NAN : v[place], y[i]);
    }
}

static void test_case(harness_device *device, const void *data) {
    const fused_test *test = data;
    const convcl_lrn_maxpool_desc *desc = &test->desc;
    const size_t x_count = harness_shape_count(x_shape(desc)), y_count = harness_shape_count(y_shape(desc));
    float *x = harness_floats(x_count), *dy = harness_floats(y_count);
    double *v = harness_doubles(x_count), *y = harness_doubles(y_count), *dv = harness_doubles(x_count), *dx = harness_doubles(x_count);
    const double *x_doubles;
    fused_tensors first, second;
    layer_form_use(device, test->form);
    harness_uniform(x, x_count, -test->range, test->range);
    harness_uniform(dy, y_count, -1, 1);
    x_doubles = harness_to_doubles(x, x_count);
    run_and_compare(device, desc, x, dy, &first);
    convcl_ref_lrn_maxpool_fwd(desc, x_doubles, v, y, NULL);
    harness_expect(first.y, y, HARNESS_WITHIN_RMS(FWD_LIMIT));
    check_index(desc, harness_read_uint16(first.index), v, y);
    convcl_ref_lrn_maxpool_bwd(desc, x_doubles, harness_to_doubles(dy, y_count), harness_read_uint16(first.index), dv, dx);
    harness_expect(first.dx, dx, HARNESS_WITHIN_RMS(BWD_LIMIT));
    second = first;
    run_fused(device, desc, &second);
    assert_memory_equal(harness_read(first.y), harness_read(second.y), y_count * sizeof(float));
    assert_memory_equal(harness_read_uint16(first.index), harness_read_uint16(second.index), y_count * sizeof(uint16_t));
    assert_memory_equal(harness_read(first.dx), harness_read(second.dx), x_count * sizeof(float));
}

static convcl_lrn_maxpool_desc desc_of(int n, int h, int w, int c, int window, int stride) {
    return (convcl_lrn_maxpool_desc){
        .lrn = {.n = n, .h = h, .w = w, .c = c, .radius = 4, .bias = 1, .alpha = 1e-4f, .beta = 0.75f, .relu_mask = 1},
        .maxpool = {.n = n, .ih = h, .iw = w, .c = c, .window_h = window, .window_w = window, .stride_h = stride, .stride_w = stride}};
}

/* Pixels of three levels of one pattern: many windows have several maxima, equal to the bit, and the first of them counts. */
static void test_lrn_maxpool__ties_go_to_the_first(harness_device *device, const void *form) {
    const int channels[] = {1, 3, 17, 65};
    layer_form_use(device, form);
    for (int i = 0; i < 4; ++i) {
        const convcl_lrn_maxpool_desc desc = desc_of(2, 9, 11, channels[i], 3, 2);
        const size_t x_count = harness_shape_count(x_shape(&desc)), y_count = harness_shape_count(y_shape(&desc));
        float *x = harness_floats(x_count), *dy = harness_floats(y_count);
        double *v = harness_doubles(x_count), *y = harness_doubles(y_count);
        uint16_t *index = harness_alloc(y_count, sizeof *index);
        fused_tensors t;
        for (size_t pixel = 0; pixel < x_count / (size_t)channels[i]; ++pixel) {
            const int level = (int)(harness_random() % 3);
            for (int c = 0; c < channels[i]; ++c)
                x[pixel * (size_t)channels[i] + (size_t)c] = (float)(level * (c % 7 - 3));
        }
        harness_uniform(dy, y_count, -1, 1);
        run_and_compare(device, &desc, x, dy, &t);
        convcl_ref_lrn_maxpool_fwd(&desc, harness_to_doubles(x, x_count), v, y, index);
        assert_memory_equal(harness_read_uint16(t.index), index, y_count * sizeof *index);
    }
}

/* A NaN of x spoils the channels of its window, and wins in each pooling window that holds it, as does the NaN that an infinite x makes of itself. */
static void test_lrn_maxpool__nan_and_inf(harness_device *device, const void *form) {
    const convcl_lrn_maxpool_desc desc = desc_of(1, 9, 9, 35, 3, 2);
    const size_t x_count = harness_shape_count(x_shape(&desc)), y_count = harness_shape_count(y_shape(&desc));
    float *x = harness_floats(x_count), *dy = harness_floats(y_count);
    double *v = harness_doubles(x_count), *y = harness_doubles(y_count), *dv = harness_doubles(x_count), *dx = harness_doubles(x_count);
    uint16_t *index = harness_alloc(y_count, sizeof *index);
    fused_tensors t;
    layer_form_use(device, form);
    harness_uniform(x, x_count, -2, 2);
    harness_uniform(dy, y_count, -1, 1);
    x[0] = NAN;
    x[(4 * 9 + 4) * 35 + 20] = NAN; /* of four windows */
    x[(2 * 9 + 7) * 35 + 34] = INFINITY;
    x[(8 * 9 + 8) * 35 + 3] = -INFINITY;
    run_and_compare(device, &desc, x, dy, &t);
    convcl_ref_lrn_maxpool_fwd(&desc, harness_to_doubles(x, x_count), v, y, index);
    harness_expect(t.y, y, HARNESS_WITHIN_EACH(2e-6));
    const uint16_t *got = harness_read_uint16(t.index);
    for (size_t i = 0; i < y_count; ++i)
        if (isnan(y[i]) && got[i] != index[i])
            fail_msg("index[%zu] is %u, the first NaN is at %u", i, got[i], index[i]);
    convcl_ref_lrn_maxpool_bwd(&desc, harness_to_doubles(x, x_count), harness_to_doubles(dy, y_count), got, dv, dx);
    harness_expect(t.dx, dx, HARNESS_WITHIN_MAX(2e-6));
}

/* Without an index y is the same. */
static void test_lrn_maxpool__index_may_be_null(harness_device *device, const void *form) {
    const convcl_lrn_maxpool_desc desc = desc_of(1, 7, 8, 20, 3, 2);
    const size_t x_count = harness_shape_count(x_shape(&desc)), y_count = harness_shape_count(y_shape(&desc));
    float *x = harness_floats(x_count), *dy = harness_floats(y_count);
    fused_tensors t;
    layer_form_use(device, form);
    harness_uniform(x, x_count, -2, 2);
    run_and_compare(device, &desc, x, dy, &t);
    harness_tensor *alone = harness_output(device, "y alone", y_shape(&desc));
    convcl_lrn_maxpool_plan *plan = plan_of(device, &desc);
    assert_ok(convcl_lrn_maxpool_fwd_enqueue(plan, device->queue, t.x->buffer, alone->buffer, HARNESS_NO_BUFFER, 0, NULL, NULL));
    convcl_lrn_maxpool_plan_destroy(plan);
    assert_memory_equal(harness_read(alone), harness_read(t.y), y_count * sizeof(float));
}

static void test_lrn_maxpool__create_checks_its_arguments(harness_device *device, const void *data) {
    (void)data;
    const convcl_lrn_maxpool_desc good = desc_of(1, 5, 6, 8, 3, 2);
    convcl_lrn_maxpool_plan *plan = NULL;
#define REFUSES(status, words, ...)                                                                                                        \
    do {                                                                                                                                   \
        convcl_lrn_maxpool_desc desc = good;                                                                                               \
        __VA_ARGS__;                                                                                                                       \
        plan = (convcl_lrn_maxpool_plan *)device;                                                                                          \
        assert_fails(convcl_lrn_maxpool_plan_create(device->context, &desc, &plan), status, words);                                        \
        assert_null(plan);                                                                                                                 \
    } while (0)
    REFUSES(CONVCL_INVALID, "lrn: radius is -1, must be at least 0", desc.lrn.radius = -1);
    REFUSES(CONVCL_INVALID, "maxpool: stride_w is 0, must be at least 1", desc.maxpool.stride_w = 0);
    REFUSES(CONVCL_INVALID, "lrn_maxpool: maxpool.n is 2, must be lrn.n, which is 1", desc.maxpool.n = 2);
    REFUSES(CONVCL_INVALID, "lrn_maxpool: maxpool.ih is 6, must be lrn.h, which is 5", desc.maxpool.ih = 6);
    REFUSES(CONVCL_INVALID, "lrn_maxpool: maxpool.iw is 5, must be lrn.w, which is 6", desc.maxpool.iw = 5);
    REFUSES(CONVCL_INVALID, "lrn_maxpool: maxpool.c is 7, must be lrn.c, which is 8", desc.maxpool.c = 7);
    REFUSES(CONVCL_INVALID, "lrn_maxpool: maxpool.relu_mask is 1, must be 0", desc.maxpool.relu_mask = 1);
    REFUSES(CONVCL_UNSUPPORTED, "lrn: layout is NCHW", desc.lrn.layout = CONVCL_LAYOUT_NCHW);
    REFUSES(CONVCL_UNSUPPORTED, "maxpool: layout is NCHW", desc.maxpool.layout = CONVCL_LAYOUT_NCHW);
    REFUSES(CONVCL_UNSUPPORTED, "lrn: radius is 1025", desc.lrn.c = desc.maxpool.c = 5000, desc.lrn.radius = 1025);
    REFUSES(CONVCL_INVALID, "lrn_maxpool: n * ih * iw * c", desc.lrn.n = desc.maxpool.n = 2000000000,
            desc.lrn.c = desc.maxpool.c = 2000000000);
#undef REFUSES
    assert_fails(convcl_lrn_maxpool_plan_create(NULL, &good, &plan), CONVCL_INVALID, "lrn_maxpool: context|NULL");
    assert_fails(convcl_lrn_maxpool_plan_create(device->context, NULL, &plan), CONVCL_INVALID, "lrn_maxpool: desc|NULL");
    assert_fails(convcl_lrn_maxpool_plan_create(device->context, &good, NULL), CONVCL_INVALID, "lrn_maxpool: plan_out|NULL");
    convcl_lrn_maxpool_plan_destroy(NULL);
}

static void test_lrn_maxpool__enqueue_checks_its_arguments(harness_device *device, const void *data) {
    (void)data;
    const convcl_lrn_maxpool_desc desc = desc_of(1, 5, 5, 8, 3, 2);
    const float values[5 * 5 * 8] = {0};
    harness_tensor *tx = harness_input(device, "x", x_shape(&desc), values);
    harness_tensor *ty = harness_output(device, "y", x_shape(&desc)), *tindex = harness_output_uint16(device, "index", x_shape(&desc));
    convcl_buffer a = tx->buffer, b = ty->buffer, index = tindex->buffer, none = HARNESS_NO_BUFFER, far = ty->buffer;
    far.offset = 1000000;
    cl_command_queue queue = device->queue;
    convcl_lrn_maxpool_plan *plan = plan_of(device, &desc);
    assert_fails(convcl_lrn_maxpool_fwd_enqueue(NULL, queue, a, b, index, 0, NULL, NULL), CONVCL_INVALID, "lrn_maxpool: plan|NULL");
    assert_fails(convcl_lrn_maxpool_fwd_enqueue(plan, NULL, a, b, index, 0, NULL, NULL), CONVCL_INVALID, "lrn_maxpool: queue|NULL");
    assert_fails(convcl_lrn_maxpool_fwd_enqueue(plan, queue, none, b, index, 0, NULL, NULL), CONVCL_INVALID, "lrn_maxpool: x|NULL");
    assert_fails(convcl_lrn_maxpool_fwd_enqueue(plan, queue, a, far, index, 0, NULL, NULL), CONVCL_INVALID, "lrn_maxpool: y|1000000|32");
    assert_fails(convcl_lrn_maxpool_fwd_enqueue(plan, queue, a, b, far, 0, NULL, NULL), CONVCL_INVALID, "lrn_maxpool: index|1000000");
    assert_fails(convcl_lrn_maxpool_bwd_enqueue(NULL, queue, a, a, index, b, 0, NULL, NULL), CONVCL_INVALID, "lrn_maxpool: plan|NULL");
    assert_fails(convcl_lrn_maxpool_bwd_enqueue(plan, queue, none, a, index, b, 0, NULL, NULL), CONVCL_INVALID, "lrn_maxpool: x|NULL");
    assert_fails(convcl_lrn_maxpool_bwd_enqueue(plan, queue, a, none, index, b, 0, NULL, NULL), CONVCL_INVALID, "lrn_maxpool: dy|NULL");
    assert_fails(convcl_lrn_maxpool_bwd_enqueue(plan, queue, a, a, none, b, 0, NULL, NULL), CONVCL_INVALID, "lrn_maxpool: index|NULL");
    assert_fails(convcl_lrn_maxpool_bwd_enqueue(plan, queue, a, a, index, far, 0, NULL, NULL), CONVCL_INVALID, "lrn_maxpool: dx|1000000");
    convcl_lrn_maxpool_plan_destroy(plan);
    assert_true(harness_is_poisoned(ty));
    assert_true(harness_is_poisoned(tindex));
}

/* Reads one line of the table; false when it is none. */
static bool parse(const harness_case *row, fused_test *test) {
    convcl_lrn_desc *l = &test->desc.lrn;
    convcl_maxpool_desc *p = &test->desc.maxpool;
    *p = (convcl_maxpool_desc){.n = 1, .window_h = 3, .window_w = 3, .stride_h = 2, .stride_w = 2};
    *l = (convcl_lrn_desc){.radius = 4};
    test->range = 30;
    if (strcmp(row->name, "alexnet:pool1") == 0)
        p->ih = p->iw = 56, p->c = 64;
    else if (strcmp(row->name, "alexnet:pool2") == 0)
        p->ih = p->iw = 27, p->c = 192;
    else if (sscanf(row->name, "n%dih%diw%dc%df%dx%ds%dx%dp%d.%d.%d.%dr%d", &p->n, &p->ih, &p->iw, &p->c, &p->window_h, &p->window_w,
                    &p->stride_h, &p->stride_w, &p->pad_top, &p->pad_bottom, &p->pad_left, &p->pad_right, &l->radius) == 13)
        test->range = 3;
    else
        return false;
    l->n = p->n;
    l->h = p->ih;
    l->w = p->iw;
    l->c = p->c;
    return sscanf(row->flags, "%f %f %f %d", &l->bias, &l->alpha, &l->beta, &l->relu_mask) == 4;
}

static int add_cases(fused_test *tests, const harness_case *rows, int count) {
    for (int i = 0; i < count; ++i)
        for (int f = 0; f < LAYER_FORMS; ++f) {
            fused_test *test = &tests[i * LAYER_FORMS + f];
            char name[200];
            if (!parse(&rows[i], test)) {
                fprintf(stderr, "lrn_maxpool.txt: %s %s is no case\n", rows[i].name, rows[i].flags);
                return 1;
            }
            test->form = &layer_forms[f];
            snprintf(name, sizeof name, "lrn_maxpool %s %s", rows[i].name, test->form->name);
            harness_add_device_test(name, test_case, test);
        }
    return 0;
}

int main(int argc, char **argv) {
    int count = 0;
    const harness_case *rows = harness_cases("lrn_maxpool.txt", &count);
    fused_test *tests = calloc((size_t)count * LAYER_FORMS, sizeof *tests);
    if (!tests || add_cases(tests, rows, count) != 0)
        return 1;
    LAYER_FORM_TESTS(test_lrn_maxpool__ties_go_to_the_first);
    LAYER_FORM_TESTS(test_lrn_maxpool__nan_and_inf);
    LAYER_FORM_TESTS(test_lrn_maxpool__index_may_be_null);
    HARNESS_DEVICE(test_lrn_maxpool__create_checks_its_arguments);
    HARNESS_DEVICE(test_lrn_maxpool__enqueue_checks_its_arguments);
    const int result = harness_main(argc, argv);
    free(tests);
    return result;
}
