/* test_bench_compare.c: `bench compare` on runs made up here: verdicts, refusals, formats, the page and the plot.
 * SPDX-License-Identifier: MIT */
#include "bench_program.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

/* ---- runs that are made up ---------------------------------------------------------------------------------------------------------------- */

#define STEPS 20

typedef struct made_run {
    const char *name, *platform; /* of the device; NULL: "device", "platform" */
    const char *network, *math;  /* NULL: "alexnet", "default" */
    const char *phase;           /* NULL: "forward" */
    double time, noise;          /* of a step: seconds, and the relative deviation of a normal distribution */
    double wait;                 /* share of the processors that others had */
    int batch, channels;         /* 0: 32, 64 */
    int seed;
} made_run;

static uint64_t random_state;

static double uniform(void) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return ((double)(random_state >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(void) {
    return sqrt(-2 * log(uniform())) * cos(6.283185307179586 * uniform());
}

static const char *or_else(const char *text, const char *otherwise) {
    return text ? text : otherwise;
}

/* A tree of the fields that comparing reads. */
static json_t *make_run(const made_run *made) {
    json_t *samples = json_array();
    double wall = 0;
    random_state = (uint64_t)made->seed;
    for (int i = 0; i < STEPS; ++i) {
        const double sample = made->time * exp(made->noise * normal());
        wall += sample;
        json_array_append_new(samples, json_real(sample));
    }
    const int batch = made->batch ? made->batch : 32;
    json_t *root = json_pack(
        "{s:s, s:{s:i, s:s, s:s, s:s, s:s, s:s}, s:s, s:{s:i, s:i, s:i, s:s}, s:[{s:s, s:[i, i, i, i]}], "
        "s:[{s:s, s:i, s:o, s:{s:i, s:f, s:f, s:f}}]}",
        "convcl", "0.1.0", "device", "index", 0, "name", or_else(made->name, "device"), "platform", or_else(made->platform, "platform"),
        "vendor", "vendor", "driver", "1", "type", "CPU", "network", or_else(made->network, "alexnet"), "config", "batch", batch, "steps",
        STEPS, "burn_in", 0, "math", or_else(made->math, "default"), "activations", "name", "conv1", "shape", batch, 56, 56,
        made->channels ? made->channels : 64, "phases", "name", or_else(made->phase, "forward"), "steps", STEPS, "samples_s", samples,
        "processor", "processors", 2, "wall_s", wall, "cpu_s", 2 * wall * (1 - made->wait), "wait_s", 2 * wall * made->wait);
    assert_non_null(root);
    return root;
}

/* The folder of the runs of a test; bench gets it as $RUNS. */
static char folder[64];

static void begin(void) {
    strcpy(folder, "/tmp/convcl-test-compare-XXXXXX");
    assert_non_null(mkdtemp(folder));
    setenv("RUNS", folder, 1);
}

static void end(void) {
    char command[128];
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    assert_int_equal(system(command), 0);
}

static void write_text(const char *name, const char *text) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0 && fclose(file) == 0);
}

/* Writes the tree, and releases it. */
static void write_tree(const char *name, json_t *root) {
    char *text = json_dumps(root, 0);
    assert_non_null(text);
    write_text(name, text);
    free(text);
    json_decref(root);
}

static void write_run(const char *name, made_run made) {
    write_tree(name, make_run(&made));
}

/* ---- verdicts ---------------------------------------------------------------------------------------------------------------------------- */

/* The ratio of the last phase row of a comparison as JSON. */
static void compare(const char *arguments, double *ratio_out, char verdict_out[16]) {
    char line[1024];
    const char *verdict = NULL;
    snprintf(line, sizeof line, "\"$BENCH\" compare --format json %s >x.json", arguments);
    bench_run *run = bench_start_line(line);
    if (run->status != 0)
        fail_msg("bench compare %s: exit status %d: %s", arguments, run->status, run->err);
    json_t *root = bench_take_json(run, "x.json");
    const json_t *phases = json_object_get(root, "phases"), *last = json_array_get(phases, json_array_size(phases) - 1);
    double low = 0, high = 0;
    assert_int_equal(json_unpack((json_t *)last, "{s:{s:F, s:F, s:F, s:s}}", "ratio", "value", ratio_out, "low", &low, "high", &high,
                                 "verdict", &verdict),
                     0);
    assert_true(low > 0 && low <= *ratio_out && *ratio_out <= high);
    strcpy(verdict_out, verdict);
    json_decref(root);
    bench_finish(run);
}

