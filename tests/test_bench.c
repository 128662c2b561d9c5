/* test_bench.c: the program bench as a user meets it: its lines, its JSON, its answers to mistakes.
 * SPDX-License-Identifier: MIT */
#include "harness.h"
#include "store/store.h"
#include "temporary.h"

#include <dirent.h>
#include <jansson.h>
#include <regex.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- running it ------------------------------------------------------------------------------------------------------------------------ */

#define OUTPUT_SIZE 65536

typedef struct bench_run {
    char folder[64]; /* where it ran; empty but for what bench left there */
    char out[OUTPUT_SIZE], err[OUTPUT_SIZE];
    int status;
} bench_run;

static void read_and_remove(const char *path, char text[OUTPUT_SIZE]) {
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    const size_t length = fread(text, 1, OUTPUT_SIZE - 1, file);
    text[length] = '\0';
    fclose(file);
    unlink(path);
}

/* Runs a line of shell in a new folder, with "$BENCH" as the program. End it with finish. */
static bench_run *start_line(const char *line) {
    bench_run *run = harness_alloc(1, sizeof *run);
    char command[2048], out[96], err[96];
    strcpy(run->folder, "/tmp/convcl-test-bench-XXXXXX");
    assert_non_null(mkdtemp(run->folder));
    snprintf(out, sizeof out, "%s/.out", run->folder);
    snprintf(err, sizeof err, "%s/.err", run->folder);
    snprintf(command, sizeof command, "cd %s && BENCH='%s' && { %s; } >.out 2>.err", run->folder, CONVCL_TEST_BENCH, line);
    const int result = system(command);
    run->status = WIFEXITED(result) ? WEXITSTATUS(result) : -1;
    read_and_remove(out, run->out);
    read_and_remove(err, run->err);
    return run;
}

/* Runs bench with the arguments, as a shell reads them. */
static bench_run *start(const char *arguments) {
    char line[1024];
    snprintf(line, sizeof line, "\"$BENCH\" %s", arguments);
    return start_line(line);
}

/* Removes the folder, which must hold nothing any more. */
static void finish(const bench_run *run) {
    DIR *folder = opendir(run->folder);
    assert_non_null(folder);
    for (const struct dirent *entry = readdir(folder); entry; entry = readdir(folder))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            fail_msg("bench left %s behind", entry->d_name);
    closedir(folder);
    assert_int_equal(rmdir(run->folder), 0);
}

static int matches(const char *pattern, const char *text) {
    regex_t regex;
    assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    const int result = regexec(&regex, text, 0, NULL, 0);
    regfree(&regex);
    return result == 0;
}

/* ---- mistakes -------------------------------------------------------------------------------------------------------------------------- */

/* What is typed, and words that the first line of standard error must hold. */
typedef struct mistake {
    const char *arguments;
    const char *words[2];
    int usage; /* 1: a second line says how bench is used */
} mistake;

static void expect_mistake(const mistake *typed) {
    bench_run *run = start(typed->arguments);
    size_t lines = 0;
    for (const char *at = run->err; *at; ++at)
        lines += *at == '\n';
    for (size_t i = 0; i < 2; ++i)
        if (!strstr(run->err, typed->words[i]))
            fail_msg("bench %s: \"%s\" is not in: %s", typed->arguments, typed->words[i], run->err);
    assert_memory_equal(run->err, "bench: ", 7);
    assert_int_equal(lines, typed->usage ? 2 : 1);
    assert_int_equal(run->status, 2);
    assert_string_equal(run->out, "");
    finish(run);
}

static void test_bench__mistakes_name_value_and_rule(void **state) {
    (void)state;
    static const mistake mistakes[] = {
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
        {"--nonsense", {"--nonsense", "no option"}, 1},
        {"-x", {"-x", "no option"}, 1},
        {"--verify=yes", {"--verify=yes", "no value"}, 1},
        {"--json", {"--json", "needs a value"}, 1},
        {"32", {"\"32\"", "too many"}, 1},
        {"--json missing/x.json", {"--json is \"missing/x.json\"", "cannot be written"}, 0},
        {"cache", {"cache: \"\" is no command", "export FILE"}, 1},
        {"cache empty", {"cache: \"empty\" is no command", "show, clear"}, 1},
        {"cache export", {"cache export", "needs a file"}, 1},
        {"cache show x", {"cache show: \"x\"", "one argument too many"}, 1},
        {"cache import a b", {"cache import: \"b\"", "one argument too many"}, 1},
        {"--json .", {"--json is \".\"", "Is a directory"}, 0},
    };
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; ++i)
        expect_mistake(&mistakes[i]);
}

