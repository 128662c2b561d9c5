/* test_bench_statistics.c: what a list of times is summed up to, and when it is called noisy; how operations are counted.
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "harness.h"
#include "statistics.h"
#include "work.h"

static bench_statistics sum_up(const double *samples, int count) {
    bench_statistics s;
    assert_int_equal(bench_statistics_of(samples, count, &s), BENCH_OK);
    return s;
}

static int near(double a, double b) {
    return fabs(a - b) < 1e-12;
}

static void test_bench_statistics__one_sample(void **state) {
    (void)state;
    const double one[] = {0.25};
    const bench_statistics s = sum_up(one, 1);
    assert_true(s.mean == 0.25 && s.sd == 0 && s.median == 0.25 && s.min == 0.25 && s.max == 0.25 && s.p05 == 0.25 && s.p95 == 0.25);
    assert_true(s.outliers == 0 && s.drift == 0 && !s.noisy);
}

static void test_bench_statistics__percentiles_are_interpolated(void **state) {
    (void)state;
    const double samples[] = {5, 1, 4, 2, 3};
    const bench_statistics s = sum_up(samples, 5);
    assert_true(near(s.mean, 3) && near(s.sd, sqrt(2)) && near(s.median, 3) && s.min == 1 && s.max == 5);
    assert_true(near(s.p05, 1.2) && near(s.p25, 2) && near(s.p75, 4) && near(s.p95, 4.8));
    const double even[] = {1, 2, 3, 4};
    assert_true(near(sum_up(even, 4).median, 2.5));
}

static void test_bench_statistics__an_outlier_is_counted(void **state) {
    (void)state;
    double samples[20];
    for (int i = 0; i < 20; ++i)
        samples[i] = 1 + 0.001 * (i % 4);
    assert_int_equal(sum_up(samples, 20).outliers, 0);
    assert_false(sum_up(samples, 20).noisy);
    samples[7] = 2;
    assert_int_equal(sum_up(samples, 20).outliers, 1);
    assert_false(sum_up(samples, 20).noisy);
    samples[8] = samples[9] = 3;
    assert_int_equal(sum_up(samples, 20).outliers, 3);
    assert_true(sum_up(samples, 20).noisy);
}

static void test_bench_statistics__spread_and_drift_are_noise(void **state) {
    (void)state;
    double samples[30];
    for (int i = 0; i < 30; ++i)
        samples[i] = 1 + 0.06 * (i % 2);
    assert_true(sum_up(samples, 30).noisy);
    for (int i = 0; i < 30; ++i)
        samples[i] = i < 20 ? 1 : 1.1;
    const bench_statistics s = sum_up(samples, 30);
    assert_true(near(s.drift, 0.1) && s.noisy);
}

/* By the definition: every product of the convolution whose input lies inside the image. */
static double count_products(const convcl_conv_desc *d, int oh, int ow) {
    double count = 0;
    for (int p = 0; p < oh; ++p)
        for (int q = 0; q < ow; ++q)
            for (int r = 0; r < d->fh; ++r)
                for (int s = 0; s < d->fw; ++s) {
                    const int h = p * d->stride_h + r * d->dilation_h - d->pad_top, w = q * d->stride_w + s * d->dilation_w - d->pad_left;
                    count += h >= 0 && h < d->ih && w >= 0 && w < d->iw;
                }
    return count * d->n * d->oc * (d->ic / d->groups);
}

static void test_bench_statistics__operations_of_a_convolution(void **state) {
    (void)state;
    static const struct {
        int ih, iw, ic, oc, fh, fw, stride, pad, dilation, groups;
    } cases[] = {
        {13, 11, 6, 4, 3, 3, 1, 1, 1, 1}, {9, 8, 4, 6, 5, 2, 2, 2, 1, 2}, {7, 12, 3, 3, 3, 3, 1, 4, 2, 3}, {5, 5, 1, 1, 1, 1, 3, 0, 1, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        convcl_conv_desc d;
        int oh = 0, ow = 0;
        convcl_conv_desc_init(&d);
        d.n = 2, d.ih = cases[i].ih, d.iw = cases[i].iw, d.ic = cases[i].ic, d.oc = cases[i].oc, d.fh = cases[i].fh, d.fw = cases[i].fw;
        d.stride_h = d.stride_w = cases[i].stride, d.dilation_h = d.dilation_w = cases[i].dilation, d.groups = cases[i].groups;
        d.pad_top = d.pad_bottom = d.pad_left = d.pad_right = cases[i].pad;
        assert_ok(convcl_conv_output_size(&d, &oh, &ow));
        for (int dir = 0; dir < 3; ++dir)
            assert_true(bench_work_conv(&d, (convcl_conv_dir)dir).flops == 2 * count_products(&d, oh, ow));
        const double x = 2.0 * d.ih * d.iw * d.ic, w = (double)d.fh * d.fw * d.ic / d.groups * d.oc, y = 2.0 * oh * ow * d.oc;
        assert_true(bench_work_conv(&d, CONVCL_CONV_FWD).bytes == 4 * (x + w + y + d.oc));
        assert_true(bench_work_conv(&d, CONVCL_CONV_BWD_DATA).bytes == 4 * (x + w + y));
    }
}

static void test_bench_statistics__parts_by_kernel(void **state) {
    (void)state;
    static const struct {
        const char *kernel;
        bench_part part;
    } launches[] = {
        {"phases_filter", BENCH_PART_PACK_B},
        {"pack_winograd_filter", BENCH_PART_PACK_B},
        {"pack_phases", BENCH_PART_PACK_A},
        {"pack_winograd_pixels", BENCH_PART_PACK_A},
        {"pack_winograd_pixels", BENCH_PART_PACK_B},
        {"gemm_register", BENCH_PART_GEMM},
        {"pack_pad", BENCH_PART_PACK_A},
        {"pack_winograd_pixels", BENCH_PART_PACK_A},
        {"pack_winograd_pixels", BENCH_PART_PACK_B},
        {"gemm_local", BENCH_PART_GEMM},
        {"pack_pixels", BENCH_PART_PACK_B},
        {"unpack_winograd_filter", BENCH_PART_UNPACK},
        {"phases_filter", BENCH_PART_UNPACK},
        {"sum_rows", BENCH_PART_UNPACK},
        {"pack_gather", BENCH_PART_PACK_A},
        {"lrn_fwd", BENCH_PART_OTHER},
    };
    bench_part_state at = {0};
    for (size_t i = 0; i < sizeof launches / sizeof *launches; ++i)
        assert_int_equal(bench_part_of(launches[i].kernel, &at), launches[i].part);
}

int main(int argc, char **argv) {
    HARNESS_HOST(test_bench_statistics__one_sample);
    HARNESS_HOST(test_bench_statistics__percentiles_are_interpolated);
    HARNESS_HOST(test_bench_statistics__an_outlier_is_counted);
    HARNESS_HOST(test_bench_statistics__spread_and_drift_are_noise);
    HARNESS_HOST(test_bench_statistics__operations_of_a_convolution);
    HARNESS_HOST(test_bench_statistics__parts_by_kernel);
    return harness_main(argc, argv);
}
