/* test_net_run.c: a compiled network in use: what can be read and written, queues and events, profiling. Values are in test_net_values.c.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "harness.h"
#include "net/net_internal.h"
#include "opencl/context_internal.h"

static const convcl_net_conv conv3x3 = {.oc = 4, .fh = 3, .fw = 3, .padding = CONVCL_PADDING_SAME};
static const convcl_net_maxpool pool2x2 = {.window_h = 2, .window_w = 2};
static const convcl_net_lrn lrn1 = {.radius = 1, .bias = 1, .alpha = 0.1f, .beta = 0.75f};

static convcl_net *with_input(harness_device *device) {
    convcl_net *net = NULL;
    assert_ok(convcl_net_create(device->context, NULL, &net));
    assert_ok(convcl_net_add_input(net, "in", 2, 8, 8, 3));
    return net;
}

/* in -> conv -> relu -> pool -> loss */
static convcl_net *small(harness_device *device) {
    convcl_net *net = with_input(device);
    assert_ok(convcl_net_add_conv(net, "conv", "in", &conv3x3));
    assert_ok(convcl_net_add_relu(net, "relu", "conv"));
    assert_ok(convcl_net_add_maxpool(net, "pool", "relu", &pool2x2));
    assert_ok(convcl_net_add_l2_loss(net, "loss", "pool"));
    return net;
}

/* ---- access ---- */

static void test_net_run__what_can_be_read(harness_device *device, const void *data) {
    (void)data;
    convcl_net *net = with_input(device);
    convcl_buffer buffer;
    float values[2 * 8 * 8 * 4];
    assert_ok(convcl_net_add_conv(net, "conv", "in", &conv3x3));
    assert_ok(convcl_net_add_relu(net, "relu", "conv"));
    assert_ok(convcl_net_add_lrn(net, "lrn", "relu", &lrn1));
    assert_ok(convcl_net_add_maxpool(net, "pool", "lrn", &pool2x2));
    assert_ok(convcl_net_keep(net, "lrn"));
    assert_fails(convcl_net_buffer(net, "in", &buffer), CONVCL_INVALID, "in|before convcl_net_compile");
    assert_fails(convcl_net_read(net, device->queue, "in", values, 384), CONVCL_INVALID, "before convcl_net_compile");
    assert_fails(convcl_net_forward(net, device->queue, 0, NULL, NULL), CONVCL_INVALID, "not compiled");
    assert_fails(convcl_net_forward_backward(net, device->queue, 0, NULL, NULL), CONVCL_INVALID, "not compiled");
    assert_ok(convcl_net_compile(net, CONVCL_NET_INFERENCE));
    assert_ok(convcl_net_forward(net, device->queue, 0, NULL, NULL));
    assert_ok(convcl_net_read(net, device->queue, "in", values, 384));
    assert_ok(convcl_net_read(net, device->queue, "lrn", values, 512));
    assert_ok(convcl_net_read(net, device->queue, "pool", values, 128));
    assert_ok(convcl_net_read(net, device->queue, "conv.biases", values, 4));
    assert_ok(convcl_net_buffer(net, "pool", &buffer));
    assert_non_null(buffer.mem);
    assert_fails(convcl_net_read(net, device->queue, "conv", values, 512), CONVCL_INVALID, "\"conv\"|fused into \"relu\"|keep");
    assert_fails(convcl_net_read(net, device->queue, "relu", values, 512), CONVCL_INVALID, "\"relu\"|not kept|keep it before compile");
    assert_fails(convcl_net_read(net, device->queue, "nothing", values, 1), CONVCL_INVALID, "nothing|no value");
    assert_fails(convcl_net_read(net, device->queue, "pool", values, 127), CONVCL_INVALID, "count is 127|128");
    assert_fails(convcl_net_read(net, device->queue, "pool", NULL, 128), CONVCL_INVALID, "values is NULL");
    assert_fails(convcl_net_read(net, NULL, "pool", values, 128), CONVCL_INVALID, "queue is NULL");
    assert_fails(convcl_net_write(net, device->queue, "pool", values, 128), CONVCL_INVALID, "pool|computed");
    assert_fails(convcl_net_write(net, device->queue, "in", values, 1), CONVCL_INVALID, "count is 1|384");
    assert_fails(convcl_net_gradient_buffer(net, "conv.weights", &buffer), CONVCL_INVALID, "conv.weights|inference");
    assert_fails(convcl_net_forward_backward(net, device->queue, 0, NULL, NULL), CONVCL_INVALID, "inference");
    convcl_net_destroy(net);
}

