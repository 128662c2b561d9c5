/* test_bench.c: the program bench as a user meets it: its lines, its JSON, its answers to mistakes.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>

#include "bench_program.h"

/* ---- mistakes -------------------------------------------------------------------------------------------------------------------------- */

static void test_bench__mistakes_name_value_and_rule(void **state) {
    (void)state;
    static const bench_mistake mistakes[] = {
        {"--device nonsense", {"\"nonsense\"", "matches no device"}, 1},
        {"--device ''", {"--device is \"\"", "empty"}, 1},
        {"--batch 0", {"--batch is \"0\"", "from 1 to 65536"}, 1},
        {"--batch 99999999", {"--batch is \"99999999\"", "from 1 to 65536"}, 1},
        {"-b 99999999999999999999", {"--batch is \"99999999999999999999\"", "from 1 to 65536"}, 1},
        {"--batch ' 1'", {"--batch is \" 1\"", "from 1 to 65536"}, 1},
        {"--steps x", {"--steps is \"x\"", "whole number"}, 1},
        {"--steps 1x", {"--steps is \"1x\"", "whole number"}, 1},
        {"--steps 0", {"--steps is \"0\"", "from 1 to"}, 1},
        {"--burn-in -1", {"--burn-in is \"-1\"", "from 0 to"}, 1},
        {"--seed +1", {"--seed is \"+1\"", "whole number"}, 1},
        {"--phase backward", {"--phase is \"backward\"", "forward-backward"}, 1},
        {"--algo fastest", {"--algo is \"fastest\"", "gather"}, 1},
        {"--gemm fastest", {"--gemm is \"fastest\"", "register, local"}, 1},
        {"--net lenet", {"--net is \"lenet\"", "alexnet, alexnet-full, overfeat, vgg-a, cifar10-quick"}, 1},
        {"--net", {"--net", "needs a value"}, 1},
        {"--nonsense", {"--nonsense", "no option"}, 1},
        {"-x", {"-x", "no option"}, 1},
        {"--verify=yes", {"--verify=yes", "no value"}, 1},
        {"--json", {"--json", "needs a value"}, 1},
        {"--format html", {"--format is \"html\"", "text, markdown, csv or json"}, 1},
        {"--math exact", {"--math is \"exact\"", "default, strict or fast"}, 1},
        {"--tune fast", {"--tune is \"fast\"", "off, quick or full"}, 1},
        {"--time-budget 0", {"--time-budget is \"0\"", "above 0"}, 1},
        {"--time-budget 1e3", {"--time-budget is \"1e3\"", "seconds"}, 1},
        {"--time-budget ''", {"--time-budget is \"\"", "seconds"}, 1},
        {"--time-budget 1.2.3", {"--time-budget is \"1.2.3\"", "seconds"}, 1},
        {"--algo winograd:0", {"--algo is \"winograd:0\"", "winograd:TILE"}, 1},
        {"--algo winograd:44", {"--algo is \"winograd:44\"", "winograd:TILE"}, 1},
        {"--device 0,", {"--device", "empty choice"}, 1},
        {"--device 0,nonsense", {"\"nonsense\"", "matches no device"}, 1},
        {"--layers=launches", {"--layers=launches", "no value"}, 1},
        {"32", {"\"32\"", "too many"}, 1},
        {"--json missing/x.json", {"--json is \"missing/x.json\"", "cannot be written"}, 0},
        {"--json .", {"--json is \".\"", "Is a directory"}, 0},
    };
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; ++i)
        bench_expect_mistake(&mistakes[i]);
}

/* ---- answers --------------------------------------------------------------------------------------------------------------------------- */

