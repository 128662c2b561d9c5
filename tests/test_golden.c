/* test_golden.c: AlexNet against the files of tests/golden, values that two other frameworks agree on.
 * SPDX-License-Identifier: MIT
 *
 * The inputs are made by a formula (splitmix64), so the file holds results only: of each tensor its norm and 48 sampled values.
 *
 * With Winograd, a max-pool may pick the other of two values that differ by its rounding error, and sends the gradient elsewhere. The files' gradients are then no
 * measure. The whole network's gradients are held against the reference with the choices that the device made, whose number is printed, and each layer's
 * against the reference's backward pass from the device's own forward values. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "reference/ref_alexnet.h"

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
static void expect_record(const char *name, const json_t *records, const float *got, size_t count, double limit) {
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
    if (!(sampled_error <= limit) || !(norm_error <= limit))
        fail_msg("%s: relative L2 error of the samples %.2e, of the norm %.2e, limit %.0e", name, sampled_error, norm_error, limit);
}

static void expect_shape(const char *name, const json_t *records, convcl_shape shape) {
    const json_t *dims = json_object_get(json_object_get(records, name), "shape");
    const size_t rank = json_array_size(dims);
    assert_in_range(rank, 1, 4);
    for (size_t i = 0; i < rank; i++) /* biases have one dimension in the file */
        assert_int_equal(json_integer_value(json_array_get(dims, i)), shape.dim[4 - rank + i]);
}

typedef struct golden_case {
    const char *name, *file, *gemm, *algo;
    convcl_math math;
    double values, gradients; /* limits; gradients 0: by the reference */
} golden_case;

static float *read_value(harness_device *device, const convcl_net *net, const char *name, size_t *count_out) {
    convcl_shape shape;
    assert_ok(convcl_net_shape(net, name, &shape));
    *count_out = shape_count(shape);
    float *got = harness_floats(*count_out);
    assert_ok(convcl_net_read(net, device->queue, name, got, *count_out));
    return got;
}

static void expect_values(harness_device *device, const convcl_net *net, const json_t *golden, double limit) {
    const json_t *values = json_object_get(golden, "activations");
    convcl_shape shape;
    size_t count = 0;
    float objective = 0;
    assert_ok(convcl_net_read(net, device->queue, "objective", &objective, 1));
    const double expected = json_number_value(json_object_get(golden, "objective"));
    if (!(fabs((double)objective - expected) <= limit * expected))
        fail_msg("objective is %.9g, must be %.9g", (double)objective, expected);
    for (size_t i = 0; i < sizeof activations / sizeof *activations; i++) {
        assert_ok(convcl_net_shape(net, activations[i].value, &shape));
        expect_shape(activations[i].name, values, shape);
        const float *got = read_value(device, net, activations[i].value, &count);
        expect_record(activations[i].name, values, got, count, limit);
    }
}

static float *read_gradient(harness_device *device, const convcl_net *net, const char *name, size_t *count_out) {
    convcl_shape shape;
    assert_ok(convcl_net_shape(net, name, &shape));
    *count_out = shape_count(shape);
    float *got = harness_floats(*count_out);
    assert_ok(convcl_net_read_gradient(net, device->queue, name, got, *count_out));
    return got;
}

static void expect_gradients(harness_device *device, const convcl_net *net, const json_t *golden, double limit) {
    const json_t *gradients = json_object_get(golden, "gradients");
    convcl_shape shape;
    size_t count = 0;
    assert_int_equal(json_object_size(gradients), convcl_net_parameter_count(net));
    for (int i = 0; i < convcl_net_parameter_count(net); i++) {
        const char *name = convcl_net_parameter_name(net, i);
        assert_ok(convcl_net_shape(net, name, &shape));
        expect_shape(name, gradients, shape);
        const float *got = read_gradient(device, net, name, &count);
        expect_record(name, gradients, got, count, limit);
    }
}

/* The largest error of a gradient, against the reference's. */
static double worst_gradient(harness_device *device, const convcl_net *net, const convcl_ref_alexnet *reference) {
    double worst = 0;
    for (int i = 0; i < CONVCL_REF_ALEXNET_PARAMETERS; i++) {
        const char *name = convcl_ref_alexnet_parameter_name(i);
        size_t count = 0;
        const float *got = read_gradient(device, net, name, &count);
        const double error = harness_relative_rms(convcl_ref_alexnet_gradient(reference, name, NULL), got, count);
        worst = error > worst ? error : worst;
    }
    return worst;
}

