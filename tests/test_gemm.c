/* test_gemm.c: every GEMM variant against plain loops: panels, both maps, batches, edges of tiles, epilogues, empty sums.
 * SPDX-License-Identifier: MIT */
#include "gemm/gemm.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "conv_case.h"
#include "opencl/context_internal.h"
#include "reference/ref_case.h"

typedef struct gemm_case {
    const char *name;
    const char *variant; /* filled in for each variant */
    const char *emulate; /* mma: the unit whose plain twin it is */
    convcl_gemm_source source;
    int gm, gn, gk, gb; /* gm and gk follow from the map where there is one */
    int extra;          /* ldc - gn */
    bool accumulate, bias, relu, mask, check;
    int n; /* images, for the maps */
    convcl_gather_map map;
} gemm_case;

/* The matrices of a case on the host. A and B are plain: a[gb][gm][gk], b[gb][gk][gn]. */
typedef struct gemm_values {
    float *source; /* s[n][sh][sw][pixel] */
    float *a, *b, *bias, *mask, *c;
    size_t source_count, c_rows, c_count;
} gemm_values;

/* ---- the map, by the words of gather_map.h ---- */

static int taps(const convcl_gather_map *map) {
    return map->th * map->tw * map->run;
}

static int pixels(const gemm_case *g) {
    return g->n * g->map.ph * g->map.pw;
}

/* Value that pixel number i sees at tap value t. */
static float map_value(const gemm_case *g, const float *source, int i, int t) {
    const convcl_gather_map *m = &g->map;
    int n = i / (m->ph * m->pw), p = i / m->pw % m->ph, q = i % m->pw;
    int ta = t / m->run / m->tw, tb = t / m->run % m->tw, j = t % m->run;
    int h = p * m->step_h + ta * m->tap_h + m->base_h, w = q * m->step_w + tb * m->tap_w + m->base_w;
    if (h < 0 || h >= m->sh || w < 0 || w >= m->sw)
        return 0;
    return source[(((size_t)n * m->sh + h) * m->sw + w) * m->pixel + j];
}

/* Row of the stored C that row m of the product goes to. */
static size_t out_row(const gemm_case *g, int row) {
    const convcl_gather_map *m = &g->map;
    if (g->source != CONVCL_GEMM_ROWS)
        return (size_t)row;
    int n = row / (m->ph * m->pw), p = row / m->pw % m->ph, q = row % m->pw;
    return ((size_t)n * m->out_h + p * m->out_step_h + m->out_base_h) * m->out_w + q * m->out_step_w + m->out_base_w;
}

/* ---- values ---- */

static void fill(float *values, size_t count, bool exact) {
    if (exact)
        harness_integers(values, count, -4, 4);
    else
        harness_uniform(values, count, -1, 1);
}

static float *filled(size_t count, bool exact) {
    float *values = harness_floats(count > 0 ? count : 1);
    fill(values, count, exact);
    return values;
}

static void fill_a(const gemm_case *g, gemm_values *v, bool exact) {
    size_t count = (size_t)g->gb * g->gm * g->gk;
    v->a = filled(count, exact);
    if (g->source == CONVCL_GEMM_PANELS)
        return;
    v->source_count = (size_t)g->n * g->map.sh * g->map.sw * g->map.pixel;
    v->source = filled(v->source_count, exact);
    for (int m = 0; m < g->gm; m++)
        for (int k = 0; k < g->gk; k++)
            v->a[(size_t)m * g->gk + k] = g->source == CONVCL_GEMM_ROWS ? map_value(g, v->source, m, k) : map_value(g, v->source, k, m);
}

