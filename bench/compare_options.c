/* compare_options.c: reads the command line of `bench compare`.
 * SPDX-License-Identifier: MIT */
#include "compare_options.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare_statistics.h"
#include "options_read.h"

#define HELP_TEXT                                                                                                                          \
    "usage: bench compare [options] RUN.json [RUN.json ...]\n"                                                                             \
    "Compares runs that `bench --json` or bench/peers/peer.py wrote with the first.\n"                                                     \
    "\n"                                                                                                                                   \
    "  RUN.json               a run, or the runs of several devices\n"                                                                     \
    "  R1.json,R2.json,...    repeats: how much they differ is measured, not assumed\n"                                                    \
    "\n"                                                                                                                                   \
    "      --format FORMAT    text, markdown, csv or json (text)\n"                                                                        \
    "      --labels A,B,...   names of the sides (made from the devices)\n"                                                                \
    "      --plot FILE        draw FILE.svg or FILE.png with gnuplot as well\n"                                                            \
    "      --html FILE        write a page with charts as well\n"                                                                          \
    "      --margin PERCENT   differences up to this are \"same\", 0 to 100 (5)\n"                                                         \
    "      --drift PERCENT    assumed between runs, 0 to 100 (a CPU 7, else 2)\n"                                                          \
    "      --check            exit 3 when a phase is slower than in the first\n"                                                           \
    "  -h, --help             print this and exit\n"                                                                                       \
    "\n"                                                                                                                                   \
    "Ratios are times over the first side's, with an interval of 95%. Verdicts:\n"                                                         \
    "faster, slower: beyond noise and margin; same: not; uncertain: too noisy to say.\n"                                                   \
    "exit status: 0 done, 1 failed, 2 wrong usage or not comparable, 3 see --check\n"

enum { OPTION_FORMAT = BENCH_FIRST_OPTION, OPTION_LABELS, OPTION_PLOT, OPTION_HTML, OPTION_MARGIN, OPTION_DRIFT, OPTION_CHECK };

static const struct option long_options[] = {
    {"format", required_argument, NULL, OPTION_FORMAT},
    {"labels", required_argument, NULL, OPTION_LABELS},
    {"plot", required_argument, NULL, OPTION_PLOT},
    {"html", required_argument, NULL, OPTION_HTML},
    {"margin", required_argument, NULL, OPTION_MARGIN},
    {"drift", required_argument, NULL, OPTION_DRIFT},
    {"check", no_argument, NULL, OPTION_CHECK},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

void compare_options_print_help(void) {
    fputs(HELP_TEXT, stdout);
}

static bench_status read_percent(const char *name, const char *text, double *share_out) {
    char *end = NULL;
    const double percent = strtod(text, &end);
    if (!isdigit((unsigned char)*text) || *end || !(percent >= 0 && percent <= 100))
        return bench_usage_error("%s is \"%s\", must be a number from 0 to 100, in percent", name, text);
    *share_out = percent / 100;
    return BENCH_OK;
}

static bench_status read_plot(const char *text, const char **path_out) {
    const char *dot = strrchr(text, '.');
    if (!dot || (strcmp(dot, ".svg") != 0 && strcmp(dot, ".png") != 0))
        return bench_usage_error("--plot is \"%s\", must end in .svg or .png", text);
    *path_out = text;
    return BENCH_OK;
}

static bench_status read_option(int option, const char *text, compare_options *options) {
    switch (option) {
    case OPTION_FORMAT:
        return bench_read_format("--format", text, &options->format);
    case OPTION_LABELS:
        return bench_read_text("--labels", text, &options->labels);
    case OPTION_PLOT:
        return read_plot(text, &options->plot);
    case OPTION_HTML:
        return bench_read_text("--html", text, &options->html);
    case OPTION_MARGIN:
        return read_percent("--margin", text, &options->margin);
    case OPTION_DRIFT:
        return read_percent("--drift", text, &options->drift);
    case OPTION_CHECK:
        options->check = true;
        return BENCH_OK;
    default:
        options->help = true;
        return BENCH_OK;
    }
}

bench_status compare_options_parse(int argc, char **argv, compare_options *options_out) {
    compare_options options = {.drift = -1, .margin = COMPARE_MARGIN};
    bench_usage_is("bench compare RUN.json RUN.json ... [options]", "bench compare --help");
    opterr = 0;
    optind = 1;
    for (;;) {
        const int result = getopt_long(argc, argv, ":h", long_options, NULL);
        if (result == -1)
            break;
        const bench_status status =
            result == '?' || result == ':' ? bench_read_refuse(result, argv) : read_option(result, optarg, &options);
        if (status != BENCH_OK)
            return status;
    }
    options.operands = argv + optind;
    options.operand_count = argc - optind;
    if (!options.help && options.operand_count == 0)
        return bench_usage_error("no file is named, must be at least one");
    *options_out = options;
    return BENCH_OK;
}
