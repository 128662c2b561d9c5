/* test_winograd.c: every F(m, r) with m + r - 1 <= 8 in all three directions, and the transforms by themselves.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>

#include "conv/conv_winograd.h"
#include "conv/cook_toom.h"
#include "conv_case.h"
#include "reference/ref_case.h"

/* ---- the matrices, exactly ---- */

static double value_of(convcl_fraction f) {
    return (double)f.num / (double)f.den;
}

/* y = At [(G g) . (Bt d)] in double, against the sums that it stands for. */
static void check_matrices(int m, int r, int set) {
    convcl_cook_toom c;
    convcl_cook_toom__make(m, r, set, &c);
    assert_int_equal(c.n, m + r - 1);
    double d[CONVCL_COOK_TOOM_MAX], g[CONVCL_COOK_TOOM_MAX], product[CONVCL_COOK_TOOM_MAX];
    for (int i = 0; i < CONVCL_COOK_TOOM_MAX; i++) {
        d[i] = i * 37 % 11 - 5;
        g[i] = i * 17 % 7 - 3.5;
    }
    for (int p = 0; p < c.n; p++) {
        double gg = 0, dd = 0;
        for (int j = 0; j < r; j++)
            gg += value_of(c.g[p][j]) * g[j];
        for (int j = 0; j < c.n; j++)
            dd += value_of(c.bt[p][j]) * d[j];
        product[p] = gg * dd;
    }
    for (int i = 0; i < m; i++) {
        double got = 0, expected = 0;
        for (int p = 0; p < c.n; p++)
            got += value_of(c.at[i][p]) * product[p];
        for (int j = 0; j < r; j++)
            expected += d[i + j] * g[j];
        if (fabs(got - expected) > 1e-11)
            fail_msg("F(%d, %d) of %d points: output %d is %.17g, expected %.17g", m, r, set, i, got, expected);
    }
}

static void test_winograd__matrices_are_exact(void **state) {
    (void)state;
    for (int r = 1; r <= CONVCL_COOK_TOOM_MAX; r++)
        for (int m = 1; m + r - 1 <= CONVCL_COOK_TOOM_MAX; m++)
            for (int set = m + r - 1; set <= CONVCL_COOK_TOOM_MAX; set++)
                check_matrices(m, r, set);
}

/* A smaller tile uses the filter as the largest one transformed it. */
static void test_winograd__smaller_tiles_share_the_filter(void **state) {
    (void)state;
    for (int r = 1; r <= CONVCL_COOK_TOOM_MAX; r++)
        for (int set = r; set <= CONVCL_COOK_TOOM_MAX; set++) {
            convcl_cook_toom largest, smaller;
            convcl_cook_toom__make(set - r + 1, r, set, &largest);
            for (int m = 1; m + r - 1 < set; m++) {
                convcl_cook_toom__make(m, r, set, &smaller);
                for (int p = 0; p < smaller.n; p++)
                    for (int j = 0; j < r; j++)
                        assert_true(value_of(smaller.g[p][j]) == value_of(largest.g[p][j]));
            }
        }
}

/* F(2, 3) is in every paper: the generated one must be it, up to the scale of the points. */
static void test_winograd__f23_is_the_known_one(void **state) {
    (void)state;
    convcl_cook_toom c;
    convcl_cook_toom__make(2, 3, 4, &c);
    static const int at[2][4] = {{0, 1, 1, 1}, {1, 0, 1, -1}};
    for (int i = 0; i < 2; i++)
        for (int p = 0; p < 4; p++)
            assert_true(value_of(c.at[i][p]) == at[i][p]);
    assert_true(value_of(c.g[2][1]) == 0.5);
}

/* ---- on the devices ---- */

/* Largest relative root mean square error allowed for n points: two to four times the largest in docs/accuracy.md. */
static const double bounds[CONVCL_COOK_TOOM_MAX + 1] = {0, 0, 1e-6, 1e-6, 1e-6, 3e-6, 3e-6, 7e-6, 1e-5};

typedef struct tile_case {
    conv_case c;
    int m, r;
    char algo[16];
} tile_case;

static void run_tile(harness_device *device, const void *data) {
    const tile_case *t = data;
    const conv_case *c = &t->c;
    convcl_conv_plan *plan = conv_plan(device, c);
    char words[32];
    const bool weights = c->dir == CONVCL_CONV_BWD_WEIGHTS;
    snprintf(words, sizeof words, "F(%dx%d, %dx%d)", weights ? t->r : t->m, weights ? t->r : t->m, weights ? t->m : t->r,
             weights ? t->m : t->r);
    assert_non_null(strstr(convcl_conv_plan_describe(plan), words));
    conv_values values = conv_random_values(&c->desc);
    conv_tensors tensors = conv_upload(device, c, plan, &values);
    assert_ok(conv_enqueue(c, plan, device->queue, &tensors, 0, NULL, NULL));
    const double error = conv_expect_within(c, &values, &tensors, bounds[t->m + t->r - 1]);
    print_message("%s %s error %.1e\n", convcl_conv_dir_name(c->dir), words, error); /* docs/accuracy.md is made of these lines */
}

static void add_tile(int m, int r, convcl_conv_dir dir, const char *gemm, const char *shape) {
    static tile_case cases[400];
    static int count;
    tile_case *t = &cases[count++];
    char text[64], name[128];
    snprintf(text, sizeof text, "%sf%dp%d", shape, r, r / 2);
    *t = (tile_case){.m = m, .r = r, .c.dir = dir};
    if (!harness_parse_conv(text, &t->c.desc))
        exit(1);
    snprintf(t->algo, sizeof t->algo, "winograd:%d", m);
    t->c.desc.has_bias =
        dir == CONVCL_CONV_BWD_WEIGHTS; /* so that fwd and bwd_data share their programs: building them is what takes time */
    t->c.options = (convcl_conv_options){.algo = t->algo, .gemm = gemm};
    snprintf(name, sizeof name, "conv %s %s %s %s", convcl_conv_dir_name(dir), t->algo, gemm, text);
    harness_add_device_test(name, run_tile, t);
}

/* Each phase of a stride is a channel of its own: their number must not overflow. */
static void test_winograd__too_many_phases_are_refused(void **state) {
    (void)state;
    static const char *const cases[] = {"n4ih16385iw1ic16oc8fh16385fw1s16384", "n1ih2049iw1ic512oc8fh2049fw1s2048"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        convcl_conv_desc desc;
        convcl_conv_shape shape;
        assert_ok(convcl_ref_case_parse_conv(cases[i], &desc));
        assert_ok(convcl_conv_shape__make(&desc, &shape));
        const char *reason = convcl_winograd__refuse(NULL, &shape, 0);
        assert_non_null(reason);
        assert_non_null(strstr(reason, "phases"));
    }
}

int main(int argc, char **argv) {
    HARNESS_HOST(test_winograd__matrices_are_exact);
    HARNESS_HOST(test_winograd__smaller_tiles_share_the_filter);
    HARNESS_HOST(test_winograd__f23_is_the_known_one);
    HARNESS_HOST(test_winograd__too_many_phases_are_refused);
    for (int dir = 0; dir < 3; dir++)
        for (int r = 2; r <= 7; r++)
            for (int m = 2; m + r - 1 <= CONVCL_COOK_TOOM_MAX; m++)
                add_tile(m, r, (convcl_conv_dir)dir, "register", "n2ih13iw11ic20oc36");
    for (int dir = 0; dir < 3; dir++)
        add_tile(4, 3, (convcl_conv_dir)dir, "local", "n3ih9iw14ic5oc66");
    return harness_main(argc, argv);
}
