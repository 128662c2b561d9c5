/* test_net_values.c: small networks of many forms against the same networks computed layer by layer in double.
 * SPDX-License-Identifier: MIT
 *
 * A model is a list of layers. It is built with the network layer, and evaluated through src/reference/ref_net.c, where nothing is fused and no memory is shared. All memory
 * of a network is filled with NaN before it runs, so that what is read before it is written, or overwritten too early, shows. */
#include <math.h>
#include <stdio.h>

#include "harness.h"
#include "net/net_internal.h"
#include "opencl/context_internal.h"
#include "reference/ref_net.h"

#define MAX_LAYERS 16

/* One layer of a model. input: n h w c; conv: oc filter stride same no_bias; pool: window stride same, of an
 * average also count_padding; lrn: radius; dropout: rate in percent. A dense layer is a conv with a filter of 0: outputs 0 0 0 no_bias. */
typedef struct model_layer {
    convcl_net_op op;
    const char *name, *input;
    int arg[5];
} model_layer;

typedef struct model {
    const char *name;
    convcl_net_mode mode;
    model_layer layers[MAX_LAYERS];
    const char *keep; /* NULL: none */
} model;

#define INPUT   CONVCL_NET_OP_INPUT
#define CONV    CONVCL_NET_OP_CONV
#define RELU    CONVCL_NET_OP_RELU
#define LRN     CONVCL_NET_OP_LRN
#define MAXPOOL CONVCL_NET_OP_MAXPOOL
#define AVGPOOL CONVCL_NET_OP_AVGPOOL
#define DROPOUT CONVCL_NET_OP_DROPOUT
#define L2_LOSS CONVCL_NET_OP_L2_LOSS

/* The number of the step, which the dropouts see. */
#define STEP 9

