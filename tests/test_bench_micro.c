/* test_bench_micro.c: bench conv and bench gemm as a user meets them, and the command that a failed test prints.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>

#include "bench_program.h"

#define QUICK " --steps 3 --burn-in 1 "

static bench_run *run_on(harness_device *device, const char *command, const char *arguments) {
    char line[512];
    snprintf(line, sizeof line, "%s -d %d:%d" QUICK "%s", command, device->info.platform_index, device->info.device_index, arguments);
    return bench_start(line);
}

static json_t *rows_of(const bench_run *run, json_t **root_out) {
    json_error_t error;
    *root_out = json_loads(run->out, 0, &error);
    if (!*root_out)
        fail_msg("no JSON (%s): %.200s %s", error.text, run->out, run->err);
    return json_object_get(*root_out, "rows");
}

static const char *text_of(const json_t *row, const char *name) {
    const char *text = json_string_value(json_object_get(row, name));
    if (!text)
        fail_msg("%s is not there, or no text", name);
    return text;
}

static double real_of(const json_t *row, const char *name) {
    const json_t *value = json_object_get(row, name);
    if (!json_is_real(value))
        fail_msg("%s is not there, or no real number", name);
    return json_real_value(value);
}

/* ---- mistakes -------------------------------------------------------------------------------------------------------------------------- */

static void test_bench_micro__mistakes_name_value_and_rule(void **state) {
    (void)state;
    static const bench_mistake mistakes[] = {
        {"conv", {"conv needs a CASE", ""}, 1},
        {"gemm", {"gemm needs a CASE", ""}, 1},
        {"conv n1ih1iw1ic1oc1", {"f or fh", "at least 1"}, 1},
        {"conv n1ih1iw1ic1oc1f1z2", {"\"z\"", "no word"}, 1},
        {"conv 'backward n1ih1iw1ic1oc1f1'", {"\"backwar\"", "no word"}, 1},
        {"conv alexnet:conv3 alexnet:conv9", {"alexnet:conv9", "no word"}, 1},
        {"gemm gm4gn4", {"gm4gn4", "gk must be there"}, 1},
        {"conv alexnet:conv3 --dir sideways", {"--dir is \"sideways\"", "bwd_weights"}, 1},
        {"gemm gm4gn4gk4 --dir fwd", {"--dir", "no direction"}, 1},
        {"gemm gm4gn4gk4 --algo gather", {"--algo", "--gemm"}, 1},
        {"gemm gm4gn4gk4 --batch 2", {"--batch", "gb"}, 1},
        {"conv alexnet:conv3 --algo fastest", {"--algo is \"fastest\"", "gather"}, 1},
        {"conv alexnet:conv3 --steps 0", {"--steps is \"0\"", "from 1 to"}, 1},
        {"conv alexnet:conv3 --device nonsense", {"\"nonsense\"", "matches no device"}, 1},
        {"conv --cases missing.txt", {"--cases is \"missing.txt\"", "cannot be read"}, 1},
        {"conv --cases /dev/null", {"conv needs a CASE", ""}, 1},
        {"conv alexnet:conv3 --layers", {"--layers", "no option"}, 1},
        {"conv alexnet:conv3 --json missing/x.json", {"--json is \"missing/x.json\"", "cannot be written"}, 0},
    };
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; ++i)
        bench_expect_mistake(&mistakes[i]);
}

static void test_bench_micro__help_fits_a_terminal(void **state) {
    (void)state;
    bench_run *run = bench_start("conv --help");
    size_t lines = 0;
    for (const char *at = run->out; *at; ++lines) {
        const char *end = strchr(at, '\n');
        assert_non_null(end);
        assert_in_range((size_t)(end - at), 0, 80);
        at = end + 1;
    }
    assert_in_range(lines, 10, 24);
    assert_int_equal(run->status, 0);
    bench_finish(run);
}

/* ---- rows ------------------------------------------------------------------------------------------------------------------------------ */

static void test_bench_micro__conv_has_a_row_for_each_direction(harness_device *device, const void *data) {
    (void)data;
    static const char *const directions[] = {"fwd", "bwd_data", "bwd_weights"};
    json_t *root = NULL;
    bench_run *run = run_on(device, "conv", "n2ih9iw8ic16oc24f3p1 --algo gather --verify --format json");
    assert_int_equal(run->status, 0);
    json_t *rows = rows_of(run, &root);
    assert_int_equal(json_array_size(rows), 3);
    for (size_t i = 0; i < 3; ++i) {
        const json_t *row = json_array_get(rows, i);
        assert_string_equal(text_of(row, "operation"), directions[i]);
        assert_string_equal(text_of(row, "case"), "n2ih9iw8ic16oc24f3p1");
        assert_string_equal(text_of(row, "algorithm"), "gather");
        assert_string_equal(text_of(row, "status"), "ok");
        assert_int_equal(json_array_size(json_object_get(row, "samples_s")), 3);
        assert_true(real_of(row, "gemm_s") > 0 && real_of(row, "median_s") >= real_of(row, "min_s") && real_of(row, "compile_s") >= 0);
        assert_true(real_of(row, "relative_rms") > 0 && real_of(row, "relative_rms") < 5e-6);
        /* 25 of 27 and 22 of 24 taps of an axis lie inside the image. */
        assert_true(fabs(real_of(row, "gflops") * real_of(row, "median_s") * 1e9 / (2.0 * 2 * 25 * 22 * 16 * 24) - 1) < 1e-6);
    }
    json_decref(root);
    bench_finish(run);
}

