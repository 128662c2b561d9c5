/* ref_alexnet.c: AlexNet's convolution stack through the reference operations, one value after the other, nothing fused or shared.
 * SPDX-License-Identifier: MIT */
#include "reference/ref_alexnet.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "reference/ref_conv.h"
#include "reference/ref_loss.h"
#include "reference/ref_lrn.h"
#include "reference/ref_maxpool.h"
#include "reference/ref_relu.h"

enum layer_kind { CONV_RELU, LRN, POOL };

/* One value of the network. A convolution is given by its filter, output channels, stride, and its padding before and after, at each side. */
static const struct layer {
    enum layer_kind kind;
    const char *name;
    int filter, oc, stride, before, after;
} layers[] = {
    {CONV_RELU, "relu1", 11, 64, 4, 3, 4}, {LRN, "lrn1", 0, 0, 0, 0, 0},          {POOL, "pool1", 0, 0, 0, 0, 0},
    {CONV_RELU, "relu2", 5, 192, 1, 2, 2}, {LRN, "lrn2", 0, 0, 0, 0, 0},          {POOL, "pool2", 0, 0, 0, 0, 0},
    {CONV_RELU, "relu3", 3, 384, 1, 1, 1}, {CONV_RELU, "relu4", 3, 256, 1, 1, 1}, {CONV_RELU, "relu5", 3, 256, 1, 1, 1},
    {POOL, "pool5", 0, 0, 0, 0, 0},
};
#define LAYERS ((int)(sizeof layers / sizeof layers[0]))
_Static_assert(sizeof layers / sizeof layers[0] == CONVCL_REF_ALEXNET_VALUES, "one value a layer");

static const char *const parameter_names[CONVCL_REF_ALEXNET_PARAMETERS] = {"conv1.weights", "conv1.biases", "conv2.weights", "conv2.biases",
                                                                           "conv3.weights", "conv3.biases", "conv4.weights", "conv4.biases",
                                                                           "conv5.weights", "conv5.biases"};

static const size_t parameter_counts[CONVCL_REF_ALEXNET_PARAMETERS] = {
    11 * 11 * 3 * 64, 64, 5 * 5 * 64 * 192, 192, 3 * 3 * 192 * 384, 384, 3 * 3 * 384 * 256, 256, 3 * 3 * 256 * 256, 256};

struct convcl_ref_alexnet {
    double *images;
    double *parameters[CONVCL_REF_ALEXNET_PARAMETERS];
    double *gradients[CONVCL_REF_ALEXNET_PARAMETERS];
    double objective;
    struct ref_value {
        int n, h, w, c;
        size_t count;
        double *value, *gradient;
        uint16_t *index;
        int weights; /* a convolution's first parameter */
        convcl_conv_desc conv;
        convcl_lrn_desc lrn;
        convcl_maxpool_desc pool;
    } values[LAYERS];
};

size_t convcl_ref_alexnet_image_count(int batch) {
    return (size_t)batch * 224 * 224 * 3;
}

size_t convcl_ref_alexnet_parameter_count(int parameter) {
    return parameter_counts[parameter];
}

const char *convcl_ref_alexnet_parameter_name(int parameter) {
    return parameter_names[parameter];
}

static convcl_status to_double(const float *from, size_t count, double **to) {
    convcl_status status = convcl_alloc(count * sizeof(double), to);
    for (size_t i = 0; status == CONVCL_OK && i < count; i++)
        (*to)[i] = (double)from[i];
    return status;
}

/* Sets the description and the output size of one layer that reads [n][h][w][c]. */
static void describe(struct ref_value *v, const struct layer *layer, int n, int h, int w, int c) {
    v->n = n;
    v->h = h;
    v->w = w;
    v->c = c;
    if (layer->kind == CONV_RELU) {
        convcl_conv_desc_init(&v->conv);
        v->conv.n = n;
        v->conv.ih = h;
        v->conv.iw = w;
        v->conv.ic = c;
        v->conv.oc = layer->oc;
        v->conv.fh = v->conv.fw = layer->filter;
        v->conv.stride_h = v->conv.stride_w = layer->stride;
        v->conv.pad_top = v->conv.pad_left = layer->before;
        v->conv.pad_bottom = v->conv.pad_right = layer->after;
        v->c = layer->oc;
        convcl_ref_conv_output_size(&v->conv, &v->h, &v->w);
    } else if (layer->kind == LRN) {
        v->lrn = (convcl_lrn_desc){.n = n, .h = h, .w = w, .c = c, .radius = 4, .bias = 1.0f, .alpha = 0.001f / 9.0f, .beta = 0.75f};
    } else {
        v->pool = (convcl_maxpool_desc){.n = n, .ih = h, .iw = w, .c = c, .window_h = 3, .window_w = 3, .stride_h = 2, .stride_w = 2};
        convcl_ref_maxpool_output_size(&v->pool, &v->h, &v->w);
    }
    v->count = (size_t)v->n * (size_t)v->h * (size_t)v->w * (size_t)v->c;
}