static void expect(const char *arguments, double ratio, const char *expected) {
    char verdict[16];
    double found = 0;
    compare(arguments, &found, verdict);
    if (strcmp(verdict, expected) != 0 || fabs(found / ratio - 1) > 0.03)
        fail_msg("bench compare %s: %.3f, %s; expected %.3f, %s", arguments, found, verdict, ratio, expected);
}

static void test_bench_compare__verdicts(void **state) {
    (void)state;
    begin();
    write_run("a.json", (made_run){.time = 0.1, .noise = 0.01, .seed = 1});
    write_run("same.json", (made_run){.time = 0.101, .noise = 0.01, .seed = 2});
    write_run("slow.json", (made_run){.time = 0.17, .noise = 0.01, .seed = 3});
    write_run("fast.json", (made_run){.time = 0.05, .noise = 0.01, .seed = 4});
    write_run("disturbed.json", (made_run){.time = 0.17, .noise = 0.01, .wait = 0.45, .seed = 5});
    expect("$RUNS/a.json $RUNS/a.json", 1, "same");
    expect("$RUNS/a.json $RUNS/same.json", 1.01, "same");
    expect("$RUNS/a.json $RUNS/slow.json", 1.7, "slower");
    expect("$RUNS/a.json $RUNS/fast.json", 0.5, "faster");
    /* Others had the processors for nearly half of the time: that alone explains it. But it does not explain why a run is fast. */
    expect("$RUNS/a.json $RUNS/disturbed.json", 1.7, "uncertain");
    expect("$RUNS/slow.json $RUNS/disturbed.json", 1, "uncertain");
    expect("$RUNS/fast.json $RUNS/disturbed.json", 3.4, "slower");
    expect("$RUNS/disturbed.json $RUNS/fast.json", 0.294, "faster");
    expect("--margin 80 $RUNS/a.json $RUNS/slow.json", 1.7, "same");
    expect("--drift 20 $RUNS/a.json $RUNS/slow.json", 1.7, "uncertain");
    end();
}

/* Runs of the same device whose level drifts between them by 4%, against themselves and against a device that takes 1.6 times as long. */
static void test_bench_compare__drift_between_runs(void **state) {
    (void)state;
    int same = 0;
    begin();
    for (int i = 0; i < 40; ++i) {
        char verdict[16];
        double ratio = 0;
        random_state = (uint64_t)(1000 + i);
        uniform();
        const double left = exp(0.04 * normal()), right = exp(0.04 * normal());
        write_run("a.json", (made_run){.time = 0.1 * left, .noise = 0.02, .seed = 100 + i});
        write_run("b.json", (made_run){.time = 0.1 * right, .noise = 0.02, .seed = 200 + i});
        write_run("c.json", (made_run){.time = 0.16 * right, .noise = 0.02, .seed = 300 + i});
        compare("$RUNS/a.json $RUNS/b.json", &ratio, verdict);
        same += strcmp(verdict, "same") == 0;
        compare("$RUNS/a.json $RUNS/c.json", &ratio, verdict);
        assert_string_equal(verdict, "slower");
    }
    assert_in_range(same, 36, 40);
    end();
}

/* What one run cannot tell, five can. */
static void test_bench_compare__repeats_sharpen(void **state) {
    (void)state;
    char name[16];
    begin();
    for (int i = 0; i < 6; ++i) {
        snprintf(name, sizeof name, "a%d.json", i);
        write_run(name, (made_run){.time = 0.1, .noise = 0.01, .seed = 10 + i});
        snprintf(name, sizeof name, "b%d.json", i);
        write_run(name, (made_run){.time = 0.11, .noise = 0.01, .seed = 20 + i});
    }
    expect("$RUNS/a0.json $RUNS/b0.json", 1.1, "same");
    expect("$RUNS/a0.json,$RUNS/a1.json,$RUNS/a2.json,$RUNS/a3.json,$RUNS/a4.json,$RUNS/a5.json "
           "$RUNS/b0.json,$RUNS/b1.json,$RUNS/b2.json,$RUNS/b3.json,$RUNS/b4.json,$RUNS/b5.json",
           1.1, "slower");
    end();
}

