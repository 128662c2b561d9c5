/* test_winograd_fused.c: Winograd in one launch, in the form for GPUs on any device: every tile, packed filters, what it refuses.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "conv/conv_algo.h"
#include "conv/conv_choose.h"
#include "conv_case.h"
#include "opencl/context_internal.h"
#include "opencl/context_struct.h"

/* Largest relative root mean square error allowed for n points, as in test_winograd.c. */
static const double bounds[9] = {0, 0, 1e-6, 1e-6, 1e-6, 3e-6, 3e-6, 7e-6, 1e-5};

static conv_case case_of(const char *text, convcl_conv_dir dir, const char *algo) {
    conv_case c = {.dir = dir, .options.algo = algo};
    if (!harness_parse_conv(text, &c.desc))
        fail_msg("%s is no convolution", text);
    return c;
}

static convcl_conv_shape shape_of(const conv_case *c) {
    convcl_conv_shape shape;
    assert_ok(convcl_conv_shape__make(&c->desc, &shape));
    return shape;
}

/* ---- every tile ---- */

typedef struct tile_case {
    int m, r;
    convcl_conv_dir dir;
} tile_case;

static void run_tile(harness_device *device, const void *data) {
    const tile_case *t = data;
    char text[64], algo[24], words[32];
    snprintf(text, sizeof text, "n2ih13iw11ic19oc36f%dp%d", t->r, t->r / 2);
    snprintf(algo, sizeof algo, "winograd-fused:%d", t->m);
    snprintf(words, sizeof words, "F(%dx%d, %dx%d)", t->m, t->m, t->r, t->r);
    const conv_case c = case_of(text, t->dir, algo);
    const convcl_conv_shape shape = shape_of(&c);
    conv_use_group_form(device);
    const char *refusal = convcl_conv__find("winograd-fused", t->dir)->refuse(device->context, &shape, t->m);
    if (refusal && strstr(refusal, "more work-items"))
        harness_skip("%s, driver %s: %s", device->info.name, device->info.driver, refusal);
    convcl_conv_plan *plan = conv_plan(device, &c);
    assert_non_null(strstr(convcl_conv_plan_describe(plan), words));
    const conv_values values = conv_random_values(&c.desc);
    const conv_tensors tensors = conv_upload(device, &c, plan, &values);
    assert_ok(conv_enqueue(&c, plan, device->queue, &tensors, 0, NULL, NULL));
    conv_expect_within(&c, &values, &tensors, bounds[t->m + t->r - 1]);
}

/* ---- what is fused ---- */

static void test_winograd_fused__relu_and_mask(harness_device *device, const void *data) {
    (void)data;
    conv_use_group_form(device);
    conv_case fwd = case_of("n2ih7iw6ic20oc21f3p1", CONVCL_CONV_FWD, "winograd-fused:2");
    fwd.desc.activation = CONVCL_ACTIVATION_RELU;
    conv_case bwd = case_of("n2ih7iw6ic20oc21f3p1", CONVCL_CONV_BWD_DATA, "winograd-fused:2");
    bwd.desc.relu_mask = 1;
    const conv_case *const cases[] = {&fwd, &bwd};
    for (int i = 0; i < 2; i++) {
        convcl_conv_plan *plan = conv_plan(device, cases[i]);
        const conv_values values = conv_random_values(&cases[i]->desc);
        const conv_tensors tensors = conv_upload(device, cases[i], plan, &values);
        assert_ok(conv_enqueue(cases[i], plan, device->queue, &tensors, 0, NULL, NULL));
        conv_expect(cases[i], &values, &tensors, false);
    }
}

/* A filter packed once gives the bits of one packed at every enqueue, wherever in a buffer it lies: four places, one of which whole float4s are read from. */
static void test_winograd_fused__packed_filter_gives_the_same_bits(harness_device *device, const void *data) {
    (void)data;
    conv_use_group_form(device);
    const conv_case c = case_of("n2ih7iw6ic13oc37f3p1", CONVCL_CONV_FWD, "winograd-fused:2");
    convcl_conv_plan *plan = conv_plan(device, &c);
    const conv_values values = conv_random_values(&c.desc);
    const conv_tensors t = conv_upload(device, &c, plan, &values);
    assert_ok(conv_enqueue(&c, plan, device->queue, &t, 0, NULL, NULL));
    conv_expect(&c, &values, &t, false);
    const float *expected = harness_read(t.y);
    for (size_t place = 0; place < 4; place++) {
        convcl_buffer packed = harness_workspace(device, convcl_conv_plan_packed(plan) + place);
        packed.offset += place;
        assert_ok(convcl_conv_pack_enqueue(plan, device->queue, t.w->buffer, packed, t.workspace, 0, NULL, NULL));
        harness_poison(t.y);
        assert_ok(
            convcl_conv_fwd_packed_enqueue(plan, device->queue, t.x->buffer, packed, t.b->buffer, t.y->buffer, t.workspace, 0, NULL, NULL));
        assert_memory_equal(harness_read(t.y), expected, t.y->count * sizeof(float));
    }
}

