/* gemm_mma.c: the GEMM variant for matrix units: gemm_tile's frame with waves that multiply fragments, where a probe has shown that the device's unit computes right.
 * SPDX-License-Identifier: MIT
 * units      gemm_mma_units.c */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "gemm/gemm_mma_units.h"
#include "gemm/gemm_probe.h"
#include "gemm/gemm_variants.h"
#include "opencl/context_internal.h"

/* Relative root mean square of the error of a probe's product: ten times what the units reach, a hundredth of what a TF32 product without its small parts reaches; and three times what
 * halves reach, a hundredth of what one wrong place costs. */
#define PROBE_BOUND      2e-6
#define PROBE_BOUND_HALF 1e-3

/* Whether such a device can have the unit, whatever form its context is told to take: instructions cannot be pretended. */
static bool suits(const convcl_context *context, const convcl_mma_unit *unit) {
    const convcl_device_traits *traits = convcl_device_traits__of(convcl_context_device(context));
    return !traits->registers && unit->vendor == traits->vendor && unit->device_wave == traits->wave;
}

/* UNSUPPORTED, with the names of those that the variant has. */
static convcl_status fail_with_units(const char *name, bool half) {
    convcl_text names = {0};
    for (int i = 0; i < CONVCL_MMA_UNITS; ++i)
        if (convcl_mma_units[i].half == half)
            convcl_text_add(&names, " %s", convcl_mma_units[i].name);
    const convcl_status status = convcl_fail(CONVCL_UNSUPPORTED, "gemm: matrix unit \"%s\" is not one of variant \"%s\", which has:%s",
                                             name, half ? "mma_half" : "mma", convcl_text_get(&names));
    convcl_text_clear(&names);
    return status;
}

/* ---- the kernel ---- */

static int items_of(const convcl_mma_unit *unit, const convcl_tile *tile) {
    return tile->tm / tile->wm * (tile->tn / tile->wn) * unit->wave;
}

/* Bytes of local memory, the pixels of a summed map with them. */
static size_t local_of(const convcl_mma_unit *unit, const convcl_tile *tile) {
    const size_t line = (size_t)(tile->tm + unit->pad_a + tile->tn + unit->pad_b);
    return 2 * (size_t)tile->tk * (line * sizeof(float) + 3 * sizeof(cl_int));
}

static bool fits(const convcl_context *context, const convcl_mma_unit *unit, const convcl_tile *tile) {
    const convcl_device_info *info = convcl_context_device(context);
    return info->max_work_group_size >= (size_t)items_of(unit, tile) && info->local_memory >= local_of(unit, tile);
}

static int divide_up(int a, int b) {
    return (a + b - 1) / b;
}

/* Values of C that are computed, those of whole rounds over the units; operands of small waves are read more often, which costs about as much again. */
static double cost_of(const convcl_context *context, const convcl_gemm_request *request, const convcl_tile *tile) {
    const int compute_units = (int)convcl_context_device(context)->compute_units;
    const double groups = (double)divide_up(request->gm, tile->tm) * divide_up(request->gn, tile->tn) * (request->gb > 0 ? request->gb : 1);
    const double rounds = request->source == CONVCL_GEMM_SUM || groups >= 4.0 * compute_units ? groups / compute_units
                                                                                              : divide_up((int)groups, compute_units);
    return rounds * tile->tm * tile->tn * (1.0 + 16.0 / tile->wm + 16.0 / tile->wn);
}

/* The first tile that fits, or where the product's size is known the one that wastes least. The last is the smallest. */
static const convcl_tile *choose(const convcl_context *context, const convcl_mma_unit *unit, const convcl_gemm_request *request) {
    const convcl_tile *best = NULL;
    double best_cost = 0.0;
    for (int i = request->run % 4 == 0 ? 0 : unit->first_for_odd_runs; i < unit->count; ++i) {
        const convcl_tile *tile = &unit->tiles[i];
        if (!fits(context, unit, tile))
            continue;
        const double cost = request->gm > 0 && request->gn > 0 ? cost_of(context, request, tile) : (double)i;
        if (!best || cost < best_cost) {
            best = tile;
            best_cost = cost;
        }
    }
    return best ? best : &unit->tiles[unit->count - 1];
}