static void test_net_run__gradients_are_of_parameters(harness_device *device, const void *data) {
    (void)data;
    convcl_net *net = small(device);
    convcl_buffer buffer;
    float values[4];
    assert_ok(convcl_net_compile(net, CONVCL_NET_TRAINING));
    assert_fails(convcl_net_gradient_buffer(net, "relu", &buffer), CONVCL_INVALID, "relu|no parameter");
    assert_fails(convcl_net_read_gradient(net, device->queue, "conv.biases", values, 3), CONVCL_INVALID, "count is 3|4");
    assert_ok(convcl_net_gradient_buffer(net, "conv.biases", &buffer));
    assert_ok(convcl_net_read_gradient(net, device->queue, "conv.biases", values, 4));
    convcl_net_destroy(net);
}

static void write_constant(harness_device *device, convcl_net *net, const char *name, float value) {
    convcl_shape s;
    assert_ok(convcl_net_shape(net, name, &s));
    const size_t count = (size_t)s.dim[0] * (size_t)s.dim[1] * (size_t)s.dim[2] * (size_t)s.dim[3];
    float *values = harness_floats(count);
    for (size_t i = 0; i < count; i++)
        values[i] = value;
    assert_ok(convcl_net_write(net, device->queue, name, values, count));
}

/* in = 1, biases 0: a pixel away from the border is 27 times the weights' value. */
static void expect_weights(harness_device *device, convcl_net *net, float weight) {
    float relu[2 * 8 * 8 * 4];
    assert_ok(convcl_net_forward(net, device->queue, 0, NULL, NULL));
    assert_ok(convcl_net_read(net, device->queue, "relu", relu, 512));
    assert_true(relu[(4 * 8 + 4) * 4] == 27 * weight);
}

/* An inference packs its filters once; every way to change them must be seen. */
static void test_net_run__changed_filters_are_packed_again(harness_device *device, const void *data) {
    (void)data;
    float weights[3 * 3 * 3 * 4];
    for (int i = 0; i < 108; i++)
        weights[i] = 8;
    convcl_net *net = with_input(device);
    convcl_buffer buffer;
    assert_ok(convcl_net_add_conv(net, "conv", "in", &conv3x3));
    assert_ok(convcl_net_add_relu(net, "relu", "conv"));
    assert_ok(convcl_net_compile(net, CONVCL_NET_INFERENCE));
    write_constant(device, net, "in", 1);
    write_constant(device, net, "conv.biases", 0);
    write_constant(device, net, "conv.weights", 1);
    expect_weights(device, net, 1);
    expect_weights(device, net, 1);
    write_constant(device, net, "conv.weights", 2);
    expect_weights(device, net, 2);
    assert_ok(convcl_net_buffer(net, "conv.weights", &buffer));
    expect_weights(device, net, 2);
    assert_ok(convcl_context__write(device->context, device->queue, buffer, weights, 108, sizeof *weights));
    expect_weights(device, net, 8);
    convcl_net_destroy(net);
}

