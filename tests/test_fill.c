/* test_fill.c: the generator against its published vectors, values to the bit against a host evaluation, and their distribution.
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "../kernels/philox.h"
#include "harness.h"
#include "layer_forms.h"

#define SEED UINT64_C(0x0123456789abcdef)

/* What the device makes of a description. */
static float *fill(harness_device *device, const convcl_fill_desc *desc) {
    harness_tensor *y = harness_output(device, "y", HARNESS_VECTOR(desc->count));
    convcl_fill_plan *plan = NULL;
    assert_ok(convcl_fill_plan_create(device->context, desc, &plan));
    assert_ok(convcl_fill_enqueue(plan, device->queue, y->buffer, 0, NULL, NULL));
    convcl_fill_plan_destroy(plan);
    harness_check_memory(device);
    return harness_read(y);
}

/* The same on the host, out of the same header compiled as C. */
static float *fill_on_host(const convcl_fill_desc *d) {
    float *y = harness_floats(d->count);
    const uint32_t key0 = (uint32_t)d->seed, key1 = (uint32_t)(d->seed >> 32);
    for (size_t i = 0; i < d->count; ++i) {
        float z[4];
        if (d->kind == CONVCL_FILL_TRUNCATED_NORMAL)
            z[i % 4] = philox_truncated_normal(i, key0, key1, d->stream);
        else
            philox_normal(i / 4, key0, key1, d->stream, z);
        y[i] = fmaf(d->stddev, z[i % 4], d->mean);
    }
    return y;
}

/* The known answers of Random123, the authors' own library. */
static void test_fill__philox_known_answers(void **state) {
    static const uint32_t known[3][10] = {
        {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
        {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
        {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}};
    (void)state;
    for (int i = 0; i < 3; ++i) {
        uint32_t words[4];
        memcpy(words, known[i], sizeof words);
        philox_4x32_10(words, known[i][4], known[i][5]);
        assert_memory_equal(words, known[i] + 6, sizeof words);
    }
}

/* The parts of the normal values, against the host's own mathematics in double. */
static void test_fill__parts_are_accurate(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 1u << 16; ++i) {
        const uint32_t word = i < 256 ? i << 8 : i < 512 ? ~((i - 256) << 8) : harness_random();
        const double u = ((word >> 8) + 1) / 16777216.0, exact = -2 * log(u);
        const float x = philox_minus_two_log(word);
        assert_true(fabs((double)x - exact) <= 2e-7 * exact);
        assert_true(fabs((double)philox_sqrt(x) - sqrt((double)x)) <= 1.2e-7 * sqrt((double)x));
        float z[2];
        philox_normal_pair(0, word, z);
        const double turn = ((word >> 30) + (((word >> 6) & 0xffffff) + 0.5) / 16777216.0 - 0.5) / 4, radius = sqrt(48 * log(2.0));
        assert_true(fabs((double)z[0] - radius * cos(2 * acos(-1.0) * turn)) <= 2e-6);
        assert_true(fabs((double)z[1] - radius * sin(2 * acos(-1.0) * turn)) <= 2e-6);
    }
}

static void check_against_host(harness_device *device, const layer_form *form, convcl_fill_kind kind) {
    static const size_t counts[] = {1, 2, 3, 4, 5, 63, 64, 257, 1023, 100001};
    layer_form_use(device, form);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; ++i) {
        const convcl_fill_desc desc = {.kind = kind, .count = counts[i], .mean = 0.3f, .stddev = 0.7f, .seed = SEED, .stream = 0xfffffff5};
        const float *got = fill(device, &desc), *expected = fill_on_host(&desc);
        for (size_t j = 0; j < counts[i]; ++j)
            if (memcmp(&got[j], &expected[j], sizeof(float)) != 0)
                fail_msg("value %zu of %zu is %a, must be %a", j, counts[i], (double)got[j], (double)expected[j]);
    }
}

static void test_fill__normal_has_the_bits_of_the_host(harness_device *device, const void *form) {
    check_against_host(device, form, CONVCL_FILL_NORMAL);
}

static void test_fill__truncated_normal_has_the_bits_of_the_host(harness_device *device, const void *form) {
    check_against_host(device, form, CONVCL_FILL_TRUNCATED_NORMAL);
}