static convcl_status create_kernel(convcl_context *context, const convcl_mma_unit *unit, const convcl_gemm_request *request,
                                   convcl_gemm *gemm) {
    const convcl_tile *tile = request->tile ? request->tile : choose(context, unit, request);
    const int parts = unit->parts[request->math];
    if (!fits(context, unit, tile))
        return convcl_fail(CONVCL_UNSUPPORTED,
                           "gemm: a tile of %dx%dx%d needs %d work-items and %zu bytes of local memory, %s has %zu and %zu", tile->tm,
                           tile->tn, tile->tk, items_of(unit, tile), local_of(unit, tile), convcl_context_device(context)->name,
                           convcl_context_device(context)->max_work_group_size, (size_t)convcl_context_device(context)->local_memory);
    int async = 0;
    const convcl_status known = convcl_gemm_async__mode(context, request, &async);
    if (known != CONVCL_OK)
        return known;
    gemm->mr = tile->tm;
    gemm->nr = tile->tn;
    gemm->tk = tile->tk;
    gemm->items = items_of(unit, tile);
    char options[256];
    snprintf(options, sizeof options,
             "%s%s-DF_EMULATE=%d -DP_PARTS=%d -DT_TM=%d -DT_TN=%d -DT_TK=%d -DT_WM=%d -DT_WN=%d -DT_RV=%d " CONVCL_GEMM_OPTIONS_FORMAT,
             unit->options,
             async == 1   ? "-DT_ASYNC=1 "
             : async == 2 ? "-DT_ASYNC=2 "
                          : "",
             request->emulate != NULL, parts, tile->tm, tile->tn, tile->tk, tile->wm, tile->wn, request->run % 4 == 0 ? 4 : 1,
             CONVCL_GEMM_OPTIONS(gemm));
    static const char *const products[] = {"", "", " x 3", " x 6"}; /* of that many parts */
    snprintf(gemm->description, sizeof gemm->description, "mma %s %s%s %dx%dx%d of %dx%d%s%s", unit->name, unit->operands, products[parts],
             tile->tm, tile->tn, tile->tk, tile->wm, tile->wn, async ? ", async" : "", request->emulate ? ", emulated" : "");
    if (gemm->source == CONVCL_GEMM_SUM) {
        const convcl_status status = convcl_kernel__create(context, "gemm_split_sum", "gemm_split_sum", NULL, &gemm->split_sum);
        if (status != CONVCL_OK)
            return status;
    }
    return convcl_kernel__create(context, unit->kernel, unit->kernel, options, &gemm->kernel);
}

/* ---- the probe ---- */

static convcl_status run_probe(convcl_context *context, const convcl_mma_unit *unit, const char *emulate, bool *right_out) {
    const convcl_gemm_request request = {
        .emulate = emulate, .tile = &unit->tiles[unit->count - 1], .math = unit->half ? CONVCL_MATH_FAST : CONVCL_MATH_DEFAULT};
    convcl_gemm gemm = {.context = context, .request = request}; /* never handed out: no reference to the context */
    convcl_status status = create_kernel(context, unit, &request, &gemm);
    *right_out = false;
    if (status == CONVCL_OK)
        status = convcl_gemm_probe__run(&gemm, unit->half ? PROBE_BOUND_HALF : PROBE_BOUND, right_out);
    convcl_kernel__destroy(gemm.kernel);
    return status;
}

convcl_status convcl_gemm_mma__probe(convcl_context *context, const char *unit, bool *right_out) {
    const convcl_mma_unit *found = convcl_mma_unit__named(unit);
    *right_out = false;
    return found ? run_probe(context, found, unit, right_out) : fail_with_units(unit, false);
}

void convcl_gemm_mma__set_probe(convcl_context *context, const char *unit, convcl_probe found) {
    for (int i = 0; i < CONVCL_MMA_UNITS; ++i)
        if (!unit || strcmp(convcl_mma_units[i].name, unit) == 0)
            convcl_context__set_probe(context, i, found);
}