/* c starts with values everywhere; where the product will be written without accumulation it starts as NaN. */
static gemm_values make_values(const gemm_case *g, bool exact) {
    gemm_values v = {0};
    int ldc = g->gn + g->extra;
    fill_a(g, &v, exact);
    v.c_rows = g->source == CONVCL_GEMM_ROWS ? (size_t)g->n * g->map.out_h * g->map.out_w : (size_t)g->gm;
    v.c_count = (size_t)g->gb * v.c_rows * ldc;
    v.b = filled((size_t)g->gb * g->gk * g->gn, exact);
    v.bias = filled((size_t)g->gn, exact);
    v.mask = filled(v.c_count, exact);
    v.c = filled(v.c_count, exact);
    for (int e = 0; e < g->gb && !g->accumulate; e++)
        for (int m = 0; m < g->gm; m++)
            for (int column = 0; column < g->gn; column++)
                v.c[((size_t)e * v.c_rows + out_row(g, m)) * ldc + column] = NAN;
    return v;
}

static double expected_value(const gemm_case *g, const gemm_values *v, int e, int m, int column, size_t at) {
    double sum = 0;
    for (int k = 0; k < g->gk; k++)
        sum += (double)v->a[((size_t)e * g->gm + m) * g->gk + k] * (double)v->b[((size_t)e * g->gk + k) * g->gn + column];
    if (g->accumulate)
        sum += (double)v->c[at];
    if (g->bias)
        sum += (double)v->bias[column];
    if (g->relu && sum <= 0)
        sum = 0;
    return g->mask && !(v->mask[at] > 0) ? 0 : sum;
}

static double *expected_c(const gemm_case *g, const gemm_values *v) {
    double *expected = harness_to_doubles(v->c, v->c_count);
    for (int e = 0; e < g->gb; e++)
        for (int m = 0; m < g->gm; m++)
            for (int column = 0; column < g->gn; column++) {
                size_t at = ((size_t)e * v->c_rows + out_row(g, m)) * (g->gn + g->extra) + column;
                expected[at] = expected_value(g, v, e, m, column, at);
            }
    return expected;
}

/* ---- panels ---- */

/* Packs `size` rows of length gk for each batch into panels [gb][size / width][gk][width]; element (i, k) of batch e is plain[e*size*gk + i*step + k*step_k]. */
static float *pack(const float *plain, int gb, int size, int gk, int width, size_t step, size_t step_k, size_t *count_out) {
    int panels = (size + width - 1) / width;
    *count_out = (size_t)gb * panels * gk * width;
    float *packed = harness_floats(*count_out > 0 ? *count_out : 1);
    for (int e = 0; e < gb; e++)
        for (int i = 0; i < size; i++)
            for (int k = 0; k < gk; k++)
                packed[(((size_t)e * panels + i / width) * gk + k) * width + i % width] =
                    plain[(size_t)e * size * gk + i * step + k * step_k];
    return packed;
}

static convcl_buffer upload(harness_device *device, const char *name, const float *values, size_t count) {
    return count > 0 ? harness_input(device, name, HARNESS_VECTOR(count), values)->buffer
                     : harness_output(device, name, HARNESS_VECTOR(1))->buffer;
}

static void upload_operands(harness_device *device, const gemm_case *g, const convcl_gemm *gemm, const gemm_values *v,
                            convcl_gemm_call *call) {
    size_t count = 0;
    if (g->source == CONVCL_GEMM_PANELS) {
        const float *a = pack(v->a, g->gb, g->gm, g->gk, convcl_gemm__panel_rows(gemm, g->gm), (size_t)g->gk, 1, &count);
        call->a = upload(device, "a", a, count);
    } else {
        call->a = upload(device, "source", v->source, v->source_count);
    }
    const float *b = pack(v->b, g->gb, g->gn, g->gk, convcl_gemm__panel_columns(gemm, g->gn), 1, (size_t)g->gn, &count);
    assert_int_equal(count, (size_t)g->gb * convcl_gemm__size_b(gemm, g->gn, g->gk));
    call->b = upload(device, "b", b, count);
    if (g->bias)
        call->bias = upload(device, "bias", v->bias, (size_t)g->gn);
    if (g->mask)
        call->mask = upload(device, "mask", v->mask, v->c_count);
    call->workspace = harness_workspace(device, convcl_gemm__workspace(gemm, g->gm, g->gn, g->gk));
}

/* ---- the test ---- */

static void destroy_gemm(void *gemm) {
    convcl_gemm__destroy(gemm);
}