static void test_bench_micro__text_has_the_columns(harness_device *device, const void *data) {
    (void)data;
    bench_run *run = run_on(device, "conv", "'bwd_data n4ih13iw13ic16oc16f3p1' --algo winograd:4 --batch 5");
    assert_int_equal(run->status, 0);
    assert_true(bench_matches(
        "^device  operation +case +algorithm +pack A ms +pack B ms +gemm ms +unpack ms +ms +min ms +GFLOP/s +GB/s +% of peak +compile s "
        "+rms error +status +describe\n",
        run->out));
    assert_true(bench_matches(
        "\n +[0-9]+ +bwd_data +n5ih13iw13ic16oc16f3p1 +winograd( +[0-9]+\\.[0-9]+){10} +ok +conv bwd_data winograd, F\\(4x4, 3x3\\)",
        run->out));
    bench_finish(run);
}

static void test_bench_micro__gemm_is_right(harness_device *device, const void *data) {
    (void)data;
    json_t *root = NULL;
    bench_run *run =
        run_on(device, "gemm",
               "gm65gn33gk17x3 gm14gn35gk21gb5x2acc1 gm31gn70gk12bias1relu1mask1 gm20gn37gk0 gm9gn8gk7gb4plain1 gm9gn8gk7gb4turned1 "
               "--verify --format json");
    assert_int_equal(run->status, 0);
    json_t *rows = rows_of(run, &root);
    assert_int_equal(json_array_size(rows), 6);
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row) {
        assert_string_equal(text_of(row, "operation"), "gemm");
        assert_string_equal(text_of(row, "status"), "ok");
        assert_true(real_of(row, "median_s") > 0 && real_of(row, "relative_rms") < 1e-6);
    }
    json_decref(root);
    bench_finish(run);
}

static void test_bench_micro__cases_come_from_a_file(harness_device *device, const void *data) {
    (void)data;
    char line[512];
    snprintf(line, sizeof line,
             "printf '# a comment\\n\\nn1ih4iw4ic2oc3f3 clblast\\n  n1ih5iw5ic2oc3f1 # another' >cases; \"$BENCH\" conv --cases cases -d "
             "%d:%d" QUICK "--dir fwd --format csv; status=$?; rm cases; (exit $status)",
             device->info.platform_index, device->info.device_index);
    bench_run *run = bench_start_line(line);
    assert_int_equal(run->status, 0);
    assert_true(bench_matches("^device,operation,case,.*\n[0-9]+,fwd,n1ih4iw4ic2oc3f3,.*\n[0-9]+,fwd,n1ih5iw5ic2oc3f1,", run->out));
    bench_finish(run);
}

static void test_bench_micro__unsupported_is_a_row_with_the_reason(harness_device *device, const void *data) {
    (void)data;
    json_t *root = NULL;
    bench_run *run = run_on(device, "conv", "n1ih5iw5ic4oc4f1 --algo winograd --dir fwd --format json");
    assert_int_equal(run->status, 1); /* no row ran */
    const json_t *row = json_array_get(rows_of(run, &root), 0);
    assert_string_equal(text_of(row, "status"), "unsupported");
    assert_non_null(strstr(text_of(row, "reason"), "winograd"));
    assert_true(json_is_null(json_object_get(row, "median_s")));
    json_decref(root);
    bench_finish(run);
}

static void test_bench_micro__too_large_is_skipped(harness_device *device, const void *data) {
    (void)data;
    json_t *root = NULL;
    bench_run *run = run_on(device, "conv", "n50000ih1000iw1000ic4oc4f1 n1ih5iw5ic4oc4f1 --dir fwd --format json");
    assert_int_equal(run->status, 0);
    json_t *rows = rows_of(run, &root);
    assert_string_equal(text_of(json_array_get(rows, 0), "status"), "skipped");
    assert_true(strlen(text_of(json_array_get(rows, 0), "reason")) > 10);
    assert_string_equal(text_of(json_array_get(rows, 1), "status"), "ok");
    json_decref(root);
    bench_finish(run);
}

static void test_bench_micro__time_budget_skips_the_rest(harness_device *device, const void *data) {
    (void)data;
    bench_run *run = run_on(device, "conv", "n1ih5iw5ic4oc4f1 n2ih5iw5ic4oc4f1 --time-budget 0.001 --format csv");
    assert_int_equal(run->status, 1);
    assert_non_null(strstr(run->out, ",skipped: time budget,"));
    bench_finish(run);
}