/* Gradients where choices may differ from the file's: the whole network's with the device's choices, and each layer's from the device's forward values. */
static void expect_gradients_by_reference(harness_device *device, convcl_net *net, int batch) {
    const float *parameters[CONVCL_REF_ALEXNET_PARAMETERS], *values[CONVCL_REF_ALEXNET_VALUES];
    convcl_ref_alexnet *reference = NULL;
    size_t count = 0, windows = 0, relus = 0, all_windows = 0;
    for (int i = 0; i < CONVCL_REF_ALEXNET_PARAMETERS; i++)
        parameters[i] = read_value(device, net, convcl_ref_alexnet_parameter_name(i), &count);
    for (int i = 0; i < CONVCL_REF_ALEXNET_VALUES; i++) {
        values[i] = read_value(device, net, convcl_ref_alexnet_value_name(i), &count);
        all_windows += strncmp(convcl_ref_alexnet_value_name(i), "pool", 4) == 0 ? count : 0;
    }
    const float *images = read_value(device, net, "images", &count);
    assert_ok(convcl_ref_alexnet_create(batch, images, parameters, &reference));
    assert_ok(convcl_ref_alexnet_backward_by_choices(reference, values, &windows, &relus));
    const double whole = worst_gradient(device, net, reference);
    assert_ok(convcl_ref_alexnet_backward_from(reference, values));
    const double single = worst_gradient(device, net, reference);
    /* docs/accuracy.md is made of this line */
    print_message("whole network: %zu of %zu windows and %zu ReLUs choose otherwise; gradients %.1e with these choices, %.1e from the same "
                  "forward values\n",
                  windows, all_windows, relus, whole, single);
    convcl_ref_alexnet_destroy(reference);
    if (!(whole <= 1e-5) || !(single <= 1e-5))
        fail_msg("gradients: %.2e with the device's choices, %.2e from its forward values, limit 1e-5", whole, single);
    if (windows * 1000 > all_windows)
        fail_msg("%zu of %zu windows choose otherwise, more than rounding explains", windows, all_windows);
}

/* The same bits from a second run. */
static void expect_same_again(harness_device *device, convcl_net *net) {
    float *before[CONVCL_REF_ALEXNET_PARAMETERS];
    size_t count = 0;
    for (int i = 0; i < CONVCL_REF_ALEXNET_PARAMETERS; i++)
        before[i] = read_gradient(device, net, convcl_ref_alexnet_parameter_name(i), &count);
    assert_ok(convcl_net_forward_backward(net, device->queue, 0, NULL, NULL));
    for (int i = 0; i < CONVCL_REF_ALEXNET_PARAMETERS; i++) {
        const float *after = read_gradient(device, net, convcl_ref_alexnet_parameter_name(i), &count);
        if (memcmp(before[i], after, count * sizeof *after) != 0)
            fail_msg("%s has other bits in a second run", convcl_ref_alexnet_parameter_name(i));
    }
}

static void golden_alexnet(harness_device *device, const void *data) {
    const golden_case *c = data;
    harness_skip_where_slow(device, c->algo ? 7 : 17); /* two steps of two images, which Winograd needs less for */
    char path[512];
    json_error_t error;
    snprintf(path, sizeof path, "%s/golden/%s", CONVCL_TESTS_DIR, c->file);
    json_t *golden = json_load_file(path, 0, &error);
    if (!golden)
        fail_msg("%s: line %d: %s", path, error.line, error.text);
    const convcl_net_options options = {.math = c->math, .conv = {.gemm = c->gemm, .algo = c->algo}};
    const int batch = (int)json_integer_value(json_object_get(golden, "batch"));
    convcl_net *net = NULL;
    assert_ok(convcl_alexnet_create(device->context, &options, batch, &net));
    for (size_t i = 0; i < sizeof activations / sizeof *activations; i++)
        assert_ok(convcl_net_keep(net, activations[i].value));
    assert_ok(convcl_net_compile(net, CONVCL_NET_TRAINING));
    write_all(device, net, golden);
    assert_ok(convcl_net_forward_backward(net, device->queue, 0, NULL, NULL));
    expect_values(device, net, golden, c->values);
    if (c->gradients > 0)
        expect_gradients(device, net, golden, c->gradients);
    else
        expect_gradients_by_reference(device, net, batch);
    expect_same_again(device, net);
    convcl_net_destroy(net);
    json_decref(golden);
}

int main(int argc, char **argv) {
    static const golden_case cases[] = {
        {"alexnet batch 2, gemm auto", "alexnet_b2.json", "auto", NULL, CONVCL_MATH_DEFAULT, 1e-5, 1e-5},
        {"alexnet batch 2, gemm local", "alexnet_b2.json", "local", NULL, CONVCL_MATH_DEFAULT, 1e-5, 1e-5},
        {"alexnet batch 2, gemm register", "alexnet_b2.json", "register", NULL, CONVCL_MATH_DEFAULT, 1e-5, 1e-5},
        {"alexnet batch 2, salt 1", "alexnet_b2_salt1.json", "auto", NULL, CONVCL_MATH_DEFAULT, 1e-5, 1e-5},
        {"alexnet batch 2, salt 2", "alexnet_b2_salt2.json", "auto", NULL, CONVCL_MATH_DEFAULT, 1e-5, 1e-5},
        {"alexnet batch 2, strict", "alexnet_b2.json", "auto", NULL, CONVCL_MATH_STRICT, 2e-6, 5e-6},
        {"alexnet batch 2, strict, salt 1", "alexnet_b2_salt1.json", "auto", NULL, CONVCL_MATH_STRICT, 2e-6, 5e-6},
        {"alexnet batch 2, strict, salt 2", "alexnet_b2_salt2.json", "auto", NULL, CONVCL_MATH_STRICT, 2e-6, 5e-6},
        {"alexnet batch 2, winograd", "alexnet_b2.json", "auto", "winograd", CONVCL_MATH_DEFAULT, 1e-5, 0},
        {"alexnet batch 2, winograd, salt 1", "alexnet_b2_salt1.json", "auto", "winograd", CONVCL_MATH_DEFAULT, 1e-5, 0},
        {"alexnet batch 2, winograd, salt 2", "alexnet_b2_salt2.json", "auto", "winograd", CONVCL_MATH_DEFAULT, 1e-5, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        harness_add_device_test(cases[i].name, golden_alexnet, &cases[i]);
    return harness_main(argc, argv);
}
