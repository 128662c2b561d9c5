/* test_alexnet.c: AlexNet as the benchmark runs it: repeatable bits, memory, the reference in double, refusals.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>

#include "harness.h"
#include "opencl/context_internal.h"
#include "reference/ref_alexnet.h"

#define SEED UINT64_C(42)

/* Of a step of two images. */
#define TRAINING_GFLOP 8.5

static size_t value_count(const convcl_net *net, const char *name) {
    convcl_shape shape;
    assert_ok(convcl_net_shape(net, name, &shape));
    return (size_t)shape.dim[0] * (size_t)shape.dim[1] * (size_t)shape.dim[2] * (size_t)shape.dim[3];
}

static float *read_value(harness_device *device, const convcl_net *net, const char *name) {
    const size_t count = value_count(net, name);
    float *values = harness_floats(count);
    assert_ok(convcl_net_read(net, device->queue, name, values, count));
    return values;
}

static float *read_gradient(harness_device *device, const convcl_net *net, const char *name) {
    const size_t count = value_count(net, name);
    float *values = harness_floats(count);
    assert_ok(convcl_net_read_gradient(net, device->queue, name, values, count));
    return values;
}

static convcl_net *compiled_alexnet(harness_device *device, int batch, convcl_net_mode mode, uint64_t seed) {
    convcl_net *net = NULL;
    assert_ok(convcl_alexnet_create(device->context, NULL, batch, &net));
    assert_ok(convcl_net_compile(net, mode));
    assert_ok(convcl_alexnet_fill(net, device->context, device->queue, seed));
    return net;
}

/* pool5 and the ten gradients of one run. */
typedef struct results {
    size_t count[11];
    float *values[11];
} results;

static results run_training(harness_device *device, cl_command_queue queue, uint64_t seed) {
    results r;
    convcl_net *net = compiled_alexnet(device, 2, CONVCL_NET_TRAINING, seed);
    cl_event event = NULL;
    assert_ok(convcl_net_forward_backward(net, queue, 0, NULL, &event));
    assert_int_equal(clWaitForEvents(1, &event), CL_SUCCESS);
    clReleaseEvent(event);
    r.count[0] = value_count(net, "pool5");
    r.values[0] = read_value(device, net, "pool5");
    for (int i = 0; i < 10; i++) {
        r.count[i + 1] = value_count(net, convcl_net_parameter_name(net, i));
        r.values[i + 1] = read_gradient(device, net, convcl_net_parameter_name(net, i));
    }
    convcl_net_destroy(net);
    return r;
}

static void expect_same_bits(const results *a, const results *b) {
    for (int i = 0; i < 11; i++) {
        assert_int_equal(a->count[i], b->count[i]);
        if (memcmp(a->values[i], b->values[i], a->count[i] * sizeof(float)) != 0)
            fail_msg("tensor %d differs (0 is pool5, the others are the gradients in their order)", i);
    }
}

static void test_alexnet__same_seed_same_bits(harness_device *device, const void *data) {
    (void)data;
    harness_skip_where_slow(device, 3 * TRAINING_GFLOP);
    const results first = run_training(device, device->queue, SEED), second = run_training(device, device->queue, SEED);
    expect_same_bits(&first, &second);
    const results other = run_training(device, device->queue, SEED + 1);
    assert_true(memcmp(first.values[0], other.values[0], first.count[0] * sizeof(float)) != 0);
}

static void test_alexnet__out_of_order_queue_same_bits(harness_device *device, const void *data) {
    (void)data;
    cl_command_queue queue = harness_out_of_order_queue(device);
    harness_skip_where_slow(device, 2 * TRAINING_GFLOP);
    const results expected = run_training(device, device->queue, SEED), got = run_training(device, queue, SEED);
    expect_same_bits(&expected, &got);
}

static void test_alexnet__inference_gives_the_bits_of_training(harness_device *device, const void *data) {
    (void)data;
    convcl_net *training = compiled_alexnet(device, 2, CONVCL_NET_TRAINING, SEED);
    convcl_net *inference = compiled_alexnet(device, 2, CONVCL_NET_INFERENCE, SEED);
    assert_ok(convcl_net_forward(training, device->queue, 0, NULL, NULL));
    assert_ok(convcl_net_forward(inference, device->queue, 0, NULL, NULL));
    float *expected = read_value(device, training, "pool5"), *got = read_value(device, inference, "pool5");
    assert_memory_equal(expected, got, value_count(training, "pool5") * sizeof(float));
    assert_true(convcl_net_memory(inference) < convcl_net_memory(training));
    convcl_net_destroy(training);
    convcl_net_destroy(inference);
}