/* A row that takes for ever; it is interrupted in its first second or two, and the row behind it is left out. */
/* A busy machine may not have come to the first row after three seconds: then later. */
static void test_bench_micro__interrupt_prints_what_there_is(harness_device *device, const void *data) {
    (void)data;
    static const int seconds[] = {3, 12, 40};
    bool timed = false;
    for (size_t i = 0; i < sizeof seconds / sizeof *seconds && !timed; ++i) {
        char line[512];
        snprintf(line, sizeof line,
                 "\"$BENCH\" conv n1ih5iw5ic4oc4f1 n2ih5iw5ic4oc4f1 --dir fwd -d %d:%d --steps 1000000 --burn-in 1000000 --format csv >o & "
                 "pid=$!; sleep %d; "
                 "kill -INT $pid; wait $pid; status=$?; cat o; rm o; (exit $status)",
                 device->info.platform_index, device->info.device_index, seconds[i]);
        bench_run *run = bench_start_line(line);
        assert_int_equal(run->status, 130);
        timed = bench_matches("\n[0-9]+,fwd,n1ih5iw5ic4oc4f1,.*,ok,", run->out);
        assert_true(!timed || bench_matches("\n[0-9]+,fwd,n2ih5iw5ic4oc4f1,.*,skipped: interrupted,", run->out));
        bench_finish(run);
    }
    assert_true(timed);
}

/* ---- wrong results ---------------------------------------------------------------------------------------------------------------------- */

/* Shell: a folder of kernels whose product for CPUs is wrong. */
#define BREAK_KERNELS                                                                                                                      \
    "cp -r '" CONVCL_TESTS_DIR "/../kernels' kernels && sed -i 's/fma(value, row_b/fma(1.01f * value, row_b/' kernels/gemm_register.cl; "

static void test_bench_micro__wrong_kernel_fails_verify(harness_device *device, const void *data) {
    (void)data;
    char line[1024];
    snprintf(line, sizeof line,
             BREAK_KERNELS
             "CONVCL_KERNEL_DIR=kernels \"$BENCH\" conv n1ih5iw5ic4oc4f3 -d %d:%d --dir fwd --gemm register --algo gather --verify; "
             "status=$?; rm -r kernels; (exit $status)",
             device->info.platform_index, device->info.device_index);
    bench_run *run = bench_start_line(line);
    assert_int_equal(run->status, 1);
    assert_non_null(strstr(run->err, "bench: fwd n1ih5iw5ic4oc4f3: y has a relative rms error of "));
    assert_non_null(strstr(run->out, "error: y has a relative rms error of "));
    bench_finish(run);
}

/* Runs a test that must fail, takes the last command that it prints to repeat it, and runs that: it must fail too. */
static void expect_repeatable(harness_device *device, const char *program, const char *filter, const char *command) {
    char line[2048];
    snprintf(line, sizeof line,
             BREAK_KERNELS "export CONVCL_KERNEL_DIR=$PWD/kernels CONVCL_TEST_DEVICE=%d:%d CONVCL_TEST_SAMPLE=1; "
                           "\"$(dirname \"$BENCH\")/%s\" '%s' >log 2>&1; sed -n 's/^  repeat: //p' log | grep /bench | tail -n 1 >command; "
                           "cat command; . ./command; status=$?; rm -r kernels log command; (exit $status)",
             device->info.platform_index, device->info.device_index, program, filter);
    bench_run *run = bench_start_line(line);
    if (run->status != 1 || !strstr(run->out, command))
        fail_msg("exit status %d; not repeated by %s: %s %s", run->status, command, run->out, run->err);
    assert_non_null(strstr(run->out, "relative rms error of "));
    bench_finish(run);
}

static void test_bench_micro__a_failed_test_names_the_command(harness_device *device, const void *data) {
    (void)data;
    expect_repeatable(device, "test_conv_bwd_data", "conv bwd_data gather register n2ih13iw11ic3oc5f3p1*", "bench conv --verify --device");
    expect_repeatable(device, "test_gemm", "gemm register partial_tiles*", "bench gemm --verify --device");
}

int main(int argc, char **argv) {
    HARNESS_HOST(test_bench_micro__mistakes_name_value_and_rule);
    HARNESS_HOST(test_bench_micro__help_fits_a_terminal);
    HARNESS_DEVICE(test_bench_micro__conv_has_a_row_for_each_direction);
    HARNESS_DEVICE(test_bench_micro__text_has_the_columns);
    HARNESS_DEVICE(test_bench_micro__gemm_is_right);
    HARNESS_DEVICE(test_bench_micro__cases_come_from_a_file);
    HARNESS_DEVICE(test_bench_micro__unsupported_is_a_row_with_the_reason);
    HARNESS_DEVICE(test_bench_micro__too_large_is_skipped);
    HARNESS_DEVICE(test_bench_micro__time_budget_skips_the_rest);
    HARNESS_DEVICE(test_bench_micro__interrupt_prints_what_there_is);
    HARNESS_DEVICE(test_bench_micro__wrong_kernel_fails_verify);
    HARNESS_DEVICE(test_bench_micro__a_failed_test_names_the_command);
    return harness_main(argc, argv);
}
