/* test_net_values.c: small networks of many forms against the same networks computed layer by layer in double.
 * SPDX-License-Identifier: MIT
 *
 * A model is a list of layers. It is built with the network layer, and evaluated through src/reference, where nothing is fused and no memory is shared. All memory
 * of a network is filled with NaN before it runs, so that what is read before it is written, or overwritten too early, shows. */
#include <math.h>
#include <stdio.h>

#include "harness.h"
#include "net/net_internal.h"
#include "opencl/context_internal.h"
#include "reference/ref_conv.h"
#include "reference/ref_loss.h"
#include "reference/ref_lrn.h"
#include "reference/ref_maxpool.h"
#include "reference/ref_relu.h"

#define MAX_LAYERS 16

/* One layer of a model. input: n h w c; conv: oc filter stride same no_bias; pool: window stride same; lrn: radius. */
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
#define L2_LOSS CONVCL_NET_OP_L2_LOSS

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

/* A model's values and gradients in double. */
typedef struct evaluated {
    int count;
    struct {
        convcl_shape shape;
        size_t count;
        double *value, *gradient;
        uint16_t *index;
        int input;
        const convcl_net_layer *layer; /* for its description */
        float *w, *b;
        double *dw, *db;
    } v[MAX_LAYERS];
} evaluated;

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

/* Writes the inputs and the parameters of an evaluated model into a network. */
static void write_all(harness_device *device, convcl_net *net, const model *m, const evaluated *e) {
    char name[64];
    for (int i = 0; i < e->count; i++) {
        if (m->layers[i].op == INPUT) {
            float *values = harness_floats(e->v[i].count);
            for (size_t j = 0; j < e->v[i].count; j++)
                values[j] = (float)e->v[i].value[j];
            assert_ok(convcl_net_write(net, device->queue, m->layers[i].name, values, e->v[i].count));
        }
        convcl_shape shape;
        snprintf(name, sizeof name, "%s.weights", m->layers[i].name);
        if (e->v[i].w && convcl_net_shape(net, name, &shape) == CONVCL_OK)
            assert_ok(convcl_net_write(net, device->queue, name, e->v[i].w, shape_count(shape)));
        snprintf(name, sizeof name, "%s.biases", m->layers[i].name);
        if (e->v[i].b && convcl_net_shape(net, name, &shape) == CONVCL_OK)
            assert_ok(convcl_net_write(net, device->queue, name, e->v[i].b, shape_count(shape)));
    }
}

static void evaluate_forward(evaluated *e, int i) {
    const convcl_net_layer *layer = e->v[i].layer;
    const double *x = e->v[i].input >= 0 ? e->v[e->v[i].input].value : NULL;
    const size_t count = e->v[i].count;
    float *values = NULL;
    switch (layer->op) {
    case CONVCL_NET_OP_INPUT:
        values = harness_floats(count);
        harness_uniform(values, count, -1, 1);
        e->v[i].value = harness_to_doubles(values, count);
        break;
    case CONVCL_NET_OP_CONV: {
        const size_t weights =
            (size_t)layer->desc.conv.fh * (size_t)layer->desc.conv.fw * (size_t)layer->desc.conv.ic * (size_t)layer->desc.conv.oc;
        e->v[i].w = harness_floats(weights);
        e->v[i].b = layer->desc.conv.has_bias ? harness_floats((size_t)layer->desc.conv.oc) : NULL;
        harness_uniform(e->v[i].w, weights, -0.5f, 0.5f);
        if (e->v[i].b)
            harness_uniform(e->v[i].b, (size_t)layer->desc.conv.oc, -0.3f, 0.3f);
        convcl_ref_conv_fwd(&layer->desc.conv, x, harness_to_doubles(e->v[i].w, weights),
                            e->v[i].b ? harness_to_doubles(e->v[i].b, (size_t)layer->desc.conv.oc) : NULL, e->v[i].value);
        break;
    }
    case CONVCL_NET_OP_RELU:
        convcl_ref_relu_fwd(count, x, e->v[i].value);
        break;
    case CONVCL_NET_OP_LRN:
        convcl_ref_lrn_fwd(&layer->desc.lrn, x, e->v[i].value);
        break;
    case CONVCL_NET_OP_MAXPOOL:
        convcl_ref_maxpool_fwd(&layer->desc.maxpool, x, e->v[i].value, e->v[i].index);
        break;
    case CONVCL_NET_OP_L2_LOSS:
        e->v[i].value[0] = convcl_ref_l2_loss_fwd(e->v[e->v[i].input].count, x);
        break;
    }
}

