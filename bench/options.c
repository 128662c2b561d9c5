/* options.c: reads the command line of bench without a command.
 * SPDX-License-Identifier: MIT */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options_read.h"

/* 80 columns and 24 lines at most. */
#define HELP_TEXT                                                                                                                          \
    "usage: bench [options]                times a network on OpenCL devices\n"                                                            \
    "       bench conv|gemm CASE | compare RUN.json ... [options]; each has --help\n"                                                      \
    "       bench cache show | clear | export FILE | import FILE\n"                                                                        \
    "  -d, --device CHOICE    index, PLATFORM:DEVICE, part of a name; A,B; all (0)\n"                                                      \
    "  -l, --list-devices     list the devices and exit; --list-layers: the layers\n"                                                      \
    "      --net NAME         the network, alexnet by default:\n"                                                                          \
    "                         %s\n"                                                                                                        \
    "  -b, --batch N          images in a step, 1 to 65536 (32)\n"                                                                         \
    "      --steps N          timed steps of each phase, 1 to 1000000 (100)\n"                                                             \
    "      --burn-in N        steps before them, 0 to 1000000 (10)\n"                                                                      \
    "      --time-budget S    end after about S seconds with what there is by then\n"                                                      \
    "      --phase PHASE      forward, forward-backward or both (both)\n"                                                                  \
    "      --math MODE        default, strict or fast (default)\n"                                                                         \
    "      --algo NAME        %s\n"                                                                                                        \
    "  -g, --gemm NAME        by: %s\n"                                                                                                    \
    "      --tune MODE        time candidates first: off, quick or full (quick)\n"                                                         \
    "      --seed N           of images and weights (1)\n"                                                                                 \
    "      --verify           check all activations and gradients before timing\n"                                                         \
    "      --layers           a table of all layers; --launches: of all kernels\n"                                                         \
    "      --format FORMAT    text, markdown, csv or json (text)\n"                                                                        \
    "      --json FILE        write the results to FILE as well; --html FILE: a page\n"                                                    \
    "      --progress         lines of progress where standard error is no terminal\n"                                                     \
    "  -h, --help             print this and exit; --version: the version\n"                                                               \
    "exit status: 0 done, 1 the run or a check failed, 2 wrong usage, 130 interrupted\n"

enum {
    OPTION_STEPS = BENCH_FIRST_OPTION,
    OPTION_BURN_IN,
    OPTION_TIME_BUDGET,
    OPTION_PHASE,
    OPTION_MATH,
    OPTION_TUNE,
    OPTION_PROGRESS,
    OPTION_SEED,
    OPTION_VERIFY,
    OPTION_LAYERS,
    OPTION_LAUNCHES,
    OPTION_FORMAT,
    OPTION_JSON,
    OPTION_HTML,
    OPTION_ALGO,
    OPTION_NET,
    OPTION_LIST_LAYERS,
    OPTION_VERSION
};

static const struct option long_options[] = {
    {"device", required_argument, NULL, 'd'},
    {"list-devices", no_argument, NULL, 'l'},
    {"list-layers", no_argument, NULL, OPTION_LIST_LAYERS},
    {"net", required_argument, NULL, OPTION_NET},
    {"batch", required_argument, NULL, 'b'},
    {"steps", required_argument, NULL, OPTION_STEPS},
    {"burn-in", required_argument, NULL, OPTION_BURN_IN},
    {"time-budget", required_argument, NULL, OPTION_TIME_BUDGET},
    {"phase", required_argument, NULL, OPTION_PHASE},
    {"math", required_argument, NULL, OPTION_MATH},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"tune", required_argument, NULL, OPTION_TUNE},
    {"progress", no_argument, NULL, OPTION_PROGRESS},
    {"verify", no_argument, NULL, OPTION_VERIFY},
    {"layers", no_argument, NULL, OPTION_LAYERS},
    {"launches", no_argument, NULL, OPTION_LAUNCHES},
    {"format", required_argument, NULL, OPTION_FORMAT},
    {"json", required_argument, NULL, OPTION_JSON},
    {"html", required_argument, NULL, OPTION_HTML},
    {"algo", required_argument, NULL, OPTION_ALGO},
    {"gemm", required_argument, NULL, 'g'},
    {"version", no_argument, NULL, OPTION_VERSION},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

