/* test_bench_devices.c: bench on several devices, in other formats, ended early; the tables of layers.
 * SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700 /* posix_openpt */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "bench_program.h"

/* A quick run, of a small network: --device and these. */
#define QUICK "--net cifar10-quick -b 1 --steps 3 --burn-in 1"

/* For runs that end early: its steps are long enough that what is printed of them stays short. */
#define LONGER "--net cifar10-quick -b 8"

static bench_run *run_on(harness_device *device, const char *arguments) {
    char line[512];
    snprintf(line, sizeof line, "-d %d:%d %s", device->info.platform_index, device->info.device_index, arguments);
    bench_run *run = bench_start(line);
    if (run->status != 0)
        fail_msg("bench %s: exit status %d: %s", line, run->status, run->err);
    return run;
}

static json_t *parse(const char *text) {
    json_error_t error;
    json_t *root = json_loads(text, 0, &error);
    if (!root)
        fail_msg("no JSON (%s): %.200s", error.text, text);
    return root;
}

static size_t count_lines(const char *text) {
    size_t lines = 0;
    for (; *text; ++text)
        lines += *text == '\n';
    return lines;
}

/* ---- the list -------------------------------------------------------------------------------------------------------------------------- */

static void test_bench_devices__lists_the_device(harness_device *device, const void *data) {
    (void)data;
    bench_run *run = bench_start("--list-devices");
    assert_int_equal(run->status, 0);
    assert_true(bench_matches("^index +p:d +name +platform +vendor +driver +type +units +memory +local +half +double +subgroups +OpenCL",
                              run->out));
    assert_non_null(strstr(run->out, device->info.name));
    assert_non_null(strstr(run->out, device->info.platform_name));
    assert_non_null(strstr(run->out, device->info.driver));
    bench_finish(run);
}

static void test_bench_devices__lists_as_json(harness_device *device, const void *data) {
    (void)data;
    const char *name = NULL, *type = NULL, *opencl = NULL;
    int units = 0, half = -1, is_double = -1, subgroups = -1;
    json_int_t memory = 0, local = 0;
    bench_run *run = bench_start("-l --format json");
    json_t *root = parse(run->out);
    json_t *item = json_array_get(json_object_get(root, "devices"), (size_t)device->info.index);
    assert_int_equal(json_unpack(item, "{s:s, s:s, s:s, s:i, s:I, s:I, s:b, s:b, s:b}", "name", &name, "type", &type, "opencl", &opencl,
                                 "compute_units", &units, "memory_bytes", &memory, "local_memory_bytes", &local, "half", &half, "double",
                                 &is_double, "subgroups", &subgroups),
                     0);
    assert_string_equal(name, device->info.name);
    assert_string_equal(type, convcl_device_type_name(device->info.type));
    assert_string_equal(opencl, device->info.version);
    assert_true(units == (int)device->info.compute_units && (uint64_t)memory == device->info.global_memory && local > 0);
    json_decref(root);
    bench_finish(run);
}

static void test_bench_devices__lists_as_csv_and_markdown(void **state) {
    (void)state;
    int count = 0;
    assert_int_equal(convcl_device_count(&count), CONVCL_OK);
    bench_run *csv = bench_start("-l --format csv"), *markdown = bench_start("-l --format markdown");
    assert_int_equal(count_lines(csv->out), count + 1);
    assert_int_equal(count_lines(markdown->out), count + 2);
    assert_memory_equal(csv->out, "index,p:d,name,", 15);
    assert_memory_equal(markdown->out, "| index | p:d | name |", 22);
    bench_finish(csv);
    bench_finish(markdown);
}

/* ---- several devices ------------------------------------------------------------------------------------------------------------------- */

static void test_bench_devices__several_stand_side_by_side(harness_device *device, const void *data) {
    (void)data;
    char line[256];
    snprintf(line, sizeof line, "-d %d:%d,%d " QUICK " --phase forward --json x.json", device->info.platform_index,
             device->info.device_index, device->info.index);
    bench_run *run = bench_start(line);
    assert_int_equal(run->status, 0);
    assert_non_null(strstr(run->out, "devices side by side"));
    assert_true(bench_matches("\nforward +conv2 +fwd +[0-9]+ +[0-9.]+ +1\\.00 +(gather|winograd)\n", run->out));
    json_t *root = bench_take_json(run, "x.json");
    json_t *runs = json_object_get(root, "runs");
    assert_int_equal(json_array_size(runs), 2);
    for (size_t i = 0; i < 2; ++i)
        assert_int_equal(json_array_size(json_object_get(json_array_get(runs, i), "phases")), 1);
    json_decref(root);
    bench_finish(run);
}