static const model models[] = {
    {"alexnet in small",
     CONVCL_NET_TRAINING,
     {{INPUT, "in", NULL, {2, 19, 17, 3}},
      {CONV, "c1", "in", {8, 5, 2, 1}},
      {RELU, "r1", "c1", {0}},
      {LRN, "l1", "r1", {2}},
      {MAXPOOL, "p1", "l1", {3, 2, 0}},
      {CONV, "c2", "p1", {12, 3, 1, 1}},
      {RELU, "r2", "c2", {0}},
      {CONV, "c3", "r2", {7, 3, 1, 1}},
      {RELU, "r3", "c3", {0}},
      {MAXPOOL, "p3", "r3", {3, 1, 0}},
      {L2_LOSS, "loss", "p3", {0}}},
     NULL},
    {"a kept convolution is not fused",
     CONVCL_NET_TRAINING,
     {{INPUT, "in", NULL, {1, 7, 9, 5}},
      {CONV, "c1", "in", {6, 3, 1, 1}},
      {RELU, "r1", "c1", {0}},
      {CONV, "c2", "r1", {4, 3, 2, 1, 1}},
      {L2_LOSS, "loss", "c2", {0}}},
     "c1"},
    {"relu before the loss, and two in a row",
     CONVCL_NET_TRAINING,
     {{INPUT, "in", NULL, {3, 5, 5, 2}},
      {RELU, "r0", "in", {0}},
      {CONV, "c1", "r0", {5, 3, 1, 1}},
      {RELU, "r1", "c1", {0}},
      {RELU, "r2", "r1", {0}},
      {L2_LOSS, "loss", "r2", {0}}},
     NULL},
    {"relu behind a pooling and a normalization",
     CONVCL_NET_TRAINING,
     {{INPUT, "in", NULL, {2, 8, 8, 3}},
      {CONV, "c1", "in", {6, 2, 1, 0}},
      {MAXPOOL, "p1", "c1", {2, 2, 1}},
      {RELU, "r1", "p1", {0}},
      {LRN, "l1", "r1", {1}},
      {RELU, "r2", "l1", {0}},
      {MAXPOOL, "p2", "r2", {3, 3, 1}},
      {CONV, "c2", "p2", {4, 1, 1, 0}},
      {L2_LOSS, "loss", "c2", {0}}},
     NULL},
    {"layers before the first parameter",
     CONVCL_NET_TRAINING,
     {{INPUT, "in", NULL, {1, 9, 9, 4}},
      {LRN, "l0", "in", {1}},
      {MAXPOOL, "p0", "l0", {2, 1, 0}},
      {RELU, "r0", "p0", {0}},
      {CONV, "c1", "r0", {3, 3, 1, 0}},
      {L2_LOSS, "loss", "c1", {0}}},
     NULL},
    {"dense layers and dropout behind convolutions",
     CONVCL_NET_TRAINING,
     {{INPUT, "in", NULL, {3, 9, 7, 3}},
      {CONV, "c1", "in", {8, 3, 1, 1}},
      {RELU, "r1", "c1", {0}},
      {MAXPOOL, "p1", "r1", {2, 2, 0}},
      {CONV, "d2", "p1", {37, 0, 0, 0}},
      {RELU, "r2", "d2", {0}},
      {DROPOUT, "o2", "r2", {50}},
      {CONV, "d3", "o2", {20, 0, 0, 0, 1}},
      {RELU, "r3", "d3", {0}},
      {DROPOUT, "o3", "r3", {25}},
      {CONV, "d4", "o3", {5, 0, 0, 0}},
      {L2_LOSS, "loss", "d4", {0}}},
     NULL},
    {"average pooling, relu behind a pooling, dense layers in a row",
     CONVCL_NET_TRAINING,
     {{INPUT, "in", NULL, {2, 16, 14, 3}},
      {CONV, "c1", "in", {9, 5, 1, 1}},
      {MAXPOOL, "p1", "c1", {3, 2, 1}},
      {RELU, "r1", "p1", {0}},
      {CONV, "c2", "r1", {10, 5, 1, 1}},
      {RELU, "r2", "c2", {0}},
      {AVGPOOL, "p2", "r2", {3, 2, 1, 0}},
      {CONV, "c3", "p2", {6, 3, 1, 1}},
      {AVGPOOL, "p3", "c3", {3, 2, 1, 1}},
      {CONV, "d4", "p3", {8, 0, 0, 0}},
      {CONV, "d5", "d4", {4, 0, 0, 0}},
      {L2_LOSS, "loss", "d5", {0}}},
     NULL},
    {"dropout before the first parameter, before the loss and two in a row",
     CONVCL_NET_TRAINING,
     {{INPUT, "in", NULL, {2, 5, 5, 3}},
      {DROPOUT, "o0", "in", {20}},
      {CONV, "c1", "o0", {7, 3, 1, 1}},
      {DROPOUT, "o1", "c1", {30}},
      {RELU, "r1", "o1", {0}},
      {DROPOUT, "o2", "r1", {30}},
      {DROPOUT, "o3", "o2", {30}},
      {L2_LOSS, "loss", "o3", {0}}},
     NULL},
    {"dropout in inference is nothing",
     CONVCL_NET_INFERENCE,
     {{INPUT, "in", NULL, {2, 5, 5, 3}},
      {DROPOUT, "o0", "in", {20}},
      {CONV, "c1", "o0", {7, 3, 1, 1}},
      {RELU, "r1", "c1", {0}},
      {DROPOUT, "o1", "r1", {30}},
      {DROPOUT, "o2", "o1", {30}},
      {CONV, "d2", "o2", {11, 0, 0, 0}},
      {DROPOUT, "o3", "d2", {30}}},
     "o1"},
    {"nothing but dropout in inference", CONVCL_NET_INFERENCE, {{INPUT, "in", NULL, {2, 5, 5, 3}}, {DROPOUT, "o0", "in", {20}}}, NULL},
    {"two layers read one value",
     CONVCL_NET_INFERENCE,
     {{INPUT, "in", NULL, {2, 9, 8, 3}},
      {CONV, "c1", "in", {8, 3, 1, 1}},
      {RELU, "r1", "c1", {0}},
      {LRN, "l1", "c1", {2}},
      {CONV, "c2", "r1", {5, 3, 2, 1}},
      {RELU, "r2", "c2", {0}},
      {MAXPOOL, "p1", "l1", {3, 2, 1}},
      {MAXPOOL, "p2", "r1", {2, 2, 0}}},
     NULL},
    {"two inputs and an objective in inference",
     CONVCL_NET_INFERENCE,
     {{INPUT, "a", NULL, {1, 6, 6, 2}},
      {INPUT, "b", NULL, {2, 4, 5, 3}},
      {CONV, "ca", "a", {3, 3, 1, 0}},
      {CONV, "cb", "b", {4, 1, 1, 0, 1}},
      {RELU, "ra", "ca", {0}},
      {L2_LOSS, "loss", "cb", {0}}},
     NULL},
};

#define DROPOUT_MODEL 5 /* the first of models with dense layers and dropout */

static size_t shape_count(convcl_shape s) {
    return (size_t)s.dim[0] * (size_t)s.dim[1] * (size_t)s.dim[2] * (size_t)s.dim[3];
}

