/* ref_conv.c: convolution and its gradients by their definition. Source: the formulas of convcl/conv.h.
 * SPDX-License-Identifier: MIT
 *
 * All three walk the same (n, p, q, r, s) that meet a place inside x, and then the channels of one group; the innermost loop runs over output channels, which lie
 * next to each other in w, y and dy, so that the compiler can use vectors. */
#include "reference/ref_conv.h"

#include <stddef.h>

/* One pair of an output pixel and the input pixel that filter place (r, s) brings to it. */
typedef struct contact {
    size_t x; /* index of x[n][h][w][0] */
    size_t y; /* index of y[n][p][q][0] */
    size_t w; /* index of w[r][s][0][0] */
} contact;

typedef void (*visit_fn)(const convcl_conv_desc *desc, const contact *at, const double *source, const double *factor, double *target);

void convcl_ref_conv_output_size(const convcl_conv_desc *d, int *oh_out, int *ow_out) {
    *oh_out = (d->ih + d->pad_top + d->pad_bottom - d->dilation_h * (d->fh - 1) - 1) / d->stride_h + 1;
    *ow_out = (d->iw + d->pad_left + d->pad_right - d->dilation_w * (d->fw - 1) - 1) / d->stride_w + 1;
}

static size_t count_x(const convcl_conv_desc *d) {
    return (size_t)d->n * d->ih * d->iw * d->ic;
}

static size_t count_w(const convcl_conv_desc *d) {
    return (size_t)d->fh * d->fw * (d->ic / d->groups) * d->oc;
}

static size_t count_y_pixels(const convcl_conv_desc *d) {
    int oh, ow;
    convcl_ref_conv_output_size(d, &oh, &ow);
    return (size_t)d->n * oh * ow;
}

static void fill(double *values, size_t count, double value) {
    for (size_t i = 0; i < count; i++)
        values[i] = value;
}

/* Visits the filter places that meet x for output pixel (n, p, q). */
static void visit_pixel(const convcl_conv_desc *d, int n, int p, int q, size_t y, visit_fn visit, const double *source,
                        const double *factor, double *target) {
    for (int r = 0; r < d->fh; r++) {
        int h = p * d->stride_h + r * d->dilation_h - d->pad_top;
        if (h < 0 || h >= d->ih)
            continue;
        for (int s = 0; s < d->fw; s++) {
            int w = q * d->stride_w + s * d->dilation_w - d->pad_left;
            if (w < 0 || w >= d->iw)
                continue;
            const contact at = {
                .x = (((size_t)n * d->ih + h) * d->iw + w) * d->ic, .y = y, .w = ((size_t)r * d->fw + s) * (d->ic / d->groups) * d->oc};
            visit(d, &at, source, factor, target);
        }
    }
}

static void visit_all(const convcl_conv_desc *d, visit_fn visit, const double *source, const double *factor, double *target) {
    int oh, ow;
    convcl_ref_conv_output_size(d, &oh, &ow);
    size_t pixel = 0;
    for (int n = 0; n < d->n; n++)
        for (int p = 0; p < oh; p++)
            for (int q = 0; q < ow; q++, pixel++)
                visit_pixel(d, n, p, q, pixel * d->oc, visit, source, factor, target);
}

/* target[k] += a * row[k] */
static void add_scaled(double *restrict target, double a, const double *restrict row, int count) {
    for (int k = 0; k < count; k++)
        target[k] += a * row[k];
}

/* Sum of a[k] * b[k], in eight partial sums so that the additions need not wait for each other. */
static double dot(const double *a, const double *b, int count) {
    double part[8] = {0};
    int k = 0;
    for (; k + 8 <= count; k += 8)
        for (int j = 0; j < 8; j++)
            part[j] += a[k + j] * b[k + j];
    for (; k < count; k++)
        part[0] += a[k] * b[k];
    return ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
}

/* y[k] += x[c] * w[c][k] */
static void visit_fwd(const convcl_conv_desc *d, const contact *at, const double *x, const double *w, double *y) {
    int group_ic = d->ic / d->groups, group_oc = d->oc / d->groups;
    for (int g = 0; g < d->groups; g++)
        for (int c = 0; c < group_ic; c++)
            add_scaled(y + at->y + g * group_oc, x[at->x + g * group_ic + c], w + at->w + (size_t)c * d->oc + g * group_oc, group_oc);
}

/* dx[c] += sum over k of dy[k] * w[c][k] */
static void visit_bwd_data(const convcl_conv_desc *d, const contact *at, const double *dy, const double *w, double *dx) {
    int group_ic = d->ic / d->groups, group_oc = d->oc / d->groups;
    for (int g = 0; g < d->groups; g++)
        for (int c = 0; c < group_ic; c++)
            dx[at->x + g * group_ic + c] += dot(dy + at->y + g * group_oc, w + at->w + (size_t)c * d->oc + g * group_oc, group_oc);
}

/* dw[c][k] += x[c] * dy[k] */
static void visit_bwd_weights(const convcl_conv_desc *d, const contact *at, const double *x, const double *dy, double *dw) {
    int group_ic = d->ic / d->groups, group_oc = d->oc / d->groups;
    for (int g = 0; g < d->groups; g++)
        for (int c = 0; c < group_ic; c++)
            add_scaled(dw + at->w + (size_t)c * d->oc + g * group_oc, x[at->x + g * group_ic + c], dy + at->y + g * group_oc, group_oc);
}

void convcl_ref_conv_fwd(const convcl_conv_desc *d, const double *x, const double *w, const double *b, double *y) {
    size_t pixels = count_y_pixels(d);
    for (size_t i = 0; i < pixels; i++)
        for (int k = 0; k < d->oc; k++)
            y[i * d->oc + k] = d->has_bias ? b[k] : 0;
    visit_all(d, visit_fwd, x, w, y);
    if (d->activation != CONVCL_ACTIVATION_RELU)
        return;
    for (size_t i = 0; i < pixels * d->oc; i++)
        if (y[i] <= 0)
            y[i] = 0;
}

void convcl_ref_conv_bwd_data(const convcl_conv_desc *d, const double *dy, const double *w, const double *x, double *dx) {
    fill(dx, count_x(d), 0);
    visit_all(d, visit_bwd_data, dy, w, dx);
    for (size_t i = 0; d->relu_mask && i < count_x(d); i++)
        if (!(x[i] > 0))
            dx[i] = 0;
}

void convcl_ref_conv_bwd_weights(const convcl_conv_desc *d, const double *x, const double *dy, double *dw, double *db) {
    fill(dw, count_w(d), 0);
    visit_all(d, visit_bwd_weights, x, dy, dw);
    if (!d->has_bias)
        return;
    size_t pixels = count_y_pixels(d);
    fill(db, (size_t)d->oc, 0);
    for (size_t i = 0; i < pixels; i++)
        add_scaled(db, 1, dy + i * d->oc, d->oc);
}