/* in = 1, weights 0, biases 2: pool is 2 everywhere, the objective 2 * 4 * 4 * 4 * 2^2 / 2. */
static void test_net_run__forward_leaves_the_objective_alone(harness_device *device, const void *data) {
    (void)data;
    convcl_net *net = small(device);
    float objective = 0, pool[128];
    assert_ok(convcl_net_compile(net, CONVCL_NET_TRAINING));
    write_constant(device, net, "in", 1);
    write_constant(device, net, "conv.weights", 0);
    write_constant(device, net, "conv.biases", 2);
    assert_ok(convcl_net_forward_backward(net, device->queue, 0, NULL, NULL));
    assert_ok(convcl_net_read(net, device->queue, "loss", &objective, 1));
    assert_true(objective == 256.0f);
    write_constant(device, net, "conv.biases", 3);
    assert_ok(convcl_net_forward(net, device->queue, 0, NULL, NULL));
    assert_ok(convcl_net_read(net, device->queue, "pool", pool, 128));
    assert_true(pool[0] == 3.0f && pool[127] == 3.0f);
    assert_ok(convcl_net_read(net, device->queue, "loss", &objective, 1));
    assert_true(objective == 256.0f);
    convcl_net_destroy(net);
}

/* ---- queues ---- */

static void test_net_run__destroy_waits_for_its_work(harness_device *device, const void *data) {
    (void)data;
    cl_command_queue queue = NULL;
    convcl_net *net = small(device);
    assert_ok(convcl_net_compile(net, CONVCL_NET_TRAINING));
    assert_ok(convcl_context_create_queue(device->context, 0, &queue));
    for (int i = 0; i < 20; i++)
        assert_ok(convcl_net_forward_backward(net, queue, 0, NULL, NULL));
    clReleaseCommandQueue(queue); /* the network holds its own reference */
    convcl_net_destroy(net);
}

static void test_net_run__waits_for_events(harness_device *device, const void *data) {
    (void)data;
    cl_int code = CL_SUCCESS;
    cl_event gate = clCreateUserEvent(convcl_context_cl(device->context), &code), done = NULL;
    assert_int_equal(code, CL_SUCCESS);
    convcl_net *net = small(device);
    assert_ok(convcl_net_compile(net, CONVCL_NET_INFERENCE));
    assert_ok(convcl_net_forward(net, device->queue, 1, &gate, &done));
    clFlush(device->queue);
    cl_int state = CL_COMPLETE;
    assert_int_equal(clGetEventInfo(done, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof state, &state, NULL), CL_SUCCESS);
    assert_true(state > CL_COMPLETE);
    assert_int_equal(clSetUserEventStatus(gate, CL_COMPLETE), CL_SUCCESS);
    assert_int_equal(clWaitForEvents(1, &done), CL_SUCCESS);
    clReleaseEvent(done);
    clReleaseEvent(gate);
    convcl_net_destroy(net);
}

/* One step of a network whose result says whether its filters were packed. */
static float sum_of(convcl_net *net, cl_command_queue queue) {
    float values[2 * 4 * 4 * 4], sum = 0;
    assert_ok(convcl_net_forward(net, queue, 0, NULL, NULL));
    assert_ok(convcl_net_read(net, queue, "pool", values, 128));
    for (int i = 0; i < 128; i++)
        sum += values[i];
    return sum;
}

/* A run whose event fails computes nothing, and packs no filters for the next one. */
static void test_net_run__failed_wait_is_not_remembered(harness_device *device, const void *data) {
    (void)data;
    float ones[2 * 8 * 8 * 3];
    cl_int code = CL_SUCCESS;
    cl_command_queue queue = NULL;
    cl_event done = NULL;
    if (strcmp(device->info.platform_name, "Portable Computing Language") == 0)
        harness_skip("PoCL 3.1 ends the process when an event fails that a command waits for");
    for (size_t i = 0; i < sizeof ones / sizeof *ones; i++)
        ones[i] = 1;
    convcl_net *net = small(device);
    assert_ok(convcl_net_compile(net, CONVCL_NET_INFERENCE));
    assert_ok(convcl_context_create_queue(device->context, 0, &queue));
    assert_ok(convcl_net_write(net, queue, "in", ones, 384));
    assert_ok(convcl_net_write(net, queue, "conv.weights", ones, 108));
    assert_ok(convcl_net_write(net, queue, "conv.biases", ones, 4));
    cl_event gate = clCreateUserEvent(convcl_context_cl(device->context), &code);
    assert_int_equal(code, CL_SUCCESS);
    assert_ok(convcl_net_forward(net, queue, 1, &gate, &done));
    assert_int_equal(clSetUserEventStatus(gate, -5), CL_SUCCESS);
    clFinish(queue); /* the event's state is another matter: Intel's CPU runtime 2026.22 calls it complete */
    clReleaseEvent(done);
    clReleaseEvent(gate);
    const float first = sum_of(net, queue);
    assert_true(first == 128 * 28.0f); /* the corners' maximum too is that of a whole window */
    assert_true(sum_of(net, queue) == first);
    convcl_net_destroy(net);
    clReleaseCommandQueue(queue);
}

