/* ref_maxpool.c: max pooling and its gradient by their definition. Source: the formulas of convcl/maxpool.h.
 * SPDX-License-Identifier: MIT */
#include "reference/ref_maxpool.h"

#include <math.h>

void convcl_ref_maxpool_output_size(const convcl_maxpool_desc *d, int *oh_out, int *ow_out) {
    *oh_out = (d->ih + d->pad_top + d->pad_bottom - d->window_h) / d->stride_h + 1;
    *ow_out = (d->iw + d->pad_left + d->pad_right - d->window_w) / d->stride_w + 1;
}

/* Index of x[n][0][0][k] where place (dh, dw) of window (p, q) lies, and whether it is inside x. */
static int place_in_x(const convcl_maxpool_desc *d, int n, int p, int q, int dh, int dw, size_t *x_out) {
    int h = p * d->stride_h + dh - d->pad_top, w = q * d->stride_w + dw - d->pad_left;
    *x_out = (((size_t)n * d->ih + h) * d->iw + w) * d->c;
    return h >= 0 && h < d->ih && w >= 0 && w < d->iw;
}

/* The first NaN of a window and channel, or else its first maximum. */
static void pool_window(const convcl_maxpool_desc *d, const double *x, int n, int p, int q, int k, double *y_out, uint16_t *index_out) {
    int found = -1;
    double best = 0;
    for (int place = 0; place < d->window_h * d->window_w; place++) {
        size_t at;
        if (!place_in_x(d, n, p, q, place / d->window_w, place % d->window_w, &at))
            continue;
        double value = x[at + k];
        if (found < 0 || (!isnan(best) && (isnan(value) || value > best))) {
            found = place;
            best = value;
        }
    }
    *y_out = best;
    *index_out = (uint16_t)found;
}

void convcl_ref_maxpool_fwd(const convcl_maxpool_desc *d, const double *x, double *y, uint16_t *index) {
    int oh, ow;
    uint16_t place;
    convcl_ref_maxpool_output_size(d, &oh, &ow);
    size_t out = 0;
    for (int n = 0; n < d->n; n++)
        for (int p = 0; p < oh; p++)
            for (int q = 0; q < ow; q++)
                for (int k = 0; k < d->c; k++, out++)
                    pool_window(d, x, n, p, q, k, &y[out], index ? &index[out] : &place);
}

void convcl_ref_maxpool_bwd(const convcl_maxpool_desc *d, const double *dy, const uint16_t *index, const double *x, double *dx) {
    int oh, ow;
    convcl_ref_maxpool_output_size(d, &oh, &ow);
    size_t count = (size_t)d->n * d->ih * d->iw * d->c, out = 0;
    for (size_t i = 0; i < count; i++)
        dx[i] = 0;
    for (int n = 0; n < d->n; n++)
        for (int p = 0; p < oh; p++)
            for (int q = 0; q < ow; q++)
                for (int k = 0; k < d->c; k++, out++) {
                    size_t at;
                    if (place_in_x(d, n, p, q, index[out] / d->window_w, index[out] % d->window_w, &at))
                        dx[at + k] += dy[out];
                }
    for (size_t i = 0; d->relu_mask && i < count; i++)
        if (!(x[i] > 0))
            dx[i] = 0;
}
