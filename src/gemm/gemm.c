/* gemm.c: the table of GEMM variants, and what is common to them.
 * SPDX-License-Identifier: MIT */
#include "gemm/gemm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "gemm/gemm_variants.h"
#include "opencl/context_internal.h"

/* The tile of pack_gather.cl, its defaults. */
#define GATHER_ROWS  8
#define GATHER_BLOCK 32

const convcl_gemm_variant *const convcl_gemm_variants[] = {
    &convcl_gemm_variant_register,
    &convcl_gemm_variant_local,
    &convcl_gemm_variant_tile,
    &convcl_gemm_variant_mma,
    &convcl_gemm_variant_mma_half,
#if CONVCL_HAVE_CLBLAST
    &convcl_gemm_variant_clblast,
#endif
    NULL,
};

int convcl_gather_map__args(const convcl_gather_map *map, convcl_arg *args, int count) {
    const int fields[CONVCL_GATHER_MAP_ARGS] = {map->ph,     map->pw,         map->sh,         map->sw,         map->pixel,
                                                map->th,     map->tw,         map->run,        map->step_h,     map->tap_h,
                                                map->base_h, map->step_w,     map->tap_w,      map->base_w,     map->out_h,
                                                map->out_w,  map->out_step_h, map->out_base_h, map->out_step_w, map->out_base_w};
    for (int i = 0; i < CONVCL_GATHER_MAP_ARGS; ++i)
        args[count++] = convcl_arg_int(fields[i]);
    return count;
}

int convcl_gemm__planes_args(const convcl_gemm_call *call, convcl_gemm_source source, convcl_arg *args, int count) {
    const int rows = source == CONVCL_GEMM_TURNED ? call->gk : call->gm;
    const convcl_gemm_planes equal = {1, call->gb, 1, rows, rows, call->gb, 1, 1, 0};
    const convcl_gemm_planes *p = call->planes.images > 0 ? &call->planes : &equal;
    const int fields[CONVCL_GEMM_PLANES_ARGS] = {p->images,  p->points_w, p->small_h, p->tiles_h, p->big_h,
                                                 p->small_w, p->tiles_w,  p->big_w,   p->gap};
    for (int i = 0; i < CONVCL_GEMM_PLANES_ARGS; ++i)
        args[count++] = convcl_arg_int(fields[i]);
    return count;
}

bool convcl_gemm__is_available(convcl_context *context, const char *variant) {
    for (const convcl_gemm_variant *const *row = convcl_gemm_variants; *row; ++row)
        if (strcmp((*row)->name, variant) == 0)
            return (*row)->available(context);
    return false;
}

/* UNSUPPORTED, with the names of those that are available. */
static convcl_status fail_with_names(convcl_context *context, const char *name) {
    convcl_text names = {0};
    for (const convcl_gemm_variant *const *variant = convcl_gemm_variants; *variant; ++variant)
        if ((*variant)->available(context))
            convcl_text_add(&names, " %s", (*variant)->name);
    const convcl_status status = convcl_fail(CONVCL_UNSUPPORTED, "gemm: variant \"%s\" is not available on %s; there are:%s", name,
                                             convcl_context_device(context)->name, convcl_text_get(&names));
    convcl_text_clear(&names);
    return status;
}

static const char *default_name(convcl_context *context, convcl_math math) {
    if (convcl_context__prefers_registers(context))
        return "register";
    return convcl_gemm_mma__is_default(context, math) ? "mma" : "tile";
}

static convcl_status find_variant(convcl_context *context, const convcl_gemm_request *request, const convcl_gemm_variant **variant_out) {
    const char *name = request->variant;
    if (!name || strcmp(name, "auto") == 0)
        name = default_name(context, request->math);
    for (const convcl_gemm_variant *const *variant = convcl_gemm_variants; *variant; ++variant)
        if (strcmp((*variant)->name, name) == 0 && (request->emulate || (*variant)->available(context))) {
            *variant_out = *variant;
            return CONVCL_OK;
        }
    return fail_with_names(context, name);
}

convcl_status convcl_gemm__create(convcl_context *context, const convcl_gemm_request *request, convcl_gemm **gemm_out) {
    convcl_status status = CONVCL_OK;
    convcl_gemm *gemm = NULL;
    *gemm_out = NULL;
    CONVCL_TRY(convcl_alloc(sizeof *gemm, &gemm));
    gemm->context = convcl_context__retain(context);
    gemm->request = *request;
    CONVCL_TRY(find_variant(context, request, &gemm->variant));
    gemm->request.variant = gemm->variant->name;
    gemm->source = request->source;
    if (convcl_gemm__is_mapped(request->source) && !gemm->variant->gathers)
        gemm->source = CONVCL_GEMM_PANELS;
    CONVCL_TRY(gemm->variant->create(context, request, gemm));
    if (gemm->source != request->source) {
        char options[64];
        snprintf(options, sizeof options, "-DP_A=%d -DF_CHECK=%d -DT_ROWS=%d -DT_BLOCK=%d", (int)request->source, request->check,
                 GATHER_ROWS, GATHER_BLOCK);
        CONVCL_TRY(convcl_kernel__create(context, "pack_gather", "pack_gather", options, &gemm->gather));
    }
    *gemm_out = gemm;
    gemm = NULL;
cleanup:
    convcl_gemm__destroy(gemm);
    return status;
}

