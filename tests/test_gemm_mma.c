/* test_gemm_mma.c: the GEMM for matrix units where there is none: the accuracy of its plain twins, its probe, and when it may be chosen.
 * SPDX-License-Identifier: MIT
 *
 * test_gemm and test_gemm_tile run the twins' index maps over all kinds of A, tiles and epilogues. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "gemm/gemm.h"
#include "harness.h"
#include "kernel_folder.h"
#include "opencl/context_internal.h"
#include "opencl/context_struct.h"
#include "opencl/kernel_source.h"

#define GM 96
#define GN 80
#define GK 384

static void destroy_gemm(void *gemm) {
    convcl_gemm__destroy(gemm);
}

static void release_context(void *context) {
    convcl_context_release(context);
}

static convcl_gemm *make(harness_device *device, const char *unit, convcl_math math) {
    const convcl_tile tile = convcl_gemm_mma__get(unit, 2);
    const convcl_gemm_request request = {.variant = convcl_gemm_mma__variant(unit), .emulate = unit, .math = math, .tile = &tile};
    convcl_gemm *gemm = NULL;
    const convcl_status status = convcl_gemm__create(device->context, &request, &gemm);
    if (status == CONVCL_UNSUPPORTED && device->info.max_work_group_size < 256)
        skip();
    assert_ok(status);
    harness_defer(destroy_gemm, gemm);
    return gemm;
}

/* c = a * b for panels of gk rows, as many as the sizes need. */
static harness_tensor *run(harness_device *device, const convcl_gemm *gemm, const float *a, const float *b, int gm, int gn, int gk) {
    const size_t a_count = (size_t)((gm + gemm->mr - 1) / gemm->mr * gemm->mr) * (size_t)gk;
    convcl_gemm_call call = {.gm = gm, .gn = gn, .gk = gk, .gb = 1, .ldc = gn};
    call.a = harness_input(device, "a", HARNESS_VECTOR(a_count), a)->buffer;
    call.b = harness_input(device, "b", HARNESS_VECTOR(convcl_gemm__size_b(gemm, gn, gk)), b)->buffer;
    harness_tensor *c = harness_output(device, "c", HARNESS_SHAPE(1, 1, gm, gn));
    call.c = c->buffer;
    convcl_stream stream;
    assert_ok(convcl_stream__begin(&stream, "gemm", device->context, device->queue, 0, NULL, NULL));
    assert_ok(convcl_stream__end(&stream, convcl_gemm__enqueue(gemm, &stream, &call)));
    return c;
}

/* The relative RMS error of a product of random values in [low, 1). */
static double error_of(harness_device *device, const char *unit, convcl_math math, float low) {
    const convcl_gemm *gemm = make(device, unit, math);
    const size_t a_count = (size_t)((GM + gemm->mr - 1) / gemm->mr * gemm->mr) * GK, b_count = convcl_gemm__size_b(gemm, GN, GK);
    float *a = harness_floats(a_count), *b = harness_floats(b_count);
    harness_uniform(a, a_count, low, 1);
    harness_uniform(b, b_count, low, 1);
    double *expected = harness_doubles((size_t)GM * GN);
    for (int m = 0; m < GM; ++m)
        for (int n = 0; n < GN; ++n)
            for (int k = 0; k < GK; ++k)
                expected[m * GN + n] += (double)a[(m / gemm->mr * GK + k) * gemm->mr + m % gemm->mr] *
                                        (double)b[(n / gemm->nr * GK + k) * gemm->nr + n % gemm->nr];
    harness_note("%s", gemm->description);
    const double error = harness_relative_rms(expected, harness_read(run(device, gemm, a, b, GM, GN, GK)), (size_t)GM * GN);
    if (getenv("CONVCL_TEST_VERBOSE"))
        print_message("%s from %g: %.2e\n", gemm->description, (double)low, error);
    return error;
}

/* Signs that cancel, and sums that only grow, where a bias of the parts would show. */
static void test_gemm_mma__three_terms_keep_float32(harness_device *device, const void *data) {
    (void)data;
    harness_skip_where_wrong(device);
    assert_true(error_of(device, "nvidia", CONVCL_MATH_DEFAULT, -1) < 1e-6);
    assert_true(error_of(device, "nvidia", CONVCL_MATH_DEFAULT, 0) < 1e-6);
}

/* Not better either, or nothing would have been cut and the test above would show nothing. */
static void test_gemm_mma__one_term_is_tf32(harness_device *device, const void *data) {
    (void)data;
    const double error = error_of(device, "nvidia", CONVCL_MATH_FAST, -1);
    assert_true(error < 1e-3);
    assert_true(error > 1e-5);
}

