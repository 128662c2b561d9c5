/* gemm_probe.h: whether a kernel of src/gemm computes right on the device at hand.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_GEMM_GEMM_PROBE_H
#define CONVCL_GEMM_GEMM_PROBE_H

#include "gemm/gemm.h"

/* Multiplies panels by a GEMM made with gemm_tile_main.h, whose kernel, tile and context are set, and compares with the same sums in double: right when the relative
 * RMS error is at most `bound`. Blocks. */
convcl_status convcl_gemm_probe__run(const convcl_gemm *gemm, double bound, bool *right_out);

/* What T_ASYNC a request gets: 0 unless its `prefetch` is 1; then 2 for a twin, and 1 where the device's copies have passed their probe. CONVCL_UNSUPPORTED where not. */
convcl_status convcl_gemm_async__mode(convcl_context *context, const convcl_gemm_request *request, int *mode_out);

#endif
