/* test_golden.c: AlexNet against the files of tests/golden, values that two other frameworks agree on.
 * SPDX-License-Identifier: MIT
 *
 * The inputs are made by a formula (splitmix64), so the file holds results only: of each tensor its norm and 48 sampled values. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>

#include "harness.h"

#define LIMIT 1e-5

static const struct {
    const char *name; /* in the file */
    const char *value;
} activations[] = {{"conv1", "relu1"}, {"lrn1", "lrn1"},   {"pool1", "pool1"}, {"conv2", "relu2"}, {"lrn2", "lrn2"},
                   {"pool2", "pool2"}, {"conv3", "relu3"}, {"conv4", "relu4"}, {"conv5", "relu5"}, {"pool5", "pool5"}};

/* Tensor 0 is the images, 1 to 10 the parameters in their order. */
static void golden_fill(float *values, size_t count, int tensor, float scale, uint64_t salt) {
    for (size_t i = 0; i < count; i++) {
        uint64_t z = (uint64_t)i + ((salt * 1000 + (uint64_t)tensor) << 32);
        z = (z + 1) * UINT64_C(0x9E3779B97F4A7C15);
        z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
        z = z ^ (z >> 31);
        values[i] = ((float)(z >> 40) / 16777216.0f - 0.5f) * (2 * scale);
    }
}

static size_t shape_count(convcl_shape shape) {
    return (size_t)shape.dim[0] * (size_t)shape.dim[1] * (size_t)shape.dim[2] * (size_t)shape.dim[3];
}

static void write_tensor(harness_device *device, convcl_net *net, const char *name, int tensor, float scale, uint64_t salt) {
    convcl_shape shape;
    assert_ok(convcl_net_shape(net, name, &shape));
    const size_t count = shape_count(shape);
    float *values = harness_floats(count);
    golden_fill(values, count, tensor, scale, salt);
    assert_ok(convcl_net_write(net, device->queue, name, values, count));
}

static void write_all(harness_device *device, convcl_net *net, const json_t *golden) {
    const uint64_t salt = (uint64_t)json_integer_value(json_object_get(golden, "salt"));
    write_tensor(device, net, "images", 0, (float)json_number_value(json_object_get(golden, "input_scale")), salt);
    for (int i = 0; i < convcl_net_parameter_count(net); i++) {
        const float scale = i == 0 ? 0.15f : i % 2 == 0 ? 0.06f : 0.05f;
        write_tensor(device, net, convcl_net_parameter_name(net, i), i + 1, scale, salt);
    }
}

/* Compares one tensor with its record: the sampled values by relative L2, and the norm of the whole. */
static void expect_record(const char *name, const json_t *records, const float *got, size_t count) {
    const json_t *record = json_object_get(records, name);
    const json_t *index = json_object_get(record, "index"), *value = json_object_get(record, "value");
    const size_t samples = json_array_size(index);
    assert_true(samples > 0 && samples == json_array_size(value));
    double difference = 0, norm = 0, all = 0;
    for (size_t i = 0; i < samples; i++) {
        const size_t at = (size_t)json_integer_value(json_array_get(index, i));
        const double expected = json_number_value(json_array_get(value, i));
        assert_true(at < count);
        difference += ((double)got[at] - expected) * ((double)got[at] - expected);
        norm += expected * expected;
    }
    for (size_t i = 0; i < count; i++)
        all += (double)got[i] * (double)got[i];
    const double expected_norm = json_number_value(json_object_get(record, "l2_norm"));
    const double sampled_error = sqrt(difference) / sqrt(norm), norm_error = fabs(sqrt(all) - expected_norm) / expected_norm;
    if (!(sampled_error <= LIMIT) || !(norm_error <= LIMIT))
        fail_msg("%s: relative L2 error of the samples %.2e, of the norm %.2e, limit %.0e", name, sampled_error, norm_error, LIMIT);
}

static void expect_shape(const char *name, const json_t *records, convcl_shape shape) {
    const json_t *dims = json_object_get(json_object_get(records, name), "shape");
    const size_t rank = json_array_size(dims);
    assert_in_range(rank, 1, 4);
    for (size_t i = 0; i < rank; i++) /* biases have one dimension in the file */
        assert_int_equal(json_integer_value(json_array_get(dims, i)), shape.dim[4 - rank + i]);
}

static void expect_all(harness_device *device, const convcl_net *net, const json_t *golden) {
    const json_t *values = json_object_get(golden, "activations"), *gradients = json_object_get(golden, "gradients");
    convcl_shape shape;
    float objective = 0;
    assert_ok(convcl_net_read(net, device->queue, "objective", &objective, 1));
    const double expected = json_number_value(json_object_get(golden, "objective"));
    if (!(fabs((double)objective - expected) <= LIMIT * expected))
        fail_msg("objective is %.9g, must be %.9g", (double)objective, expected);
    for (size_t i = 0; i < sizeof activations / sizeof *activations; i++) {
        assert_ok(convcl_net_shape(net, activations[i].value, &shape));
        expect_shape(activations[i].name, values, shape);
        float *got = harness_floats(shape_count(shape));
        assert_ok(convcl_net_read(net, device->queue, activations[i].value, got, shape_count(shape)));
        expect_record(activations[i].name, values, got, shape_count(shape));
    }
    assert_int_equal(json_object_size(gradients), convcl_net_parameter_count(net));
    for (int i = 0; i < convcl_net_parameter_count(net); i++) {
        const char *name = convcl_net_parameter_name(net, i);
        assert_ok(convcl_net_shape(net, name, &shape));
        expect_shape(name, gradients, shape);
        float *got = harness_floats(shape_count(shape));
        assert_ok(convcl_net_read_gradient(net, device->queue, name, got, shape_count(shape)));
        expect_record(name, gradients, got, shape_count(shape));
    }
}

typedef struct golden_case {
    const char *name, *file, *gemm;
} golden_case;

static void golden_alexnet(harness_device *device, const void *data) {
    const golden_case *c = data;
    char path[512];
    json_error_t error;
    snprintf(path, sizeof path, "%s/golden/%s", CONVCL_TESTS_DIR, c->file);
    json_t *golden = json_load_file(path, 0, &error);
    if (!golden)
        fail_msg("%s: line %d: %s", path, error.line, error.text);
    const convcl_net_options options = {.conv.gemm = c->gemm};
    convcl_net *net = NULL;
    assert_ok(convcl_alexnet_create(device->context, &options, (int)json_integer_value(json_object_get(golden, "batch")), &net));
    for (size_t i = 0; i < sizeof activations / sizeof *activations; i++)
        assert_ok(convcl_net_keep(net, activations[i].value));
    assert_ok(convcl_net_compile(net, CONVCL_NET_TRAINING));
    write_all(device, net, golden);
    assert_ok(convcl_net_forward_backward(net, device->queue, 0, NULL, NULL));
    expect_all(device, net, golden);
    convcl_net_destroy(net);
    json_decref(golden);
}

int main(int argc, char **argv) {
    static const golden_case cases[] = {
        {"alexnet batch 2, gemm auto", "alexnet_b2.json", "auto"},         {"alexnet batch 2, gemm local", "alexnet_b2.json", "local"},
        {"alexnet batch 2, gemm register", "alexnet_b2.json", "register"}, {"alexnet batch 2, salt 1", "alexnet_b2_salt1.json", "auto"},
        {"alexnet batch 2, salt 2", "alexnet_b2_salt2.json", "auto"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        harness_add_device_test(cases[i].name, golden_alexnet, &cases[i]);
    return harness_main(argc, argv);
}
