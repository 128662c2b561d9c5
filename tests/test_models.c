/* test_models.c: the networks by name: shapes and parameters as their papers have them, runs in both modes, and agreement with the reference.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>

#include "harness.h"
#include "net/net_internal.h"
#include "reference/ref_net.h"

#define SEED   1
#define SHAPES 16

/* What the papers say, at batch 1. */
typedef struct published {
    const char *name;
    int images[3];
    struct {
        const char *activation;
        int shape[3];
    } activations[SHAPES];
    size_t parameters; /* numbers in all of them */
    double gflop;      /* of the forward pass of an image */
} published;

static const published models[] = {
    {"alexnet",
     {224, 224, 3},
     {{"conv1", {56, 56, 64}},
      {"pool1", {27, 27, 64}},
      {"conv2", {27, 27, 192}},
      {"pool2", {13, 13, 192}},
      {"conv3", {13, 13, 384}},
      {"conv4", {13, 13, 256}},
      {"conv5", {13, 13, 256}},
      {"pool5", {6, 6, 256}}},
     2469696,
     1.4},
    {"alexnet-full",
     {224, 224, 3},
     {{"conv1", {56, 56, 64}},
      {"pool1", {27, 27, 64}},
      {"conv2", {27, 27, 192}},
      {"pool2", {13, 13, 192}},
      {"conv3", {13, 13, 384}},
      {"conv4", {13, 13, 256}},
      {"conv5", {13, 13, 256}},
      {"pool5", {6, 6, 256}},
      {"fc6", {1, 1, 4096}},
      {"fc7", {1, 1, 4096}},
      {"fc8", {1, 1, 1000}}},
     61100840,
     1.5},
    {"overfeat",
     {231, 231, 3},
     {{"conv1", {56, 56, 96}},
      {"pool1", {28, 28, 96}},
      {"conv2", {24, 24, 256}},
      {"pool2", {12, 12, 256}},
      {"conv3", {12, 12, 512}},
      {"conv4", {12, 12, 1024}},
      {"conv5", {12, 12, 1024}},
      {"pool5", {6, 6, 1024}},
      {"fc6", {1, 1, 3072}},
      {"fc7", {1, 1, 4096}},
      {"fc8", {1, 1, 1000}}},
     145920872,
     5.6}, /* the paper says 145 million */
    {"vgg-a",
     {224, 224, 3},
     {{"conv1_1", {224, 224, 64}},
      {"pool1", {112, 112, 64}},
      {"conv2_1", {112, 112, 128}},
      {"pool2", {56, 56, 128}},
      {"conv3_1", {56, 56, 256}},
      {"conv3_2", {56, 56, 256}},
      {"pool3", {28, 28, 256}},
      {"conv4_1", {28, 28, 512}},
      {"conv4_2", {28, 28, 512}},
      {"pool4", {14, 14, 512}},
      {"conv5_1", {14, 14, 512}},
      {"conv5_2", {14, 14, 512}},
      {"pool5", {7, 7, 512}},
      {"fc6", {1, 1, 4096}},
      {"fc7", {1, 1, 4096}},
      {"fc8", {1, 1, 1000}}},
     132863336,
     15.2}, /* the paper says 133 million */
    {"cifar10-quick",
     {32, 32, 3},
     {{"conv1", {32, 32, 32}},
      {"pool1", {16, 16, 32}},
      {"conv2", {16, 16, 32}},
      {"pool2", {8, 8, 32}},
      {"conv3", {8, 8, 64}},
      {"pool3", {4, 4, 64}},
      {"ip1", {1, 1, 64}},
      {"ip2", {1, 1, 10}}},
     145578,
     0.03},
};

static size_t count_of(const convcl_net *net, const char *name) {
    convcl_shape s;
    assert_ok(convcl_net_shape(net, name, &s));
    return (size_t)s.dim[0] * (size_t)s.dim[1] * (size_t)s.dim[2] * (size_t)s.dim[3];
}

static void release_net(void *net) {
    convcl_net_destroy(net);
}

static void release_reference(void *reference) {
    convcl_ref_net_destroy(reference);
}

static convcl_net *net_of(harness_device *device, const convcl_model *model, int batch) {
    convcl_net *net = NULL;
    assert_ok(convcl_model_create(model, device->context, NULL, batch, &net));
    harness_defer(release_net, net);
    return net;
}

static void test_models__table(void **state) {
    (void)state;
    size_t count = 0;
    for (; convcl_models[count]; count++) {
        assert_true(count < sizeof models / sizeof *models);
        assert_string_equal(convcl_models[count]->name, models[count].name);
        assert_ptr_equal(convcl_model_find(models[count].name), convcl_models[count]);
        assert_true(convcl_models[count]->activation_count <= CONVCL_MODEL_ACTIVATIONS);
    }
    assert_int_equal(count, sizeof models / sizeof *models);
    assert_null(convcl_model_find("alexnet-half"));
    assert_null(convcl_model_find(NULL));
}