static convcl_status allocate(convcl_ref_alexnet *run, int batch, const float *images, const float *const *parameters) {
    convcl_status status = CONVCL_OK;
    int h = 224, w = 224, c = 3, weights = 0;
    CONVCL_TRY(to_double(images, convcl_ref_alexnet_image_count(batch), &run->images));
    for (int p = 0; p < CONVCL_REF_ALEXNET_PARAMETERS; p++) {
        CONVCL_TRY(to_double(parameters[p], parameter_counts[p], &run->parameters[p]));
        CONVCL_TRY(convcl_alloc(parameter_counts[p] * sizeof(double), &run->gradients[p]));
    }
    for (int i = 0; i < LAYERS; i++) {
        struct ref_value *v = &run->values[i];
        describe(v, &layers[i], batch, h, w, c);
        CONVCL_TRY(convcl_alloc(v->count * sizeof(double), &v->value));
        CONVCL_TRY(convcl_alloc(v->count * sizeof(double), &v->gradient));
        if (layers[i].kind == POOL)
            CONVCL_TRY(convcl_alloc(v->count * sizeof(uint16_t), &v->index));
        if (layers[i].kind == CONV_RELU) {
            v->weights = weights;
            weights += 2;
        }
        h = v->h;
        w = v->w;
        c = v->c;
    }
cleanup:
    return status;
}

static void forward(convcl_ref_alexnet *run) {
    const double *x = run->images;
    for (int i = 0; i < LAYERS; i++) {
        struct ref_value *v = &run->values[i];
        if (layers[i].kind == CONV_RELU) {
            convcl_ref_conv_fwd(&v->conv, x, run->parameters[v->weights], run->parameters[v->weights + 1], v->value);
            convcl_ref_relu_fwd(v->count, v->value, v->value);
        } else if (layers[i].kind == LRN) {
            convcl_ref_lrn_fwd(&v->lrn, x, v->value);
        } else {
            convcl_ref_maxpool_fwd(&v->pool, x, v->value, v->index);
        }
        x = v->value;
    }
    run->objective = convcl_ref_l2_loss_fwd(run->values[LAYERS - 1].count, x);
}

static void backward(convcl_ref_alexnet *run) {
    struct ref_value *last = &run->values[LAYERS - 1];
    convcl_ref_l2_loss_bwd(last->count, last->value, 1.0, last->gradient);
    for (int i = LAYERS - 1; i >= 0; i--) {
        struct ref_value *v = &run->values[i];
        const double *x = i > 0 ? v[-1].value : run->images;
        double *dx = i > 0 ? v[-1].gradient : NULL; /* the images need no gradient */
        if (layers[i].kind == CONV_RELU) {
            const int p = v->weights;
            convcl_ref_relu_bwd(v->count, v->value, v->gradient, v->gradient);
            convcl_ref_conv_bwd_weights(&v->conv, x, v->gradient, run->gradients[p], run->gradients[p + 1]);
            if (dx)
                convcl_ref_conv_bwd_data(&v->conv, v->gradient, run->parameters[p], NULL, dx);
        } else if (layers[i].kind == LRN) {
            convcl_ref_lrn_bwd(&v->lrn, x, v->gradient, dx);
        } else {
            convcl_ref_maxpool_bwd(&v->pool, v->gradient, v->index, NULL, dx);
        }
    }
}

convcl_status convcl_ref_alexnet_create(int batch, const float *images, const float *const parameters[CONVCL_REF_ALEXNET_PARAMETERS],
                                        convcl_ref_alexnet **run_out) {
    CONVCL_REQUIRE(run_out, "ref_alexnet: run_out is NULL");
    *run_out = NULL;
    CONVCL_REQUIRE(batch >= 1, "ref_alexnet: batch is %d, must be at least 1", batch);
    CONVCL_REQUIRE(images && parameters, "ref_alexnet: images or parameters is NULL");
    convcl_status status = CONVCL_OK;
    convcl_ref_alexnet *run = NULL;
    CONVCL_TRY(convcl_alloc(sizeof *run, &run));
    CONVCL_TRY(allocate(run, batch, images, parameters));
    forward(run);
    backward(run);
    *run_out = run;
    run = NULL;
cleanup:
    convcl_ref_alexnet_destroy(run);
    return status;
}