static void run(harness_device *device, const gemm_case *g, const convcl_gemm *gemm, bool exact) {
    gemm_values v = make_values(g, exact);
    convcl_gemm_call call = {
        .gm = g->gm, .gn = g->gn, .gk = g->gk, .gb = g->gb, .ldc = g->gn + g->extra, .accumulate = g->accumulate, .map = g->map};
    upload_operands(device, g, gemm, &v, &call);
    harness_tensor *c = harness_inout(device, "c", HARNESS_SHAPE(1, g->gb, v.c_rows, g->gn + g->extra), v.c);
    call.c = c->buffer;
    convcl_stream stream;
    assert_ok(convcl_stream__begin(&stream, "gemm", device->context, device->queue, 0, NULL, NULL));
    assert_ok(convcl_stream__end(&stream, convcl_gemm__enqueue(gemm, &stream, &call)));
    harness_expect(c, expected_c(g, &v), exact ? HARNESS_EXACT : conv_bound(g->gk + 1.0, v.c_count));
}

/* The words of a case that has some: one without a map. */
static const char *words(const gemm_case *g, char text[CONVCL_REF_CASE_TEXT]) {
    const convcl_ref_case_gemm c = {.gm = g->gm,
                                    .gn = g->gn,
                                    .gk = g->gk,
                                    .gb = g->gb,
                                    .x = g->extra,
                                    .acc = g->accumulate,
                                    .bias = g->bias,
                                    .relu = g->relu,
                                    .mask = g->mask};
    return g->source == CONVCL_GEMM_PANELS ? convcl_ref_case_format_gemm(&c, text) : "";
}

static void test_gemm__case(harness_device *device, const void *data) {
    const gemm_case *g = data;
    char text[CONVCL_REF_CASE_TEXT];
    if (*words(g, text) && !g->emulate) /* the bench makes the same values from the same seed */
        harness_repeat("gemm --verify --device %d --gemm %s --seed %llu %s", device->info.index, g->variant,
                       (unsigned long long)harness_seed(), words(g, text));
    const convcl_gemm_request request = {.variant = g->variant,
                                         .emulate = g->emulate,
                                         .math = strcmp(g->variant, "mma_half") == 0 ? CONVCL_MATH_FAST : CONVCL_MATH_DEFAULT,
                                         .source = g->source,
                                         .check = g->check,
                                         .bias = g->bias,
                                         .relu = g->relu,
                                         .mask = g->mask,
                                         .run = g->map.run,
                                         .gm = g->emulate ? g->gm : 0, /* a small tile, for twins are slow */
                                         .gn = g->emulate ? g->gn : 0};
    if (g->gk > 1000)
        harness_skip_where_wrong(device);
    convcl_gemm *gemm = NULL;
    const convcl_status status = convcl_gemm__create(device->context, &request, &gemm);
    if (status == CONVCL_UNSUPPORTED && strncmp(g->variant, "mma", 3) == 0 && !g->emulate)
        harness_skip("%s, driver %s, has no matrix unit of the kind", device->info.name, device->info.driver);
    assert_ok(status);
    harness_defer(destroy_gemm, gemm);
    harness_note("%s", gemm->description);
    if (!gemm->variant->narrow) /* how far those are off: test_gemm_mma */
        run(device, g, gemm, false);
    run(device, g, gemm, true);
}

static void test_gemm__unknown_variant_is_unsupported(harness_device *device, const void *data) {
    (void)data;
    const convcl_gemm_request request = {.variant = "abacus"};
    convcl_gemm *gemm = (convcl_gemm *)device;
    assert_fails(convcl_gemm__create(device->context, &request, &gemm), CONVCL_UNSUPPORTED, "abacus|register|local");
    assert_null(gemm);
}

static void test_gemm__default_is_the_devices(harness_device *device, const void *data) {
    (void)data;
    const convcl_gemm_request request = {.variant = NULL};
    convcl_gemm *gemm = NULL;
    assert_ok(convcl_gemm__create(device->context, &request, &gemm));
    harness_defer(destroy_gemm, gemm);
    const char *gpu = convcl_gemm_mma__is_default(device->context, CONVCL_MATH_DEFAULT) ? "mma" : "tile";
    assert_string_equal(gemm->variant->name, convcl_context__prefers_registers(device->context) ? "register" : gpu);
}

