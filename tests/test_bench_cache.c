/* test_bench_cache.c: `bench cache`, and what a second run finds in the store.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "bench_program.h"
#include "store/store.h"
#include "temporary.h"

static void test_bench_cache__mistakes_name_value_and_rule(void **state) {
    (void)state;
    static const bench_mistake mistakes[] = {
        {"cache", {"cache: \"\" is no command", "export FILE"}, 1},
        {"cache empty", {"cache: \"empty\" is no command", "show, clear"}, 1},
        {"cache export", {"cache export", "needs a file"}, 1},
        {"cache show x", {"cache show: \"x\"", "one argument too many"}, 1},
        {"cache import a b", {"cache import: \"b\"", "one argument too many"}, 1},
    };
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; ++i)
        bench_expect_mistake(&mistakes[i]);
}

/* Lines of shell that must end well, whatever is said in them; the store is the folder `s`, which the last line removes. */
static bench_run *start_store_line(const char *lines) {
    char line[1536];
    snprintf(line, sizeof line, "export CONVCL_CACHE_DIR=s; %s; status=$?; rm -rf s t *.json; (exit $status)", lines);
    return bench_start_line(line);
}

/* Puts one tuning result into the store of a folder, as a run would. */
static void put_tuning(const char *folder, const char *key, const char *value) {
    convcl_store *store = NULL;
    assert_ok(convcl_store__open(folder, NULL, NULL, &store));
    convcl_store__put(store, CONVCL_STORE_TUNING, key, value, strlen(value));
    convcl_store__close(store);
}

static void test_bench_cache__travels(void **state) {
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
    bench_finish(run);
}

/* A command with the store that must fail, and words of its first line on standard error. */
static void expect_cache_failure(const char *lines, const char *words) {
    bench_run *run = start_store_line(lines);
    if (run->status != 1 || !strstr(run->err, words))
        fail_msg("%s: exit status %d: %s", lines, run->status, run->err);
    bench_finish(run);
}

static void test_bench_cache__faults_name_the_reason(void **state) {
    (void)state;
    static const char entry[] = "\"entries\": [{\"key\": \"k\", \"value\": \"v\"}]";
    char line[512];
    expect_cache_failure("CONVCL_CACHE_DIR=off \"$BENCH\" cache show", "CONVCL_CACHE_DIR is \"off\"");
    expect_cache_failure("CONVCL_CACHE_DIR=/dev/null/x \"$BENCH\" cache clear", "cannot be made");
    expect_cache_failure("\"$BENCH\" cache export missing/x.json", "\"missing/x.json\", which cannot be written: No such file");
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

/* What is exported goes where a path leads: behind a link, and into a pipe. */
static void test_bench_cache__export_follows_the_path(void **state) {
    (void)state;
    bench_run *run = start_store_line(
        "ln -s real.json link.json && \"$BENCH\" cache export link.json && test -L link.json && grep -q convcl_tunings real.json && "
        "mkfifo pipe && { cat pipe >copy.json & } && \"$BENCH\" cache export pipe && wait && cmp copy.json real.json && test -p pipe && rm "
        "pipe");
    if (run->status != 0 || strcmp(run->err, "") != 0)
        fail_msg("exit status %d: %s", run->status, run->err);
    bench_finish(run);
    run = start_store_line("\"$BENCH\" cache --help");
    assert_int_equal(run->status, 0);
    assert_non_null(strstr(run->out, "import FILE"));
    bench_finish(run);
}

/* The second run compiles nothing: convcl counts no program, and PoCL's own cache of machine code has no file more. */
static void test_bench_cache__second_run_compiles_nothing(harness_device *device, const void *data) {
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
    bench_finish(run);
}

/* The counts behind a word in what was printed, as many as there are up to `most`. */
static int read_counts(const char *text, const char *word, int *counts, int most) {
    int found = 0;
    for (const char *at = strstr(text, word); at && found < most; at = strstr(at + 1, word))
        found += sscanf(at + strlen(word), "%d", &counts[found]) == 1;
    return found;
}

/* Ctrl-C twice while the first race runs ends the process at once. The store stays whole, the next run tunes, the one behind it does not, and neither does one whose empty
 * store took in what the others exported. */
static void test_bench_cache__interrupted_tuning_goes_on_and_travels(harness_device *device, const void *data) {
    (void)data;
    char lines[1400];
    int tuned[3] = {-1, -1, -1};
    snprintf(
        lines, sizeof lines,
        "set -- -d %d:%d -b 4 --net cifar10-quick --phase forward --steps 1 --burn-in 0 --tune quick; run() { \"$BENCH\" \"$@\" "
        ">/dev/null; };"
        " \"$BENCH\" \"$@\" --progress >/dev/null 2>log & pid=$!; i=0;"
        " until grep -q 'tune .*: 1 of' log || [ $i -ge 600 ]; do sleep 0.1; i=$((i + 1)); done;"
        " kill -INT $pid; sleep 0.1; kill -INT $pid; wait $pid; echo ended $?; rm log;"
        " \"$BENCH\" cache show >/dev/null && run \"$@\" --json a.json && run \"$@\" --json b.json && \"$BENCH\" cache export x.json &&"
        " export CONVCL_CACHE_DIR=t && \"$BENCH\" cache import x.json && run \"$@\" --json c.json && cat a.json b.json c.json",
        device->info.platform_index, device->info.device_index);
    bench_run *run = start_store_line(lines);
    if (run->status != 0)
        fail_msg("exit status %d: %s", run->status, run->err);
    if (!strstr(run->out, "ended 130\n"))
        fail_msg("the interrupted run did not end by it: %.40s", run->out);
    assert_int_equal(read_counts(run->out, "\"candidates_tuned\":", tuned, 3), 3);
    assert_true(tuned[0] > 0);
    assert_int_equal(tuned[1], 0);
    assert_int_equal(tuned[2], 0);
    bench_finish(run);
}

int main(int argc, char **argv) {
    HARNESS_HOST(test_bench_cache__mistakes_name_value_and_rule);
    HARNESS_HOST(test_bench_cache__travels);
    HARNESS_HOST(test_bench_cache__faults_name_the_reason);
    HARNESS_HOST(test_bench_cache__export_follows_the_path);
    HARNESS_DEVICE(test_bench_cache__second_run_compiles_nothing);
    HARNESS_DEVICE(test_bench_cache__interrupted_tuning_goes_on_and_travels);
    return harness_main(argc, argv);
}