static void evaluate_backward(evaluated *e, int i) {
    const convcl_net_layer *layer = e->v[i].layer;
    const int input = e->v[i].input;
    if (input < 0)
        return;
    const double *x = e->v[input].value, *dy = e->v[i].gradient;
    double *dx = e->v[input].gradient;
    switch (layer->op) {
    case CONVCL_NET_OP_INPUT:
        break;
    case CONVCL_NET_OP_CONV: {
        const size_t weights =
            (size_t)layer->desc.conv.fh * (size_t)layer->desc.conv.fw * (size_t)layer->desc.conv.ic * (size_t)layer->desc.conv.oc;
        e->v[i].dw = harness_doubles(weights);
        e->v[i].db = layer->desc.conv.has_bias ? harness_doubles((size_t)layer->desc.conv.oc) : NULL;
        convcl_ref_conv_bwd_weights(&layer->desc.conv, x, dy, e->v[i].dw, e->v[i].db);
        convcl_ref_conv_bwd_data(&layer->desc.conv, dy, harness_to_doubles(e->v[i].w, weights), NULL, dx);
        break;
    }
    case CONVCL_NET_OP_RELU:
        convcl_ref_relu_bwd(e->v[i].count, e->v[i].value, dy, dx);
        break;
    case CONVCL_NET_OP_LRN:
        convcl_ref_lrn_bwd(&layer->desc.lrn, x, dy, dx);
        break;
    case CONVCL_NET_OP_MAXPOOL:
        convcl_ref_maxpool_bwd(&layer->desc.maxpool, dy, e->v[i].index, NULL, dx);
        break;
    case CONVCL_NET_OP_L2_LOSS:
        convcl_ref_l2_loss_bwd(e->v[input].count, x, 1.0, dx);
        break;
    }
}

/* Evaluates a model with random inputs and parameters. `net` is built and not compiled, so that its descriptions are those of single operations. */
static void evaluate(const convcl_net *net, const model *m, evaluated *e) {
    *e = (evaluated){.count = (int)net->layer_count};
    for (int i = 0; i < e->count; i++) {
        const convcl_net_layer *layer = &net->layers[i];
        e->v[i].layer = layer;
        e->v[i].shape = layer->shape;
        e->v[i].input = layer->input;
        e->v[i].count = shape_count(layer->shape);
        e->v[i].value = harness_doubles(e->v[i].count);
        e->v[i].gradient = harness_doubles(e->v[i].count);
        e->v[i].index = harness_alloc(e->v[i].count, sizeof(uint16_t));
        evaluate_forward(e, i);
    }
    for (int i = e->count; m->mode == CONVCL_NET_TRAINING && i-- > 0;)
        evaluate_backward(e, i);
}

static void run(const model *m, convcl_net *net, cl_command_queue queue) {
    cl_event event = NULL;
    if (m->mode == CONVCL_NET_TRAINING)
        assert_ok(convcl_net_forward_backward(net, queue, 0, NULL, &event));
    else
        assert_ok(convcl_net_forward(net, queue, 0, NULL, &event));
    assert_int_equal(clWaitForEvents(1, &event), CL_SUCCESS);
    clReleaseEvent(event);
}

static void expect_parameter(harness_device *device, const convcl_net *net, const char *layer, const char *suffix, const double *expected) {
    char name[64];
    convcl_shape s;
    snprintf(name, sizeof name, "%s.%s", layer, suffix);
    assert_ok(convcl_net_shape(net, name, &s));
    float *got = harness_floats(shape_count(s));
    assert_ok(convcl_net_read_gradient(net, device->queue, name, got, shape_count(s)));
    harness_expect_values(name, HARNESS_SHAPE(s.dim[0], s.dim[1], s.dim[2], s.dim[3]), expected, got, HARNESS_WITHIN_RMS(1e-5));
}