/* A stride of 2, pixels that are wider than the run, padding, results scattered over a larger image. */
#define ROWS_MAP                                                                                                                           \
    {                                                                                                                                      \
        .ph = 3, .pw = 4, .sh = 5, .sw = 6, .pixel = 7, .th = 2, .tw = 3, .run = 5, .step_h = 2, .tap_h = 1, .base_h = -1, .step_w = 2,    \
        .tap_w = 1, .base_w = -1, .out_h = 7, .out_w = 9, .out_step_h = 2, .out_base_h = 1, .out_step_w = 2, .out_base_w = 2               \
    }
/* Taps that run backwards, as in the gradient with respect to the input. */
#define BACK_MAP                                                                                                                           \
    {                                                                                                                                      \
        .ph = 6, .pw = 5, .sh = 6, .sw = 5, .pixel = 3, .th = 3, .tw = 3, .run = 3, .step_h = 1, .tap_h = -1, .base_h = 1, .step_w = 1,    \
        .tap_w = -1, .base_w = 1, .out_h = 6, .out_w = 5, .out_step_h = 1, .out_step_w = 1                                                 \
    }
/* One tap and many pixels: a sum that gemm_tile splits among work-groups. */
#define LONG_MAP                                                                                                                           \
    {                                                                                                                                      \
        .ph = 21, .pw = 25, .sh = 21, .sw = 25, .pixel = 3, .th = 1, .tw = 1, .run = 3, .step_h = 1, .tap_h = 1, .step_w = 1, .tap_w = 1,  \
        .out_h = 21, .out_w = 25, .out_step_h = 1, .out_step_w = 1                                                                         \
    }
/* Every tap inside, so that nothing is checked. */
#define INNER_MAP                                                                                                                          \
    {                                                                                                                                      \
        .ph = 4, .pw = 5, .sh = 6, .sw = 7, .pixel = 33, .th = 3, .tw = 3, .run = 33, .step_h = 1, .tap_h = 1, .step_w = 1, .tap_w = 1,    \
        .out_h = 4, .out_w = 5, .out_step_h = 1, .out_step_w = 1                                                                           \
    }