static void test_alexnet__batch_32_stays_under_1_gib(harness_device *device, const void *data) {
    (void)data;
    convcl_net *net = NULL;
    assert_ok(convcl_alexnet_create(device->context, NULL, 32, &net));
    assert_int_equal(convcl_net_memory(net), 0);
    assert_ok(convcl_net_compile(net, CONVCL_NET_TRAINING));
    assert_in_range(convcl_net_memory(net), 1, ((size_t)1 << 30) - 1);
    convcl_net_destroy(net);
}

/* Images and parameters as the benchmark makes them, read back for the reference. */
static void test_alexnet__agrees_with_the_reference(harness_device *device, const void *data) {
    (void)data;
    static const char *const values[] = {"relu1", "lrn1", "pool1", "relu2", "lrn2", "pool2", "relu3", "relu4", "relu5", "pool5"};
    convcl_net *net = NULL;
    assert_ok(convcl_alexnet_create(device->context, NULL, 1, &net));
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        assert_ok(convcl_net_keep(net, values[i]));
    assert_ok(convcl_net_compile(net, CONVCL_NET_TRAINING));
    assert_ok(convcl_alexnet_fill(net, device->context, device->queue, harness_seed()));
    assert_ok(convcl_net_forward_backward(net, device->queue, 0, NULL, NULL));
    const float *parameters[CONVCL_REF_ALEXNET_PARAMETERS];
    for (int i = 0; i < CONVCL_REF_ALEXNET_PARAMETERS; i++) {
        assert_string_equal(convcl_ref_alexnet_parameter_name(i), convcl_net_parameter_name(net, i));
        assert_int_equal(convcl_ref_alexnet_parameter_count(i), value_count(net, convcl_net_parameter_name(net, i)));
        parameters[i] = read_value(device, net, convcl_net_parameter_name(net, i));
    }
    convcl_ref_alexnet *reference = NULL;
    assert_ok(convcl_ref_alexnet_create(1, read_value(device, net, "images"), parameters, &reference));
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        size_t count = 0;
        const double *expected = convcl_ref_alexnet_activation(reference, values[i], &count);
        assert_int_equal(count, value_count(net, values[i]));
        harness_expect_values(values[i], HARNESS_VECTOR(count), expected, read_value(device, net, values[i]), HARNESS_WITHIN_RMS(1e-5));
    }
    for (int i = 0; i < CONVCL_REF_ALEXNET_PARAMETERS; i++) {
        size_t count = 0;
        const char *name = convcl_ref_alexnet_parameter_name(i);
        const double *expected = convcl_ref_alexnet_gradient(reference, name, &count);
        harness_expect_values(name, HARNESS_VECTOR(count), expected, read_gradient(device, net, name), HARNESS_WITHIN_RMS(1e-5));
    }
    const double objective = convcl_ref_alexnet_objective(reference);
    harness_expect_values("objective", HARNESS_VECTOR(1), &objective, read_value(device, net, "objective"), HARNESS_WITHIN_EACH(1e-5));
    convcl_ref_alexnet_destroy(reference);
    convcl_net_destroy(net);
}

/* Compiles, fills and runs AlexNet, with the normalizations' values kept, which are then computed by operations of their own, or not. */
static convcl_net *run_alexnet(harness_device *device, convcl_net_mode mode, bool keeps_lrn) {
    convcl_net *net = NULL;
    assert_ok(convcl_alexnet_create(device->context, &(convcl_net_options){.fuse_lrn = 1}, 2, &net));
    assert_ok(convcl_net_keep(net, "pool1"));
    assert_ok(convcl_net_keep(net, "pool2"));
    if (keeps_lrn) {
        assert_ok(convcl_net_keep(net, "lrn1"));
        assert_ok(convcl_net_keep(net, "lrn2"));
    }
    assert_ok(convcl_net_compile(net, mode));
    assert_ok(convcl_alexnet_fill(net, device->context, device->queue, harness_seed()));
    assert_ok(mode == CONVCL_NET_TRAINING ? convcl_net_forward_backward(net, device->queue, 0, NULL, NULL)
                                          : convcl_net_forward(net, device->queue, 0, NULL, NULL));
    return net;
}