/* ---- what it refuses, and when it is chosen ---- */

static void expect_refused(harness_device *device, const conv_case *c, const char *words) {
    convcl_conv_plan *plan = NULL;
    assert_fails(convcl_conv_plan_create(device->context, &c->desc, c->dir, &c->options, &plan), CONVCL_UNSUPPORTED, words);
    assert_null(plan);
}

static void test_winograd_fused__refuses_with_the_reason(harness_device *device, const void *data) {
    (void)data;
    const conv_case plain = case_of("n2ih9iw9ic8oc8f3p1", CONVCL_CONV_FWD, "winograd-fused");
    if (convcl_context__prefers_registers(device->context))
        expect_refused(device, &plain, "winograd-fused|fwd|GPUs");
    conv_use_group_form(device);
    conv_case c = case_of("n2ih9iw9ic8oc8f3s2p1", CONVCL_CONV_FWD, "winograd-fused");
    expect_refused(device, &c, "winograd-fused|fwd|stride 1");
    for (int dir = CONVCL_CONV_FWD; dir <= CONVCL_CONV_BWD_DATA; dir++) {
        c = case_of("n8192ih512iw512ic1oc1f3", (convcl_conv_dir)dir, "winograd-fused"); /* of dx there are more pixels than of y */
        expect_refused(device, &c, "winograd-fused|fewer pixels");
    }
    c = case_of("n2ih9iw9ic8oc8f3p1", CONVCL_CONV_BWD_WEIGHTS, "winograd-fused");
    expect_refused(device, &c, "winograd-fused|does not exist|bwd_weights");
    c = plain;
    c.desc.math = CONVCL_MATH_STRICT;
    expect_refused(device, &c, "winograd-fused|STRICT");
    c = plain;
    c.options.gemm = "tile";
    expect_refused(device, &c, "gemm|tile|winograd-fused|no GEMM");
    device->context->info.local_memory = 1024;
    expect_refused(device, &plain, "winograd-fused|local memory");
    device->context->info.local_memory = device->info.local_memory;
}

/* A named GEMM is used: nothing that has none is chosen. With 32 channels the fused one is the cheapest where work-items have 64 sums. */
static void test_winograd_fused__a_named_gemm_is_not_passed_over(harness_device *device, const void *data) {
    (void)data;
    conv_use_group_form(device);
    conv_case c = case_of("n32ih28iw28ic32oc32f3p1", CONVCL_CONV_FWD, NULL);
    const convcl_conv_shape shape = shape_of(&c);
    for (int named = 0; named < 2; named++) {
        const convcl_conv_algo *algo = NULL, *best = NULL;
        const convcl_conv_options options = {.gemm = named ? "tile" : NULL};
        double least = 0.0;
        int tile = 0;
        for (const convcl_conv_algo *const *a = convcl_conv_algos; *a; a++) {
            if ((*a)->dir != CONVCL_CONV_FWD || (named && (*a)->own_product) || (*a)->refuse(device->context, &shape, 0))
                continue;
            if (!best || (*a)->cost(device->context, &shape) < least) {
                best = *a;
                least = best->cost(device->context, &shape);
            }
        }
        assert_ok(convcl_conv__choose(device->context, &shape, CONVCL_CONV_FWD, &options, &algo, &tile));
        assert_ptr_equal(algo, best);
        assert_false(named && algo->own_product);
    }
}

int main(int argc, char **argv) {
    static tile_case tiles[64];
    int count = 0;
    for (int dir = CONVCL_CONV_FWD; dir <= CONVCL_CONV_BWD_DATA; dir++)
        /* Both directions are one kernel: of bwd_data a filter or two. */
        for (int r = dir == CONVCL_CONV_FWD ? 2 : 3; r <= (dir == CONVCL_CONV_FWD ? 7 : 4); r++)
            for (int m = r == 2 ? 1 : 2; m + r - 1 <= 8; m += r < 5 && m > 1 ? 2 : 1) {
                char name[96];
                tiles[count] = (tile_case){m, r, (convcl_conv_dir)dir};
                snprintf(name, sizeof name, "conv %s winograd-fused:%d f%d", convcl_conv_dir_name((convcl_conv_dir)dir), m, r);
                harness_add_device_test(name, run_tile, &tiles[count++]);
            }
    HARNESS_DEVICE(test_winograd_fused__relu_and_mask);
    HARNESS_DEVICE(test_winograd_fused__packed_filter_gives_the_same_bits);
    HARNESS_DEVICE(test_winograd_fused__refuses_with_the_reason);
    HARNESS_DEVICE(test_winograd_fused__a_named_gemm_is_not_passed_over);
    return harness_main(argc, argv);
}