static void test_net_run__queue_of_another_context(harness_device *device, const void *data) {
    (void)data;
    convcl_context *other = NULL;
    cl_command_queue queue = NULL;
    char choice[64];
    snprintf(choice, sizeof choice, "%d:%d", device->info.platform_index, device->info.device_index);
    assert_ok(convcl_context_create(choice, NULL, &other));
    assert_ok(convcl_context_create_queue(other, 0, &queue));
    convcl_net *net = small(device);
    assert_ok(convcl_net_compile(net, CONVCL_NET_INFERENCE));
    assert_fails(convcl_net_forward(net, queue, 0, NULL, NULL), CONVCL_INVALID, "net forward|queue");
    assert_fails(convcl_net_forward(net, NULL, 0, NULL, NULL), CONVCL_INVALID, "net forward|queue");
    convcl_net_destroy(net);
    clReleaseCommandQueue(queue);
    convcl_context_release(other);
}

/* ---- profiling ---- */

typedef struct profile {
    int launches, fwd, bwd_weights, bwd, without_event;
    bool knows_layers;
} profile;

static void count_launch(void *user, const char *layer, const char *direction, const char *kernel, cl_event event) {
    profile *p = user;
    p->launches++;
    p->fwd += strcmp(direction, "fwd") == 0;
    p->bwd_weights += strcmp(direction, "bwd_weights") == 0 && strcmp(layer, "conv") == 0;
    p->bwd += strcmp(direction, "bwd") == 0;
    p->without_event += event == NULL;
    p->knows_layers &= strlen(kernel) > 0 && (!strcmp(layer, "conv") || !strcmp(layer, "pool") || !strcmp(layer, "loss"));
}

static void test_net_run__profile_names_layer_and_direction(harness_device *device, const void *data) {
    (void)data;
    profile p = {.knows_layers = true};
    convcl_net *net = small(device);
    assert_ok(convcl_net_compile(net, CONVCL_NET_TRAINING));
    convcl_net__set_profile(net, count_launch, &p);
    assert_ok(convcl_net_forward_backward(net, device->queue, 0, NULL, NULL));
    convcl_net__set_profile(net, NULL, NULL);
    const int launches = p.launches;
    assert_ok(convcl_net_forward_backward(net, device->queue, 0, NULL, NULL));
    assert_int_equal(p.launches, launches);
    assert_true(p.fwd >= 3 && p.bwd_weights >= 1 && p.bwd >= 2);
    assert_int_equal(p.fwd + p.bwd_weights + p.bwd, launches); /* conv has no bwd_data: its input needs no gradient */
    assert_int_equal(p.without_event, 0);
    assert_true(p.knows_layers);
    convcl_net_destroy(net);
}

int main(int argc, char **argv) {
    HARNESS_DEVICE(test_net_run__what_can_be_read);
    HARNESS_DEVICE(test_net_run__gradients_are_of_parameters);
    HARNESS_DEVICE(test_net_run__changed_filters_are_packed_again);
    HARNESS_DEVICE(test_net_run__forward_leaves_the_objective_alone);
    HARNESS_DEVICE(test_net_run__destroy_waits_for_its_work);
    HARNESS_DEVICE(test_net_run__waits_for_events);
    HARNESS_DEVICE(test_net_run__failed_wait_is_not_remembered);
    HARNESS_DEVICE(test_net_run__queue_of_another_context);
    HARNESS_DEVICE(test_net_run__profile_names_layer_and_direction);
    return harness_main(argc, argv);
}