static void test_shapes(harness_device *device, const void *data) {
    const published *paper = data;
    const convcl_model *model = convcl_model_find(paper->name);
    const convcl_net *net = net_of(device, model, 3);
    convcl_shape s;
    size_t parameters = 0;
    assert_ok(convcl_net_shape(net, "images", &s));
    const convcl_shape images = {{3, paper->images[0], paper->images[1], paper->images[2]}};
    assert_memory_equal(&s, &images, sizeof s);
    assert_memory_equal(((int[]){model->height, model->width, model->channels}), paper->images, sizeof paper->images);
    assert_true(model->activation_count == SHAPES || !paper->activations[model->activation_count].activation);
    for (int i = 0; i < model->activation_count; i++) {
        const int *expected = paper->activations[i].shape;
        assert_string_equal(model->activations[i].name, paper->activations[i].activation);
        assert_ok(convcl_net_shape(net, model->activations[i].value, &s));
        if (s.dim[0] != 3 || s.dim[1] != expected[0] || s.dim[2] != expected[1] || s.dim[3] != expected[2])
            fail_msg("%s is [%d, %d, %d, %d]", model->activations[i].name, s.dim[0], s.dim[1], s.dim[2], s.dim[3]);
    }
    for (int i = 0; i < convcl_net_parameter_count(net); i++)
        parameters += count_of(net, convcl_net_parameter_name(net, i));
    assert_int_equal(parameters, paper->parameters);
}

/* Finite, and neither all zero nor all the same. */
static void expect_sane(const char *name, const float *values, size_t count) {
    bool differs = false;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i]))
            fail_msg("%s[%zu] is %g", name, i, (double)values[i]);
        differs = differs || values[i] != values[0];
    }
    if (!differs && (count > 1 || values[0] == 0))
        fail_msg("%s is %g everywhere", name, (double)values[0]);
}

static void test_runs(harness_device *device, const void *data) {
    const published *paper = data;
    const convcl_model *model = convcl_model_find(paper->name);
    harness_skip_where_slow(device, 4 * paper->gflop);
    const char *result = model->activations[model->activation_count - 1].value;
    for (int mode = CONVCL_NET_INFERENCE; mode <= CONVCL_NET_TRAINING; mode++) {
        convcl_net *net = NULL;
        assert_ok(convcl_model_create(model, device->context, NULL, 1, &net));
        assert_ok(convcl_net_compile(net, (convcl_net_mode)mode));
        assert_ok(convcl_model_fill(model, net, device->context, device->queue, SEED));
        float *values = calloc(count_of(net, result), sizeof *values), loss = 0;
        assert_ok(mode == CONVCL_NET_TRAINING ? convcl_net_forward_backward(net, device->queue, 0, NULL, NULL)
                                              : convcl_net_forward(net, device->queue, 0, NULL, NULL));
        assert_ok(convcl_net_read(net, device->queue, result, values, count_of(net, result)));
        expect_sane(result, values, count_of(net, result));
        free(values);
        assert_ok(convcl_net_read(net, device->queue, "objective", &loss, 1));
        expect_sane("objective", &loss, 1);
        for (int i = 0; mode == CONVCL_NET_TRAINING && i < convcl_net_parameter_count(net); i++) {
            const char *name = convcl_net_parameter_name(net, i);
            values = calloc(count_of(net, name), sizeof *values);
            assert_ok(convcl_net_read_gradient(net, device->queue, name, values, count_of(net, name)));
            expect_sane(name, values, count_of(net, name));
            free(values);
        }
        convcl_net_destroy(net);
    }
}

/* Reads a value or a parameter into the reference. */
static void copy(harness_device *device, const convcl_net *net, const char *name, convcl_ref_net *reference) {
    float *values = harness_floats(count_of(net, name));
    assert_ok(convcl_net_read(net, device->queue, name, values, count_of(net, name)));
    assert_ok(convcl_ref_net_set(reference, name, values));
}

static void expect_close(harness_device *device, const convcl_net *net, const char *name, bool gradient, const convcl_ref_net *reference) {
    const size_t count = count_of(net, name);
    float *got = harness_floats(count);
    assert_ok(gradient ? convcl_net_read_gradient(net, device->queue, name, got, count)
                       : convcl_net_read(net, device->queue, name, got, count));
    harness_expect_values(name, HARNESS_VECTOR(count),
                          gradient ? convcl_ref_net_gradient(reference, name, NULL) : convcl_ref_net_value(reference, name, NULL), got,
                          HARNESS_WITHIN_RMS(1e-5));
}

