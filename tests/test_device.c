/* test_device.c: the list of devices and the choice of one by what a person types.
 * SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdio.h>

#include "harness.h"

static void test_device__count_needs_a_place(void **state) {
    (void)state;
    assert_fails(convcl_device_count(NULL), CONVCL_INVALID, "count_out|NULL");
}

static void test_device__get_needs_a_place(void **state) {
    (void)state;
    assert_fails(convcl_device_get(0, NULL), CONVCL_INVALID, "info_out|NULL");
}

static void test_device__choose_needs_a_place(void **state) {
    (void)state;
    assert_fails(convcl_device_choose("0", NULL), CONVCL_INVALID, "info_out|NULL");
}

static void test_device__describe_needs_both(void **state) {
    (void)state;
    convcl_device_info info;
    assert_fails(convcl_device_describe(NULL, &info), CONVCL_INVALID, "device|NULL");
}

static void test_device__indices_are_flat_and_complete(void **state) {
    (void)state;
    int count = 0;
    assert_ok(convcl_device_count(&count));
    for (int i = 0; i < count; i++) {
        convcl_device_info info;
        assert_ok(convcl_device_get(i, &info));
        assert_int_equal(info.index, i);
        assert_non_null(info.device);
        assert_non_null(info.platform);
        assert_true(info.name[0] && info.platform_name[0] && info.driver[0] && info.version[0]);
        assert_true(!isspace((unsigned char)info.name[0]) && !isspace((unsigned char)info.name[strlen(info.name) - 1]));
        assert_true(info.vector_width >= 1);
        assert_true(info.compute_units >= 1 && info.max_work_group_size >= 1);
        assert_true(info.global_memory > 0 && info.max_allocation > 0 && info.local_memory > 0);
    }
}

static void expect_untouched(const convcl_device_info *info, const convcl_device_info *before) {
    assert_memory_equal(info, before, sizeof *info);
}

static void test_device__index_outside_is_invalid_and_lists_the_devices(void **state) {
    (void)state;
    convcl_device_info info, before;
    memset(&info, 0x5A, sizeof info);
    before = info;
    int count = 0;
    assert_ok(convcl_device_count(&count));
    convcl_device_info first;
    assert_ok(convcl_device_get(0, &first));
    char words[600];
    snprintf(words, sizeof words, "\"%d\"|%s|%s", count, first.name, first.platform_name);
    assert_fails(convcl_device_get(count, &info), CONVCL_INVALID, words);
    assert_fails(convcl_device_get(-1, &info), CONVCL_INVALID, "\"-1\"|0:");
    assert_fails(convcl_device_get(2147483647, &info), CONVCL_INVALID, "2147483647");
    expect_untouched(&info, &before);
}

static void test_device__unknown_name_is_invalid_and_lists_the_devices(void **state) {
    (void)state;
    convcl_device_info info, before;
    memset(&info, 0x5A, sizeof info);
    before = info;
    static const char *const choices[] = {"nonsense", "99", "99:0", "0:99", "-1", "0:", ":0", "0:0:0", "99999999999999999999"};
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        if (convcl_device_choose(choices[i], &info) == CONVCL_OK)
            fail_msg("\"%s\" chose a device", choices[i]);
        assert_non_null(strstr(convcl_last_error(), choices[i]));
        expect_untouched(&info, &before);
    }
}

static void test_device__null_and_empty_mean_the_first(void **state) {
    (void)state;
    convcl_device_info first, info;
    assert_ok(convcl_device_get(0, &first));
    assert_ok(convcl_device_choose(NULL, &info));
    assert_int_equal(info.index, 0);
    assert_ok(convcl_device_choose("", &info));
    assert_ptr_equal(info.device, first.device);
}

static void test_device__type_names(void **state) {
    (void)state;
    assert_string_equal(convcl_device_type_name(CL_DEVICE_TYPE_CPU), "CPU");
    assert_string_equal(convcl_device_type_name(CL_DEVICE_TYPE_GPU), "GPU");
    assert_string_equal(convcl_device_type_name(CL_DEVICE_TYPE_ACCELERATOR), "ACCELERATOR");
    assert_string_equal(convcl_device_type_name(CL_DEVICE_TYPE_CUSTOM), "CUSTOM");
    assert_string_equal(convcl_device_type_name(0), "OTHER");
}

static void expect_choice(const char *choice, const convcl_device_info *expected) {
    convcl_device_info info;
    assert_ok(convcl_device_choose(choice, &info));
    assert_int_equal(info.index, expected->index);
    assert_ptr_equal(info.device, expected->device);
}

static void test_device__chosen_by_flat_index(harness_device *device, const void *data) {
    (void)data;
    char choice[32];
    snprintf(choice, sizeof choice, "%d", device->info.index);
    expect_choice(choice, &device->info);
}

static void test_device__chosen_by_platform_and_device(harness_device *device, const void *data) {
    (void)data;
    char choice[64];
    snprintf(choice, sizeof choice, "%d:%d", device->info.platform_index, device->info.device_index);
    expect_choice(choice, &device->info);
}

static bool holds(const char *text, const char *part) {
    for (; *text; text++) {
        size_t i = 0;
        while (part[i] && tolower((unsigned char)text[i]) == tolower((unsigned char)part[i]))
            i++;
        if (!part[i])
            return true;
    }
    return false;
}

/* How many devices hold the text in a name, in any case. */
static int matching(const char *text) {
    int count = 0, found = 0;
    assert_ok(convcl_device_count(&count));
    for (int i = 0; i < count; i++) {
        convcl_device_info info;
        assert_ok(convcl_device_get(i, &info));
        found += holds(info.name, text) || holds(info.platform_name, text);
    }
    return found;
}

