/* test_dropout.c: dropout and its gradient, in every form of the kernels.
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "harness.h"
#include "layer_forms.h"
#include "reference/ref_dropout.h"

static const size_t counts[] = {1, 2, 3, 4, 5, 1023, 1024, 1025, 20011};
static const float rates[] = {0.0f, 0.1f, 0.5f, 0.999f};

/* A product in float against one in double. */
#define BOUND HARNESS_WITHIN_EACH(3e-7)

static convcl_dropout_plan *plan_of(harness_device *device, const convcl_dropout_desc *desc) {
    convcl_dropout_plan *plan = NULL;
    assert_ok(convcl_dropout_plan_create(device->context, desc, &plan));
    return plan;
}

static convcl_dropout_desc desc_of(size_t count, float rate) {
    return (convcl_dropout_desc){.count = count, .rate = rate, .seed = 0x123456789abcdefu, .stream = 3};
}

static float *values_of(size_t count) {
    float *values = harness_floats(count);
    harness_uniform(values, count, -1, 1);
    return values;
}

static void check_fwd(harness_device *device, const convcl_dropout_desc *desc, uint32_t step) {
    const float *x = values_of(desc->count);
    double *expected = harness_to_doubles(x, desc->count);
    harness_tensor *tx = harness_input(device, "x", HARNESS_VECTOR(desc->count), x);
    harness_tensor *ty = harness_output(device, "y", HARNESS_VECTOR(desc->count));
    convcl_dropout_plan *plan = plan_of(device, desc);
    assert_ok(convcl_dropout_fwd_enqueue(plan, device->queue, step, tx->buffer, ty->buffer, 0, NULL, NULL));
    convcl_dropout_plan_destroy(plan);
    convcl_ref_dropout_fwd(desc, step, expected, expected);
    harness_expect(ty, expected, BOUND);
}

static void test_dropout__fwd(harness_device *device, const void *form) {
    layer_form_use(device, form);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; ++i)
        for (size_t r = 0; r < sizeof rates / sizeof *rates; ++r) {
            const convcl_dropout_desc desc = desc_of(counts[i], rates[r]);
            check_fwd(device, &desc, (uint32_t)i);
        }
}

static void test_dropout__bwd(harness_device *device, const void *form) {
    layer_form_use(device, form);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; ++i)
        for (int mask = 0; mask < 2; ++mask) {
            convcl_dropout_desc desc = desc_of(counts[i], 0.4f);
            desc.relu_mask = mask;
            const float *x = values_of(desc.count), *dy = values_of(desc.count);
            double *expected = harness_doubles(desc.count);
            harness_tensor *tx = harness_input(device, "x", HARNESS_VECTOR(desc.count), x);
            harness_tensor *tdy = harness_input(device, "dy", HARNESS_VECTOR(desc.count), dy);
            harness_tensor *tdx = harness_output(device, "dx", HARNESS_VECTOR(desc.count));
            convcl_dropout_plan *plan = plan_of(device, &desc);
            assert_ok(convcl_dropout_bwd_enqueue(plan, device->queue, 0xfffffff0u, tdy->buffer, mask ? tx->buffer : HARNESS_NO_BUFFER,
                                                 tdx->buffer, 0, NULL, NULL));
            convcl_dropout_plan_destroy(plan);
            convcl_ref_dropout_bwd(&desc, 0xfffffff0u, harness_to_doubles(dy, desc.count), harness_to_doubles(x, desc.count), expected);
            harness_expect(tdx, expected, BOUND);
        }
}

static void test_dropout__in_place(harness_device *device, const void *form) {
    layer_form_use(device, form);
    const convcl_dropout_desc desc = desc_of(5003, 0.5f);
    const float *x = values_of(desc.count);
    double *expected = harness_to_doubles(x, desc.count);
    harness_tensor *tx = harness_inout(device, "x", HARNESS_VECTOR(desc.count), x);
    convcl_dropout_plan *plan = plan_of(device, &desc);
    assert_ok(convcl_dropout_fwd_enqueue(plan, device->queue, 5, tx->buffer, tx->buffer, 0, NULL, NULL));
    assert_ok(convcl_dropout_bwd_enqueue(plan, device->queue, 6, tx->buffer, HARNESS_NO_BUFFER, tx->buffer, 0, NULL, NULL));
    convcl_dropout_plan_destroy(plan);
    convcl_ref_dropout_fwd(&desc, 5, expected, expected);
    convcl_ref_dropout_bwd(&desc, 6, expected, NULL, expected);
    harness_expect(tx, expected, BOUND);
}

