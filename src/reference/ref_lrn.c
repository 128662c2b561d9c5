/* ref_lrn.c: local response normalization and its gradient by their definition. Source: the formulas of convcl/lrn.h, which are TensorFlow's.
 * SPDX-License-Identifier: MIT */
#include "reference/ref_lrn.h"

#include <math.h>

static int first_channel(const convcl_lrn_desc *d, int i) {
    return i > d->radius ? i - d->radius : 0;
}

static int last_channel(const convcl_lrn_desc *d, int i) {
    return d->radius < d->c - 1 - i ? i + d->radius : d->c - 1;
}

/* s[i] of one pixel. */
static double scale(const convcl_lrn_desc *d, const double *x, int i) {
    double sum = 0;
    for (int j = first_channel(d, i); j <= last_channel(d, i); j++)
        sum += x[j] * x[j];
    return (double)d->bias + (double)d->alpha * sum;
}

void convcl_ref_lrn_fwd(const convcl_lrn_desc *d, const double *x, double *y) {
    size_t pixels = (size_t)d->n * d->h * d->w;
    for (size_t p = 0; p < pixels; p++, x += d->c, y += d->c)
        for (int i = 0; i < d->c; i++)
            y[i] = x[i] * pow(scale(d, x, i), -(double)d->beta);
}

/* Adds to dx what output channel j of one pixel sends back: dy[j] * s[j]^-beta to itself, and -2 alpha beta x[i] dy[j] x[j] s[j]^(-beta - 1) to its window. */
static void send_back(const convcl_lrn_desc *d, const double *x, const double *dy, int j, double *dx) {
    double s = scale(d, x, j), power = pow(s, -(double)d->beta);
    dx[j] += dy[j] * power;
    double common = 2 * (double)d->alpha * (double)d->beta * dy[j] * x[j] * power / s;
    for (int i = first_channel(d, j); i <= last_channel(d, j); i++)
        dx[i] -= common * x[i];
}

void convcl_ref_lrn_bwd(const convcl_lrn_desc *d, const double *x, const double *dy, double *dx) {
    size_t pixels = (size_t)d->n * d->h * d->w;
    for (size_t p = 0; p < pixels; p++, x += d->c, dy += d->c, dx += d->c) {
        for (int i = 0; i < d->c; i++)
            dx[i] = 0;
        for (int j = 0; j < d->c; j++)
            send_back(d, x, dy, j, dx);
        for (int i = 0; d->relu_mask && i < d->c; i++)
            if (!(x[i] > 0))
                dx[i] = 0;
    }
}