static void add_layer(convcl_net *net, const model_layer *l) {
    const convcl_padding same = l->arg[l->op == CONV ? 3 : 2] ? CONVCL_PADDING_SAME : CONVCL_PADDING_VALID;
    switch (l->op) {
    case CONVCL_NET_OP_INPUT:
        assert_ok(convcl_net_add_input(net, l->name, l->arg[0], l->arg[1], l->arg[2], l->arg[3]));
        break;
    case CONVCL_NET_OP_CONV: {
        if (l->arg[1] == 0) {
            assert_ok(convcl_net_add_dense(net, l->name, l->input, &(convcl_net_dense){l->arg[0], l->arg[4]}));
            break;
        }
        const convcl_net_conv conv = {l->arg[0], l->arg[1], l->arg[1], l->arg[2], l->arg[2], same, l->arg[4]};
        assert_ok(convcl_net_add_conv(net, l->name, l->input, &conv));
        break;
    }
    case CONVCL_NET_OP_RELU:
        assert_ok(convcl_net_add_relu(net, l->name, l->input));
        break;
    case CONVCL_NET_OP_LRN:
        assert_ok(convcl_net_add_lrn(net, l->name, l->input, &(convcl_net_lrn){l->arg[0], 1.5f, 0.3f, 0.75f}));
        break;
    case CONVCL_NET_OP_MAXPOOL:
        assert_ok(convcl_net_add_maxpool(net, l->name, l->input, &(convcl_net_maxpool){l->arg[0], l->arg[0], l->arg[1], l->arg[1], same}));
        break;
    case CONVCL_NET_OP_AVGPOOL:
        assert_ok(convcl_net_add_avgpool(net, l->name, l->input,
                                         &(convcl_net_avgpool){l->arg[0], l->arg[0], l->arg[1], l->arg[1], same, l->arg[3]}));
        break;
    case CONVCL_NET_OP_DROPOUT:
        assert_ok(convcl_net_add_dropout(net, l->name, l->input, &(convcl_net_dropout){(float)l->arg[0] / 100.0f, 77}));
        break;
    case CONVCL_NET_OP_L2_LOSS:
        assert_ok(convcl_net_add_l2_loss(net, l->name, l->input));
        break;
    }
}

static convcl_net *build(harness_device *device, const model *m) {
    convcl_net *net = NULL;
    assert_ok(convcl_net_create(device->context, NULL, &net));
    for (int i = 0; i < MAX_LAYERS && m->layers[i].name; i++)
        add_layer(net, &m->layers[i]);
    if (m->keep)
        assert_ok(convcl_net_keep(net, m->keep));
    return net;
}

static void poison(harness_device *device, const convcl_net *net) {
    for (size_t i = 0; i < net->block_count; i++) {
        const size_t count = net->blocks[i].bytes / sizeof(float);
        float *nan = harness_floats(count);
        for (size_t j = 0; j < count; j++)
            nan[j] = NAN;
        assert_ok(convcl_context__write(device->context, device->queue, (convcl_buffer){net->blocks[i].mem, 0}, nan, count, sizeof *nan));
    }
}

/* Fills the inputs and the parameters of a network with random values, in the network and in the reference alike. */
static void set_random(harness_device *device, convcl_net *net, convcl_ref_net *reference, const char *name, float limit) {
    convcl_shape shape;
    assert_ok(convcl_net_shape(net, name, &shape));
    float *values = harness_floats(shape_count(shape));
    harness_uniform(values, shape_count(shape), -limit, limit);
    assert_ok(convcl_ref_net_set(reference, name, values));
    assert_ok(convcl_net_write(net, device->queue, name, values, shape_count(shape)));
}

static void set_all(harness_device *device, convcl_net *net, const model *m, convcl_ref_net *reference) {
    for (int i = 0; i < MAX_LAYERS && m->layers[i].name; i++)
        if (m->layers[i].op == INPUT)
            set_random(device, net, reference, m->layers[i].name, 1);
    for (int p = 0; p < convcl_net_parameter_count(net); p++)
        set_random(device, net, reference, convcl_net_parameter_name(net, p), 0.5f);
}

static void run(const model *m, convcl_net *net, cl_command_queue queue) {
    cl_event event = NULL;
    assert_ok(convcl_net_set_step(net, STEP));
    if (m->mode == CONVCL_NET_TRAINING)
        assert_ok(convcl_net_forward_backward(net, queue, 0, NULL, &event));
    else
        assert_ok(convcl_net_forward(net, queue, 0, NULL, &event));
    assert_int_equal(clWaitForEvents(1, &event), CL_SUCCESS);
    clReleaseEvent(event);
}

