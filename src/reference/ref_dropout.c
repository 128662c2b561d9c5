/* ref_dropout.c: dropout by its definition. The generator is written out here a second time, from the paper, so that a fault in kernels/philox.h shows.
 * SPDX-License-Identifier: MIT
 * Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011, Philox 4x32 with 10 rounds. */
#include "reference/ref_dropout.h"

#include <stdbool.h>

#define KEY_BITS 0x64726f7000000000u /* turned in the seed */

static void multiply(uint32_t a, uint32_t b, uint32_t *high, uint32_t *low) {
    const uint64_t product = (uint64_t)a * b;
    *high = (uint32_t)(product >> 32);
    *low = (uint32_t)product;
}

/* 24 random bits of element i. */
static uint32_t draw(const convcl_dropout_desc *d, uint32_t step, size_t i) {
    const uint64_t group = i / 4, seed = d->seed ^ KEY_BITS;
    uint32_t c[4] = {(uint32_t)group, (uint32_t)(group >> 32), d->stream, step};
    uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    for (int round = 0; round < 10; round++) {
        uint32_t high0, low0, high1, low1;
        multiply(0xD2511F53u, c[0], &high0, &low0);
        multiply(0xCD9E8D57u, c[2], &high1, &low1);
        const uint32_t next[4] = {high1 ^ c[1] ^ key[0], low1, high0 ^ c[3] ^ key[1], low0};
        for (int k = 0; k < 4; k++)
            c[k] = next[k];
        key[0] += 0x9E3779B9u;
        key[1] += 0xBB67AE85u;
    }
    return c[i % 4] >> 8;
}

static double masked(const convcl_dropout_desc *d, uint32_t step, size_t i, double value) {
    const bool kept = draw(d, step, i) >= (uint32_t)((double)d->rate * 16777216.0 + 0.5);
    return kept ? value / (1.0 - (double)d->rate) : 0;
}

void convcl_ref_dropout_fwd(const convcl_dropout_desc *d, uint32_t step, const double *x, double *y) {
    for (size_t i = 0; i < d->count; i++)
        y[i] = masked(d, step, i, x[i]);
}

void convcl_ref_dropout_bwd(const convcl_dropout_desc *d, uint32_t step, const double *dy, const double *x, double *dx) {
    for (size_t i = 0; i < d->count; i++)
        dx[i] = d->relu_mask && !(x[i] > 0) ? 0 : masked(d, step, i, dy[i]);
}