/* Normalization and pooling in one operation leave no bit of the network's results changed, and take less memory. */
static void test_alexnet__lrn_fused_into_maxpool(harness_device *device, const void *data) {
    (void)data;
    static const char *const values[] = {"pool1", "pool2", "pool5"};
    harness_skip_where_slow(device, 2 * (TRAINING_GFLOP / 3 + TRAINING_GFLOP));
    for (int mode = CONVCL_NET_INFERENCE; mode <= CONVCL_NET_TRAINING; mode++) {
        convcl_net *fused = run_alexnet(device, (convcl_net_mode)mode, false), *apart = run_alexnet(device, (convcl_net_mode)mode, true);
        for (size_t i = 0; i < sizeof values / sizeof *values; i++)
            assert_memory_equal(read_value(device, fused, values[i]), read_value(device, apart, values[i]),
                                value_count(fused, values[i]) * sizeof(float));
        for (int i = 0; mode == CONVCL_NET_TRAINING && i < CONVCL_REF_ALEXNET_PARAMETERS; i++) {
            const char *name = convcl_ref_alexnet_parameter_name(i);
            assert_memory_equal(read_gradient(device, fused, name), read_gradient(device, apart, name),
                                value_count(fused, name) * sizeof(float));
        }
        assert_non_null(strstr(convcl_net_describe(apart), "lrn1       fwd         lrn radius 4, "));
        if (!convcl_context__prefers_registers(device->context)) {
            assert_non_null(strstr(convcl_net_describe(fused), "lrn1       fwd         lrn radius 4, ")); /* GPU forms stay apart */
        } else {
            float value = 0;
            assert_null(strstr(convcl_net_describe(fused), "lrn1       "));
            assert_non_null(
                strstr(convcl_net_describe(fused), "pool1      fwd         lrn radius 4 of lrn1 on the way, maxpool 3x3 stride 2x2, "));
            assert_fails(convcl_net_read(fused, device->queue, "lrn1", &value, 1), CONVCL_INVALID, "\"lrn1\"|fused into \"pool1\"|keep");
            assert_true(convcl_net_memory(fused) < convcl_net_memory(apart));
        }
        convcl_net_destroy(fused);
        convcl_net_destroy(apart);
    }
}

static void test_alexnet__activations_are_named_as_the_benchmark_prints_them(harness_device *device, const void *data) {
    (void)data;
    static const struct {
        const char *name;
        int h, c;
    } expected[CONVCL_ALEXNET_ACTIVATIONS] = {{"conv1", 56, 64},  {"pool1", 27, 64},  {"conv2", 27, 192}, {"pool2", 13, 192},
                                              {"conv3", 13, 384}, {"conv4", 13, 256}, {"conv5", 13, 256}, {"pool5", 6, 256}};
    convcl_net *net = NULL;
    assert_ok(convcl_alexnet_create(device->context, NULL, 7, &net));
    for (int i = 0; i < CONVCL_ALEXNET_ACTIVATIONS; i++) {
        convcl_shape shape;
        assert_string_equal(convcl_alexnet_activations[i].name, expected[i].name);
        assert_ok(convcl_net_shape(net, convcl_alexnet_activations[i].value, &shape));
        assert_int_equal(shape.dim[0], 7);
        assert_int_equal(shape.dim[1], expected[i].h);
        assert_int_equal(shape.dim[2], expected[i].h);
        assert_int_equal(shape.dim[3], expected[i].c);
    }
    convcl_net_destroy(net);
}

/* The spread of the values, and that every tensor draws from a stream of its own. */
static void test_alexnet__fill_has_the_benchmarks_values(harness_device *device, const void *data) {
    (void)data;
    convcl_net *net = compiled_alexnet(device, 1, CONVCL_NET_INFERENCE, SEED);
    const float *images = read_value(device, net, "images"), *w3 = read_value(device, net, "conv3.weights");
    const float *b3 = read_value(device, net, "conv3.biases"), *w4 = read_value(device, net, "conv4.weights");
    double sum = 0, furthest = 0;
    const size_t count = value_count(net, "images");
    for (size_t i = 0; i < count; i++)
        sum += (double)images[i] * (double)images[i];
    assert_true(fabs(sqrt(sum / (double)count) - 0.1) < 0.002);
    for (size_t i = 0; i < value_count(net, "conv3.weights"); i++)
        furthest = fmax(furthest, fabs((double)w3[i]));
    assert_true(furthest > 0.19 && furthest <= 0.2 * (1 + 1e-6));
    for (int i = 0; i < 384; i++)
        assert_true(b3[i] == 0.0f);
    assert_memory_not_equal(w3, w4, 1000 * sizeof(float));
    convcl_net_destroy(net);
}