const char *convcl_ref_alexnet_value_name(int index) {
    return index >= 0 && index < LAYERS ? layers[index].name : NULL;
}

convcl_status convcl_ref_alexnet_backward_from(convcl_ref_alexnet *run, const float *const values[CONVCL_REF_ALEXNET_VALUES]) {
    CONVCL_REQUIRE(run && values, "ref_alexnet: run or values is NULL");
    for (int i = 0; i < LAYERS; i++) {
        struct ref_value *v = &run->values[i];
        if (layers[i].kind == POOL) /* the places of the maxima; the maxima themselves are those of the values before */
            convcl_ref_maxpool_fwd(&v->pool, v[-1].value, v->value, v->index);
        for (size_t k = 0; k < v->count; k++)
            v->value[k] = (double)values[i][k];
    }
    backward(run);
    return CONVCL_OK;
}

void convcl_ref_alexnet_destroy(convcl_ref_alexnet *run) {
    if (!run)
        return;
    free(run->images);
    for (int p = 0; p < CONVCL_REF_ALEXNET_PARAMETERS; p++) {
        free(run->parameters[p]);
        free(run->gradients[p]);
    }
    for (int i = 0; i < LAYERS; i++) {
        free(run->values[i].value);
        free(run->values[i].gradient);
        free(run->values[i].index);
    }
    free(run);
}

/* Takes over where the maxima of a pooling of `x` lie; counts those that move. */
static convcl_status choose_windows(struct ref_value *pool, const float *x, size_t x_count, size_t *moved) {
    convcl_status status = CONVCL_OK;
    double *input = NULL, *value = NULL;
    uint16_t *index = NULL;
    CONVCL_TRY(to_double(x, x_count, &input));
    CONVCL_TRY(convcl_alloc(pool->count * sizeof *value, &value));
    CONVCL_TRY(convcl_alloc(pool->count * sizeof *index, &index));
    convcl_ref_maxpool_fwd(&pool->pool, input, value, index);
    for (size_t i = 0; i < pool->count; i++) {
        *moved += index[i] != pool->index[i];
        pool->index[i] = index[i];
    }
cleanup:
    free(input);
    free(value);
    free(index);
    return status;
}

convcl_status convcl_ref_alexnet_backward_by_choices(convcl_ref_alexnet *run, const float *const values[CONVCL_REF_ALEXNET_VALUES],
                                                     size_t *windows_out, size_t *relus_out) {
    CONVCL_REQUIRE(run && values && windows_out && relus_out, "ref_alexnet: run, values, windows_out or relus_out is NULL");
    convcl_status status = CONVCL_OK;
    *windows_out = *relus_out = 0;
    for (int i = 0; i < LAYERS; i++) {
        struct ref_value *v = &run->values[i];
        if (layers[i].kind == POOL)
            CONVCL_TRY(choose_windows(v, values[i - 1], v[-1].count, windows_out));
        for (size_t k = 0; layers[i].kind == CONV_RELU && k < v->count; k++)
            if ((v->value[k] > 0) != (values[i][k] > 0)) {
                v->value[k] = (double)values[i][k];
                ++*relus_out;
            }
    }
    backward(run);
cleanup:
    return status;
}

double convcl_ref_alexnet_objective(const convcl_ref_alexnet *run) {
    return run->objective;
}

const double *convcl_ref_alexnet_activation(const convcl_ref_alexnet *run, const char *name, size_t *count_out) {
    for (int i = 0; i < LAYERS; i++)
        if (strcmp(layers[i].name, name) == 0) {
            if (count_out)
                *count_out = run->values[i].count;
            return run->values[i].value;
        }
    return NULL;
}

const double *convcl_ref_alexnet_gradient(const convcl_ref_alexnet *run, const char *name, size_t *count_out) {
    for (int p = 0; p < CONVCL_REF_ALEXNET_PARAMETERS; p++)
        if (strcmp(parameter_names[p], name) == 0) {
            if (count_out)
                *count_out = parameter_counts[p];
            return run->gradients[p];
        }
    return NULL;
}