/* Three parts of a bfloat16 hold a whole float; two (FAST) do not. */
static void test_gemm_mma__bfloat16_parts_add_up(harness_device *device, const void *data) {
    assert_true(error_of(device, data, CONVCL_MATH_DEFAULT, -1) < 1e-6);
    assert_true(error_of(device, data, CONVCL_MATH_DEFAULT, 0) < 1e-6);
    const double error = error_of(device, data, CONVCL_MATH_FAST, -1);
    assert_true(error < 1e-5);
    assert_true(error > 1e-6);
}

/* One product of halves: as good as TF32 within their range, and no better. */
static void test_gemm_mma__halves_are_halves(harness_device *device, const void *data) {
    const double error = error_of(device, data, CONVCL_MATH_FAST, -1);
    assert_true(error < 1e-3);
    assert_true(error > 1e-5);
    assert_true(error_of(device, data, CONVCL_MATH_FAST, 0) < 1e-3);
}

/* What a half cannot hold is inf or 0, what it just can is exact: the end of its range, its smallest value, halfway cases that go to the even neighbour. */
static void test_gemm_mma__halves_end_where_they_end(harness_device *device, const void *data) {
    static const float values[8] = {65504.0f, 65520.0f, -1e30f, 0x1p-24f, 0x1p-26f, 0x1.002p0f, 0x1.006p0f, -0x1.ffep-10f};
    const float expected[8] = {65504.0f, INFINITY, -INFINITY, 0x1p-24f, 0.0f, 1.0f, 0x1.008p0f, -0x1p-9f};
    const convcl_gemm *gemm = make(device, data, CONVCL_MATH_FAST);
    float *a = harness_floats((size_t)gemm->mr), *b = harness_floats((size_t)gemm->nr);
    memcpy(a, values, sizeof values);
    b[0] = 1;
    const float *c = harness_read(run(device, gemm, a, b, 8, 1, 1));
    for (int i = 0; i < 8; ++i)
        if (c[i] != expected[i])
            fail_msg("%a became %a, must be %a", (double)values[i], (double)c[i], (double)expected[i]);
}

static void test_gemm_mma__halves_are_for_fast_alone(harness_device *device, const void *data) {
    const convcl_math maths[] = {CONVCL_MATH_DEFAULT, CONVCL_MATH_STRICT};
    for (int i = 0; i < 2; ++i) {
        const convcl_gemm_request request = {.variant = "mma_half", .emulate = data, .math = maths[i]};
        convcl_gemm *gemm = (convcl_gemm *)device;
        assert_fails(convcl_gemm__create(device->context, &request, &gemm), CONVCL_UNSUPPORTED,
                     i == 0 ? "mma_half|half|default" : "mma_half|half|strict");
        assert_null(gemm);
    }
}

static void test_gemm_mma__amd_is_float32(harness_device *device, const void *data) {
    (void)data;
    assert_true(error_of(device, "amd", CONVCL_MATH_DEFAULT, -1) < 1e-6);
    assert_true(error_of(device, "amd", CONVCL_MATH_STRICT, 0) < 1e-6);
}

/* A NaN of any kind in one row of A reaches that row of C and no other. */
static void test_gemm_mma__nan_stays_nan(harness_device *device, const void *data) {
    const char *unit = data;
    const uint32_t kinds[] = {0x7fffffff, 0x7fc00000, 0xffc00001, 0xffffffff};
    const convcl_math maths[] = {CONVCL_MATH_FAST, CONVCL_MATH_DEFAULT};
    const bool half = strcmp(convcl_gemm_mma__variant(unit), "mma_half") == 0;
    for (int math = 0; math < (half ? 1 : 2); ++math) {
        const convcl_gemm *gemm = make(device, unit, maths[math]);
        float *a = harness_floats((size_t)gemm->mr * 8), *b = harness_floats(convcl_gemm__size_b(gemm, 5, 8));
        for (int i = 0; i < gemm->mr * 8; ++i)
            a[i] = 1;
        for (int i = 0; i < gemm->nr * 8; ++i)
            b[i] = 1;
        for (int i = 0; i < 4; ++i)
            memcpy(&a[3 * gemm->mr + 2 * i], &kinds[i], sizeof *kinds);
        const float *c = harness_read(run(device, gemm, a, b, 8, 5, 8));
        for (int i = 0; i < 8 * 5; ++i)
            assert_true(i / 5 % 2 == 0 ? isnan(c[i]) : c[i] == 8);
    }
}