static void test_bench_devices__all_runs_every_device(void **state) {
    (void)state;
    int count = 0;
    assert_int_equal(convcl_device_count(&count), CONVCL_OK);
    bench_run *run = bench_start("-d all " QUICK " --phase forward --format json");
    assert_int_equal(run->status, 0);
    json_t *root = parse(run->out);
    if (count > 1)
        assert_int_equal(json_array_size(json_object_get(root, "runs")), count);
    else
        assert_int_equal(json_array_size(json_object_get(root, "phases")), 1);
    json_decref(root);
    bench_finish(run);
}

/* ---- formats --------------------------------------------------------------------------------------------------------------------------- */

static void test_bench_devices__csv_has_a_row_for_each_phase_and_layer(harness_device *device, const void *data) {
    (void)data;
    bench_run *run = run_on(device, QUICK " --format csv");
    assert_int_equal(count_lines(run->out), 1 + 2 + 10 + 23);
    assert_memory_equal(run->out, "device,platform,driver,network,batch,math,partial,phase,layer,direction,steps,mean_s,", 84);
    assert_true(bench_matches(",cifar10-quick,1,default,,forward-backward,conv3,bwd_weights,3,0\\.[0-9]+,", run->out));
    bench_finish(run);
}

static void test_bench_devices__markdown_has_tables(harness_device *device, const void *data) {
    (void)data;
    bench_run *run = run_on(device, QUICK " --format markdown --phase forward");
    assert_memory_equal(run->out, "## Device ", 10);
    assert_true(bench_matches("\n\\| [0-9]+ \\| forward \\| 3 \\|", run->out));
    assert_true(bench_matches("\n\\| conv3 \\| fwd \\| [0-9.]+ \\|", run->out));
    bench_finish(run);
}

static void test_bench_devices__layers_and_launches_are_tables(harness_device *device, const void *data) {
    (void)data;
    bench_run *run = run_on(device, QUICK " --phase forward --algo gather --layers --launches");
    assert_non_null(strstr(run->out, "Forward by layers, medians of 3 steps\nlayer "));
    assert_true(bench_matches("\nconv3 +fwd +[0-9.]+ +[0-9.]+ +[0-9.]+ +[0-9.]+ +(arithmetic|memory) +[0-9.]+ +[0-9.]+ +[0-9.]+ +gather, ",
                              run->out));
    assert_true(bench_matches("\nForward by launches, mean of 3 steps, [0-9.]+ ms in all\nlayer ", run->out));
    assert_true(bench_matches("\nconv3 +fwd +gemm_(register|tile|mma[a-z_]*) +[0-9.]+ +[0-9.]+\n", run->out));
    bench_finish(run);
}

static void test_bench_devices__math_is_the_runs(harness_device *device, const void *data) {
    (void)data;
    bench_run *run = run_on(device, "--net cifar10-quick -b 4 --steps 1 --burn-in 0 --math strict --phase forward --format json");
    json_t *root = parse(run->out);
    assert_string_equal(json_string_value(json_object_get(json_object_get(root, "config"), "math")), "strict");
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(root, "layers"), i, row)
        assert_string_not_equal(json_string_value(json_object_get(row, "algorithm")), "winograd");
    json_decref(root);
    bench_finish(run);
}

/* ---- ended early ----------------------------------------------------------------------------------------------------------------------- */