static harness_shape tensor_shape(const convcl_net *net, const char *name) {
    convcl_shape s;
    assert_ok(convcl_net_shape(net, name, &s));
    return HARNESS_SHAPE(s.dim[0], s.dim[1], s.dim[2], s.dim[3]);
}

/* Compares all that can be read of a network. Returns how many values that was. */
static int expect_all(harness_device *device, const convcl_net *net, const model *m, const convcl_ref_net *reference) {
    int values = 0;
    for (int i = 0; i < MAX_LAYERS && m->layers[i].name; i++) {
        const char *name = m->layers[i].name;
        const harness_shape shape = tensor_shape(net, name);
        float *got = harness_floats(harness_shape_count(shape));
        if (convcl_net_read(net, device->queue, name, got, harness_shape_count(shape)) == CONVCL_OK) {
            harness_expect_values(name, shape, convcl_ref_net_value(reference, name, NULL), got, HARNESS_WITHIN_RMS(1e-5));
            values++;
        }
    }
    for (int p = 0; m->mode == CONVCL_NET_TRAINING && p < convcl_net_parameter_count(net); p++) {
        const char *name = convcl_net_parameter_name(net, p);
        const harness_shape shape = tensor_shape(net, name);
        float *got = harness_floats(harness_shape_count(shape));
        assert_ok(convcl_net_read_gradient(net, device->queue, name, got, harness_shape_count(shape)));
        harness_expect_values(name, shape, convcl_ref_net_gradient(reference, name, NULL), got, HARNESS_WITHIN_RMS(1e-5));
    }
    return values;
}

static void release_reference(void *reference) {
    convcl_ref_net_destroy(reference);
}

static void release_net(void *net) {
    convcl_net_destroy(net);
}

/* Fills the network and evaluates it in double. */
static convcl_ref_net *evaluate(harness_device *device, convcl_net *net, const model *m) {
    convcl_ref_net *reference = NULL;
    assert_ok(convcl_ref_net_create(net, m->mode, &reference));
    harness_defer(release_reference, reference);
    set_all(device, net, m, reference);
    convcl_ref_net_forward(reference, STEP);
    if (m->mode == CONVCL_NET_TRAINING)
        assert_ok(convcl_ref_net_backward(reference, STEP));
    return reference;
}

/* A network of the model whose buffers are little larger than its largest tensor. */
static convcl_net *build_scattered(harness_device *device, const model *m) {
    size_t needed = 0;
    convcl_net *net = build(device, m);
    assert_ok(convcl_net_compile(net, m->mode));
    for (size_t i = 0; i < net->tensor_count; i++)
        needed = net->tensors[i].bytes > needed ? net->tensors[i].bytes : needed;
    convcl_net_destroy(net);
    net = build(device, m);
    net->max_block = needed + CONVCL_NET_ALIGNMENT;
    return net;
}

/* The network as the user gets it; then with every value kept, so that nothing is fused; then spread over many small buffers; then on an out-of-order queue. */
static void test_model(harness_device *device, const void *data) {
    const model *m = data;
    int layers = 0;
    while (layers < MAX_LAYERS && m->layers[layers].name)
        layers++;
    cl_command_queue out_of_order = NULL;
    if (convcl_context_create_queue(device->context, CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE, &out_of_order) != CONVCL_OK)
        out_of_order = NULL;
    for (int variant = 0; variant < 4; variant++) {
        static const char *const notes[] = {"as it is", "every value kept", "many buffers", "out of order"};
        convcl_net *net = variant == 2 ? build_scattered(device, m) : build(device, m);
        harness_defer(release_net, net);
        for (int i = 0; variant == 1 && i < layers; i++)
            assert_ok(convcl_net_keep(net, m->layers[i].name));
        assert_ok(convcl_net_compile(net, m->mode));
        harness_note("%s", notes[variant]);
        poison(device, net);
        const convcl_ref_net *reference = evaluate(device, net, m);
        cl_command_queue queue = variant == 3 && out_of_order ? out_of_order : device->queue;
        run(m, net, queue);
        assert_true(expect_all(device, net, m, reference) >= (variant == 1 ? layers : 2));
        run(m, net, queue); /* what the first run left behind does not matter */
        expect_all(device, net, m, reference);
    }
    if (out_of_order)
        clReleaseCommandQueue(out_of_order);
}

