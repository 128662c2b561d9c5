/* test_gemm_tile.c: every tile of the GEMM for GPUs, and of the plain twins of those for matrix units, with every kind of A, aligned and not, against plain
 * loops; its splits; its limits.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "conv_case.h"
#include "gemm/gemm.h"
#include "kernel_folder.h"
#include "opencl/context_internal.h"
#include "opencl/context_struct.h"
#include "opencl/kernel_source.h"

/* Sizes that cut every tile, and a sum that is split: 3*20*11 pixels. */
#define GN     141
#define GK     37
#define IMAGES 3
#define MAP_H  20
#define MAP_W  11

typedef struct tile_case {
    convcl_tile tile;
    convcl_gemm_source source;
    int run;
    const char *unit; /* the matrix unit whose twin it is; NULL: gemm_tile */
    bool async;       /* the twin of asynchronous copies */
} tile_case;

static convcl_gather_map map_of(int run) {
    /* Pixels are wider than the run and taps of two by three hang over the border. */
    return (convcl_gather_map){.ph = MAP_H,
                               .pw = MAP_W,
                               .sh = MAP_H,
                               .sw = MAP_W,
                               .pixel = run + 4,
                               .th = 2,
                               .tw = 3,
                               .run = run,
                               .step_h = 1,
                               .tap_h = 1,
                               .base_h = -1,
                               .step_w = 1,
                               .tap_w = 1,
                               .base_w = -1,
                               .out_h = MAP_H,
                               .out_w = MAP_W,
                               .out_step_h = 1,
                               .out_step_w = 1};
}

static float map_value(const convcl_gather_map *m, const float *source, int pixel, int t) {
    const int n = pixel / (m->ph * m->pw), p = pixel / m->pw % m->ph, q = pixel % m->pw;
    const int h = p + t / m->run / m->tw + m->base_h, w = q + t / m->run % m->tw + m->base_w;
    if (h < 0 || h >= m->sh || w < 0 || w >= m->sw)
        return 0;
    return source[(((size_t)n * (size_t)m->sh + (size_t)h) * (size_t)m->sw + (size_t)w) * (size_t)m->pixel + (size_t)(t % m->run)];
}

/* What a kind of A reads as A[m][k], and how many values its tensor has. */
static float value_of(const tile_case *c, const convcl_gemm_call *call, const float *source, int mr, int m, int k) {
    switch (c->source) {
    case CONVCL_GEMM_PANELS:
        return source[((size_t)(m / mr) * (size_t)call->gk + (size_t)k) * (size_t)mr + (size_t)(m % mr)];
    case CONVCL_GEMM_PLAIN:
        return source[(size_t)m * (size_t)call->lda + (size_t)k];
    case CONVCL_GEMM_BLOCKS:
        return source[((size_t)(k / call->block) * (size_t)call->gm + (size_t)m) * (size_t)call->block + (size_t)(k % call->block)];
    case CONVCL_GEMM_TURNED:
        return source[(size_t)k * (size_t)call->lda + (size_t)m];
    case CONVCL_GEMM_ROWS:
        return map_value(&call->map, source, m, k);
    default:
        return map_value(&call->map, source, k, m);
    }
}

/* Fills in the sizes; returns the values of the tensor behind A. */
static size_t size_up(const tile_case *c, const convcl_gemm *gemm, int more, convcl_gemm_call *call) {
    const int pixels = IMAGES * MAP_H * MAP_W;
    call->gn = GN;
    call->gb = 1;
    call->ldc = GN + more;
    if (c->source == CONVCL_GEMM_ROWS || c->source == CONVCL_GEMM_SUM) {
        call->map = map_of(c->run);
        call->gm = c->source == CONVCL_GEMM_ROWS ? pixels : 6 * c->run;
        call->gk = c->source == CONVCL_GEMM_ROWS ? 6 * c->run : pixels;
        return (size_t)pixels * (size_t)call->map.pixel;
    }
    call->gm = 135;
    call->gk = GK;
    call->block = 16;
    if (c->source == CONVCL_GEMM_BLOCKS)
        return (size_t)(call->lda = (GK + 15) / 16 * 16) * (size_t)call->gm;
    call->lda = c->source == CONVCL_GEMM_PLAIN ? GK + more : call->gm + (more == 3 ? 1 : more);
    if (c->source == CONVCL_GEMM_PANELS)
        return (size_t)((call->gm + gemm->mr - 1) / gemm->mr * gemm->mr) * GK;
    return (size_t)call->lda * (size_t)(c->source == CONVCL_GEMM_PLAIN ? call->gm : GK);
}

