/* ref_avgpool.c: average pooling and its gradient by their definition. Source: the formulas of convcl/avgpool.h.
 * SPDX-License-Identifier: MIT */
#include "reference/ref_avgpool.h"

#include <stddef.h>

void convcl_ref_avgpool_output_size(const convcl_avgpool_desc *d, int *oh_out, int *ow_out) {
    *oh_out = (d->ih + d->pad_top + d->pad_bottom - d->window_h) / d->stride_h + 1;
    *ow_out = (d->iw + d->pad_left + d->pad_right - d->window_w) / d->stride_w + 1;
}

/* Index of x[n][h][w][0] where place number `place` of window (p, q) lies, and whether it is inside x. */
static int place_in_x(const convcl_avgpool_desc *d, int n, int p, int q, int place, size_t *x_out) {
    const int h = p * d->stride_h + place / d->window_w - d->pad_top, w = q * d->stride_w + place % d->window_w - d->pad_left;
    *x_out = (((size_t)n * d->ih + h) * d->iw + w) * d->c;
    return h >= 0 && h < d->ih && w >= 0 && w < d->iw;
}

static double places(const convcl_avgpool_desc *d, int p, int q) {
    int inside = 0;
    size_t at;
    for (int place = 0; place < d->window_h * d->window_w; place++)
        inside += place_in_x(d, 0, p, q, place, &at);
    return d->count_padding ? d->window_h * d->window_w : inside;
}

void convcl_ref_avgpool_fwd(const convcl_avgpool_desc *d, const double *x, double *y) {
    int oh, ow;
    size_t out = 0, at;
    convcl_ref_avgpool_output_size(d, &oh, &ow);
    for (int n = 0; n < d->n; n++)
        for (int p = 0; p < oh; p++)
            for (int q = 0; q < ow; q++)
                for (int k = 0; k < d->c; k++, out++) {
                    double sum = 0;
                    for (int place = 0; place < d->window_h * d->window_w; place++)
                        if (place_in_x(d, n, p, q, place, &at))
                            sum += x[at + k];
                    y[out] = sum / places(d, p, q);
                }
}

void convcl_ref_avgpool_bwd(const convcl_avgpool_desc *d, const double *dy, const double *x, double *dx) {
    int oh, ow;
    const size_t count = (size_t)d->n * d->ih * d->iw * d->c;
    size_t out = 0, at;
    convcl_ref_avgpool_output_size(d, &oh, &ow);
    for (size_t i = 0; i < count; i++)
        dx[i] = 0;
    for (int n = 0; n < d->n; n++)
        for (int p = 0; p < oh; p++)
            for (int q = 0; q < ow; q++)
                for (int k = 0; k < d->c; k++, out++)
                    for (int place = 0; place < d->window_h * d->window_w; place++)
                        if (place_in_x(d, n, p, q, place, &at))
                            dx[at + k] += dy[out] / places(d, p, q);
    for (size_t i = 0; d->relu_mask && i < count; i++)
        if (!(x[i] > 0))
            dx[i] = 0;
}
