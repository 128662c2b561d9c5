/* gemm_clblast.c: CLBlast's SGEMM as one more GEMM variant. One panel as wide as the matrix is a plain matrix, A transposed.
 * SPDX-License-Identifier: MIT
 *
 * CLBlast has no epilogue: unless C is plain, it writes into the workspace and unpack_rows.cl finishes. It compiles its kernels at its first call and may
 * allocate at any call, so it is never chosen by itself. */
typedef int convcl_gemm_clblast_not_empty; /* a translation unit must not be empty */

#if CONVCL_HAVE_CLBLAST

#include <clblast_c.h>
#include <stdio.h>

#include "base/error.h"
#include "gemm/gemm_variants.h"

static bool available(convcl_context *context) {
    (void)context;
    return true;
}

/* True when the product itself can be the result: nothing to add, no row to move. An empty sum goes through unpack_rows all the same, which writes the zeros. */
static bool is_plain(const convcl_gemm_request *request) {
    return !convcl_gemm__is_mapped(request->source) && !request->bias && !request->relu && !request->mask;
}

static convcl_status create(convcl_context *context, const convcl_gemm_request *request, convcl_gemm *gemm) {
    snprintf(gemm->description, sizeof gemm->description, "clblast");
    char options[192];
    snprintf(options, sizeof options, CONVCL_GEMM_OPTIONS_FORMAT, (int)request->source, request->check, request->bias, request->relu,
             request->mask);
    return convcl_kernel__create(context, "unpack_rows", "unpack_rows", options, &gemm->kernel);
}

/* Enqueues C = A * B (+ C). gk must not be 0. */
static convcl_status multiply(const convcl_gemm *gemm, convcl_stream *stream, const convcl_gemm_call *call, convcl_buffer c, size_t ldc,
                              float beta) {
    const size_t gm = (size_t)call->gm, gn = (size_t)call->gn, gk = (size_t)call->gk;
    /* Its panels are as wide as the matrix, so blocks of them are plain rows. */
    const bool plain = gemm->source == CONVCL_GEMM_PLAIN || gemm->source == CONVCL_GEMM_BLOCKS;
    const size_t lda = gemm->source == CONVCL_GEMM_PANELS ? gm : (size_t)call->lda;
    convcl_status status = convcl_stream__foreign_begin(stream);
    if (status != CONVCL_OK)
        return status;
    const CLBlastStatusCode code =
        CLBlastSgemmStridedBatched(CLBlastLayoutRowMajor, plain ? CLBlastTransposeNo : CLBlastTransposeYes, CLBlastTransposeNo, gm, gn, gk,
                                   1.0f, call->a.mem, call->a.offset, lda, plain ? gm * lda : gk * lda, call->b.mem, call->b.offset, gn,
                                   gk * gn, beta, c.mem, c.offset, ldc, gm * ldc, (size_t)call->gb, &stream->queue, NULL);
    if (code != CLBlastSuccess)
        return convcl_fail(CONVCL_CL_ERROR, "CLBlastSgemmStridedBatched: status %d on %s: %zu x %zu x %zu, %d times", (int)code,
                           convcl_context_device(stream->context)->name, gm, gn, gk, call->gb);
    return convcl_stream__foreign_end(stream);
}

static convcl_status enqueue(const convcl_gemm *gemm, convcl_stream *stream, const convcl_gemm_call *call) {
    const bool plain = is_plain(&gemm->request);
    const float beta = plain && call->accumulate ? 1.0f : 0.0f;
    convcl_status status = CONVCL_OK;
    if (call->gk > 0)
        status = multiply(gemm, stream, call, plain ? call->c : call->workspace, plain ? (size_t)call->ldc : (size_t)call->gn, beta);
    if (status != CONVCL_OK || (plain && call->gk > 0))
        return status;
    convcl_arg args[8 + CONVCL_GATHER_MAP_ARGS] = {
        convcl_arg_tensor(call->workspace), convcl_arg_tensor(call->c), convcl_arg_tensor(call->bias), convcl_arg_tensor(call->mask),
        convcl_arg_int(call->gn),           convcl_arg_int(call->gk),   convcl_arg_int(call->ldc),     convcl_arg_int(call->accumulate)};
    const int count = convcl_gather_map__args(&call->map, args, 8);
    return convcl_stream__launch(stream, gemm->kernel, args, count,
                                 &(convcl_range){{(size_t)call->gm * (size_t)call->gb, 1, 1}, {1, 1, 1}});
}

const convcl_gemm_variant convcl_gemm_variant_clblast = {
    .name = "clblast",
    .gathers = false,
    .plain_c = true,
    .available = available,
    .create = create,
    .enqueue = enqueue,
};

#endif