static double *expected_c(const tile_case *c, const convcl_gemm_call *call, const float *a, const float *b, const float *before,
                          const convcl_gemm *gemm) {
    double *expected = harness_to_doubles(before, (size_t)call->gm * (size_t)call->ldc);
    for (int m = 0; m < call->gm; ++m)
        for (int column = 0; column < GN; ++column) {
            double *sum = &expected[(size_t)m * (size_t)call->ldc + (size_t)column];
            if (!call->accumulate)
                *sum = 0;
            for (int k = 0; k < call->gk; ++k)
                *sum +=
                    (double)value_of(c, call, a, gemm->mr, m, k) *
                    (double)
                        b[((size_t)(column / gemm->nr) * (size_t)call->gk + (size_t)k) * (size_t)gemm->nr + (size_t)(column % gemm->nr)];
        }
    return expected;
}

/* A tensor whose values begin `offset` floats behind a multiple of 16 bytes; the harness puts them at odd places. */
static convcl_buffer upload(harness_device *device, const char *name, const float *values, size_t count, size_t offset) {
    float *moved = harness_floats(count + 8);
    harness_tensor *tensor = harness_inout(device, name, HARNESS_VECTOR(count + 8), moved);
    const size_t place = (tensor->buffer.offset + 3) / 4 * 4 - tensor->buffer.offset + offset;
    memcpy(moved + place, values, count * sizeof *values);
    assert_int_equal(clEnqueueWriteBuffer(device->queue, tensor->buffer.mem, CL_TRUE, tensor->buffer.offset * sizeof(float),
                                          (count + 8) * sizeof(float), moved, 0, NULL, NULL),
                     CL_SUCCESS);
    assert_ok(convcl_context__finish(device->context, device->queue));
    return (convcl_buffer){tensor->buffer.mem, tensor->buffer.offset + place};
}

static void destroy_gemm(void *gemm) {
    convcl_gemm__destroy(gemm);
}

static convcl_gemm *make(harness_device *device, const tile_case *c) {
    const convcl_gemm_request request = {.variant = c->unit ? convcl_gemm_mma__variant(c->unit) : "tile",
                                         .emulate = c->unit    ? c->unit
                                                    : c->async ? "copies"
                                                               : NULL,
                                         .prefetch = c->async,
                                         .tile = &c->tile,
                                         .source = c->source,
                                         .check = true,
                                         .run = c->run,
                                         .math = CONVCL_MATH_FAST};
    convcl_gemm *gemm = NULL;
    const convcl_status status = convcl_gemm__create(device->context, &request, &gemm);
    if (status == CONVCL_UNSUPPORTED)
        skip(); /* a small device */
    assert_ok(status);
    harness_defer(destroy_gemm, gemm);
    return gemm;
}

/* more: padding of the rows of A and C; offset: of A and B behind a multiple of four. */
static void run(harness_device *device, const tile_case *c, int more, size_t offset, bool accumulate) {
    convcl_gemm *gemm = make(device, c);
    convcl_gemm_call call = {.accumulate = accumulate};
    const size_t a_count = size_up(c, gemm, more, &call), b_count = convcl_gemm__size_b(gemm, GN, call.gk);
    const size_t c_count = (size_t)call.gm * (size_t)call.ldc;
    float *a = harness_floats(a_count), *b = harness_floats(b_count), *before = harness_floats(c_count);
    harness_integers(a, a_count, -4, 4);
    harness_integers(b, b_count, -4, 4);
    harness_integers(before, c_count, -4, 4);
    call.a = upload(device, "a", a, a_count, offset);
    call.b = upload(device, "b", b, b_count, offset);
    harness_tensor *out = harness_inout(device, "c", HARNESS_SHAPE(1, 1, call.gm, call.ldc), before);
    call.c = out->buffer;
    call.workspace = harness_workspace(device, convcl_gemm__workspace(gemm, call.gm, GN, call.gk));
    convcl_stream stream;
    assert_ok(convcl_stream__begin(&stream, "gemm", device->context, device->queue, 0, NULL, NULL));
    assert_ok(convcl_stream__end(&stream, convcl_gemm__enqueue(gemm, &stream, &call)));
    harness_expect(out, expected_c(c, &call, a, b, before, gemm), HARNESS_EXACT);
}

