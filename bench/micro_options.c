/* micro_options.c: reads the command line of `bench conv` and `bench gemm`.
 * SPDX-License-Identifier: MIT */
#include "micro_options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options_read.h"

/* 80 columns and 24 lines at most. */
#define HELP_TEXT                                                                                                                          \
    "usage: bench conv CASE... [options]    times single convolutions\n"                                                                   \
    "       bench gemm CASE... [options]    times single products\n"                                                                       \
    "A CASE is n2ic64ih13iw13oc96f3s1p1, alexnet:conv3n32 or \"bwd_data CASE\";\n"                                                         \
    "of gemm gm384gn128gk64gb36. tests/README.md explains the words.\n"                                                                    \
    "      --cases FILE       the first word of each line of FILE as well\n"                                                               \
    "      --dir DIR          fwd, bwd_data, bwd_weights or all (all)\n"                                                                   \
    "  -d, --device CHOICE    as bench takes it (0)\n"                                                                                     \
    "  -b, --batch N          images, in place of the case's\n"                                                                            \
    "      --steps N          timed steps of each row, 1 to 1000000 (20)\n"                                                                \
    "      --burn-in N        steps before them, 0 to 1000000 (3)\n"                                                                       \
    "      --time-budget S    skip the rest after S seconds\n"                                                                             \
    "      --math MODE        default, strict or fast (default)\n"                                                                         \
    "      --algo NAME        %s\n"                                                                                                        \
    "  -g, --gemm NAME        by: %s\n"                                                                                                    \
    "      --seed N           of the values (1)\n"                                                                                         \
    "      --verify           check each row against the reference before it is timed\n"                                                   \
    "      --format FORMAT    text, markdown, csv or json (text)\n"                                                                        \
    "      --json FILE        write the rows to FILE as well\n"                                                                            \
    "  -h, --help             print this and exit\n"                                                                                       \
    "exit status: 0 done, 1 a row failed or none ran, 2 wrong usage, 130 interrupted\n"

enum {
    OPTION_CASES = BENCH_FIRST_OPTION,
    OPTION_DIR,
    OPTION_STEPS,
    OPTION_BURN_IN,
    OPTION_TIME_BUDGET,
    OPTION_MATH,
    OPTION_SEED,
    OPTION_VERIFY,
    OPTION_FORMAT,
    OPTION_JSON,
    OPTION_ALGO
};