static void test_bench_compare__repeatable(void **state) {
    (void)state;
    begin();
    write_run("a.json", (made_run){.time = 0.1, .noise = 0.1, .seed = 1});
    write_run("b.json", (made_run){.time = 0.12, .noise = 0.1, .seed = 2});
    bench_run *run =
        bench_start_line("\"$BENCH\" compare $RUNS/a.json $RUNS/b.json >1; \"$BENCH\" compare $RUNS/a.json $RUNS/b.json | cmp - 1; "
                         "status=$?; rm 1; (exit $status)");
    assert_int_equal(run->status, 0);
    bench_finish(run);
    end();
}

static void test_bench_compare__check_tells_slower(void **state) {
    (void)state;
    begin();
    write_run("a.json", (made_run){.time = 0.1, .noise = 0.01, .seed = 1});
    write_run("b.json", (made_run){.time = 0.2, .noise = 0.01, .seed = 2});
    static const struct {
        const char *arguments;
        int status;
    } cases[] = {{"compare --check $RUNS/a.json $RUNS/b.json", 3},
                 {"compare --check $RUNS/b.json $RUNS/a.json", 0},
                 {"compare $RUNS/a.json $RUNS/b.json", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        bench_run *run = bench_start(cases[i].arguments);
        assert_int_equal(run->status, cases[i].status);
        assert_string_equal(run->err, "");
        bench_finish(run);
    }
    end();
}

/* ---- refusals ---------------------------------------------------------------------------------------------------------------------------- */

static void test_bench_compare__refuses_what_does_not_compare(void **state) {
    (void)state;
    begin();
    write_run("a.json", (made_run){.time = 0.1});
    write_run("net.json", (made_run){.time = 0.1, .network = "vgg-a"});
    write_run("batch.json", (made_run){.time = 0.1, .batch = 16});
    write_run("math.json", (made_run){.time = 0.1, .math = "fast"});
    write_run("shape.json", (made_run){.time = 0.1, .channels = 96});
    write_run("phase.json", (made_run){.time = 0.1, .phase = "forward-backward"});
    static const bench_mistake mistakes[] = {
        {"compare $RUNS/a.json $RUNS/net.json", {"times vgg-a and a.json times alexnet", "same network"}, 0},
        {"compare $RUNS/a.json $RUNS/batch.json", {"has batch 16 and a.json has batch 32", "same batch"}, 0},
        {"compare $RUNS/a.json $RUNS/math.json", {"has math mode fast and a.json has default", "same math mode"}, 0},
        {"compare $RUNS/a.json $RUNS/shape.json", {"\"activations\"", "same network"}, 0},
        {"compare $RUNS/a.json $RUNS/phase.json", {"phase.json", "no phase in common"}, 0},
    };
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; ++i)
        bench_expect_mistake(&mistakes[i]);
    end();
}

static void test_bench_compare__refuses_what_is_no_run(void **state) {
    (void)state;
    begin();
    write_run("a.json", (made_run){.time = 0.1});
    write_run("negative.json", (made_run){.time = -0.1});
    write_text("broken.json", "{\"device\":\n{");
    write_text("empty.json", "{}");
    write_text("list.json", "[1]");
    write_text("runs.json", "{\"runs\": []}");
    write_text("comparison.json", "{\"comparison\": {}}");
    static const bench_mistake mistakes[] = {
        {"compare $RUNS/a.json $RUNS/missing.json", {"missing.json cannot be read", "No such file"}, 0},
        {"compare $RUNS/broken.json $RUNS/a.json", {"broken.json is no JSON", "line 2"}, 0},
        {"compare $RUNS/empty.json $RUNS/a.json", {"empty.json is no run of bench", "\"device\" is missing"}, 0},
        {"compare $RUNS/list.json $RUNS/a.json", {"list.json is no run of bench", "\"device\""}, 0},
        {"compare $RUNS/runs.json $RUNS/a.json", {"runs.json", "at least one run"}, 0},
        {"compare $RUNS/comparison.json $RUNS/a.json", {"comparison.json", "outcome of a comparison"}, 0},
        {"compare $RUNS/a.json $RUNS/negative.json", {"negative.json", "seconds from 1e-12"}, 0},
        {"compare $RUNS/a.json,$RUNS/missing.json $RUNS/a.json", {"missing.json cannot be read", "No such file"}, 0},
    };
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; ++i)
        bench_expect_mistake(&mistakes[i]);
    end();
}