/* Runs ones through a dropout; the result is the mask times the scale. */
static const float *mask_of(harness_device *device, const convcl_dropout_desc *desc, uint32_t step, bool backward) {
    float *ones = harness_floats(desc->count);
    for (size_t i = 0; i < desc->count; ++i)
        ones[i] = 1;
    harness_tensor *tx = harness_input(device, "x", HARNESS_VECTOR(desc->count), ones);
    harness_tensor *ty = harness_output(device, "y", HARNESS_VECTOR(desc->count));
    convcl_dropout_plan *plan = plan_of(device, desc);
    if (backward)
        assert_ok(convcl_dropout_bwd_enqueue(plan, device->queue, step, tx->buffer, HARNESS_NO_BUFFER, ty->buffer, 0, NULL, NULL));
    else
        assert_ok(convcl_dropout_fwd_enqueue(plan, device->queue, step, tx->buffer, ty->buffer, 0, NULL, NULL));
    convcl_dropout_plan_destroy(plan);
    return harness_read(ty);
}

/* The backward pass drops what the forward pass dropped; other steps, streams and seeds drop others, as often as by chance. */
static void test_dropout__masks(harness_device *device, const void *data) {
    (void)data;
    const size_t count = 40000;
    convcl_dropout_desc desc = desc_of(count, 0.5f), other_stream = desc, other_seed = desc;
    other_stream.stream++;
    other_seed.seed ^= 1;
    const float *mask = mask_of(device, &desc, 7, false);
    assert_memory_equal(mask, mask_of(device, &desc, 7, true), count * sizeof *mask);
    const float *others[] = {mask_of(device, &desc, 8, false), mask_of(device, &other_stream, 7, false),
                             mask_of(device, &other_seed, 7, false)};
    for (size_t o = 0; o < sizeof others / sizeof *others; ++o) {
        size_t same = 0;
        for (size_t i = 0; i < count; ++i)
            same += (mask[i] > 0) == (others[o][i] > 0);
        /* Half of them, sd 100. */
        if (same < count / 2 - 500 || same > count / 2 + 500)
            fail_msg("mask %zu agrees in %zu of %zu places", o, same, count);
    }
}

/* The share that is dropped is the rate, and the mean stays. */
static void test_dropout__rate(harness_device *device, const void *data) {
    (void)data;
    const size_t count = 40000;
    for (size_t r = 0; r < sizeof rates / sizeof *rates; ++r) {
        const convcl_dropout_desc desc = desc_of(count, rates[r]);
        const float *mask = mask_of(device, &desc, 1, false);
        const double rate = (double)rates[r], sd = sqrt(rate * (1 - rate) / (double)count);
        size_t dropped = 0;
        double sum = 0;
        for (size_t i = 0; i < count; ++i) {
            dropped += mask[i] == 0;
            sum += (double)mask[i];
        }
        if (!(fabs((double)dropped / (double)count - rate) <= 5 * sd))
            fail_msg("rate %g dropped %zu of %zu", rate, dropped, count);
        if (!(fabs(sum / (double)count - 1) <= 5 * sd / (1 - rate) + 1e-6))
            fail_msg("rate %g has a mean of %g", rate, sum / (double)count);
    }
}

static void test_dropout__dropped_nan_is_zero(harness_device *device, const void *form) {
    layer_form_use(device, form);
    const convcl_dropout_desc desc = desc_of(100, 0.5f);
    float *x = harness_floats(desc.count);
    for (size_t i = 0; i < desc.count; ++i)
        x[i] = NAN;
    double *expected = harness_to_doubles(x, desc.count);
    harness_tensor *tx = harness_input(device, "x", HARNESS_VECTOR(desc.count), x);
    harness_tensor *ty = harness_output(device, "y", HARNESS_VECTOR(desc.count));
    convcl_dropout_plan *plan = plan_of(device, &desc);
    assert_ok(convcl_dropout_fwd_enqueue(plan, device->queue, 0, tx->buffer, ty->buffer, 0, NULL, NULL));
    convcl_dropout_plan_destroy(plan);
    convcl_ref_dropout_fwd(&desc, 0, expected, expected);
    harness_expect(ty, expected, HARNESS_EXACT);
}