/* Whether the device has the unit and it computes right; found out once. */
static bool passes(convcl_context *context, const convcl_mma_unit *unit) {
    const int index = (int)(unit - convcl_mma_units);
    const convcl_probe known = convcl_context__probe(context, index);
    if (!suits(context, unit))
        return false;
    if (known != CONVCL_PROBE_UNKNOWN)
        return known == CONVCL_PROBE_PASSED;
    bool right = false;
    const convcl_status status = run_probe(context, unit, NULL, &right);
    if (status != CONVCL_OK)
        convcl_context__log(context, CONVCL_LOG_INFO, "matrix unit %s not used: %s", unit->name, convcl_last_error());
    else if (!right)
        convcl_context__log(context, CONVCL_LOG_INFO, "matrix unit %s not used: its product is wrong on %s", unit->name,
                            convcl_context_device(context)->name);
    if (status != CONVCL_NO_MEMORY && status != CONVCL_NO_DEVICE_MEMORY) /* those may pass */
        convcl_context__set_probe(context, index, right ? CONVCL_PROBE_PASSED : CONVCL_PROBE_FAILED);
    return right;
}

/* ---- the variants ---- */

/* The device's unit; NULL when it has none that passes its probe. */
static const convcl_mma_unit *unit_of(convcl_context *context, bool half) {
    for (int i = 0; i < CONVCL_MMA_UNITS; ++i)
        if (convcl_mma_units[i].half == half && passes(context, &convcl_mma_units[i]))
            return &convcl_mma_units[i];
    return NULL;
}

static bool available(convcl_context *context) {
    return unit_of(context, false) != NULL;
}

static bool available_half(convcl_context *context) {
    return unit_of(context, true) != NULL;
}

bool convcl_gemm_mma__is_default(convcl_context *context, convcl_math math) {
    for (int i = 0; i < CONVCL_MMA_UNITS; ++i) {
        const convcl_mma_unit *unit = &convcl_mma_units[i];
        const bool faster = math == CONVCL_MATH_FAST ? unit->default_in_fast : unit->default_in_default_math;
        if (faster && !unit->half && unit->parts[math] > 0 && passes(context, unit))
            return true;
    }
    return false;
}

static convcl_status create_for(convcl_context *context, const convcl_gemm_request *request, bool half, convcl_gemm *gemm) {
    const convcl_mma_unit *unit = request->emulate ? convcl_mma_unit__named(request->emulate) : unit_of(context, half);
    if (!unit || unit->half != half)
        return fail_with_units(request->emulate ? request->emulate : "", half);
    if (unit->parts[request->math] == 0)
        return convcl_fail(CONVCL_UNSUPPORTED, "gemm: variant \"%s\" multiplies in %s on %s, which math %s rules out",
                           half ? "mma_half" : "mma", unit->operands, convcl_context_device(context)->name,
                           request->math == CONVCL_MATH_STRICT ? "strict" : "default");
    return create_kernel(context, unit, request, gemm);
}

static convcl_status create(convcl_context *context, const convcl_gemm_request *request, convcl_gemm *gemm) {
    return create_for(context, request, false, gemm);
}

static convcl_status create_half(convcl_context *context, const convcl_gemm_request *request, convcl_gemm *gemm) {
    return create_for(context, request, true, gemm);
}

const convcl_gemm_variant convcl_gemm_variant_mma = {
    .name = "mma",
    .gathers = true,
    .takes_planes = true,
    .available = available,
    .create = create,
    .workspace = convcl_gemm_tile__workspace,
    .enqueue = convcl_gemm_tile__enqueue,
};

const convcl_gemm_variant convcl_gemm_variant_mma_half = {
    .name = "mma_half",
    .gathers = true,
    .takes_planes = true,
    .narrow = true,
    .available = available_half,
    .create = create_half,
    .workspace = convcl_gemm_tile__workspace,
    .enqueue = convcl_gemm_tile__enqueue,
};