static double objective(harness_device *device, convcl_net *net) {
    float value = 0;
    assert_ok(convcl_net_set_step(net, STEP));
    assert_ok(convcl_net_forward_backward(net, device->queue, 0, NULL, NULL));
    assert_ok(convcl_net_read(net, device->queue, "loss", &value, 1));
    return (double)value;
}

/* Along its own gradient a parameter changes the objective by the gradient's norm. */
static void test_finite_differences(harness_device *device, const void *data) {
    const model *m = data;
    const double step = 2e-3;
    convcl_net *net = build(device, m);
    harness_defer(release_net, net);
    assert_ok(convcl_net_compile(net, m->mode));
    evaluate(device, net, m);
    objective(device, net);
    for (int p = 0; p < convcl_net_parameter_count(net); p++) {
        const char *name = convcl_net_parameter_name(net, p);
        convcl_shape shape;
        assert_ok(convcl_net_shape(net, name, &shape));
        const size_t count = shape_count(shape);
        float *before = harness_floats(count), *gradient = harness_floats(count), *moved = harness_floats(count);
        objective(device, net);
        assert_ok(convcl_net_read(net, device->queue, name, before, count));
        assert_ok(convcl_net_read_gradient(net, device->queue, name, gradient, count));
        double norm = 0, sides[2];
        for (size_t i = 0; i < count; i++)
            norm += (double)gradient[i] * (double)gradient[i];
        norm = sqrt(norm);
        for (int side = 0; side < 2; side++) {
            for (size_t i = 0; i < count; i++)
                moved[i] = (float)((double)before[i] + (side ? step : -step) * (double)gradient[i] / norm);
            assert_ok(convcl_net_write(net, device->queue, name, moved, count));
            sides[side] = objective(device, net);
        }
        assert_ok(convcl_net_write(net, device->queue, name, before, count));
        const double slope = (sides[1] - sides[0]) / (2 * step);
        if (!(fabs(slope - norm) <= 0.01 * norm))
            fail_msg("%s: the objective's slope along the gradient is %g, the gradient's norm %g", name, slope, norm);
    }
}

/* Runs go on from step to step, and a step that is set again gives the same bits. */
static void test_net_values__steps_drop_others(harness_device *device, const void *data) {
    (void)data;
    convcl_net *net = build(device, &models[DROPOUT_MODEL]);
    harness_defer(release_net, net);
    assert_ok(convcl_net_compile(net, CONVCL_NET_TRAINING));
    evaluate(device, net, &models[DROPOUT_MODEL]);
    float losses[4];
    assert_ok(convcl_net_set_step(net, 5));
    for (int i = 0; i < 4; i++) {
        if (i == 2)
            assert_ok(convcl_net_set_step(net, 5));
        assert_ok(convcl_net_forward_backward(net, device->queue, 0, NULL, NULL));
        assert_ok(convcl_net_read(net, device->queue, "loss", &losses[i], 1));
    }
    assert_true(losses[0] != losses[1]);
    assert_true(losses[0] == losses[2] && losses[1] == losses[3]);
    assert_fails(convcl_net_set_step(NULL, 0), CONVCL_INVALID, "net is NULL");
}

static void test_net_values__describes_dense_layers(harness_device *device, const void *data) {
    (void)data;
    convcl_net *net = build(device, &models[DROPOUT_MODEL]);
    harness_defer(release_net, net);
    assert_ok(convcl_net_compile(net, CONVCL_NET_TRAINING));
    static const char *const words[] = {"dense fwd gather",         "makes r2",
                                        "dropout rate 0.5,",        "dense bwd_data gather",
                                        "dense bwd_weights gather", "dropout rate 0.5 in place, with the gradient of r2"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strstr(convcl_net_describe(net), words[i]))
            fail_msg("\"%s\" is not in\n%s", words[i], convcl_net_describe(net));
}

int main(int argc, char **argv) {
    for (size_t i = 0; i < sizeof models / sizeof *models; i++)
        harness_add_device_test(models[i].name, test_model, &models[i]);
    harness_add_device_test("finite differences: alexnet in small", test_finite_differences, &models[0]);
    harness_add_device_test("finite differences: dense layers and dropout", test_finite_differences, &models[DROPOUT_MODEL]);
    harness_add_device_test("finite differences: average pooling", test_finite_differences, &models[DROPOUT_MODEL + 1]);
    HARNESS_DEVICE(test_net_values__steps_drop_others);
    HARNESS_DEVICE(test_net_values__describes_dense_layers);
    return harness_main(argc, argv);
}
