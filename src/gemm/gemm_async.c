/* gemm_async.c: whether the GEMMs for GPUs may copy into local memory beside their arithmetic: where the device's traits say so and a probe has passed.
 * SPDX-License-Identifier: MIT
 *
 * Nobody has measured what it gains: by name (`prefetch` 1) and as a candidate of the full tuner. */
#include "gemm/gemm_mma_units.h"
#include "gemm/gemm_probe.h"
#include "gemm/gemm_variants.h"
#include "opencl/context_internal.h"

/* Of the probes of a context, behind the matrix units'. */
#define PROBE CONVCL_MMA_UNITS
_Static_assert(PROBE < CONVCL_PROBES, "a probe of its own");

/* Float32 sums of 77 values; a value that came too late is off by as much as it is large. */
#define PROBE_BOUND 2e-6

convcl_status convcl_gemm_async__probe(convcl_context *context, bool twin, bool *right_out) {
    const convcl_tile tile = convcl_gemm_tile__get(convcl_gemm_tile__count() - 1);
    convcl_gemm gemm = {.context = context}; /* never handed out: no reference to the context */
    *right_out = false;
    convcl_status status = convcl_gemm_tile__create_kernel(context, &gemm.request, &tile, twin ? 2 : 1, &gemm);
    if (status == CONVCL_OK)
        status = convcl_gemm_probe__run(&gemm, PROBE_BOUND, right_out);
    convcl_kernel__destroy(gemm.kernel);
    return status;
}

void convcl_gemm_async__set_probe(convcl_context *context, convcl_probe found) {
    convcl_context__set_probe(context, PROBE, found);
}

/* Whatever form the context is told to take: instructions cannot be pretended. */
static bool passes(convcl_context *context) {
    const convcl_probe known = convcl_context__probe(context, PROBE);
    if (!convcl_device_traits__of(convcl_context_device(context))->async_copies)
        return false;
    if (known != CONVCL_PROBE_UNKNOWN)
        return known == CONVCL_PROBE_PASSED;
    bool right = false;
    const convcl_status status = convcl_gemm_async__probe(context, false, &right);
    if (status != CONVCL_OK)
        convcl_context__log(context, CONVCL_LOG_INFO, "asynchronous copies not used: %s", convcl_last_error());
    else if (!right)
        convcl_context__log(context, CONVCL_LOG_INFO, "asynchronous copies not used: a product with them is wrong on %s",
                            convcl_context_device(context)->name);
    if (status != CONVCL_NO_MEMORY && status != CONVCL_NO_DEVICE_MEMORY) /* those may pass */
        convcl_context__set_probe(context, PROBE, right ? CONVCL_PROBE_PASSED : CONVCL_PROBE_FAILED);
    return right;
}

convcl_status convcl_gemm_async__mode(convcl_context *context, const convcl_gemm_request *request, int *mode_out) {
    *mode_out = request->prefetch <= 0 ? 0 : request->emulate ? 2 : 1;
    if (*mode_out == 1 && !passes(context))
        return convcl_fail(CONVCL_UNSUPPORTED, "gemm: prefetch is 1, but %s has no asynchronous copies into local memory",
                           convcl_context_device(context)->name);
    return CONVCL_OK;
}