static void test_dropout__create_checks_its_arguments(harness_device *device, const void *data) {
    (void)data;
    convcl_dropout_plan *plan = NULL;
#define REFUSES(words, ...)                                                                                                                \
    do {                                                                                                                                   \
        convcl_dropout_desc desc = desc_of(10, 0.5f);                                                                                      \
        __VA_ARGS__;                                                                                                                       \
        plan = (convcl_dropout_plan *)device;                                                                                              \
        assert_fails(convcl_dropout_plan_create(device->context, &desc, &plan), CONVCL_INVALID, words);                                    \
        assert_null(plan);                                                                                                                 \
    } while (0)
    REFUSES("dropout: count is 0, must be at least 1", desc.count = 0);
    REFUSES("dropout: rate is 1, must be at least 0 and less than 1", desc.rate = 1);
    REFUSES("dropout: rate is -0.5, must be at least 0", desc.rate = -0.5f);
    REFUSES("dropout: rate is |nan, must be at least 0", desc.rate = NAN);
    REFUSES("dropout: relu_mask is 2, must be 0 or 1", desc.relu_mask = 2);
#undef REFUSES
    const convcl_dropout_desc desc = desc_of(10, 0.5f);
    assert_fails(convcl_dropout_plan_create(NULL, &desc, &plan), CONVCL_INVALID, "dropout: context|NULL");
    assert_fails(convcl_dropout_plan_create(device->context, NULL, &plan), CONVCL_INVALID, "dropout: desc|NULL");
    assert_fails(convcl_dropout_plan_create(device->context, &desc, NULL), CONVCL_INVALID, "dropout: plan_out|NULL");
    convcl_dropout_plan_destroy(NULL);
}

static void test_dropout__enqueue_checks_its_arguments(harness_device *device, const void *data) {
    (void)data;
    const float x[10] = {0};
    convcl_dropout_desc desc = desc_of(10, 0.5f);
    desc.relu_mask = 1;
    harness_tensor *tx = harness_input(device, "x", HARNESS_VECTOR(10), x), *ty = harness_output(device, "y", HARNESS_VECTOR(10));
    convcl_buffer a = tx->buffer, b = ty->buffer, none = HARNESS_NO_BUFFER, far = ty->buffer;
    far.offset = 1000000;
    cl_command_queue queue = device->queue;
    convcl_dropout_plan *plan = plan_of(device, &desc);
    assert_fails(convcl_dropout_fwd_enqueue(NULL, queue, 0, a, b, 0, NULL, NULL), CONVCL_INVALID, "dropout: plan|NULL");
    assert_fails(convcl_dropout_fwd_enqueue(plan, NULL, 0, a, b, 0, NULL, NULL), CONVCL_INVALID, "dropout: queue|NULL");
    assert_fails(convcl_dropout_fwd_enqueue(plan, queue, 0, none, b, 0, NULL, NULL), CONVCL_INVALID, "dropout: x|NULL");
    assert_fails(convcl_dropout_fwd_enqueue(plan, queue, 0, a, far, 0, NULL, NULL), CONVCL_INVALID, "dropout: y|1000000");
    assert_fails(convcl_dropout_bwd_enqueue(NULL, queue, 0, a, a, b, 0, NULL, NULL), CONVCL_INVALID, "dropout: plan|NULL");
    assert_fails(convcl_dropout_bwd_enqueue(plan, queue, 0, none, a, b, 0, NULL, NULL), CONVCL_INVALID, "dropout: dy|NULL");
    assert_fails(convcl_dropout_bwd_enqueue(plan, queue, 0, a, none, b, 0, NULL, NULL), CONVCL_INVALID, "dropout: x|NULL");
    assert_fails(convcl_dropout_bwd_enqueue(plan, queue, 0, a, a, none, 0, NULL, NULL), CONVCL_INVALID, "dropout: dx|NULL");
    convcl_dropout_plan_destroy(plan);
    assert_true(harness_is_poisoned(ty));
}

int main(int argc, char **argv) {
    LAYER_FORM_TESTS(test_dropout__fwd);
    LAYER_FORM_TESTS(test_dropout__bwd);
    LAYER_FORM_TESTS(test_dropout__in_place);
    LAYER_FORM_TESTS(test_dropout__dropped_nan_is_zero);
    HARNESS_DEVICE(test_dropout__masks);
    HARNESS_DEVICE(test_dropout__rate);
    HARNESS_DEVICE(test_dropout__create_checks_its_arguments);
    HARNESS_DEVICE(test_dropout__enqueue_checks_its_arguments);
    return harness_main(argc, argv);
}