/* ---- answers --------------------------------------------------------------------------------------------------------------------------- */

static void test_bench__help_fits_a_terminal(void **state) {
    (void)state;
    bench_run *run = start("--help");
    size_t lines = 0;
    for (const char *at = run->out; *at; ++lines) {
        const char *end = strchr(at, '\n');
        assert_non_null(end);
        assert_in_range((size_t)(end - at), 0, 80);
        at = end + 1;
    }
    assert_in_range(lines, 10, 24);
    assert_int_equal(run->status, 0);
    finish(run);
}

static void test_bench__version(void **state) {
    (void)state;
    bench_run *run = start("--version");
    assert_memory_equal(run->out, "convcl " CONVCL_VERSION_STRING " ", strlen("convcl " CONVCL_VERSION_STRING " "));
    assert_int_equal(run->status, 0);
    finish(run);
}

static void test_bench__closed_output_is_a_failure(void **state) {
    (void)state;
    bench_run *run = start("--version >/dev/full");
    assert_non_null(strstr(run->err, "standard output cannot be written"));
    assert_int_equal(run->status, 1);
    finish(run);
}

static void test_bench__lists_the_device(harness_device *device, const void *data) {
    (void)data;
    bench_run *run = start("--list-devices");
    assert_int_equal(run->status, 0);
    assert_non_null(strstr(run->out, device->info.name));
    assert_non_null(strstr(run->out, device->info.platform_name));
    finish(run);
}

/* ---- the store ------------------------------------------------------------------------------------------------------------------------- */

/* Lines of shell that must end well, whatever is said in them; the store is the folder `s`, which the last line removes. */
static bench_run *start_store_line(const char *lines) {
    char line[1536];
    snprintf(line, sizeof line, "export CONVCL_CACHE_DIR=s; %s; status=$?; rm -rf s t *.json; (exit $status)", lines);
    return start_line(line);
}

/* Puts one tuning result into the store of a folder, as a run would. */
static void put_tuning(const char *folder, const char *key, const char *value) {
    convcl_store *store = NULL;
    assert_ok(convcl_store__open(folder, NULL, NULL, &store));
    convcl_store__put(store, CONVCL_STORE_TUNING, key, value, strlen(value));
    convcl_store__close(store);
}

static void test_bench__cache_travels(void **state) {
    (void)state;
    const char *folder = temporary_folder();
    char lines[1024];
    put_tuning(folder, "convcl 0\ndevice one\nproblem conv 1\n", "winograd");
    put_tuning(folder, "convcl 0\ndevice two\nproblem conv 2\n", "gather \"quoted\"");
    snprintf(lines, sizeof lines,
             "CONVCL_CACHE_DIR='%s' \"$BENCH\" cache export x.json && \"$BENCH\" cache show && \"$BENCH\" cache import x.json && "
             "\"$BENCH\" cache show &&"
             " \"$BENCH\" cache export y.json && cmp x.json y.json && \"$BENCH\" cache clear && \"$BENCH\" cache show",
             folder);
    bench_run *run = start_store_line(lines);
    if (run->status != 0)
        fail_msg("exit status %d: %s", run->status, run->err);
    assert_string_equal(run->err, "");
    const char *at = strstr(run->out, "2 tuning results\nstore     s/store.sqlite\nprograms  0, ");
    at = at ? strstr(at, "tunings   0, ") : NULL;
    at = at ? strstr(at, "2 tuning results\n") : NULL;
    at = at ? strstr(at, "tunings   2, ") : NULL;
    at = at ? strstr(at, "  one: conv 1 -> winograd\n  two: conv 2 -> gather \"quoted\"\n") : NULL;
    at = at ? strstr(at, "tunings   0, ") : NULL;
    if (!at)
        fail_msg("%s", run->out);
    finish(run);
}

