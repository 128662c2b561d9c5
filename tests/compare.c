/* compare.c: results against the reference, statuses against the contract, and what a failure prints.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>

#include "harness.h"
#include "harness_internal.h"
#include "opencl/device_traits.h"

#define SHOWN 10

void harness_note(const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(harness_now.note, sizeof harness_now.note, format, args);
    va_end(args);
}

void harness_repeat(const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(harness_now.repeat, sizeof harness_now.repeat, format, args);
    va_end(args);
}

void harness_print_repeat(void) {
    const harness_device *device = harness_now.device;
    if (device)
        print_error("  device \"%s\" driver %s  %s  seed %llu\n", device->info.name, device->info.driver, harness_now.note,
                    (unsigned long long)harness_seed());
    else
        print_error("  %s  seed %llu\n", harness_now.note, (unsigned long long)harness_seed());
    print_error("  repeat: %s --seed %llu \"%s\"\n", harness_now.program, (unsigned long long)harness_seed(), harness_now.name);
    const char *slash = strrchr(harness_now.program, '/');
    if (*harness_now.repeat)
        print_error("  repeat: %.*sbench %s\n", slash ? (int)(slash + 1 - harness_now.program) : 0, harness_now.program,
                    harness_now.repeat);
}

/* ---- tests that a device cannot pass ---- */

void harness_skip(const char *reason, ...) {
    char text[512];
    va_list args;
    va_start(args, reason);
    vsnprintf(text, sizeof text, reason, args);
    va_end(args);
    print_message("skipped because %s\n", text);
    skip();
    abort(); /* cmocka's skip does not return, which its header does not say */
}

static void release_queue(void *queue) {
    clReleaseCommandQueue(queue);
}

cl_command_queue harness_out_of_order_queue(harness_device *device) {
    cl_command_queue_properties properties = 0;
    harness_cl(clGetDeviceInfo(device->info.device, CL_DEVICE_QUEUE_PROPERTIES, sizeof properties, &properties, NULL), "clGetDeviceInfo");
    if (!(properties & CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE))
        harness_skip("%s, driver %s, has no out-of-order queues", device->info.name, device->info.driver);
    cl_command_queue queue = NULL;
    assert_ok(convcl_context_create_queue(device->context, CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE, &queue));
    harness_defer(release_queue, queue);
    return queue;
}

void harness_skip_where_wrong(const harness_device *device) {
    const convcl_device_quirk *quirk = convcl_device_traits__warning(&device->info);
    if (quirk)
        harness_skip("%s, driver %s (seen with %s): %s; retest: %s", device->info.name, device->info.driver, quirk->driver, quirk->symptom,
                     quirk->retest);
}

void harness_skip_where_slow(const harness_device *device, double gflop) {
    const char *anyway = getenv("CONVCL_TEST_SLOW");
    if (strncmp(device->info.name, "llvmpipe", 8) == 0 && gflop > 12 && !(anyway && *anyway))
        harness_skip("%s does 0.05 GFLOP/s, and these are %.0f; CONVCL_TEST_SLOW=1 runs them", device->info.name, gflop);
}

/* ---- statuses ---- */

static bool has_words(const char *text, const char *words) {
    char word[512];
    while (*words) {
        size_t length = strcspn(words, "|");
        snprintf(word, sizeof word, "%.*s", (int)length, words);
        words += length + (words[length] == '|');
        if (!strstr(text, word))
            return false;
    }
    return true;
}

void harness_assert_status(convcl_status got, convcl_status expected, const char *words, const char *call, const char *file, int line) {
    if (got != expected) {
        print_error("%s\n  returned %s, expected %s\n", call, convcl_status_name(got), convcl_status_name(expected));
        print_error("  the library's text: \"%s\"\n", got == CONVCL_OK ? "" : convcl_last_error());
    } else if (words && !has_words(convcl_last_error(), words)) {
        print_error("%s\n  text is \"%s\", which must hold each of \"%s\"\n", call, convcl_last_error(), words);
    } else {
        return;
    }
    harness_print_repeat();
    _fail(file, line);
}

/* ---- values ---- */

/* |got - expected|; 0 for the same NaN or inf, inf for any other mixture with them. */
static double difference(double expected, float got) {
    if (isnan(expected) || isnan(got))
        return isnan(expected) && isnan(got) ? 0 : HUGE_VAL;
    if (isinf(expected) || isinf(got))
        return expected == (double)got ? 0 : HUGE_VAL;
    return fabs((double)got - expected);
}