static const struct option long_options[] = {
    {"cases", required_argument, NULL, OPTION_CASES},
    {"dir", required_argument, NULL, OPTION_DIR},
    {"device", required_argument, NULL, 'd'},
    {"batch", required_argument, NULL, 'b'},
    {"steps", required_argument, NULL, OPTION_STEPS},
    {"burn-in", required_argument, NULL, OPTION_BURN_IN},
    {"time-budget", required_argument, NULL, OPTION_TIME_BUDGET},
    {"math", required_argument, NULL, OPTION_MATH},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"verify", no_argument, NULL, OPTION_VERIFY},
    {"format", required_argument, NULL, OPTION_FORMAT},
    {"json", required_argument, NULL, OPTION_JSON},
    {"algo", required_argument, NULL, OPTION_ALGO},
    {"gemm", required_argument, NULL, 'g'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

bool bench_micro_options_apply(int argc, char **argv) {
    return argc > 1 && (strcmp(argv[1], "conv") == 0 || strcmp(argv[1], "gemm") == 0);
}

void bench_micro_options_print_help(void) {
    char algos[256], gemms[256];
    printf(HELP_TEXT, bench_methods_list(BENCH_METHODS_ALGO, algos, sizeof algos),
           bench_methods_list(BENCH_METHODS_GEMM, gemms, sizeof gemms));
}

static bench_status read_directions(const char *text, bench_micro_options *options) {
    bool known = false;
    for (int dir = 0; dir < BENCH_DIRECTIONS; ++dir) {
        options->directions[dir] = strcmp(text, "all") == 0 || strcmp(text, convcl_conv_dir_name((convcl_conv_dir)dir)) == 0;
        known = known || options->directions[dir];
    }
    return known ? BENCH_OK : bench_usage_error("--dir is \"%s\", must be fwd, bwd_data, bwd_weights or all", text);
}

static bench_status read_option(int option, const char *text, bench_micro_options *options) {
    bench_options *common = &options->common;
    switch (option) {
    case OPTION_CASES:
        return bench_read_text("--cases", text, &options->cases_file);
    case OPTION_DIR:
        return options->gemm ? bench_usage_error("--dir is for conv, a product has no direction") : read_directions(text, options);
    case 'd':
        return bench_read_text("--device", text, &common->device);
    case 'b':
        return options->gemm ? bench_usage_error("--batch is for conv, a product's is its word gb")
                             : bench_read_int("--batch", text, 1, BENCH_MAX_BATCH, &common->batch);
    case OPTION_STEPS:
        return bench_read_int("--steps", text, 1, BENCH_MAX_STEPS, &common->steps);
    case OPTION_BURN_IN:
        return bench_read_int("--burn-in", text, 0, BENCH_MAX_STEPS, &common->burn_in);
    case OPTION_TIME_BUDGET:
        return bench_read_seconds("--time-budget", text, &common->time_budget);
    case OPTION_MATH:
        return bench_read_math("--math", text, &common->math);
    case OPTION_SEED:
        return bench_read_seed("--seed", text, &common->seed);
    case OPTION_FORMAT:
        return bench_read_format("--format", text, &common->format);
    case OPTION_JSON:
        return bench_read_text("--json", text, &common->json);
    case OPTION_ALGO:
        return options->gemm ? bench_usage_error("--algo is for conv, a product's is --gemm")
                             : bench_read_method("--algo", BENCH_METHODS_ALGO, text, &common->algo);
    case 'g':
        return bench_read_method("--gemm", BENCH_METHODS_GEMM, text, &common->gemm);
    case OPTION_VERIFY:
        common->verify = true;
        return BENCH_OK;
    default:
        common->command = BENCH_COMMAND_HELP;
        return BENCH_OK;
    }
}

/* ---- cases ----------------------------------------------------------------------------------------------------------------------------- */

static bench_status add_case(bench_micro_options *options, const char *text) {
    const char **cases = realloc(options->cases, ((size_t)options->case_count + 1) * sizeof *cases);
    if (!cases) {
        bench_error("no memory for %d cases", options->case_count + 1);
        return BENCH_FAILED;
    }
    options->cases = cases;
    options->cases[options->case_count++] = text;
    return BENCH_OK;
}

/* The whole file with an end; NULL with errno when it cannot be read. */
static char *read_file(const char *path) {
    FILE *file = fopen(path, "r");
    char *text = NULL;
    size_t length = 0, got = 1;
    errno = file ? 0 : errno;
    while (file && got > 0) {
        char *grown = realloc(text, length + 4097);
        if (!grown)
            break;
        text = grown;
        got = fread(text + length, 1, 4096, file);
        length += got;
        text[length] = '\0';
    }
    const bool failed = !file || got > 0 || ferror(file);
    const int error = errno ? errno : ENOMEM;
    if (file)
        fclose(file);
    if (!failed)
        return text;
    free(text);
    errno = error;
    return NULL;
}

/* The form of tests/cases: # begins a comment, words behind the case are not for the bench. */
static bench_status add_cases_of_file(bench_micro_options *options) {
    bench_status status = BENCH_OK;
    char *line = options->file_text = read_file(options->cases_file);
    if (!line)
        return bench_usage_error("--cases is \"%s\", which cannot be read: %s", options->cases_file, strerror(errno));
    while (*line && status == BENCH_OK) {
        char *next = line + strcspn(line, "\n");
        next += *next == '\n';
        if (next > line && next[-1] == '\n')
            next[-1] = '\0';
        line[strcspn(line, "#")] = '\0';
        line += strspn(line, " \t\r");
        line[strcspn(line, " \t\r")] = '\0';
        if (*line)
            status = add_case(options, line);
        line = next;
    }
    return status;
}

bench_status bench_micro_options_parse(int argc, char **argv, bench_micro_options *options) {
    const bool gemm = strcmp(argv[1], "gemm") == 0;
    bench_status status = BENCH_OK;
    *options = (bench_micro_options){.gemm = gemm, .directions = {true, true, true}};
    options->common = (bench_options){.device = "0", .steps = 20, .burn_in = 3, .seed = 1};
    bench_usage_is(gemm ? "bench gemm CASE... [options]" : "bench conv CASE... [options]",
                   gemm ? "bench gemm --help" : "bench conv --help");
    opterr = 0;
    optind = 2;
    for (int result; status == BENCH_OK && (result = getopt_long(argc, argv, ":d:b:g:h", long_options, NULL)) != -1;)
        status = result == '?' || result == ':' ? bench_read_refuse(result, argv) : read_option(result, optarg, options);
    for (int i = optind; i < argc && status == BENCH_OK; ++i)
        status = add_case(options, argv[i]);
    if (status == BENCH_OK && options->cases_file)
        status = add_cases_of_file(options);
    if (status == BENCH_OK && options->case_count == 0 && options->common.command != BENCH_COMMAND_HELP)
        status = bench_usage_error("%s needs a CASE", argv[1]);
    return status;
}

void bench_micro_options_clear(bench_micro_options *options) {
    free(options->cases);
    free(options->file_text);
    options->cases = NULL;
    options->file_text = NULL;
}
