/* options.c: reads the command line of bench; every fault names the value and the rule it breaks.
 * SPDX-License-Identifier: MIT */
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "methods.h"

#define MAX_BATCH 65536
#define MAX_STEPS 1000000

#define HELP_TEXT                                                                                                                          \
    "usage: bench [options]\n"                                                                                                             \
    "       bench cache show | clear | export FILE | import FILE\n"                                                                        \
    "Times AlexNet, forward and forward-backward, on one OpenCL device.\n"                                                                 \
    "\n"                                                                                                                                   \
    "  -d, --device CHOICE    index as listed, PLATFORM:DEVICE, or part of a name (0)\n"                                                   \
    "      --list-devices     list the devices and exit\n"                                                                                 \
    "  -b, --batch N          images in a step, 1 to 65536 (32)\n"                                                                         \
    "      --steps N          timed steps of each phase, 1 to 1000000 (100)\n"                                                             \
    "      --burn-in N        steps before them, 0 to 1000000 (10)\n"                                                                      \
    "      --phase PHASE      forward, forward-backward or both (both)\n"                                                                  \
    "      --seed N           of images and weights (1)\n"                                                                                 \
    "      --verify           check all activations and gradients before timing\n"                                                         \
    "      --layers           time every kernel of a step after each phase\n"                                                              \
    "      --json FILE        write the results to FILE as well\n"                                                                         \
    "      --algo NAME        convolution algorithm (auto)\n"                                                                              \
    "  -g, --gemm NAME        GEMM variant (auto)\n"                                                                                       \
    "      --version          print the version and exit\n"                                                                                \
    "  -h, --help             print this and exit\n"                                                                                       \
    "\n"                                                                                                                                   \
    "algorithms: %s\n"                                                                                                                     \
    "GEMM variants: %s\n"                                                                                                                  \
    "exit status: 0 done, 1 the run or a check failed, 2 wrong usage\n"

enum {
    OPTION_LIST = 256,
    OPTION_STEPS,
    OPTION_BURN_IN,
    OPTION_PHASE,
    OPTION_SEED,
    OPTION_VERIFY,
    OPTION_LAYERS,
    OPTION_JSON,
    OPTION_ALGO,
    OPTION_VERSION
};

static const struct option long_options[] = {
    {"device", required_argument, NULL, 'd'},
    {"list-devices", no_argument, NULL, OPTION_LIST},
    {"batch", required_argument, NULL, 'b'},
    {"steps", required_argument, NULL, OPTION_STEPS},
    {"burn-in", required_argument, NULL, OPTION_BURN_IN},
    {"phase", required_argument, NULL, OPTION_PHASE},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"verify", no_argument, NULL, OPTION_VERIFY},
    {"layers", no_argument, NULL, OPTION_LAYERS},
    {"json", required_argument, NULL, OPTION_JSON},
    {"algo", required_argument, NULL, OPTION_ALGO},
    {"gemm", required_argument, NULL, 'g'},
    {"version", no_argument, NULL, OPTION_VERSION},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