static void test_fill__constant(harness_device *device, const void *form) {
    static const size_t counts[] = {1, 15, 17, 8192, 30001};
    layer_form_use(device, form);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; ++i) {
        const convcl_fill_desc desc = {.count = counts[i], .mean = -1.5f, .stddev = NAN};
        const float *got = fill(device, &desc);
        for (size_t j = 0; j < counts[i]; ++j)
            assert_true(got[j] == -1.5f);
    }
}

/* Share of a standard normal below z, also of one that is cut at -2 and 2. */
static double share_below(double z, bool is_truncated) {
    const double all = 0.5 * erfc(-z / sqrt(2.0)), tail = 0.5 * erfc(2 / sqrt(2.0));
    return is_truncated ? (all - tail) / (1 - 2 * tail) : all;
}

static int compare_floats(const void *a, const void *b) {
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Moments and the largest distance from the distribution (Kolmogorov, Smirnov) of 2^20 values; each limit is about 4 standard errors. */
static void check_distribution(harness_device *device, bool is_truncated) {
    const size_t count = 1 << 20;
    const convcl_fill_desc desc = {
        .kind = is_truncated ? CONVCL_FILL_TRUNCATED_NORMAL : CONVCL_FILL_NORMAL, .count = count, .stddev = 1, .seed = 42, .stream = 3};
    /* Variance and kurtosis of the two distributions. */
    const double variance = is_truncated ? 0.7737413 : 1, kurtosis = is_truncated ? 2.3654 : 3;
    double sum[5] = {0}, neighbours = 0, distance = 0;
    float *z = fill(device, &desc);
    for (size_t i = 0; i < count; ++i) {
        for (int power = 1; power <= 4; ++power)
            sum[power] += pow((double)z[i], power);
        neighbours += i ? (double)z[i] * (double)z[i - 1] : 0;
        assert_true(fabs((double)z[i]) <= (is_truncated ? 2 : 5.8));
    }
    const double n = (double)count, root = sqrt(n);
    assert_true(fabs(sum[1] / n) < 4 / root);
    assert_true(fabs(sum[2] / n - variance) < 6 / root);
    assert_true(fabs(sum[3] / n / pow(variance, 1.5)) < 16 / root);
    assert_true(fabs(sum[4] / n / (variance * variance) - kurtosis) < 40 / root);
    assert_true(fabs(neighbours / n) < 4 / root);
    qsort(z, count, sizeof *z, compare_floats);
    for (size_t i = 0; i < count; ++i)
        distance = fmax(distance, fabs(share_below((double)z[i], is_truncated) - ((double)i + 0.5) / n));
    assert_true(distance < 1.95 / root); /* a right generator fails once in a thousand seeds; the seed is fixed */
}

static void test_fill__normal_is_normal(harness_device *device, const void *data) {
    (void)data;
    check_distribution(device, false);
}

static void test_fill__truncated_normal_is_truncated(harness_device *device, const void *data) {
    (void)data;
    check_distribution(device, true);
}

/* Element i does not depend on the count; seed (both halves), stream and kind tell tensors apart. */
static void test_fill__seed_and_stream_tell_tensors_apart(harness_device *device, const void *data) {
    (void)data;
    for (int kind = CONVCL_FILL_NORMAL; kind <= CONVCL_FILL_TRUNCATED_NORMAL; ++kind) {
        const convcl_fill_desc desc = {.kind = (convcl_fill_kind)kind, .count = 1000, .stddev = 1, .seed = 7, .stream = 1};
        convcl_fill_desc longer = desc, others[4] = {desc, desc, desc, desc};
        const float *values = fill(device, &desc);
        longer.count = 1234;
        assert_memory_equal(fill(device, &longer), values, desc.count * sizeof(float));
        others[0].stream = 2;
        others[1].seed = 8;
        others[2].seed = 7 | UINT64_C(1) << 32;
        others[3].kind = kind == CONVCL_FILL_NORMAL ? CONVCL_FILL_TRUNCATED_NORMAL : CONVCL_FILL_NORMAL;
        for (int i = 0; i < 4; ++i) {
            const float *other = fill(device, &others[i]);
            size_t same = 0;
            for (size_t j = 0; j < desc.count; ++j)
                same += values[j] == other[j];
            assert_true(same < 3);
        }
    }
}

static void test_fill__stddev_0_gives_the_mean(harness_device *device, const void *data) {
    (void)data;
    const convcl_fill_desc desc = {.kind = CONVCL_FILL_NORMAL, .count = 9, .mean = 2.5f, .seed = 1};
    const float *got = fill(device, &desc);
    for (size_t i = 0; i < desc.count; ++i)
        assert_true(got[i] == 2.5f);
}

static void test_fill__create_checks_its_arguments(harness_device *device, const void *data) {
    (void)data;
    const convcl_fill_desc good = {.kind = CONVCL_FILL_NORMAL, .count = 1, .stddev = 1};
    convcl_fill_plan *plan = NULL;
#define REFUSES(words, ...)                                                                                                                \
    do {                                                                                                                                   \
        convcl_fill_desc desc = good;                                                                                                      \
        __VA_ARGS__;                                                                                                                       \
        plan = (convcl_fill_plan *)device;                                                                                                 \
        assert_fails(convcl_fill_plan_create(device->context, &desc, &plan), CONVCL_INVALID, words);                                       \
        assert_null(plan);                                                                                                                 \
    } while (0)
    REFUSES("fill: kind is 3, must be", desc.kind = (convcl_fill_kind)3);
    REFUSES("fill: count is 0, must be at least 1", desc.count = 0);
    REFUSES("fill: mean is inf, must be finite", desc.mean = INFINITY);
    REFUSES("fill: stddev is -1, must be", desc.stddev = -1);
    REFUSES("fill: stddev is nan, must be", desc.stddev = NAN);
#undef REFUSES
    assert_fails(convcl_fill_plan_create(NULL, &good, &plan), CONVCL_INVALID, "fill: context|NULL");
    assert_fails(convcl_fill_plan_create(device->context, NULL, &plan), CONVCL_INVALID, "fill: desc|NULL");
    assert_fails(convcl_fill_plan_create(device->context, &good, NULL), CONVCL_INVALID, "fill: plan_out|NULL");
    convcl_fill_plan_destroy(NULL);
}

static void test_fill__enqueue_checks_its_arguments(harness_device *device, const void *data) {
    (void)data;
    const convcl_fill_desc desc = {.kind = CONVCL_FILL_NORMAL, .count = 10, .stddev = 1};
    harness_tensor *y = harness_output(device, "y", HARNESS_VECTOR(10));
    convcl_buffer far = y->buffer;
    far.offset = 1000000;
    convcl_fill_plan *plan = NULL;
    assert_ok(convcl_fill_plan_create(device->context, &desc, &plan));
    assert_fails(convcl_fill_enqueue(NULL, device->queue, y->buffer, 0, NULL, NULL), CONVCL_INVALID, "fill: plan|NULL");
    assert_fails(convcl_fill_enqueue(plan, NULL, y->buffer, 0, NULL, NULL), CONVCL_INVALID, "fill: queue|NULL");
    assert_fails(convcl_fill_enqueue(plan, device->queue, HARNESS_NO_BUFFER, 0, NULL, NULL), CONVCL_INVALID, "fill: y|NULL");
    assert_fails(convcl_fill_enqueue(plan, device->queue, far, 0, NULL, NULL), CONVCL_INVALID, "fill: y|1000000|10");
    convcl_fill_plan_destroy(plan);
    assert_true(harness_is_poisoned(y));
}

int main(int argc, char **argv) {
    HARNESS_HOST(test_fill__philox_known_answers);
    HARNESS_HOST(test_fill__parts_are_accurate);
    LAYER_FORM_TESTS(test_fill__normal_has_the_bits_of_the_host);
    LAYER_FORM_TESTS(test_fill__truncated_normal_has_the_bits_of_the_host);
    LAYER_FORM_TESTS(test_fill__constant);
    HARNESS_DEVICE(test_fill__normal_is_normal);
    HARNESS_DEVICE(test_fill__truncated_normal_is_truncated);
    HARNESS_DEVICE(test_fill__seed_and_stream_tell_tensors_apart);
    HARNESS_DEVICE(test_fill__stddev_0_gives_the_mean);
    HARNESS_DEVICE(test_fill__create_checks_its_arguments);
    HARNESS_DEVICE(test_fill__enqueue_checks_its_arguments);
    return harness_main(argc, argv);
}