static void test_gemm_mma__strict_is_unsupported_in_tf32(harness_device *device, const void *data) {
    (void)data;
    const convcl_gemm_request request = {.variant = "mma", .emulate = "nvidia", .math = CONVCL_MATH_STRICT};
    convcl_gemm *gemm = (convcl_gemm *)device;
    assert_fails(convcl_gemm__create(device->context, &request, &gemm), CONVCL_UNSUPPORTED, "mma|tf32|strict");
    assert_null(gemm);
}

static void test_gemm_mma__unknown_unit_is_unsupported(harness_device *device, const void *data) {
    (void)data;
    const convcl_gemm_request request = {.variant = "mma", .emulate = "abacus"}, other = {.variant = "mma", .emulate = "nvidia-half"};
    convcl_gemm *gemm = (convcl_gemm *)device;
    bool right = true;
    assert_fails(convcl_gemm__create(device->context, &request, &gemm), CONVCL_UNSUPPORTED, "abacus|nvidia|amd");
    assert_null(gemm);
    assert_fails(convcl_gemm__create(device->context, &other, &gemm), CONVCL_UNSUPPORTED, "nvidia-half|\"mma\"|nvidia");
    assert_fails(convcl_gemm_mma__probe(device->context, "abacus", &right), CONVCL_UNSUPPORTED, "abacus|nvidia");
    assert_false(right);
}

/* ---- the probe ---- */

/* No form makes a CPU an NVIDIA GPU: nothing is built, nothing is run. */
static void test_gemm_mma__no_unit_is_unavailable(harness_device *device, const void *data) {
    (void)data;
    if (!(device->info.type & CL_DEVICE_TYPE_CPU))
        skip();
    convcl_context *context = NULL;
    const convcl_gemm_request request = {.variant = "mma"}, half = {.variant = "mma_half", .math = CONVCL_MATH_FAST};
    convcl_gemm *gemm = (convcl_gemm *)device;
    assert_ok(convcl_context_create_from_cl(convcl_context_cl(device->context), device->info.device,
                                            &(convcl_context_options){.form = "nvidia"}, &context));
    harness_defer(release_context, context);
    assert_fails(convcl_gemm__create(context, &request, &gemm), CONVCL_UNSUPPORTED, "\"mma\"|tile");
    assert_fails(convcl_gemm__create(context, &half, &gemm), CONVCL_UNSUPPORTED, "\"mma_half\"|tile");
    assert_null(gemm);
    assert_int_equal(convcl_context_programs_built(context), 0);
    assert_false(convcl_gemm_mma__is_default(context, CONVCL_MATH_FAST));
}

static void test_gemm_mma__probe_passes(harness_device *device, const void *data) {
    bool right = false;
    assert_ok(convcl_gemm_mma__probe(device->context, data, &right));
    assert_true(right);
}

/* One wrong place in a fragment, and the probe says so. */
static void test_gemm_mma__probe_sees_a_wrong_place(harness_device *device, const void *data) {
    static const struct {
        const char *unit, *file, *place;
    } places[] = {
        {"nvidia", "gemm_mma_nvidia", "i % 2 * 8"}, /* a_row */
        {"amd", "gemm_mma_amd", "lane / 32 * 4"},   /* c_row */
        {"nvidia-half", "gemm_mma_half_nvidia", "i / 2 % 2 * 8"},
        {"amd-half", "gemm_mma_half_amd", "lane / 16"}, /* c_row */
        {"intel", "gemm_mma_intel", "tile += 2"},
        {"intel-half", "gemm_mma_intel", "tile += 2"},
        {"intel-wide", "gemm_mma_intel", "lane * D_STRIDE_A, 1"},
        {"intel-wide-half", "gemm_mma_intel", "lane * D_STRIDE_A, 1"},
    };
    size_t p = 0;
    while (p < sizeof places / sizeof *places && strcmp(places[p].unit, data) != 0)
        ++p;
    assert_true(p < sizeof places / sizeof *places);
    const char *file = places[p].file, *place = places[p].place;
    const convcl_kernel_source *source = convcl_kernel_sources;
    while (source->name && strcmp(source->name, file) != 0)
        ++source;
    assert_non_null(source->name);
    char *text = harness_alloc(strlen(source->text) + 1, 1), name[64];
    strcpy(text, source->text);
    char *at = strstr(strstr(text, "What a lane holds"), place);
    assert_non_null(at);
    at[strlen(place) - 1] = '0';
    snprintf(name, sizeof name, "%s.cl", file);
    kernel_folder folder;
    kernel_folder_make(&folder, name, text);
    convcl_context *context = NULL;
    const convcl_status status = convcl_context_create_from_cl(convcl_context_cl(device->context), device->info.device,
                                                               &(convcl_context_options){.kernel_dir = folder.path}, &context);
    bool right = true;
    const convcl_status probed = status == CONVCL_OK ? convcl_gemm_mma__probe(context, data, &right) : status;
    convcl_context_release(context);
    kernel_folder_remove(&folder);
    assert_int_equal(probed, CONVCL_OK);
    assert_false(right);
}