static void test_bench_compare__mistakes_name_value_and_rule(void **state) {
    (void)state;
    begin();
    write_run("a.json", (made_run){.time = 0.1});
    static const bench_mistake mistakes[] = {
        {"compare", {"no file is named", "at least one"}, 1},
        {"compare $RUNS/a.json", {"one side only", "another"}, 1},
        {"compare , $RUNS/a.json", {"\",\"", "no file"}, 1},
        {"compare $RUNS/a.json, $RUNS/a.json", {"a.json,\"", "no file"}, 1},
        {"compare --format xml $RUNS/a.json", {"--format is \"xml\"", "markdown"}, 1},
        {"compare --plot x.pdf $RUNS/a.json", {"--plot is \"x.pdf\"", ".svg or .png"}, 1},
        {"compare --margin -1 $RUNS/a.json", {"--margin is \"-1\"", "0 to 100"}, 1},
        {"compare --drift much $RUNS/a.json", {"--drift is \"much\"", "percent"}, 1},
        {"compare --labels a $RUNS/a.json $RUNS/a.json", {"--labels has 1 names", "must have 2"}, 1},
        {"compare --labels a,,b $RUNS/a.json $RUNS/a.json", {"--labels is \"a,,b\"", "comma"}, 1},
        {"compare --nonsense", {"--nonsense", "no option"}, 1},
        {"compare --check=1 $RUNS/a.json", {"--check=1", "no value"}, 1},
        {"compare --html missing/x.html $RUNS/a.json", {"--html is \"missing/x.html\"", "cannot be written"}, 0},
        {"--html missing/x.html", {"--html is \"missing/x.html\"", "cannot be written"}, 0},
    };
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; ++i)
        bench_expect_mistake(&mistakes[i]);
    end();
}

/* ---- what it writes ------------------------------------------------------------------------------------------------------------------------ */

static void test_bench_compare__formats(void **state) {
    (void)state;
    begin();
    write_run("a.json", (made_run){.time = 0.1, .noise = 0.01, .name = "one, \"two\" | three", .seed = 1});
    write_run("b.json", (made_run){.time = 0.3, .noise = 0.01, .seed = 2});
    bench_run *run = bench_start("compare $RUNS/a.json $RUNS/b.json");
    assert_true(bench_matches("\nforward +A +[0-9.]+", run->out));
    assert_true(bench_matches("\n +B +[0-9.]+ +[0-9.]+ +[0-9.]+ +(2\\.9|3\\.0)[0-9]+ +[0-9.]+ +[0-9.]+ +slower", run->out));
    bench_finish(run);
    run = bench_start("compare --labels before,after $RUNS/a.json $RUNS/b.json");
    assert_non_null(strstr(run->out, "A  before: one"));
    assert_non_null(strstr(run->out, "B  after: device"));
    bench_finish(run);
    run = bench_start("compare --format csv $RUNS/a.json $RUNS/b.json");
    assert_true(bench_matches("^phase,layer,direction,side,device,platform,driver,median_s,", run->out));
    assert_non_null(strstr(run->out, "\"one, \"\"two\"\" | three\""));
    bench_finish(run);
    run = bench_start("compare --format markdown $RUNS/a.json $RUNS/b.json");
    assert_non_null(strstr(run->out, "\n| forward | B | "));
    bench_finish(run);
    end();
}

/* Runs of several devices in one file, and repeats of them, become sides by their devices. */
static void test_bench_compare__sides_by_device(void **state) {
    (void)state;
    static const char *const names[] = {"r1.json", "r2.json"};
    begin();
    for (int i = 0; i < 2; ++i) {
        const made_run left = {.time = 0.1, .noise = 0.01, .name = "left", .seed = 1 + i},
                       right = {.time = 0.2, .noise = 0.01, .name = "right", .seed = 5 + i};
        write_tree(names[i], json_pack("{s:[o, o]}", "runs", make_run(&left), make_run(&right)));
    }
    bench_run *run = bench_start("compare $RUNS/r1.json,$RUNS/r2.json");
    assert_true(bench_matches("\nA +left [^\n]*, 2 runs: r1.json, r2.json\n", run->out));
    assert_true(bench_matches("\nB +right [^\n]*, 2 runs: r1.json, r2.json\n", run->out));
    assert_null(strstr(run->out, "\nC "));
    bench_finish(run);
    run = bench_start("compare $RUNS/r1.json $RUNS/r2.json");
    assert_true(bench_matches("\nD +right [^\n]*, 1 run: r2.json\n", run->out));
    bench_finish(run);
    end();
}

