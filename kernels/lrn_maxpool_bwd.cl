/* lrn_maxpool_bwd.cl: gradient of the max-pooling of a local response normalization: lrn_bwd of what maxpool_bwd computes, which is never stored.
 * SPDX-License-Identifier: MIT
 * used by   lrn_maxpool.c
 * reads     x[n][h][w][c]                         at ((n*ih + h)*iw + w)*channels + c
 *           dy[n][p][q][c], index[n][p][q][c]     at ((n*oh + p)*ow + q)*channels + c
 * writes    dx[n][h][w][c]                        as x; every element
 * edges     launch    memory    as in lrn_bwd.cl; only windows that exist are looked at
 * numerics  what the two kernels compute one after the other, on a CPU to the bit; inf or NaN in x, or in dy through the index, spoils the channels that
 *           depend on it
 * arguments pixels: of x, n*ih*iw; channels ih iw oh ow window_h window_w stride_h stride_w pad_top pad_left; steps: pixels a work-item takes; bias alpha beta
 *           P_  T_  F_  as in lrn_bwd.cl */
#define F_POOL   1
#define D_KERNEL lrn_maxpool_bwd
#include "lrn_bwd.h"