static const gemm_case cases[] = {
    {.name = "one_value", .gm = 1, .gn = 1, .gk = 1, .gb = 1},
    {.name = "one_row", .gm = 1, .gn = 100, .gk = 9, .gb = 1},
    {.name = "one_column", .gm = 100, .gn = 1, .gk = 9, .gb = 1},
    {.name = "whole_tiles", .gm = 384, .gn = 128, .gk = 64, .gb = 1},
    {.name = "partial_tiles", .gm = 67, .gn = 71, .gk = 19, .gb = 1},
    {.name = "one_more_than_a_tile", .gm = 65, .gn = 33, .gk = 17, .gb = 1, .extra = 3},
    {.name = "long_sum", .gm = 13, .gn = 17, .gk = 3456, .gb = 1},
    {.name = "batch", .gm = 14, .gn = 35, .gk = 21, .gb = 5, .extra = 2},
    {.name = "batch_accumulate", .gm = 70, .gn = 66, .gk = 5, .gb = 3, .accumulate = true},
    {.name = "accumulate", .gm = 31, .gn = 40, .gk = 12, .gb = 1, .extra = 5, .accumulate = true},
    {.name = "bias", .gm = 31, .gn = 40, .gk = 12, .gb = 1, .bias = true},
    {.name = "bias_relu", .gm = 31, .gn = 70, .gk = 12, .gb = 1, .bias = true, .relu = true},
    {.name = "mask", .gm = 31, .gn = 70, .gk = 12, .gb = 1, .extra = 1, .mask = true},
    {.name = "all_of_the_epilogue",
     .gm = 31,
     .gn = 70,
     .gk = 12,
     .gb = 1,
     .extra = 1,
     .accumulate = true,
     .bias = true,
     .relu = true,
     .mask = true},
    {.name = "empty_sum", .gm = 20, .gn = 37, .gk = 0, .gb = 1},
    {.name = "empty_sum_batch", .gm = 9, .gn = 40, .gk = 0, .gb = 3, .extra = 2},
    {.name = "empty_sum_accumulate", .gm = 9, .gn = 40, .gk = 0, .gb = 1, .accumulate = true},
    {.name = "empty_sum_with_bias", .gm = 20, .gn = 37, .gk = 0, .gb = 1, .bias = true},
    {.name = "rows", .source = CONVCL_GEMM_ROWS, .gn = 37, .gb = 1, .check = true, .n = 2, .map = ROWS_MAP},
    {.name = "rows_epilogue",
     .source = CONVCL_GEMM_ROWS,
     .gn = 37,
     .gb = 1,
     .extra = 4,
     .check = true,
     .bias = true,
     .relu = true,
     .n = 2,
     .map = ROWS_MAP},
    {.name = "rows_backwards_mask",
     .source = CONVCL_GEMM_ROWS,
     .gn = 70,
     .gb = 1,
     .extra = 1,
     .check = true,
     .mask = true,
     .n = 3,
     .map = BACK_MAP},
    {.name = "rows_unchecked", .source = CONVCL_GEMM_ROWS, .gn = 20, .gb = 1, .n = 2, .map = INNER_MAP},
    {.name = "sum", .source = CONVCL_GEMM_SUM, .gn = 37, .gb = 1, .check = true, .n = 2, .map = ROWS_MAP},
    {.name = "sum_accumulate",
     .source = CONVCL_GEMM_SUM,
     .gn = 70,
     .gb = 1,
     .extra = 2,
     .check = true,
     .accumulate = true,
     .n = 3,
     .map = BACK_MAP},
    {.name = "sum_split",
     .source = CONVCL_GEMM_SUM,
     .gn = 9,
     .gb = 1,
     .extra = 2,
     .check = true,
     .accumulate = true,
     .n = 2,
     .map = LONG_MAP},
    {.name = "sum_unchecked", .source = CONVCL_GEMM_SUM, .gn = 20, .gb = 1, .n = 2, .map = INNER_MAP},
};

#define CASES        (sizeof cases / sizeof *cases)
#define MAX_VARIANTS 16

/* All cases with one variant. */
static void add_variant(const char *variant, const char *emulate) {
    static gemm_case all[CASES * MAX_VARIANTS];
    static size_t count;
    for (size_t i = 0; i < CASES && count < sizeof all / sizeof *all; i++) {
        gemm_case *g = &all[count++];
        *g = cases[i];
        g->variant = variant;
        g->emulate = emulate;
        if (g->source != CONVCL_GEMM_PANELS) {
            g->gm = g->source == CONVCL_GEMM_ROWS ? pixels(g) : taps(&g->map);
            g->gk = g->source == CONVCL_GEMM_ROWS ? taps(&g->map) : pixels(g);
        }
        char name[128], text[CONVCL_REF_CASE_TEXT];
        const char *written = words(g, text);
        snprintf(name, sizeof name, "gemm %s%s%s %s%s%s", g->variant, emulate ? " of " : "", emulate ? emulate : "", g->name,
                 *written ? " " : "", written);
        harness_add_device_test(name, test_gemm__case, g);
    }
}

int main(int argc, char **argv) {
    HARNESS_DEVICE(test_gemm__unknown_variant_is_unsupported);
    HARNESS_DEVICE(test_gemm__default_is_the_devices);
    for (const convcl_gemm_variant *const *variant = convcl_gemm_variants; *variant; variant++)
        add_variant((*variant)->name, NULL);
    for (int i = 0; i < convcl_gemm_mma__units(); i++) /* halves are the same code with other operands: test_gemm_tile, test_gemm_mma */
        if (strcmp(convcl_gemm_mma__variant(convcl_gemm_mma__unit(i)), "mma") == 0)
            add_variant("mma", convcl_gemm_mma__unit(i));
    return harness_main(argc, argv);
}