static void test_gemm_tile__aligned(harness_device *device, const void *data) {
    run(device, data, 3, 0, false); /* rows of GK + 3 and 135 + 1 values */
}

static void test_gemm_tile__unaligned(harness_device *device, const void *data) {
    run(device, data, 2, 1, true);
}

/* A long sum over few tiles is split, and needs a workspace for that; a short one is not. */
static void test_gemm_tile__long_sums_are_split(harness_device *device, const void *data) {
    (void)data;
    const tile_case c = {convcl_gemm_tile__get(convcl_gemm_tile__count() - 1), CONVCL_GEMM_SUM, 4, NULL, false};
    convcl_gemm *gemm = make(device, &c);
    assert_true(convcl_gemm__workspace(gemm, 16, 16, 100000) >= 2 * 16 * 16);
    assert_int_equal(convcl_gemm__workspace(gemm, 16, 16, 100), 0);
    for (int gk = 1; gk < 100000; gk += 977) /* the workspace of the longest chunk serves the others */
        assert_true(convcl_gemm__workspace(gemm, 16, 16, gk) <= convcl_gemm__workspace(gemm, 16, 16, 100000));
}

/* With so many compute units that a sum is cut into as many splits as there may be: rounding then gives some shorter sum more of them than a longer one. */
static void test_gemm_tile__workspace_serves_shorter_sums(harness_device *device, const void *data) {
    (void)data;
    harness_device large = *device;
    large.context = harness_context(device, NULL);
    large.context->info.compute_units = 132;
    for (int i = 0; i < convcl_gemm_tile__count(); i++) {
        const tile_case c = {convcl_gemm_tile__get(i), CONVCL_GEMM_SUM, 4, NULL, false};
        convcl_gemm *gemm = make(&large, &c);
        for (int gk = 16; gk < 40000; gk += 16) {
            const int splits = convcl_gemm_tile__splits(gemm, 64, 63, gk);
            const size_t workspace = convcl_gemm__workspace(gemm, 64, 63, gk);
            assert_true(splits == 1 || workspace >= (size_t)splits * 64 * 63);
            assert_true(workspace <= convcl_gemm__workspace(gemm, 64, 63, gk + 16));
        }
    }
}

static void test_gemm_tile__too_large_for_the_device_is_unsupported(harness_device *device, const void *data) {
    (void)data;
    const convcl_tile tile = {4096, 4096, 8, 8, 8};
    const convcl_gemm_request request = {.variant = "tile", .tile = &tile};
    convcl_gemm *gemm = (convcl_gemm *)device;
    assert_fails(convcl_gemm__create(device->context, &request, &gemm), CONVCL_UNSUPPORTED, "4096x4096|work-items|local memory");
    assert_null(gemm);
}

/* No form makes a CPU an NVIDIA GPU: nothing is built, nothing is run. */
static void test_gemm_tile__no_asynchronous_copies_is_unsupported(harness_device *device, const void *data) {
    (void)data;
    if (!(device->info.type & CL_DEVICE_TYPE_CPU))
        skip();
    const convcl_gemm_request request = {.variant = "tile", .prefetch = 1};
    convcl_gemm *gemm = (convcl_gemm *)device;
    const int built = convcl_context_programs_built(device->context);
    assert_fails(convcl_gemm__create(device->context, &request, &gemm), CONVCL_UNSUPPORTED, "prefetch|asynchronous copies");
    assert_null(gemm);
    assert_int_equal(convcl_context_programs_built(device->context), built);
}

static void test_gemm_tile__asynchronous_copies_pass_their_probe(harness_device *device, const void *data) {
    (void)data;
    bool right = false;
    assert_ok(convcl_gemm_async__probe(device->context, true, &right));
    assert_true(right);
}