/* A command with the store that must fail, and words of its first line on standard error. */
static void expect_cache_failure(const char *lines, const char *words) {
    bench_run *run = start_store_line(lines);
    if (run->status != 1 || !strstr(run->err, words))
        fail_msg("%s: exit status %d: %s", lines, run->status, run->err);
    finish(run);
}

static void test_bench__cache_faults_name_the_reason(void **state) {
    (void)state;
    static const char entry[] = "\"entries\": [{\"key\": \"k\", \"value\": \"v\"}]";
    char line[512];
    expect_cache_failure("CONVCL_CACHE_DIR=off \"$BENCH\" cache show", "CONVCL_CACHE_DIR is \"off\"");
    expect_cache_failure("CONVCL_CACHE_DIR=/dev/null/x \"$BENCH\" cache clear", "cannot be made");
    expect_cache_failure("\"$BENCH\" cache export missing/x.json", "\"missing/x.json\" cannot be written: No such file");
    expect_cache_failure("\"$BENCH\" cache import missing.json", "\"missing.json\" No such file");
    expect_cache_failure("echo '[1' >x.json; \"$BENCH\" cache import x.json", "\"x.json\" is no JSON; nothing was taken in");
    expect_cache_failure("echo '{}' >x.json; \"$BENCH\" cache import x.json", "is no file of bench cache export");
    snprintf(line, sizeof line, "echo '{\"convcl_tunings\": 2, \"sha256\": \"\", %s}' >x.json; \"$BENCH\" cache import x.json", entry);
    expect_cache_failure(line, "has a format that this bench does not know");
    snprintf(line, sizeof line, "echo '{\"convcl_tunings\": 1, \"sha256\": \"0\", %s}' >x.json; \"$BENCH\" cache import x.json", entry);
    expect_cache_failure(line, "was changed since it was written");
    expect_cache_failure(
        "echo '{\"convcl_tunings\": 1, \"sha256\": \"0\", \"entries\": [{\"key\": 1}]}' >x.json; \"$BENCH\" cache import x.json",
        "has an entry without key and value");
}

/* The second run compiles nothing: convcl counts no program, and PoCL's own cache of machine code has no file more. */
static void test_bench__second_run_compiles_nothing(harness_device *device, const void *data) {
    (void)data;
    char lines[1024];
    snprintf(
        lines, sizeof lines,
        "mkdir t; export POCL_CACHE_DIR=\"$PWD/t\"; run() { \"$BENCH\" -d %d:%d -b 4 --phase forward --steps 1 --burn-in 0 --algo gather "
        "--json "
        "$1.json "
        ">/dev/null; }; run a && find t -name '*.so' | sort >a.list && run b && find t -name '*.so' | sort >b.list && cmp a.list b.list;"
        " status=$?; echo objects $(wc -l <a.list); rm -f ?.list; cat a.json b.json; (exit $status)",
        device->info.platform_index, device->info.device_index);
    bench_run *run = start_store_line(lines);
    if (run->status != 0)
        fail_msg("exit status %d: %s", run->status, run->err);
    int compiled[2] = {-1, -1}, loaded[2] = {-1, -1}, at = 0;
    for (const char *word = strstr(run->out, "\"programs_compiled\": "); word && at < 2; word = strstr(word + 1, "\"programs_compiled\": "))
        if (sscanf(word, "\"programs_compiled\": %d, \"programs_loaded\": %d", &compiled[at], &loaded[at]) == 2 ||
            sscanf(word, "\"programs_compiled\": %d,%*[ \n]\"programs_loaded\": %d", &compiled[at], &loaded[at]) == 2)
            at++;
    const char *objects = strstr(run->out, "objects ");
    assert_int_equal(at, 2);
    assert_non_null(objects);
    assert_true(strncmp(device->info.platform_name, "Portable", 8) != 0 || atoi(objects + 8) >= 3); /* else the comparison says nothing */
    assert_true(compiled[0] > 0 && loaded[0] == 0);
    assert_true(compiled[1] == 0 && loaded[1] == compiled[0]);
    finish(run);
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
};

static void check_lines(char *out) {
    char *line = strstr(out, "\nconv1 ");
    assert_non_null(line);
    line = strtok(line, "\n");
    for (size_t i = 0; i < sizeof expected_lines / sizeof *expected_lines; ++i) {
        assert_non_null(line);
        if (!matches(expected_lines[i], line))
            fail_msg("\"%s\" does not match %s", line, expected_lines[i]);
        line = strtok(NULL, "\n");
    }
    assert_null(line);
}