void bench_options_print_help(void) {
    char algos[256], gemms[256], nets[256];
    printf(HELP_TEXT, bench_models_list(nets, sizeof nets), bench_methods_list(BENCH_METHODS_ALGO, algos, sizeof algos),
           bench_methods_list(BENCH_METHODS_GEMM, gemms, sizeof gemms));
}

static bench_status read_phase(const char *text, bench_options *options) {
    const bool both = strcmp(text, "both") == 0;
    const bool forward = strcmp(text, "forward") == 0;
    const bool forward_backward = strcmp(text, "forward-backward") == 0;
    if (!both && !forward && !forward_backward)
        return bench_usage_error("--phase is \"%s\", must be forward, forward-backward or both", text);
    options->forward = both || forward;
    options->forward_backward = both || forward_backward;
    return BENCH_OK;
}

/* The options that take no value. */
static void read_switch(int option, bench_options *options) {
    switch (option) {
    case OPTION_VERIFY:
        options->verify = true;
        return;
    case OPTION_PROGRESS:
        options->progress = true;
        return;
    case OPTION_LAYERS:
        options->layers = true;
        return;
    case OPTION_LAUNCHES:
        options->launches = true;
        return;
    case 'l':
        options->command = BENCH_COMMAND_LIST_DEVICES;
        return;
    case OPTION_LIST_LAYERS:
        options->command = BENCH_COMMAND_LIST_LAYERS;
        return;
    case OPTION_VERSION:
        options->command = BENCH_COMMAND_VERSION;
        return;
    default:
        options->command = BENCH_COMMAND_HELP;
        return;
    }
}

static bench_status read_option(int option, const char *text, bench_options *options) {
    switch (option) {
    case 'd':
        return bench_read_text("--device", text, &options->device);
    case OPTION_NET:
        return bench_read_model("--net", text, &options->model);
    case 'b':
        return bench_read_int("--batch", text, 1, BENCH_MAX_BATCH, &options->batch);
    case OPTION_STEPS:
        return bench_read_int("--steps", text, 1, BENCH_MAX_STEPS, &options->steps);
    case OPTION_BURN_IN:
        return bench_read_int("--burn-in", text, 0, BENCH_MAX_STEPS, &options->burn_in);
    case OPTION_TIME_BUDGET:
        return bench_read_seconds("--time-budget", text, &options->time_budget);
    case OPTION_PHASE:
        return read_phase(text, options);
    case OPTION_MATH:
        return bench_read_math("--math", text, &options->math);
    case OPTION_TUNE:
        return bench_read_tuning("--tune", text, &options->tuning);
    case OPTION_SEED:
        return bench_read_seed("--seed", text, &options->seed);
    case OPTION_FORMAT:
        return bench_read_format("--format", text, &options->format);
    case OPTION_JSON:
        return bench_read_text("--json", text, &options->json);
    case OPTION_HTML:
        return bench_read_text("--html", text, &options->html);
    case OPTION_ALGO:
        return bench_read_method("--algo", BENCH_METHODS_ALGO, text, &options->algo);
    case 'g':
        return bench_read_method("--gemm", BENCH_METHODS_GEMM, text, &options->gemm);
    default:
        read_switch(option, options);
        return BENCH_OK;
    }
}

bench_status bench_options_parse(int argc, char **argv, bench_options *options_out) {
    bench_options options = {.device = "0",
                             .model = convcl_models[0],
                             .batch = 32,
                             .steps = 100,
                             .burn_in = 10,
                             .forward = true,
                             .forward_backward = true,
                             .seed = 1,
                             .tuning = CONVCL_TUNING_QUICK};
    const char *tuning = getenv("CONVCL_TUNE");
    if (tuning && *tuning && bench_read_tuning("CONVCL_TUNE", tuning, &options.tuning) != BENCH_OK)
        return BENCH_USAGE;
    opterr = 0;
    for (;;) {
        const int result = getopt_long(argc, argv, ":d:lb:g:h", long_options, NULL);
        if (result == -1)
            break;
        const bench_status status =
            result == '?' || result == ':' ? bench_read_refuse(result, argv) : read_option(result, optarg, &options);
        if (status != BENCH_OK)
            return status;
    }
    if (optind < argc)
        return bench_usage_error("\"%s\" is one argument too many, bench takes options only", argv[optind]);
    *options_out = options;
    return BENCH_OK;
}