static void test_device__chosen_by_a_part_of_the_platform_in_any_case(harness_device *device, const void *data) {
    (void)data;
    char choice[256];
    if (matching(device->info.platform_name) != 1)
        skip();
    snprintf(choice, sizeof choice, "%s", device->info.platform_name);
    expect_choice(choice, &device->info);
    for (char *c = choice; *c; c++)
        *c = (char)(isupper((unsigned char)*c) ? tolower((unsigned char)*c) : toupper((unsigned char)*c));
    expect_choice(choice, &device->info);
    choice[strlen(choice) - 1] = 0;
    expect_choice(choice + 1, &device->info);
}

static void test_device__ambiguous_name_is_invalid_and_lists_the_devices(harness_device *device, const void *data) {
    (void)data;
    char letter[2] = "a";
    while (letter[0] <= 'z' && matching(letter) < 2)
        letter[0]++;
    if (letter[0] > 'z')
        skip();
    convcl_device_info info;
    char words[300];
    snprintf(words, sizeof words, "\"%s\"|several|%s", letter, device->info.name);
    assert_fails(convcl_device_choose(letter, &info), CONVCL_INVALID, words);
}

static void test_device__describe_finds_the_index(harness_device *device, const void *data) {
    (void)data;
    convcl_device_info info;
    assert_ok(convcl_device_describe(device->info.device, &info));
    assert_int_equal(info.index, device->info.index);
    assert_string_equal(info.name, device->info.name);
    assert_fails(convcl_device_describe(device->info.device, NULL), CONVCL_INVALID, "info_out|NULL");
}

static bool can_be_split(cl_device_id device) {
    cl_device_partition_property ways[16] = {0};
    size_t size = 0;
    if (clGetDeviceInfo(device, CL_DEVICE_PARTITION_PROPERTIES, sizeof ways, ways, &size) != CL_SUCCESS)
        return false;
    bool found = false;
    for (size_t i = 0; i < size / sizeof *ways; i++)
        found = found || ways[i] == CL_DEVICE_PARTITION_EQUALLY;
    return found;
}

static void test_device__sub_device_has_no_index(harness_device *device, const void *data) {
    (void)data;
    /* Asked first: rusticl (Mesa 22.3) has nothing behind the call, and the process ends. */
    if (!can_be_split(device->info.device))
        harness_skip("%s, driver %s, cannot be split", device->info.name, device->info.driver);
    const cl_device_partition_property by_counts[] = {CL_DEVICE_PARTITION_EQUALLY, 1, 0};
    cl_device_id part[64];
    cl_uint count = 0;
    if (device->info.compute_units > 64 || clCreateSubDevices(device->info.device, by_counts, 64, part, &count) != CL_SUCCESS || count == 0)
        skip();
    convcl_device_info info = {0};
    convcl_status status = convcl_device_describe(part[0], &info);
    for (cl_uint i = 0; i < count; i++)
        clReleaseDevice(part[i]);
    assert_ok(status);
    assert_int_equal(info.index, -1);
    assert_int_equal(info.compute_units, 1);
}

int main(int argc, char **argv) {
    HARNESS_HOST(test_device__count_needs_a_place);
    HARNESS_HOST(test_device__get_needs_a_place);
    HARNESS_HOST(test_device__choose_needs_a_place);
    HARNESS_HOST(test_device__describe_needs_both);
    HARNESS_HOST(test_device__indices_are_flat_and_complete);
    HARNESS_HOST(test_device__index_outside_is_invalid_and_lists_the_devices);
    HARNESS_HOST(test_device__unknown_name_is_invalid_and_lists_the_devices);
    HARNESS_HOST(test_device__null_and_empty_mean_the_first);
    HARNESS_HOST(test_device__type_names);
    HARNESS_DEVICE(test_device__chosen_by_flat_index);
    HARNESS_DEVICE(test_device__chosen_by_platform_and_device);
    HARNESS_DEVICE(test_device__chosen_by_a_part_of_the_platform_in_any_case);
    HARNESS_DEVICE(test_device__ambiguous_name_is_invalid_and_lists_the_devices);
    HARNESS_DEVICE(test_device__describe_finds_the_index);
    HARNESS_DEVICE(test_device__sub_device_has_no_index);
    return harness_main(argc, argv);
}