static void test_bench_devices__time_budget_ends_early(harness_device *device, const void *data) {
    (void)data;
    const char *reason = NULL;
    int partial = 0;
    bench_run *run = run_on(device, LONGER " --steps 1000000 --burn-in 3 --time-budget 1.5 --json x.json");
    assert_non_null(strstr(run->out, "\npartial: time budget; 1000000 steps of each phase were asked for\n"));
    json_t *root = bench_take_json(run, "x.json");
    assert_int_equal(json_unpack(root, "{s:b, s:s}", "partial", &partial, "partial_reason", &reason), 0);
    assert_true(partial);
    assert_string_equal(reason, "time budget");
    const json_t *phases = json_object_get(root, "phases");
    assert_int_equal(json_array_size(phases), 2);
    for (size_t i = 0; i < 2; ++i) {
        const json_t *phase = json_array_get(phases, i);
        const json_int_t steps = json_integer_value(json_object_get(phase, "steps"));
        assert_true(steps >= 1 && steps < 1000000 && json_is_true(json_object_get(phase, "partial")));
        assert_int_equal(json_array_size(json_object_get(phase, "samples_s")), steps);
    }
    json_decref(root);
    bench_finish(run);
}

/* Waits for the first step, then interrupts. */
static void test_bench_devices__interrupt_prints_what_there_is(harness_device *device, const void *data) {
    (void)data;
    char line[512];
    snprintf(line, sizeof line,
             "\"$BENCH\" -d %d:%d " LONGER " --steps 1000000 --burn-in 0 --json x.json >o & pid=$!; "
             "until grep -q 'step 0, duration' o; do sleep 0.1; done; kill -INT $pid; wait $pid; status=$?; cat o; rm o; (exit $status)",
             device->info.platform_index, device->info.device_index);
    bench_run *run = bench_start_line(line);
    assert_int_equal(run->status, 130);
    assert_true(bench_matches("Forward across [0-9]+ steps, ", run->out));
    assert_null(strstr(run->out, "Forward-backward across"));
    assert_non_null(strstr(run->out, "\npartial: interrupted; "));
    json_t *root = bench_take_json(run, "x.json");
    assert_string_equal(json_string_value(json_object_get(root, "partial_reason")), "interrupted");
    assert_int_equal(json_array_size(json_object_get(root, "phases")), 1);
    json_decref(root);
    bench_finish(run);
}

/* Nothing of the progress line reaches a pipe. */
static void test_bench_devices__no_progress_in_a_pipe(harness_device *device, const void *data) {
    (void)data;
    bench_run *run = run_on(device, QUICK);
    assert_null(strchr(run->err, '\r'));
    assert_null(strchr(run->out, '\r'));
    bench_finish(run);
}

/* On a terminal, here a pseudo-terminal as standard error, it is drawn and taken away again. */
static void test_bench_devices__progress_on_a_terminal(harness_device *device, const void *data) {
    (void)data;
    char line[512], drawn[4096] = "";
    const int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    const int slave = open(ptsname(master), O_RDWR | O_NOCTTY); /* what is written stays readable as long as it is open */
    assert_true(slave >= 0);
    snprintf(line, sizeof line, "TERM=xterm \"$BENCH\" -d %d:%d " QUICK " --phase forward 2>%s", device->info.platform_index,
             device->info.device_index, ptsname(master));
    bench_run *run = bench_start_line(line);
    const ssize_t length = read(master, drawn, sizeof drawn - 1);
    close(slave);
    close(master);
    assert_int_equal(run->status, 0);
    assert_true(length > 0);
    assert_non_null(strstr(drawn, "\r\033[Kforward 0/4\r\033[K"));
    assert_null(strchr(run->out, '\r'));
    bench_finish(run);
}

int main(int argc, char **argv) {
    HARNESS_DEVICE(test_bench_devices__lists_the_device);
    HARNESS_DEVICE(test_bench_devices__lists_as_json);
    HARNESS_HOST(test_bench_devices__lists_as_csv_and_markdown);
    HARNESS_DEVICE(test_bench_devices__several_stand_side_by_side);
    HARNESS_HOST(test_bench_devices__all_runs_every_device);
    HARNESS_DEVICE(test_bench_devices__csv_has_a_row_for_each_phase_and_layer);
    HARNESS_DEVICE(test_bench_devices__markdown_has_tables);
    HARNESS_DEVICE(test_bench_devices__layers_and_launches_are_tables);
    HARNESS_DEVICE(test_bench_devices__math_is_the_runs);
    HARNESS_DEVICE(test_bench_devices__time_budget_ends_early);
    HARNESS_DEVICE(test_bench_devices__interrupt_prints_what_there_is);
    HARNESS_DEVICE(test_bench_devices__no_progress_in_a_pipe);
    HARNESS_DEVICE(test_bench_devices__progress_on_a_terminal);
    return harness_main(argc, argv);
}