__attribute__((format(printf, 1, 0))) static void print_error(const char *format, va_list arguments) {
    fputs("bench: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

void bench_error(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print_error(format, arguments);
    va_end(arguments);
}

bench_status bench_usage_error(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print_error(format, arguments);
    va_end(arguments);
    fputs("usage: bench [options]; `bench --help` lists them\n", stderr);
    return BENCH_USAGE;
}

void bench_options_print_help(void) {
    char algos[256], gemms[256];
    printf(HELP_TEXT, bench_methods_list(BENCH_METHODS_ALGO, algos, sizeof algos),
           bench_methods_list(BENCH_METHODS_GEMM, gemms, sizeof gemms));
}

/* Reads a whole decimal number from `least` to `most`; signs other than a leading minus, blanks and anything behind the number are refused. */
static bench_status read_number(const char *name, const char *text, int64_t least, int64_t most, int64_t *value_out) {
    const char *digits = *text == '-' ? text + 1 : text;
    char *end = NULL;
    errno = 0;
    const long long value = strtoll(text, &end, 10);
    if (!isdigit((unsigned char)*digits) || *end || errno || value < least || value > most)
        return bench_usage_error("%s is \"%s\", must be a whole number from %lld to %lld", name, text, (long long)least, (long long)most);
    *value_out = value;
    return BENCH_OK;
}

static bench_status read_int(const char *name, const char *text, int least, int most, int *value_out) {
    int64_t value = 0;
    const bench_status status = read_number(name, text, least, most, &value);
    if (status == BENCH_OK)
        *value_out = (int)value;
    return status;
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

static bench_status read_method(const char *name, bench_methods methods, const char *text, const char **value_out) {
    char list[256];
    if (!bench_methods_know(methods, text))
        return bench_usage_error("%s is \"%s\", must be one of %s", name, text, bench_methods_list(methods, list, sizeof list));
    *value_out = text;
    return BENCH_OK;
}

static bench_status read_text(const char *name, const char *text, const char **value_out) {
    if (!*text)
        return bench_usage_error("%s is \"\", must not be empty", name);
    *value_out = text;
    return BENCH_OK;
}

static bench_status read_option(int option, const char *text, bench_options *options) {
    int64_t seed = 0;
    bench_status status = BENCH_OK;
    switch (option) {
    case 'd':
        return read_text("--device", text, &options->device);
    case 'b':
        return read_int("--batch", text, 1, MAX_BATCH, &options->batch);
    case OPTION_STEPS:
        return read_int("--steps", text, 1, MAX_STEPS, &options->steps);
    case OPTION_BURN_IN:
        return read_int("--burn-in", text, 0, MAX_STEPS, &options->burn_in);
    case OPTION_PHASE:
        return read_phase(text, options);
    case OPTION_SEED:
        status = read_number("--seed", text, 0, INT64_MAX, &seed);
        options->seed = (uint64_t)seed;
        return status;
    case OPTION_JSON:
        return read_text("--json", text, &options->json);
    case OPTION_ALGO:
        return read_method("--algo", BENCH_METHODS_ALGO, text, &options->algo);
    case 'g':
        return read_method("--gemm", BENCH_METHODS_GEMM, text, &options->gemm);
    case OPTION_VERIFY:
        options->verify = true;
        return BENCH_OK;
    case OPTION_LAYERS:
        options->layers = true;
        return BENCH_OK;
    case OPTION_LIST:
        options->command = BENCH_COMMAND_LIST_DEVICES;
        return BENCH_OK;
    case OPTION_VERSION:
        options->command = BENCH_COMMAND_VERSION;
        return BENCH_OK;
    default:
        options->command = BENCH_COMMAND_HELP;
        return BENCH_OK;
    }
}

/* The option that getopt_long has just refused, as it was typed. */
static bench_status refuse(int result, char *const *argv) {
    const char *typed = argv[optind - 1];
    if (result == ':')
        return bench_usage_error("%s needs a value", typed);
    if (optopt >= OPTION_LIST || (optopt && typed[0] == '-' && typed[1] == '-'))
        return bench_usage_error("%s takes no value", typed);
    if (optopt)
        return bench_usage_error("-%c is no option", optopt);
    return bench_usage_error("%s is no option, or the beginning of several", typed);
}

bench_status bench_options_parse(int argc, char **argv, bench_options *options_out) {
    bench_options options = {.device = "0", .batch = 32, .steps = 100, .burn_in = 10, .forward = true, .forward_backward = true, .seed = 1};
    opterr = 0;
    for (;;) {
        const int result = getopt_long(argc, argv, ":d:b:g:h", long_options, NULL);
        if (result == -1)
            break;
        const bench_status status = result == '?' || result == ':' ? refuse(result, argv) : read_option(result, optarg, &options);
        if (status != BENCH_OK)
            return status;
    }
    if (optind < argc)
        return bench_usage_error("\"%s\" is one argument too many, bench takes options only", argv[optind]);
    *options_out = options;
    return BENCH_OK;
}