static void test_bench_compare__page_is_self_contained(void **state) {
    (void)state;
    begin();
    write_run("a.json", (made_run){.time = 0.1, .noise = 0.01, .name = "<script>alert(1)</script> & \"co\"", .seed = 1});
    write_run("b.json", (made_run){.time = 0.3, .noise = 0.01, .seed = 2});
    bench_run *run = bench_start("compare --html x.html --format json $RUNS/a.json $RUNS/b.json >/dev/null; cat x.html; rm x.html");
    assert_int_equal(run->status, 0);
    assert_string_equal(run->err, "");
    assert_memory_equal(run->out, "<!DOCTYPE html>", 15);
    assert_non_null(strstr(run->out, "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;co&quot;"));
    assert_non_null(strstr(run->out, "<svg"));
    assert_non_null(strstr(run->out, "class=slower>slower<"));
    assert_non_null(strstr(run->out, "</html>"));
    static const char *const foreign[] = {"<script", "http:", "https:", "url(", "@import", "src="};
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; ++i)
        assert_null(strstr(run->out, foreign[i]));
    bench_finish(run);
    end();
}

static void test_bench_compare__plot_without_gnuplot(void **state) {
    (void)state;
    begin();
    write_run("a.json", (made_run){.time = 0.1});
    bench_run *run = bench_start_line("PATH=/nowhere \"$BENCH\" compare --plot x.svg $RUNS/a.json $RUNS/a.json");
    assert_int_equal(run->status, 1);
    assert_non_null(strstr(run->err, "--plot needs gnuplot"));
    assert_string_equal(run->out, "");
    bench_finish(run);
    end();
}

static void test_bench_compare__plot(void **state) {
    (void)state;
    if (system("gnuplot --version >/dev/null 2>&1") != 0)
        skip();
    begin();
    write_run("a.json", (made_run){.time = 0.1, .noise = 0.02, .name = "it's 'quoted' $(x) `y` \\ %d", .seed = 1});
    write_run("b.json", (made_run){.time = 0.3, .noise = 0.02, .seed = 2});
    bench_run *run = bench_start("compare --plot x.svg --format json $RUNS/a.json $RUNS/b.json >/dev/null; cat x.svg; rm x.svg");
    assert_string_equal(run->err, "");
    assert_true(bench_matches("<svg", run->out) && bench_matches("</svg>", run->out));
    assert_non_null(strstr(run->out, "A  it's 'quoted' $(x) `y` \\ %d [platform]"));
    bench_finish(run);
    run = bench_start("compare --plot x.png --format json $RUNS/a.json $RUNS/b.json >/dev/null; head -c 8 x.png | od -An -tx1; rm x.png");
    assert_non_null(strstr(run->out, "89 50 4e 47"));
    bench_finish(run);
    end();
}

static void test_bench_compare__help_fits_a_terminal(void **state) {
    (void)state;
    bench_run *run = bench_start("compare --help");
    size_t lines = 0;
    for (const char *at = run->out; *at; ++lines) {
        const char *end_of_line = strchr(at, '\n');
        assert_non_null(end_of_line);
        assert_in_range((size_t)(end_of_line - at), 0, 80);
        at = end_of_line + 1;
    }
    assert_in_range(lines, 10, 24);
    assert_int_equal(run->status, 0);
    bench_finish(run);
}

int main(int argc, char **argv) {
    HARNESS_HOST(test_bench_compare__verdicts);
    HARNESS_HOST(test_bench_compare__drift_between_runs);
    HARNESS_HOST(test_bench_compare__repeats_sharpen);
    HARNESS_HOST(test_bench_compare__repeatable);
    HARNESS_HOST(test_bench_compare__check_tells_slower);
    HARNESS_HOST(test_bench_compare__refuses_what_does_not_compare);
    HARNESS_HOST(test_bench_compare__refuses_what_is_no_run);
    HARNESS_HOST(test_bench_compare__mistakes_name_value_and_rule);
    HARNESS_HOST(test_bench_compare__formats);
    HARNESS_HOST(test_bench_compare__sides_by_device);
    HARNESS_HOST(test_bench_compare__page_is_self_contained);
    HARNESS_HOST(test_bench_compare__plot_without_gnuplot);
    HARNESS_HOST(test_bench_compare__plot);
    HARNESS_HOST(test_bench_compare__help_fits_a_terminal);
    return harness_main(argc, argv);
}
