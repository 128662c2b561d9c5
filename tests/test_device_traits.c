/* test_device_traits.c: which row of the table a device gets, and forms that are asked for.
 * SPDX-License-Identifier: MIT */
#include "opencl/device_traits.h"

#include <stdio.h>

#include "harness.h"
#include "opencl/context_internal.h"

static const char *row_of(cl_device_type type, const char *vendor, const char *name) {
    convcl_device_info info = {.type = type};
    snprintf(info.vendor, sizeof info.vendor, "%s", vendor);
    snprintf(info.name, sizeof info.name, "%s", name);
    return convcl_device_traits__of(&info)->name;
}

static void test_device_traits__vendors_have_rows(void **state) {
    (void)state;
    assert_string_equal(row_of(CL_DEVICE_TYPE_GPU, "NVIDIA Corporation", "NVIDIA H100 80GB HBM3"), "nvidia");
    assert_string_equal(row_of(CL_DEVICE_TYPE_GPU, "Advanced Micro Devices, Inc.", "gfx90a:sramecc+:xnack-"), "amd-wave64");
    assert_string_equal(row_of(CL_DEVICE_TYPE_GPU, "Advanced Micro Devices, Inc.", "gfx1100"), "amd-wave32");
    assert_string_equal(row_of(CL_DEVICE_TYPE_GPU, "AMD", "AMD Radeon RX 7900 XTX (radeonsi, navi31, LLVM 15.0.6, gfx1100)"), "amd-wave32");
    assert_string_equal(row_of(CL_DEVICE_TYPE_GPU, "Intel(R) Corporation", "Intel(R) Arc(TM) A770 Graphics"), "intel");
    assert_string_equal(row_of(CL_DEVICE_TYPE_GPU, "ARM", "Mali-G78"), "gpu");
}

/* PoCL gives every CPU Intel's vendor number, and AMD's CPUs say AuthenticAMD: the type decides first. */
static void test_device_traits__a_cpu_is_a_cpu_whoever_made_it(void **state) {
    (void)state;
    assert_string_equal(row_of(CL_DEVICE_TYPE_CPU, "AuthenticAMD", "pthread-AMD EPYC"), "cpu");
    assert_string_equal(row_of(CL_DEVICE_TYPE_CPU, "Intel(R) Corporation", "Intel(R) Xeon(R)"), "cpu");
}

static void test_device_traits__rows_are_whole(void **state) {
    (void)state;
    for (const convcl_device_traits *row = convcl_device_traits_table; row->name; ++row) {
        const convcl_device_traits *found = NULL;
        assert_ok(convcl_device_traits__named(row->name, &found));
        assert_ptr_equal(found, row);
        assert_true(row->wave >= 1);
        if (!row->registers)
            assert_true(row->unit_items >= row->wave && row->tile.tm % row->tile.wm == 0 && row->tile.tn % row->tile.wn == 0);
    }
    for (const convcl_device_quirk *quirk = convcl_device_quirks; quirk->device; ++quirk)
        assert_true(*quirk->driver && *quirk->symptom && *quirk->answer && *quirk->retest);
}

static const char *warning_of(const char *platform, const char *name) {
    convcl_device_info info = {0};
    snprintf(info.platform_name, sizeof info.platform_name, "%s", platform);
    snprintf(info.name, sizeof info.name, "%s", name);
    const convcl_device_quirk *quirk = convcl_device_traits__warning(&info);
    return quirk ? quirk->device : "none";
}

/* Only where nothing can be done: other faults have their way around, and other devices of the same platform are sound. */
static void test_device_traits__a_fault_without_a_way_around_is_warned_of(void **state) {
    (void)state;
    assert_string_equal(warning_of("rusticl", "llvmpipe (LLVM 15.0.6, 256 bits)"), "llvmpipe");
    assert_string_equal(warning_of("rusticl", "AMD Radeon RX 7900 XTX (radeonsi, navi31, LLVM 15.0.6)"), "none");
    assert_string_equal(warning_of("Portable Computing Language", "pthread-AMD EPYC"), "none");
}

static bool takes_declarations(const char *platform, const char *driver) {
    convcl_device_info info = {0};
    snprintf(info.platform_name, sizeof info.platform_name, "%s", platform);
    snprintf(info.driver, sizeof info.driver, "%s", driver);
    return convcl_device_traits__takes_declarations(&info);
}

static void test_device_traits__declarations_are_for_the_version_that_was_seen(void **state) {
    (void)state;
    assert_true(takes_declarations("Portable Computing Language", "3.1+debian"));
    assert_false(takes_declarations("Portable Computing Language", "6.0"));
    assert_false(takes_declarations("Intel(R) OpenCL", "3.1"));
}

static void count_warning(convcl_log_level level, const char *message, void *user) {
    if (level == CONVCL_LOG_WARNING && strstr(message, "fault known"))
        ++*(int *)user;
}

static void test_device_traits__a_context_warns_of_its_device(harness_device *device, const void *data) {
    (void)data;
    int warnings = 0;
    convcl_context *context = NULL;
    const convcl_context_options options = {.log = count_warning, .log_user = &warnings, .cache_dir = "off"};
    assert_ok(convcl_context_create_from_cl(convcl_context_cl(device->context), device->info.device, &options, &context));
    convcl_context_release(context);
    assert_int_equal(warnings, convcl_device_traits__warning(&device->info) ? 1 : 0);
}

static void test_device_traits__no_name_is_no_row(void **state) {
    (void)state;
    const convcl_device_traits *found = convcl_device_traits_table;
    assert_ok(convcl_device_traits__named(NULL, &found));
    assert_null(found);
    assert_ok(convcl_device_traits__named("", &found));
    assert_null(found);
}

static void test_device_traits__a_form_can_be_asked_for(harness_device *device, const void *data) {
    (void)data;
    const convcl_device_traits *row = convcl_device_traits_table;
    for (; row->name; ++row) {
        convcl_context *context = NULL;
        const convcl_context_options options = {.form = row->name};
        assert_ok(convcl_context_create_from_cl(convcl_context_cl(device->context), device->info.device, &options, &context));
        const bool same = convcl_context__traits(context) == row;
        const bool registers = convcl_context__prefers_registers(context);
        convcl_context_release(context);
        assert_true(same);
        assert_true(registers == (strcmp(row->name, "cpu") == 0));
    }
}

static void test_device_traits__an_unknown_form_is_invalid(harness_device *device, const void *data) {
    (void)data;
    const convcl_context_options options = {.form = "toaster"};
    convcl_context *context = (convcl_context *)device;
    assert_fails(convcl_context_create_from_cl(convcl_context_cl(device->context), device->info.device, &options, &context), CONVCL_INVALID,
                 "form|\"toaster\"|nvidia|amd-wave32");
    assert_null(context);
}

int main(int argc, char **argv) {
    HARNESS_HOST(test_device_traits__vendors_have_rows);
    HARNESS_HOST(test_device_traits__a_cpu_is_a_cpu_whoever_made_it);
    HARNESS_HOST(test_device_traits__rows_are_whole);
    HARNESS_HOST(test_device_traits__no_name_is_no_row);
    HARNESS_HOST(test_device_traits__a_fault_without_a_way_around_is_warned_of);
    HARNESS_HOST(test_device_traits__declarations_are_for_the_version_that_was_seen);
    HARNESS_DEVICE(test_device_traits__a_context_warns_of_its_device);
    HARNESS_DEVICE(test_device_traits__a_form_can_be_asked_for);
    HARNESS_DEVICE(test_device_traits__an_unknown_form_is_invalid);
    return harness_main(argc, argv);
}
