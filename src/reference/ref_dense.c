/* ref_dense.c: the dense layer and its gradients by their definition. Source: the formulas of convcl/dense.h.
 * SPDX-License-Identifier: MIT */
#include "reference/ref_dense.h"

#include <stddef.h>

void convcl_ref_dense_fwd(const convcl_dense_desc *d, const double *x, const double *w, const double *b, double *y) {
    for (int i = 0; i < d->n; i++) {
        double *row = y + (size_t)i * d->outputs;
        for (int k = 0; k < d->outputs; k++)
            row[k] = d->no_bias ? 0 : b[k];
        for (int j = 0; j < d->inputs; j++)
            for (int k = 0; k < d->outputs; k++)
                row[k] += x[(size_t)i * d->inputs + j] * w[(size_t)j * d->outputs + k];
        for (int k = 0; d->activation == CONVCL_ACTIVATION_RELU && k < d->outputs; k++)
            if (row[k] <= 0)
                row[k] = 0;
    }
}

void convcl_ref_dense_bwd_data(const convcl_dense_desc *d, const double *dy, const double *w, const double *x, double *dx) {
    for (int i = 0; i < d->n; i++)
        for (int j = 0; j < d->inputs; j++) {
            const size_t at = (size_t)i * d->inputs + j;
            double sum = 0;
            for (int k = 0; k < d->outputs; k++)
                sum += dy[(size_t)i * d->outputs + k] * w[(size_t)j * d->outputs + k];
            dx[at] = d->relu_mask && !(x[at] > 0) ? 0 : sum;
        }
}

void convcl_ref_dense_bwd_weights(const convcl_dense_desc *d, const double *x, const double *dy, double *dw, double *db) {
    for (size_t j = 0; j < (size_t)d->inputs * d->outputs; j++)
        dw[j] = 0;
    for (int k = 0; !d->no_bias && k < d->outputs; k++)
        db[k] = 0;
    for (int i = 0; i < d->n; i++) {
        const double *row = dy + (size_t)i * d->outputs;
        for (int j = 0; j < d->inputs; j++)
            for (int k = 0; k < d->outputs; k++)
                dw[(size_t)j * d->outputs + k] += x[(size_t)i * d->inputs + j] * row[k];
        for (int k = 0; !d->no_bias && k < d->outputs; k++)
            db[k] += row[k];
    }
}