/* Into the buffer that is being read: a copy that does not wait for its turn. */
static void test_gemm_tile__probe_sees_a_copy_to_a_wrong_place(harness_device *device, const void *data) {
    (void)data;
    static const char right_place[] = "k + T_TK, tile_b + (now ^ 1)", wrong_place[] = "k + T_TK, tile_b + (now ^ 0)";
    const convcl_kernel_source *source = convcl_kernel_sources;
    while (source->name && strcmp(source->name, "gemm_tile") != 0)
        ++source;
    assert_non_null(source->name);
    char *text = harness_alloc(strlen(source->text) + 1, 1);
    strcpy(text, source->text);
    char *at = strstr(text, right_place);
    assert_non_null(at);
    memcpy(at, wrong_place, sizeof wrong_place - 1);
    kernel_folder folder;
    kernel_folder_make(&folder, "gemm_tile.cl", text);
    convcl_context *context = NULL;
    const convcl_status status = convcl_context_create_from_cl(convcl_context_cl(device->context), device->info.device,
                                                               &(convcl_context_options){.kernel_dir = folder.path}, &context);
    bool right = true;
    const convcl_status probed = status == CONVCL_OK ? convcl_gemm_async__probe(context, true, &right) : status;
    convcl_context_release(context);
    kernel_folder_remove(&folder);
    assert_int_equal(probed, CONVCL_OK);
    assert_false(right);
}

static const char *const source_names[] = {"panels", "rows", "sum", "plain", "turned", "blocks"};

static void add(tile_case *c, const char *unit, bool async, convcl_tile tile, int source, int run) {
    char name[128];
    *c = (tile_case){tile, (convcl_gemm_source)source, run, unit, async};
    const int length = snprintf(name, sizeof name, "gemm_%s%s%s %dx%dx%d of %dx%d %s run %d", unit ? "mma " : "tile", unit ? unit : "",
                                async ? " async" : "", tile.tm, tile.tn, tile.tk, tile.wm, tile.wn, source_names[source], run);
    snprintf(name + length, sizeof name - (size_t)length, " aligned");
    harness_add_device_test(name, test_gemm_tile__aligned, c);
    snprintf(name + length, sizeof name - (size_t)length, " unaligned");
    harness_add_device_test(name, test_gemm_tile__unaligned, c);
}

/* One tile with the kinds of A up to `last`. */
static void add_tile(const char *unit, bool async, convcl_tile tile, convcl_gemm_source last) {
    static tile_case cases[256];
    static size_t count;
    for (int source = CONVCL_GEMM_PANELS; source <= (int)last && count + 2 <= sizeof cases / sizeof *cases; ++source) {
        add(&cases[count++], unit, async, tile, source, 8);
        if (source == CONVCL_GEMM_ROWS || source == CONVCL_GEMM_SUM)
            add(&cases[count++], unit, async, tile, source, 5);
    }
}

int main(int argc, char **argv) {
    HARNESS_DEVICE(test_gemm_tile__long_sums_are_split);
    HARNESS_DEVICE(test_gemm_tile__workspace_serves_shorter_sums);
    HARNESS_DEVICE(test_gemm_tile__too_large_for_the_device_is_unsupported);
    HARNESS_DEVICE(test_gemm_tile__no_asynchronous_copies_is_unsupported);
    HARNESS_DEVICE(test_gemm_tile__asynchronous_copies_pass_their_probe);
    HARNESS_DEVICE(test_gemm_tile__probe_sees_a_copy_to_a_wrong_place);
    for (int t = 0; t < convcl_gemm_tile__count(); ++t)
        add_tile(NULL, false, convcl_gemm_tile__get(t), CONVCL_GEMM_BLOCKS);
    add_tile(NULL, true, convcl_gemm_tile__get(convcl_gemm_tile__count() - 1), CONVCL_GEMM_BLOCKS);
    add_tile(NULL, true, convcl_gemm_tile__get(1), CONVCL_GEMM_ROWS);
    add_tile("nvidia", true, convcl_gemm_mma__get("nvidia", convcl_gemm_mma__count("nvidia") - 1), CONVCL_GEMM_SUM);
    for (int u = 0; u < convcl_gemm_mma__units(); ++u) {
        const char *unit = convcl_gemm_mma__unit(u);
        /* Twins are slow: how A comes does not depend on the tile, and halves go the ways of the unit whose they are. */
        const int all = convcl_gemm_mma__count(unit) - 1;
        const bool half = strstr(unit, "-half") != NULL;
        for (int t = half ? all : 0; t <= all; ++t)
            add_tile(unit, false, convcl_gemm_mma__get(unit, t), t == all && !half ? CONVCL_GEMM_BLOCKS : CONVCL_GEMM_PANELS);
    }
    return harness_main(argc, argv);
}