/* What is known of a comparison before single values are judged. */
typedef struct comparison {
    size_t count;
    double max_expected, norm_expected, norm_difference; /* of the finite pairs */
    size_t mixed;                                        /* pairs where only one is finite, or NaN meets inf */
    bool zero_expected, zero_got;
} comparison;

static comparison measure(const double *expected, const float *got, size_t count) {
    comparison c = {.count = count, .zero_expected = true, .zero_got = true};
    double sum_expected = 0, sum_difference = 0;
    for (size_t i = 0; i < count; i++) {
        double d = difference(expected[i], got[i]);
        c.mixed += isinf(d) != 0;
        c.zero_expected &= expected[i] == 0;
        c.zero_got &= got[i] == 0;
        if (isinf(d) || !isfinite(expected[i]))
            continue;
        c.max_expected = fmax(c.max_expected, fabs(expected[i]));
        sum_expected += expected[i] * expected[i];
        sum_difference += d * d;
    }
    c.norm_expected = sqrt(sum_expected);
    c.norm_difference = sqrt(sum_difference);
    return c;
}

double harness_relative_rms(const double *expected, const float *got, size_t count) {
    comparison c = measure(expected, got, count);
    if (c.mixed)
        return HUGE_VAL;
    return c.norm_difference == 0 ? 0 : c.norm_difference / c.norm_expected;
}

/* The largest difference that a single value may have. Under an rms bound the norms decide; a single value is then called wrong beyond 8 times the bound. */
static double allowance(const comparison *c, harness_bound bound, double expected) {
    switch (bound.kind) {
    case HARNESS_BOUND_MAX:
        return bound.limit * c->max_expected;
    case HARNESS_BOUND_RMS:
        return 8 * bound.limit * c->norm_expected / sqrt((double)c->count);
    case HARNESS_BOUND_EACH:
        return bound.limit * fabs(expected);
    case HARNESS_BOUND_EXACT:
        break;
    }
    return 0;
}

static bool is_wrong(const comparison *c, harness_bound bound, double expected, float got) {
    double d = difference(expected, got);
    if (bound.kind == HARNESS_BOUND_EXACT)
        return d != 0 && (float)expected != got;
    return isinf(d) || d > allowance(c, bound, expected);
}

static bool near_enough(const comparison *c, harness_bound bound, size_t wrong) {
    if (c->zero_got && !c->zero_expected)
        return false;
    if (bound.kind == HARNESS_BOUND_RMS)
        return c->mixed == 0 && c->norm_difference <= bound.limit * c->norm_expected;
    return wrong == 0;
}

static const char *bound_name(harness_bound bound) {
    static const char *const names[] = {"exact", "of max", "rms", "rel"};
    return names[bound.kind];
}

static void print_values(const char *name, harness_shape shape, const double *expected, const float *got, const comparison *c,
                         harness_bound bound) {
    int shown = 0;
    for (size_t i = 0; i < c->count && shown < SHOWN; i++) {
        if (!is_wrong(c, bound, expected[i], got[i]))
            continue;
        size_t rest = i, place[4];
        for (int d = 3; d >= 0; d--) {
            place[d] = rest % shape.dim[d];
            rest /= shape.dim[d];
        }
        double diff = difference(expected[i], got[i]);
        print_error("  %s[%zu][%zu][%zu][%zu] expected %.9g got %.9g diff %.1e rel %.1e\n", name, place[0], place[1], place[2], place[3],
                    expected[i], (double)got[i], diff, diff / fabs(expected[i]));
        shown++;
    }
}

void harness_expect_values(const char *name, harness_shape shape, const double *expected, const float *got, harness_bound bound) {
    size_t count = harness_shape_count(shape);
    comparison c = measure(expected, got, count);
    size_t wrong = 0;
    double largest = 0;
    for (size_t i = 0; i < count; i++) {
        double d = difference(expected[i], got[i]);
        wrong += is_wrong(&c, bound, expected[i], got[i]);
        largest = d > largest ? d : largest;
    }
    if (near_enough(&c, bound, wrong))
        return;
    print_error("%s : %s: %zu of %zu wrong (limit %.1e %s), max %.1e, relative rms %.1e%s\n", harness_now.case_name, name, wrong, count,
                bound.limit, bound_name(bound), largest, harness_relative_rms(expected, got, count),
                c.zero_got && !c.zero_expected ? ", all zero" : "");
    print_values(name, shape, expected, got, &c, bound);
    harness_print_repeat();
    fail();
}

void harness_expect(const harness_tensor *tensor, const double *expected, harness_bound bound) {
    harness_check_memory(tensor->device);
    harness_expect_values(tensor->name, tensor->shape, expected, harness_read(tensor), bound);
}
