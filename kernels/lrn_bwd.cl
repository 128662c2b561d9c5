/* lrn_bwd.cl: gradient of local response normalization, by the formula of lrn_bwd.h.
 * SPDX-License-Identifier: MIT
 * used by   lrn.c
 * reads     x[pixel][c], dy[pixel][c]     at pixel*channels + c
 * writes    dx[pixel][c]                  the same
 * edges     channels outside a pixel count as 0; the last vector of a run of channels begins T_VW before its end, so channels >= T_VW
 * launch    global (blocks * T_LANES, work-groups * T_ROWS), local (T_LANES, T_ROWS): a work-group takes one block of T_BLOCK channels (the last
 *           block takes all that are left, at least T_VW, less than T_BLOCK + T_VW) of steps * T_ROWS pixels; a CPU's, which is one work-item, as many at a
 *           time as fit T_TILE
 * memory    local 2 * T_ROWS * D_SPAN floats, barriers 2 a step; on a CPU private 3 * D_TILE floats and no barrier
 * numerics  fp32, about 2e-7 relative RMS; inf or NaN in x or dy spoils the channels that depend on it
 * arguments pixels channels; steps: pixels a work-item takes; bias alpha beta
 *           P_  P_RADIUS >= 0, < channels     T_  T_VW in {1,4,8,16}, 1 on a GPU  T_LANES T_ROWS: local size, 1 1 on a CPU  T_BLOCK: >= T_VW, T_LANES on a GPU  T_TILE
 *           F_  F_BETA_075 in {0,1}  F_RELU_MASK in {0,1}: also dx = x > 0 ? dx : 0 */
#define F_POOL   0
#define D_KERNEL lrn_bwd
#include "lrn_bwd.h"
