/* test_conv_bwd.c: both gradients at once, and what the forward pass keeps for them: the same bits as one by one.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "conv_case.h"

static const char *const shapes[] = {"n5ih13iw13ic20oc36f3p1", "n3ih27iw14ic8oc48f5p2", "n9ih21iw18ic3oc16f11s4p3",
                                     "n4ih13iw7ic32oc32f3s2p1"};

typedef struct bwd_case {
    const char *shape;
    int relu_mask;
} bwd_case;

static convcl_conv_plan *plan_of(harness_device *device, const bwd_case *b, convcl_conv_dir dir, conv_case *case_out) {
    *case_out = (conv_case){.dir = dir, .options.algo = "winograd"};
    if (!harness_parse_conv(b->shape, &case_out->desc))
        fail_msg("%s is no convolution", b->shape);
    case_out->desc.relu_mask = dir == CONVCL_CONV_BWD || dir == CONVCL_CONV_BWD_DATA ? b->relu_mask : 0;
    return conv_plan(device, case_out);
}

static void expect_same(const harness_tensor *got, const harness_tensor *expected) {
    if (memcmp(harness_read(got), harness_read(expected), got->count * sizeof(float)) != 0)
        fail_msg("%s has other bits than one by one", got->name);
}

/* dx, dw and db of one plan, with and without `kept`, against the plans for one gradient. */
static void run_both(harness_device *device, const void *data) {
    const bwd_case *b = data;
    conv_case fwd, both, one_data, one_weights;
    convcl_conv_plan *fwd_plan = plan_of(device, b, CONVCL_CONV_FWD, &fwd);
    convcl_conv_plan *both_plan = plan_of(device, b, CONVCL_CONV_BWD, &both);
    convcl_conv_plan *data_plan = plan_of(device, b, CONVCL_CONV_BWD_DATA, &one_data);
    convcl_conv_plan *weights_plan = plan_of(device, b, CONVCL_CONV_BWD_WEIGHTS, &one_weights);
    const conv_values values = conv_random_values(&fwd.desc);
    conv_tensors f = conv_upload(device, &fwd, fwd_plan, &values), d = conv_upload(device, &one_data, data_plan, &values);
    conv_tensors w = conv_upload(device, &one_weights, weights_plan, &values);
    const size_t kept_size = convcl_conv_plan_kept(fwd_plan, both_plan);
    assert_true(kept_size > 0);
    assert_true(kept_size == convcl_conv_plan_kept(fwd_plan, weights_plan));
    assert_int_equal(convcl_conv_plan_kept(fwd_plan, data_plan), 0);
    assert_int_equal(convcl_conv_plan_kept(weights_plan, both_plan), 0);
    const convcl_buffer kept = harness_workspace(device, kept_size);
    assert_ok(conv_enqueue(&one_data, data_plan, device->queue, &d, 0, NULL, NULL));
    assert_ok(conv_enqueue(&one_weights, weights_plan, device->queue, &w, 0, NULL, NULL));
    conv_expect(&one_data, &values, &d, false);
    conv_expect(&one_weights, &values, &w, false);
    assert_ok(convcl_conv_fwd_keep_enqueue(fwd_plan, device->queue, f.x->buffer, f.w->buffer, f.b->buffer, f.y->buffer, kept, f.workspace,
                                           0, NULL, NULL));
    conv_expect(&fwd, &values, &f, false);
    for (int keep = 0; keep < 2; keep++) {
        harness_tensor *dx = harness_output(device, "dx", conv_shape_x(&fwd.desc));
        harness_tensor *dw = harness_output(device, "dw", conv_shape_w(&fwd.desc));
        harness_tensor *db = harness_output(device, "db", conv_shape_b(&fwd.desc));
        const convcl_buffer space = harness_workspace(device, convcl_conv_plan_workspace(both_plan));
        const convcl_buffer x = keep && !b->relu_mask ? HARNESS_NO_BUFFER : f.x->buffer;
        assert_ok(convcl_conv_bwd_enqueue(both_plan, device->queue, x, w.dy->buffer, f.w->buffer, keep ? kept : HARNESS_NO_BUFFER,
                                          dx->buffer, dw->buffer, db->buffer, space, 0, NULL, NULL));
        expect_same(dx, d.dx);
        expect_same(dw, w.dw);
        expect_same(db, w.db);
    }
}

/* Two plans with other tiles do not fit together, and a plan without transforms keeps nothing. */
static void run_no_match(harness_device *device, const void *data) {
    const bwd_case *b = data;
    conv_case fwd, weights, direct = {.dir = CONVCL_CONV_FWD, .options.algo = "gather"};
    convcl_conv_plan *fwd_plan = plan_of(device, b, CONVCL_CONV_FWD, &fwd);
    weights = fwd;
    weights.dir = CONVCL_CONV_BWD_WEIGHTS;
    weights.options.algo = "winograd:2";
    convcl_conv_plan *weights_plan = conv_plan(device, &weights);
    assert_int_equal(convcl_conv_plan_kept(fwd_plan, weights_plan), 0);
    direct.desc = fwd.desc;
    convcl_conv_plan *direct_plan = conv_plan(device, &direct);
    assert_int_equal(convcl_conv_plan_kept(direct_plan, weights_plan), 0);
    const conv_values values = conv_random_values(&fwd.desc);
    conv_tensors t = conv_upload(device, &direct, direct_plan, &values);
    assert_int_equal(convcl_conv_fwd_keep_enqueue(direct_plan, device->queue, t.x->buffer, t.w->buffer, t.b->buffer, t.y->buffer,
                                                  t.x->buffer, t.workspace, 0, NULL, NULL),
                     CONVCL_UNSUPPORTED);
    convcl_conv_plan *none = NULL;
    const convcl_conv_options gather = {.algo = "gather"};
    assert_int_equal(convcl_conv_plan_create(device->context, &fwd.desc, CONVCL_CONV_BWD, &gather, &none), CONVCL_UNSUPPORTED);
    assert_null(none);
    fwd.desc.n = 1; /* too few images: direct sums are chosen, which take two plans */
    assert_int_equal(convcl_conv_plan_create(device->context, &fwd.desc, CONVCL_CONV_BWD, NULL, &none), CONVCL_UNSUPPORTED);
    assert_non_null(strstr(convcl_last_error(), "two plans"));
}

int main(int argc, char **argv) {
    static bwd_case cases[2 * sizeof shapes / sizeof *shapes];
    char name[128];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cases[i] = (bwd_case){shapes[i / 2], i % 2};
        snprintf(name, sizeof name, "conv bwd winograd %s%s", cases[i].shape, cases[i].relu_mask ? " relu_mask" : "");
        harness_add_device_test(name, run_both, &cases[i]);
    }
    harness_add_device_test("test_conv_bwd__plans_that_do_not_fit", run_no_match, &cases[0]);
    return harness_main(argc, argv);
}