static void check_phase(const json_t *phase, const char *expected_name) {
    const char *name = NULL;
    int steps = 0;
    double mean = 0, sd = 0, median = 0, min = 0, sum = 0, least = 1e300;
    json_t *samples = NULL;
    assert_int_equal(json_unpack((json_t *)phase, "{s:s, s:i, s:F, s:F, s:F, s:F, s:o !}", "name", &name, "steps", &steps, "mean_s", &mean,
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
}

static void check_json(const json_t *root, const harness_device *device) {
    const char *version = NULL, *name = NULL, *platform = NULL, *vendor = NULL, *driver = NULL, *type = NULL, *math = NULL, *last = NULL;
    int index = -1, batch = 0, steps = 0, burn_in = 0, seed = 0, ran = 0;
    int compiled = -1, loaded = -1, candidates = -1;
    double total = -1, compile = -1, first = -1, tune = -1, max = 0;
    json_t *activations = NULL, *phases = NULL, *tensors = NULL;
    assert_int_equal(
        json_unpack((json_t *)root,
                    "{s:s, s:{s:i, s:s, s:s, s:s, s:s, s:s !}, s:{s:i, s:i, s:i, s:i, s:s !}, s:{s:F, s:F, s:F, s:F, s:i, s:i, s:i !}}",
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
    assert_true(first > 0 && total > compile && total > first && compiled > 0 && loaded == 0 && candidates == 0);
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
}

static void test_bench__prints_and_writes_a_run(harness_device *device, const void *data) {
    (void)data;
    char arguments[256], path[96];
    snprintf(arguments, sizeof arguments, "-d %d:%d -b 1 --steps 12 --burn-in 9 --seed 7 --verify --json x.json",
             device->info.platform_index, device->info.device_index);
    bench_run *run = start(arguments);
    if (run->status != 0)
        fail_msg("bench %s: exit status %d: %s", arguments, run->status, run->err);
    assert_non_null(strstr(run->out, device->info.driver));
    assert_non_null(strstr(run->out, "set-up "));
    check_lines(run->out);
    snprintf(path, sizeof path, "%s/x.json", run->folder);
    json_t *root = json_load_file(path, 0, NULL);
    assert_non_null(root);
    check_json(root, device);
    json_decref(root);
    unlink(path);
    finish(run);
}

/* A kernel that computes nonsense must be found before anything is timed. */
static void test_bench__wrong_kernel_fails_verify(harness_device *device, const void *data) {
    (void)data;
    char line[1024];
    snprintf(line, sizeof line,
             "cp -r '%s/../kernels' kernels && sed -i 's/bias + alpha/bias + 0.01f + alpha/' kernels/lrn_fwd.cl;"
             "CONVCL_KERNEL_DIR=kernels \"$BENCH\" -d %d:%d -b 1 --algo gather --steps 1 --burn-in 0 --verify --json x.json; status=$?; rm "
             "-r kernels; "
             "(exit $status)",
             CONVCL_TESTS_DIR, device->info.platform_index, device->info.device_index);
    bench_run *run = start_line(line);
    assert_int_equal(run->status, 1);
    assert_non_null(strstr(run->err, "verify: pool1 has a relative L2 error of "));
    assert_null(strstr(run->out, "sec / batch"));
    finish(run);
}

int main(int argc, char **argv) {
    HARNESS_HOST(test_bench__mistakes_name_value_and_rule);
    HARNESS_HOST(test_bench__help_fits_a_terminal);
    HARNESS_HOST(test_bench__version);
    HARNESS_HOST(test_bench__closed_output_is_a_failure);
    HARNESS_HOST(test_bench__cache_travels);
    HARNESS_HOST(test_bench__cache_faults_name_the_reason);
    HARNESS_DEVICE(test_bench__second_run_compiles_nothing);
    HARNESS_DEVICE(test_bench__lists_the_device);
    HARNESS_DEVICE(test_bench__prints_and_writes_a_run);
    HARNESS_DEVICE(test_bench__wrong_kernel_fails_verify);
    return harness_main(argc, argv);
}
