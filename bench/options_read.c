/* options_read.c: the values that options of all commands take.
 * SPDX-License-Identifier: MIT */
#include "options_read.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

bench_status bench_read_int(const char *name, const char *text, int least, int most, int *value_out) {
    int64_t value = 0;
    const bench_status status = read_number(name, text, least, most, &value);
    if (status == BENCH_OK)
        *value_out = (int)value;
    return status;
}

bench_status bench_read_seed(const char *name, const char *text, uint64_t *value_out) {
    int64_t value = 0;
    const bench_status status = read_number(name, text, 0, INT64_MAX, &value);
    if (status == BENCH_OK)
        *value_out = (uint64_t)value;
    return status;
}

bench_status bench_read_seconds(const char *name, const char *text, double *value_out) {
    char *end = NULL;
    const double value = strspn(text, "0123456789.") == strlen(text) ? strtod(text, &end) : 0;
    if (!*text || !end || *end || !(value > 0) || value > 1e9)
        return bench_usage_error("%s is \"%s\", must be seconds, above 0", name, text);
    *value_out = value;
    return BENCH_OK;
}

bench_status bench_read_text(const char *name, const char *text, const char **value_out) {
    if (!*text)
        return bench_usage_error("%s is \"\", must not be empty", name);
    *value_out = text;
    return BENCH_OK;
}

bench_status bench_read_method(const char *name, bench_methods methods, const char *text, const char **value_out) {
    char list[256];
    if (!bench_methods_know(methods, text))
        return bench_usage_error("%s is \"%s\", must be one of %s", name, text, bench_methods_list(methods, list, sizeof list));
    *value_out = text;
    return BENCH_OK;
}

bench_status bench_read_model(const char *name, const char *text, const convcl_model **value_out) {
    char list[256];
    const convcl_model *model = convcl_model_find(text);
    if (!model)
        return bench_usage_error("%s is \"%s\", must be one of %s", name, text, bench_models_list(list, sizeof list));
    *value_out = model;
    return BENCH_OK;
}

const char *bench_tuning_name(convcl_tuning tuning) {
    return tuning == CONVCL_TUNING_FULL ? "full" : tuning == CONVCL_TUNING_QUICK ? "quick" : "off";
}

bench_status bench_read_math(const char *name, const char *text, convcl_math *value_out) {
    static const convcl_math all[] = {CONVCL_MATH_DEFAULT, CONVCL_MATH_STRICT, CONVCL_MATH_FAST};
    for (size_t i = 0; i < sizeof all / sizeof *all; ++i)
        if (strcmp(text, convcl_math_name(all[i])) == 0) {
            *value_out = all[i];
            return BENCH_OK;
        }
    return bench_usage_error("%s is \"%s\", must be default, strict or fast", name, text);
}

bench_status bench_read_tuning(const char *name, const char *text, convcl_tuning *value_out) {
    for (int mode = CONVCL_TUNING_OFF; mode <= CONVCL_TUNING_FULL; ++mode)
        if (strcmp(text, bench_tuning_name((convcl_tuning)mode)) == 0) {
            *value_out = (convcl_tuning)mode;
            return BENCH_OK;
        }
    return bench_usage_error("%s is \"%s\", must be off, quick or full", name, text);
}

bench_status bench_read_format(const char *name, const char *text, bench_format *value_out) {
    static const char *const names[] = {"text", "markdown", "csv", "json"};
    for (size_t i = 0; i < sizeof names / sizeof *names; ++i)
        if (strcmp(text, names[i]) == 0) {
            *value_out = (bench_format)i;
            return BENCH_OK;
        }
    return bench_usage_error("%s is \"%s\", must be text, markdown, csv or json", name, text);
}

bench_status bench_read_refuse(int result, char *const *argv) {
    const char *typed = argv[optind - 1];
    if (result == ':')
        return bench_usage_error("%s needs a value", typed);
    if (optopt >= BENCH_FIRST_OPTION || (optopt && typed[0] == '-' && typed[1] == '-'))
        return bench_usage_error("%s takes no value", typed);
    if (optopt)
        return bench_usage_error("-%c is no option", optopt);
    return bench_usage_error("%s is no option, or the beginning of several", typed);
}