void convcl_gemm__destroy(convcl_gemm *gemm) {
    if (!gemm)
        return;
    convcl_kernel__destroy(gemm->kernel);
    convcl_kernel__destroy(gemm->gather);
    convcl_kernel__destroy(gemm->split_sum);
    convcl_context__free_buffer(gemm->zeros);
    convcl_context_release(gemm->context);
    free(gemm);
}

static int panels(int size, int width) {
    return (size + width - 1) / width;
}

int convcl_gemm__panel_rows(const convcl_gemm *gemm, int gm) {
    return gemm->mr > 0 ? gemm->mr : gm;
}

int convcl_gemm__panel_columns(const convcl_gemm *gemm, int gn) {
    return gemm->nr > 0 ? gemm->nr : gn;
}

/* Floats of `size` rows or columns in panels. */
static size_t panels_size(int size, int width, int gk) {
    return (size_t)panels(size, width) * (size_t)width * (size_t)gk;
}

size_t convcl_gemm__size_b(const convcl_gemm *gemm, int gn, int gk) {
    return panels_size(gn, convcl_gemm__panel_columns(gemm, gn), gk);
}

/* Floats of A in panels that pack_gather writes; 0 when the variant reads A as it comes. */
static size_t gathered_size(const convcl_gemm *gemm, int gm, int gk) {
    return gemm->gather ? panels_size(gm, convcl_gemm__panel_rows(gemm, gm), gk) : 0;
}

size_t convcl_gemm__workspace(const convcl_gemm *gemm, int gm, int gn, int gk) {
    const size_t plain_c = gemm->variant->plain_c ? (size_t)gm * (size_t)gn : 0;
    const size_t own = gemm->variant->workspace ? gemm->variant->workspace(gemm, gm, gn, gk) : 0;
    return gathered_size(gemm, gm, gk) + plain_c + own;
}

/* Makes panels of the A that the call's map describes, at the front of the workspace, and points the call at them. */
static convcl_status gather(const convcl_gemm *gemm, convcl_stream *stream, convcl_gemm_call *call) {
    const int mr = convcl_gemm__panel_rows(gemm, call->gm);
    convcl_arg args[5 + CONVCL_GATHER_MAP_ARGS] = {convcl_arg_tensor(call->a), convcl_arg_tensor(call->workspace), convcl_arg_int(call->gm),
                                                   convcl_arg_int(call->gk), convcl_arg_int(mr)};
    const int count = convcl_gather_map__args(&call->map, args, 5);
    const convcl_range range = {{(size_t)panels(panels(call->gm, mr) * mr, GATHER_ROWS), (size_t)panels(call->gk, GATHER_BLOCK), 1},
                                {1, 1, 1}};
    const convcl_status status = call->gk > 0 ? convcl_stream__launch(stream, gemm->gather, args, count, &range) : CONVCL_OK;
    call->a = call->workspace;
    call->workspace.offset += gathered_size(gemm, call->gm, call->gk);
    return status;
}

int convcl_gemm__plane_rows(const convcl_gemm_planes *p, int e) {
    const int heights = e / p->points_w < p->small_h ? p->tiles_h : p->big_h;
    const int widths = e % p->points_w < p->small_w ? p->tiles_w : p->big_w;
    return p->images * heights * widths;
}

/* Enqueues the planes of a batch one by one, for variants that take equal ones only. */
static convcl_status enqueue_planes(const convcl_gemm *gemm, convcl_stream *stream, const convcl_gemm_call *call) {
    const bool turned = gemm->source == CONVCL_GEMM_TURNED;
    const int nr = convcl_gemm__panel_columns(gemm, call->gn);
    const size_t b_row = (size_t)panels(call->gn, nr) * (size_t)nr;
    const size_t b_stride = call->b_stride > 0 ? call->b_stride : convcl_gemm__size_b(gemm, call->gn, call->gk);
    size_t before = 0;
    for (int e = 0; e < call->gb; ++e) {
        const int rows = convcl_gemm__plane_rows(&call->planes, e);
        convcl_gemm_call plane = *call;
        plane.planes = (convcl_gemm_planes){0};
        plane.gb = 1;
        const size_t gaps = (size_t)e * (size_t)call->planes.gap;
        plane.a.offset += before * (size_t)call->lda + gaps;
        plane.b.offset += turned ? before * b_row + gaps : (size_t)e * b_stride;
        plane.c.offset += (turned ? (size_t)e * (size_t)call->gm : before) * (size_t)call->ldc + gaps;
        *(turned ? &plane.gk : &plane.gm) = rows;
        const convcl_status status = gemm->variant->enqueue(gemm, stream, &plane);
        if (status != CONVCL_OK)
            return status;
        before += (size_t)rows;
    }
    return CONVCL_OK;
}

convcl_status convcl_gemm__enqueue(const convcl_gemm *gemm, convcl_stream *stream, const convcl_gemm_call *call) {
    if (call->gm == 0 || call->gn == 0 || call->gb == 0)
        return CONVCL_OK;
    convcl_gemm_call resolved = *call;
    if (gemm->gather) {
        const convcl_status status = gather(gemm, stream, &resolved);
        if (status != CONVCL_OK)
            return status;
    }
    if (call->planes.images > 0 && !gemm->variant->takes_planes)
        return enqueue_planes(gemm, stream, &resolved);
    return gemm->variant->enqueue(gemm, stream, &resolved);
}