static void test_alexnet__batch_0_is_invalid(harness_device *device, const void *data) {
    (void)data;
    convcl_net *net = NULL;
    assert_fails(convcl_alexnet_create(device->context, NULL, 0, &net), CONVCL_INVALID, "batch|0|at least 1");
    assert_null(net);
    assert_fails(convcl_alexnet_create(device->context, NULL, 1, NULL), CONVCL_INVALID, "net_out");
    assert_fails(convcl_alexnet_create(NULL, NULL, 1, &net), CONVCL_INVALID, "context");
}

static void test_alexnet__enormous_batch_is_refused_before_anything_is_built(harness_device *device, const void *data) {
    (void)data;
    convcl_context *context = NULL; /* a fresh one: nothing is built yet */
    assert_ok(convcl_context_create_from_cl(convcl_context_cl(device->context), device->info.device, NULL, &context));
    convcl_net *net = NULL;
    assert_fails(convcl_alexnet_create(context, NULL, 99999999, &net), CONVCL_INVALID, "n is 99999999|at most");
    assert_null(net);
    static const int batches[] = {100000, 16000000};
    for (int i = 0; i < 2; i++)
        for (int mode = CONVCL_NET_INFERENCE; mode <= CONVCL_NET_TRAINING; mode++) {
            assert_ok(convcl_alexnet_create(context, NULL, batches[i], &net));
            assert_fails(convcl_net_compile(net, (convcl_net_mode)mode), CONVCL_NO_DEVICE_MEMORY, "iB in one buffer|allows at most");
            assert_int_equal(convcl_net_memory(net), 0);
            convcl_net_destroy(net);
        }
    assert_int_equal(convcl_context_programs_built(context), 0);
    convcl_context_release(context);
}

static void test_alexnet__fill_refuses_what_is_no_compiled_alexnet(harness_device *device, const void *data) {
    (void)data;
    convcl_net *net = NULL;
    assert_ok(convcl_alexnet_create(device->context, NULL, 1, &net));
    assert_fails(convcl_alexnet_fill(net, device->context, device->queue, 1), CONVCL_INVALID, "not compiled");
    assert_fails(convcl_alexnet_fill(NULL, device->context, device->queue, 1), CONVCL_INVALID, "net is NULL");
    assert_fails(convcl_alexnet_fill(net, NULL, device->queue, 1), CONVCL_INVALID, "context");
    assert_fails(convcl_alexnet_fill(net, device->context, NULL, 1), CONVCL_INVALID, "queue");
    convcl_net_destroy(net);
    assert_ok(convcl_net_create(device->context, NULL, &net));
    assert_ok(convcl_net_add_input(net, "images", 1, 2, 2, 1));
    assert_ok(convcl_net_add_relu(net, "relu", "images"));
    assert_ok(convcl_net_compile(net, CONVCL_NET_INFERENCE));
    assert_fails(convcl_alexnet_fill(net, device->context, device->queue, 1), CONVCL_INVALID, "alexnet|convcl_model_create");
    convcl_net_destroy(net);
}

int main(int argc, char **argv) {
    HARNESS_DEVICE(test_alexnet__same_seed_same_bits);
    HARNESS_DEVICE(test_alexnet__out_of_order_queue_same_bits);
    HARNESS_DEVICE(test_alexnet__inference_gives_the_bits_of_training);
    HARNESS_DEVICE(test_alexnet__batch_32_stays_under_1_gib);
    HARNESS_DEVICE(test_alexnet__agrees_with_the_reference);
    HARNESS_DEVICE(test_alexnet__lrn_fused_into_maxpool);
    HARNESS_DEVICE(test_alexnet__activations_are_named_as_the_benchmark_prints_them);
    HARNESS_DEVICE(test_alexnet__fill_has_the_benchmarks_values);
    HARNESS_DEVICE(test_alexnet__batch_0_is_invalid);
    HARNESS_DEVICE(test_alexnet__enormous_batch_is_refused_before_anything_is_built);
    HARNESS_DEVICE(test_alexnet__fill_refuses_what_is_no_compiled_alexnet);
    return harness_main(argc, argv);
}