/* The smallest of them in full, with every value; bench --verify does the same for the others. */
static void test_models__cifar10_quick_agrees_with_the_reference(harness_device *device, const void *data) {
    (void)data;
    const convcl_model *model = convcl_model_find("cifar10-quick");
    convcl_net *net = net_of(device, model, 5);
    convcl_ref_net *reference = NULL;
    for (size_t i = 0; i < net->layer_count; i++)
        assert_ok(convcl_net_keep(net, net->layers[i].name));
    assert_ok(convcl_net_compile(net, CONVCL_NET_TRAINING));
    assert_ok(convcl_model_fill(model, net, device->context, device->queue, harness_seed()));
    assert_ok(convcl_ref_net_create(net, CONVCL_NET_TRAINING, &reference));
    harness_defer(release_reference, reference);
    copy(device, net, "images", reference);
    for (int i = 0; i < convcl_net_parameter_count(net); i++)
        copy(device, net, convcl_net_parameter_name(net, i), reference);
    convcl_ref_net_forward(reference, 0);
    assert_ok(convcl_net_forward_backward(net, device->queue, 0, NULL, NULL));
    for (size_t i = 1; i < net->layer_count; i++)
        expect_close(device, net, net->layers[i].name, false, reference);
    for (size_t i = 1; i < net->layer_count; i++)
        copy(device, net, net->layers[i].name, reference);
    assert_ok(convcl_ref_net_backward(reference, 0));
    for (int i = 0; i < convcl_net_parameter_count(net); i++)
        expect_close(device, net, convcl_net_parameter_name(net, i), true, reference);
}

/* Same seed, same step: the same bits; and at inference nothing is dropped. */
static void test_models__dropout_is_repeatable(harness_device *device, const void *data) {
    (void)data;
    const convcl_model *model = convcl_model_find("alexnet-full");
    convcl_net *net = net_of(device, model, 1);
    float results[3][1000];
    assert_ok(convcl_net_compile(net, CONVCL_NET_TRAINING));
    assert_ok(convcl_model_fill(model, net, device->context, device->queue, SEED));
    for (uint32_t i = 0; i < 3; i++) {
        assert_ok(convcl_net_set_step(net, i % 2));
        assert_ok(convcl_net_forward(net, device->queue, 0, NULL, NULL));
        assert_ok(convcl_net_read(net, device->queue, "fc8", results[i], 1000));
    }
    assert_memory_equal(results[0], results[2], sizeof results[0]);
    assert_memory_not_equal(results[0], results[1], sizeof results[0]);
}

static void test_models__create_and_fill_check_their_arguments(harness_device *device, const void *data) {
    (void)data;
    const convcl_model *model = convcl_model_find("cifar10-quick"), *other = convcl_model_find("vgg-a");
    convcl_net *net = NULL;
    assert_fails(convcl_model_create(NULL, device->context, NULL, 1, &net), CONVCL_INVALID, "model is NULL");
    assert_fails(convcl_model_create(model, NULL, NULL, 1, &net), CONVCL_INVALID, "cifar10-quick: context is NULL");
    assert_fails(convcl_model_create(model, device->context, NULL, 0, &net), CONVCL_INVALID, "cifar10-quick: batch is 0|at least 1");
    assert_null(net);
    assert_fails(convcl_model_create(model, device->context, NULL, 1, NULL), CONVCL_INVALID, "net_out is NULL");
    net = net_of(device, model, 1);
    assert_fails(convcl_model_fill(model, net, device->context, device->queue, 1), CONVCL_INVALID, "not compiled");
    assert_ok(convcl_net_compile(net, CONVCL_NET_INFERENCE));
    assert_fails(convcl_model_fill(NULL, net, device->context, device->queue, 1), CONVCL_INVALID, "model is NULL");
    assert_fails(convcl_model_fill(model, NULL, device->context, device->queue, 1), CONVCL_INVALID, "net is NULL");
    assert_fails(convcl_model_fill(model, net, NULL, device->queue, 1), CONVCL_INVALID, "context is NULL");
    assert_fails(convcl_model_fill(model, net, device->context, NULL, 1), CONVCL_INVALID, "queue is NULL");
    assert_fails(convcl_model_fill(other, net, device->context, device->queue, 1), CONVCL_INVALID, "vgg-a|convcl_model_create");
}

int main(int argc, char **argv) {
    HARNESS_HOST(test_models__table);
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        char name[64];
        snprintf(name, sizeof name, "shapes of %s", models[i].name);
        harness_add_device_test(name, test_shapes, &models[i]);
        snprintf(name, sizeof name, "%s runs in both modes", models[i].name);
        harness_add_device_test(name, test_runs, &models[i]);
    }
    HARNESS_DEVICE(test_models__cifar10_quick_agrees_with_the_reference);
    HARNESS_DEVICE(test_models__dropout_is_repeatable);
    HARNESS_DEVICE(test_models__create_and_fill_check_their_arguments);
    return harness_main(argc, argv);
}