static void test_bench__help_fits_a_terminal(void **state) {
    (void)state;
    bench_run *run = bench_start("--help");
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

static void test_bench__version(void **state) {
    (void)state;
    bench_run *run = bench_start("--version");
    assert_memory_equal(run->out, "convcl " CONVCL_VERSION_STRING " ", strlen("convcl " CONVCL_VERSION_STRING " "));
    assert_int_equal(run->status, 0);
    bench_finish(run);
}

static void test_bench__closed_output_is_a_failure(void **state) {
    (void)state;
    static const char *const words[] = {"--version >/dev/full", "--version >&-", "--list-layers >&-", "--list-devices >&-"};
    for (size_t i = 0; i < sizeof words / sizeof *words; ++i) {
        bench_run *run = bench_start(words[i]);
        assert_non_null(strstr(run->err, "standard output cannot be written"));
        assert_int_equal(run->status, 1);
        bench_finish(run);
    }
}

/* Shapes after the paper. */
static void test_bench__lists_the_layers_of_a_network(void **state) {
    (void)state;
    bench_run *run = bench_start("--list-layers --net overfeat --batch 7");
    assert_int_equal(run->status, 0);
    assert_memory_equal(run->out, "layer ", 6);
    assert_true(bench_matches("\nimages +input +\\[7, 231, 231, 3\\] *\n", run->out));
    assert_true(bench_matches("\nconv1 +conv +images +\\[7, 56, 56, 96\\] +11x11 +4x4 +0 0 0 0 +34848\n", run->out));
    assert_true(bench_matches("\npool5 +maxpool +relu5 +\\[7, 6, 6, 1024\\] +2x2 +2x2 +0 0 0 0 *\n", run->out));
    assert_true(bench_matches("\nfc6 +dense +pool5 +\\[7, 1, 1, 3072\\] +113246208\n", run->out));
    bench_finish(run);
    bench_expect_mistake(&(bench_mistake){"--list-layers --device nonsense", {"\"nonsense\"", "matches no device"}, 1});
}

/* ---- a run ----------------------------------------------------------------------------------------------------------------------------- */

#define TIME_OF_DAY "^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{6}: "
#define SECONDS     "[0-9]+\\.[0-9]{3}"

/* Everything from the first activation on, for --batch 1 --steps 12 --burn-in 9: TensorFlow's script prints where the step, burn-in included, divides by ten. */
static const char *const expected_lines[] = {
    "^conv1   \\[1, 56, 56, 64\\]$",
    "^pool1   \\[1, 27, 27, 64\\]$",
    "^conv2   \\[1, 27, 27, 192\\]$",
    "^pool2   \\[1, 13, 13, 192\\]$",
    "^conv3   \\[1, 13, 13, 384\\]$",
    "^conv4   \\[1, 13, 13, 256\\]$",
    "^conv5   \\[1, 13, 13, 256\\]$",
    "^pool5   \\[1, 6, 6, 256\\]$",
    TIME_OF_DAY "step 1, duration = " SECONDS "$",
    TIME_OF_DAY "step 11, duration = " SECONDS "$",
    TIME_OF_DAY "Forward across 12 steps, " SECONDS " \\+/- " SECONDS " sec / batch$",
    TIME_OF_DAY "step 1, duration = " SECONDS "$",
    TIME_OF_DAY "step 11, duration = " SECONDS "$",
    TIME_OF_DAY "Forward-backward across 12 steps, " SECONDS " \\+/- " SECONDS " sec / batch$",
    "^device +phase +steps +median ms +min ms +5% ms +95% ms +max ms +images/s +outliers +noise$",
    "^ +[0-9]+ +forward +12( +[0-9]+\\.[0-9]+){6} +[0-9]+ +(quiet|noisy)$",
    "^ +[0-9]+ +forward-backward +12( +[0-9]+\\.[0-9]+){6} +[0-9]+ +(quiet|noisy)$",
};

static void check_lines(char *out) {
    char *line = strstr(out, "\nconv1 ");
    assert_non_null(line);
    line = strtok(line, "\n");
    for (size_t i = 0; i < sizeof expected_lines / sizeof *expected_lines; ++i) {
        assert_non_null(line);
        if (!bench_matches(expected_lines[i], line))
            fail_msg("\"%s\" does not match %s", line, expected_lines[i]);
        line = strtok(NULL, "\n");
    }
    assert_null(line);
}

static void check_percentiles(const json_t *phase, double min, double median) {
    double p05 = 0, p25 = 0, p75 = 0, p95 = 0, max = 0, drift = 0;
    int outliers = -1, partial = 1, noisy = -1;
    assert_int_equal(json_unpack((json_t *)phase, "{s:F, s:F, s:F, s:F, s:F, s:F, s:i, s:b, s:b}", "p05_s", &p05, "p25_s", &p25, "p75_s",
                                 &p75, "p95_s", &p95, "max_s", &max, "drift", &drift, "outliers", &outliers, "partial", &partial, "noisy",
                                 &noisy),
                     0);
    assert_true(min <= p05 && p05 <= p25 && p25 <= median && median <= p75 && p75 <= p95 && p95 <= max && drift > -1);
    assert_true(outliers >= 0 && outliers < 12 && !partial && noisy >= 0);
}

/* A step keeps the processors busy, those that the tests run on being CPUs. */
static void check_processor(const json_t *phase) {
    double wall = 0, cpu = 0, wait = -1;
    int processors = 0;
    assert_int_equal(json_unpack((json_t *)phase, "{s:{s:i, s:F, s:F, s:F !}}", "processor", "processors", &processors, "wall_s", &wall,
                                 "cpu_s", &cpu, "wait_s", &wait),
                     0);
    assert_true(processors >= 1 && wall > 0 && cpu > 0 && wait >= 0);
    assert_true(cpu <= 1.5 * wall * processors);
}

static void check_phase(const json_t *phase, const char *expected_name) {
    const char *name = NULL;
    int steps = 0;
    double mean = 0, sd = 0, median = 0, min = 0, sum = 0, least = 1e300;
    json_t *samples = NULL;
    assert_int_equal(json_unpack((json_t *)phase, "{s:s, s:i, s:F, s:F, s:F, s:F, s:o}", "name", &name, "steps", &steps, "mean_s", &mean,
                                 "sd_s", &sd, "median_s", &median, "min_s", &min, "samples_s", &samples),
                     0);
    assert_string_equal(name, expected_name);
    assert_int_equal(steps, 12);
    assert_int_equal(json_array_size(samples), 12);
    for (size_t i = 0; i < 12; ++i) {
        const double sample = json_real_value(json_array_get(samples, i));
        assert_true(sample > 0);
        sum += sample;
        least = sample < least ? sample : least;
    }
    assert_true(sum / 12 > 0.999 * mean && sum / 12 < 1.001 * mean);
    assert_true(least > 0.999 * min && least < 1.001 * min);
    assert_true(median >= min && sd >= 0);
    check_percentiles(phase, min, median);
    check_processor(phase);
}

static double real_of(const json_t *object, const char *name) {
    const json_t *value = json_object_get(object, name);
    if (!json_is_real(value))
        fail_msg("%s is not there, or no real number", name);
    return json_real_value(value);
}

static void check_ceilings(const json_t *ceilings) {
    static const char *const names[] = {"fma_flops",    "fma_flops_after",    "copy_bytes_per_s",    "launch_s",
                                        "round_trip_s", "upload_bytes_per_s", "download_bytes_per_s"};
    for (size_t i = 0; i < sizeof names / sizeof *names; ++i)
        assert_true(real_of(ceilings, names[i]) > 0);
}

/* Counts the rows of a phase and looks at each. */
static int check_layers(const json_t *layers, const char *phase, double peak) {
    int count = 0;
    size_t i;
    const json_t *row;
    json_array_foreach(layers, i, row) {
        const char *bound = json_string_value(json_object_get(row, "bound"));
        if (strcmp(json_string_value(json_object_get(row, "phase")), phase) != 0)
            continue;
        const double seconds = real_of(row, "time_s"), flop = real_of(row, "flop"), gflops = real_of(row, "gflops");
        assert_true(seconds > 0 && flop > 0 && real_of(row, "bytes") > 0 && real_of(row, "roofline_s") > 0);
        assert_true(fabs(gflops * 1e9 * seconds / flop - 1) < 1e-3);
        assert_true(fabs(real_of(row, "share_of_peak") * peak / (gflops * 1e9) - 1) < 1e-3);
        assert_true(strcmp(bound, "arithmetic") == 0 || strcmp(bound, "memory") == 0);
        assert_int_equal(json_array_size(json_object_get(row, "samples_s")), 10);
        if (strncmp(json_string_value(json_object_get(row, "layer")), "conv", 4) == 0) {
            const double parts = real_of(row, "pack_s") + real_of(row, "gemm_s") + real_of(row, "unpack_s");
            assert_true(real_of(row, "gemm_s") > 0 && parts < 2 * seconds);
            assert_string_equal(json_string_value(json_object_get(row, "algorithm")), "gather");
        } else {
            assert_true(json_is_null(json_object_get(row, "gemm_s")));
        }
        ++count;
    }
    return count;
}

static void check_json(const json_t *root, const harness_device *device) {
    const char *version = NULL, *name = NULL, *platform = NULL, *vendor = NULL, *driver = NULL, *type = NULL, *math = NULL, *last = NULL;
    int index = -1, batch = 0, steps = 0, burn_in = 0, seed = 0, ran = 0;
    int compiled = -1, loaded = -1, candidates = -1;
    double total = -1, compile = -1, first = -1, tune = -1, max = 0;
    json_t *activations = NULL, *phases = NULL, *tensors = NULL;
    assert_int_equal(
        json_unpack((json_t *)root,
                    "{s:s, s:{s:i, s:s, s:s, s:s, s:s, s:s}, s:{s:i, s:i, s:i, s:i, s:s}, s:{s:F, s:F, s:F, s:F, s:i, s:i, s:i !}}",
                    "convcl", &version, "device", "index", &index, "name", &name, "platform", &platform, "vendor", &vendor, "driver",
                    &driver, "type", &type, "config", "batch", &batch, "steps", &steps, "burn_in", &burn_in, "seed", &seed, "math", &math,
                    "setup", "total_s", &total, "compile_s", &compile, "first_steps_s", &first, "tune_s", &tune, "programs_compiled",
                    &compiled, "programs_loaded", &loaded, "candidates_tuned", &candidates),
        0);
    assert_int_equal(json_unpack((json_t *)root, "{s:o, s:o, s:{s:b, s:F, s:o !}}", "activations", &activations, "phases", &phases,
                                 "verify", "ran", &ran, "max_relative_l2", &max, "tensors", &tensors),
                     0);
    assert_string_equal(version, CONVCL_VERSION_STRING);
    assert_int_equal(index, device->info.index);
    assert_string_equal(platform, device->info.platform_name);
    assert_true(batch == 1 && steps == 12 && burn_in == 9 && seed == 7 && compile > 0 && tune == 0);
    assert_true(first > 0 && total > compile && total > first && compiled + loaded > 0 && candidates == 0);
    assert_int_equal(json_array_size(activations), 8);
    assert_int_equal(
        json_unpack(json_array_get(activations, 7), "{s:s, s:[i, i, i, i !] !}", "name", &last, "shape", &index, &steps, &burn_in, &batch),
        0);
    assert_string_equal(last, "pool5");
    assert_true(index == 1 && steps == 6 && burn_in == 6 && batch == 256);
    assert_int_equal(json_array_size(phases), 2);
    check_phase(json_array_get(phases, 0), "forward");
    check_phase(json_array_get(phases, 1), "forward-backward");
    assert_true(ran && max > 0 && max <= 1e-5);
    assert_int_equal(json_array_size(tensors), 18);
    const json_t *ceilings = json_object_get(root, "ceilings"), *layers = json_object_get(root, "layers");
    check_ceilings(ceilings);
    assert_int_equal(check_layers(layers, "forward", real_of(ceilings, "fma_flops")), 11);
    assert_int_equal(check_layers(layers, "forward-backward", real_of(ceilings, "fma_flops")), 26);
    assert_true(json_is_false(json_object_get(root, "partial")) && json_is_null(json_object_get(root, "partial_reason")));
}

static void test_bench__prints_and_writes_a_run(harness_device *device, const void *data) {
    (void)data;
    harness_skip_where_slow(device, 118);
    char arguments[256];
    snprintf(arguments, sizeof arguments, "-d %d:%d -b 1 --steps 12 --burn-in 9 --seed 7 --algo gather --verify --json x.json",
             device->info.platform_index, device->info.device_index);
    bench_run *run = bench_start(arguments);
    if (run->status != 0)
        fail_msg("bench %s: exit status %d: %s", arguments, run->status, run->err);
    assert_non_null(strstr(run->out, device->info.driver));
    assert_non_null(strstr(run->out, "set-up "));
    check_lines(run->out);
    json_t *root = bench_take_json(run, "x.json");
    check_json(root, device);
    json_decref(root);
    bench_finish(run);
}

/* Layers that AlexNet has not: dense ones, and average pooling. */
static void test_bench__another_network(harness_device *device, const void *data) {
    (void)data;
    char arguments[256];
    snprintf(arguments, sizeof arguments, "-d %d:%d --net cifar10-quick -b 4 --steps 2 --burn-in 0 --verify --layers --json x.json",
             device->info.platform_index, device->info.device_index);
    bench_run *run = bench_start(arguments);
    if (run->status != 0)
        fail_msg("bench %s: exit status %d: %s", arguments, run->status, run->err);
    static const char *const words[] = {"run       cifar10-quick, batch 4,", "\npool1   [4, 16, 16, 32]\n", "\nip2   [4, 1, 1, 10]\n",
                                        "avgpool_bwd"};
    for (size_t i = 0; i < sizeof words / sizeof *words; ++i)
        if (!strstr(run->out, words[i]))
            fail_msg("\"%s\" is not in\n%s", words[i], run->out);
    json_t *root = bench_take_json(run, "x.json");
    assert_string_equal(json_string_value(json_object_get(root, "network")), "cifar10-quick");
    assert_int_equal(json_array_size(json_object_get(root, "activations")), 8);
    const json_t *verify = json_object_get(root, "verify");
    assert_true(json_is_true(json_object_get(verify, "ran")));
    assert_true(real_of(verify, "max_relative_l2") > 0 && real_of(verify, "max_relative_l2") <= 1e-5);
    assert_int_equal(json_array_size(json_object_get(verify, "tensors")), 8 + 10);
    json_decref(root);
    bench_finish(run);
}

/* A kernel that computes nonsense must be found before anything is timed. */
static void test_bench__wrong_kernel_fails_verify(harness_device *device, const void *data) {
    (void)data;
    char line[1024];
    snprintf(line, sizeof line,
             "cp -r '%s/../kernels' kernels && sed -i 's/bias + alpha/bias + 0.01f + alpha/' kernels/lrn_normalize.h;"
             "CONVCL_KERNEL_DIR=kernels \"$BENCH\" -d %d:%d -b 1 --algo gather --steps 1 --burn-in 0 --verify --json x.json; status=$?; rm "
             "-r kernels; "
             "(exit $status)",
             CONVCL_TESTS_DIR, device->info.platform_index, device->info.device_index);
    bench_run *run = bench_start_line(line);
    assert_int_equal(run->status, 1);
    assert_non_null(strstr(run->err, "verify: pool1 has a relative L2 error of "));
    assert_null(strstr(run->out, "sec / batch"));
    bench_finish(run);
}

int main(int argc, char **argv) {
    HARNESS_HOST(test_bench__mistakes_name_value_and_rule);
    HARNESS_HOST(test_bench__help_fits_a_terminal);
    HARNESS_HOST(test_bench__version);
    HARNESS_HOST(test_bench__lists_the_layers_of_a_network);
    HARNESS_HOST(test_bench__closed_output_is_a_failure);
    HARNESS_DEVICE(test_bench__prints_and_writes_a_run);
    HARNESS_DEVICE(test_bench__another_network);
    HARNESS_DEVICE(test_bench__wrong_kernel_fails_verify);
    return harness_main(argc, argv);
}