/* A context that takes its device for a GPU of that vendor whose probe has been run. */
static convcl_context *pretend(harness_device *device, const char *vendor, const char *name, convcl_probe probe) {
    convcl_context *context = NULL;
    assert_ok(convcl_context_create_from_cl(convcl_context_cl(device->context), device->info.device,
                                            &(convcl_context_options){.form = "gpu"}, &context));
    harness_defer(release_context, context);
    context->info.type = CL_DEVICE_TYPE_GPU;
    snprintf(context->info.vendor, sizeof context->info.vendor, "%s", vendor);
    snprintf(context->info.name, sizeof context->info.name, "%s", name);
    convcl_gemm_mma__set_probe(context, NULL, probe);
    return context;
}

static void test_gemm_mma__default_needs_probe_and_math(harness_device *device, const void *data) {
    (void)data;
    const convcl_math maths[] = {CONVCL_MATH_DEFAULT, CONVCL_MATH_STRICT, CONVCL_MATH_FAST};
    const bool nvidia[] = {false, false, true}, amd[] = {true, true, true};
    for (int i = 0; i < 3; ++i) {
        assert_int_equal(convcl_gemm_mma__is_default(pretend(device, "NVIDIA Corporation", "H100", CONVCL_PROBE_PASSED), maths[i]),
                         nvidia[i]);
        assert_false(convcl_gemm_mma__is_default(pretend(device, "NVIDIA Corporation", "T4", CONVCL_PROBE_FAILED), maths[i]));
        assert_int_equal(
            convcl_gemm_mma__is_default(pretend(device, "Advanced Micro Devices, Inc.", "gfx90a", CONVCL_PROBE_PASSED), maths[i]), amd[i]);
        assert_false(
            convcl_gemm_mma__is_default(pretend(device, "Advanced Micro Devices, Inc.", "gfx1030", CONVCL_PROBE_UNKNOWN), maths[i]));
        assert_false(convcl_gemm_mma__is_default(pretend(device, "Intel(R) Corporation", "A770", CONVCL_PROBE_UNKNOWN), maths[i]));
    }
}

static void add(const char *text, harness_device_fn test, const char *unit) {
    char name[96];
    snprintf(name, sizeof name, "gemm_mma %s %s", text, unit);
    harness_add_device_test(name, test, unit);
}

int main(int argc, char **argv) {
    HARNESS_DEVICE(test_gemm_mma__three_terms_keep_float32);
    HARNESS_DEVICE(test_gemm_mma__one_term_is_tf32);
    HARNESS_DEVICE(test_gemm_mma__amd_is_float32);
    HARNESS_DEVICE(test_gemm_mma__strict_is_unsupported_in_tf32);
    HARNESS_DEVICE(test_gemm_mma__unknown_unit_is_unsupported);
    HARNESS_DEVICE(test_gemm_mma__no_unit_is_unavailable);
    HARNESS_DEVICE(test_gemm_mma__default_needs_probe_and_math);
    for (int i = 0; i < convcl_gemm_mma__units(); ++i) {
        const char *unit = convcl_gemm_mma__unit(i);
        add("nan_stays_nan", test_gemm_mma__nan_stays_nan, unit);
        add("probe_passes", test_gemm_mma__probe_passes, unit);
        add("probe_sees_a_wrong_place", test_gemm_mma__probe_sees_a_wrong_place, unit);
        if (strcmp(unit, "intel") == 0 || strcmp(unit, "intel-wide") == 0)
            add("bfloat16_parts_add_up", test_gemm_mma__bfloat16_parts_add_up, unit);
        if (strcmp(convcl_gemm_mma__variant(unit), "mma_half") == 0) {
            add("halves_are_halves", test_gemm_mma__halves_are_halves, unit);
            add("halves_end_where_they_end", test_gemm_mma__halves_end_where_they_end, unit);
            add("halves_are_for_fast_alone", test_gemm_mma__halves_are_for_fast_alone, unit);
        }
    }
    return harness_main(argc, argv);
}