/* Compares all that can be read of a network. Returns how many values that was. */
static int expect_all(harness_device *device, const convcl_net *net, const model *m, const evaluated *e) {
    int values = 0;
    for (int i = 0; i < e->count; i++) {
        const convcl_shape s = e->v[i].shape;
        float *got = harness_floats(e->v[i].count);
        if (convcl_net_read(net, device->queue, m->layers[i].name, got, e->v[i].count) == CONVCL_OK) {
            harness_expect_values(m->layers[i].name, HARNESS_SHAPE(s.dim[0], s.dim[1], s.dim[2], s.dim[3]), e->v[i].value, got,
                                  HARNESS_WITHIN_RMS(1e-5));
            values++;
        }
        if (e->v[i].dw)
            expect_parameter(device, net, m->layers[i].name, "weights", e->v[i].dw);
        if (e->v[i].db)
            expect_parameter(device, net, m->layers[i].name, "biases", e->v[i].db);
    }
    return values;
}

/* The network as the user gets it; then with every value kept, so that nothing is fused; then spread over many small buffers; then on an out-of-order queue. */
static void test_model(harness_device *device, const void *data) {
    const model *m = data;
    evaluated e;
    convcl_net *plain = build(device, m);
    evaluate(plain, m, &e);
    cl_command_queue out_of_order = NULL;
    if (convcl_context_create_queue(device->context, CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE, &out_of_order) != CONVCL_OK)
        out_of_order = NULL;
    for (int variant = 0; variant < 4; variant++) {
        static const char *const notes[] = {"as it is", "every value kept", "many buffers", "out of order"};
        convcl_net *net = build(device, m);
        for (int i = 0; variant == 1 && i < e.count; i++)
            assert_ok(convcl_net_keep(net, m->layers[i].name));
        size_t needed = 0; /* the largest tensor decides how small a buffer may be */
        if (variant == 2) {
            assert_ok(convcl_net_compile(net, m->mode));
            for (size_t i = 0; i < net->tensor_count; i++)
                needed = net->tensors[i].bytes > needed ? net->tensors[i].bytes : needed;
            convcl_net_destroy(net);
            net = build(device, m);
            net->max_block = needed + CONVCL_NET_ALIGNMENT;
        }
        assert_ok(convcl_net_compile(net, m->mode));
        harness_note("%s", notes[variant]);
        poison(device, net);
        write_all(device, net, m, &e);
        cl_command_queue queue = variant == 3 && out_of_order ? out_of_order : device->queue;
        run(m, net, queue);
        assert_true(expect_all(device, net, m, &e) >= (variant == 1 ? e.count : 2));
        run(m, net, queue); /* what the first run left behind does not matter */
        expect_all(device, net, m, &e);
        convcl_net_destroy(net);
    }
    if (out_of_order)
        clReleaseCommandQueue(out_of_order);
    convcl_net_destroy(plain);
}

static double objective(harness_device *device, convcl_net *net) {
    float value = 0;
    assert_ok(convcl_net_forward_backward(net, device->queue, 0, NULL, NULL));
    assert_ok(convcl_net_read(net, device->queue, "loss", &value, 1));
    return (double)value;
}

/* Along its own gradient a parameter changes the objective by the gradient's norm. */
static void test_net_values__finite_differences(harness_device *device, const void *data) {
    (void)data;
    const model *m = &models[0];
    const double step = 2e-3;
    evaluated e;
    convcl_net *net = build(device, m);
    evaluate(net, m, &e);
    assert_ok(convcl_net_compile(net, m->mode));
    write_all(device, net, m, &e);
    objective(device, net);
    for (int p = 0; p < convcl_net_parameter_count(net); p++) {
        const char *name = convcl_net_parameter_name(net, p);
        convcl_shape shape;
        assert_ok(convcl_net_shape(net, name, &shape));
        const size_t count = shape_count(shape);
        float *before = harness_floats(count), *gradient = harness_floats(count), *moved = harness_floats(count);
        assert_ok(convcl_net_forward_backward(net, device->queue, 0, NULL, NULL));
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
    convcl_net_destroy(net);
}

int main(int argc, char **argv) {
    for (size_t i = 0; i < sizeof models / sizeof *models; i++)
        harness_add_device_test(models[i].name, test_model, &models[i]);
    HARNESS_DEVICE(test_net_values__finite_differences);
    return harness_main(argc, argv);
}
