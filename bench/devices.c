/* devices.c: lists the devices and chooses among them.
 * SPDX-License-Identifier: MIT */
#include "devices.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report_json.h"
#include "report_text.h"
#include "session.h"
#include "table.h"

/* ---- traits ---------------------------------------------------------------------------------------------------------------------------- */

/* The device's extensions between blanks, to be freed; NULL when the device does not tell. */
static char *read_extensions(const convcl_device_info *device) {
    size_t size = 0;
    if (clGetDeviceInfo(device->device, CL_DEVICE_EXTENSIONS, 0, NULL, &size) != CL_SUCCESS)
        return NULL;
    char *text = calloc(size + 3, 1);
    if (!text)
        return NULL;
    text[0] = ' ';
    if (size > 0 && clGetDeviceInfo(device->device, CL_DEVICE_EXTENSIONS, size, text + 1, NULL) != CL_SUCCESS) {
        free(text);
        return NULL;
    }
    text[strlen(text)] = ' ';
    return text;
}

bench_traits bench_devices_traits(const convcl_device_info *device) {
    bench_traits traits = {0};
    char *extensions = read_extensions(device);
    if (extensions) {
        traits.half = strstr(extensions, " cl_khr_fp16 ") != NULL;
        traits.double_precision = strstr(extensions, " cl_khr_fp64 ") != NULL;
        traits.subgroups = strstr(extensions, " cl_khr_subgroups ") || strstr(extensions, " cl_intel_subgroups ");
    }
    free(extensions);
    return traits;
}

/* ---- the choice ------------------------------------------------------------------------------------------------------------------------ */

static bench_status choose_one(const char *choice, convcl_device_info *device) {
    const convcl_status status = convcl_device_choose(choice, device);
    return status == CONVCL_INVALID ? bench_usage_error("%s", convcl_last_error()) : bench_check(status);
}

static bench_status count_devices(int *count_out) {
    const bench_status status = bench_check(convcl_device_count(count_out));
    if (status != BENCH_OK || *count_out > 0)
        return status;
    bench_error("this machine has no OpenCL device; on Debian the package pocl-opencl-icd makes its CPU one");
    return BENCH_FAILED;
}

static bench_status choose_all(convcl_device_info *devices, int count) {
    bench_status status = BENCH_OK;
    for (int i = 0; i < count && status == BENCH_OK; ++i)
        status = bench_check(convcl_device_get(i, &devices[i]));
    return status;
}

/* Cuts `list`, which is changed, at its commas. */
static bench_status choose_each(char *list, convcl_device_info *devices, int count) {
    bench_status status = BENCH_OK;
    for (int i = 0; i < count && status == BENCH_OK; ++i) {
        const size_t length = strcspn(list, ",");
        list[length] = '\0';
        status = *list ? choose_one(list, &devices[i]) : bench_usage_error("--device has an empty choice between its commas");
        list += length + 1;
    }
    return status;
}

bench_status bench_devices_choose(const char *choice, convcl_device_info **devices_out, int *count_out) {
    const bool all = strcmp(choice, "all") == 0;
    int count = 1;
    *devices_out = NULL;
    *count_out = 0;
    bench_status status = all ? count_devices(&count) : BENCH_OK;
    for (const char *at = choice; !all && *at; ++at)
        count += *at == ',';
    convcl_device_info *devices = status == BENCH_OK ? calloc((size_t)count, sizeof *devices) : NULL;
    char *list = strdup(choice);
    if (status == BENCH_OK && (!devices || !list)) {
        bench_error("no memory for %d devices", count);
        status = BENCH_FAILED;
    }
    if (status == BENCH_OK)
        status = all ? choose_all(devices, count) : choose_each(list, devices, count);
    free(list);
    if (status != BENCH_OK) {
        free(devices);
        return status;
    }
    *devices_out = devices;
    *count_out = count;
    return BENCH_OK;
}

/* ---- the list -------------------------------------------------------------------------------------------------------------------------- */

static const bench_column columns[] = {
    {"index", true},   {"p:d", true},     {"name", false},      {"platform", false}, {"vendor", false},
    {"driver", false}, {"type", false},   {"units", true},      {"memory", true},    {"local", true},
    {"half", false},   {"double", false}, {"subgroups", false}, {"OpenCL", false},   {NULL, false},
};

static const char *yes_or_no(bool value) {
    return value ? "yes" : "no";
}

/* "3.0" of "OpenCL 3.0 PoCL ...". */
static void version_of(const convcl_device_info *device, char *text, size_t size) {
    const char *begin = strncmp(device->version, "OpenCL ", 7) == 0 ? device->version + 7 : device->version;
    snprintf(text, size, "%.*s", (int)strcspn(begin, " "), begin);
}

static void add_device(bench_table *table, const convcl_device_info *device) {
    const bench_traits traits = bench_devices_traits(device);
    char version[32];
    version_of(device, version, sizeof version);
    bench_table_add(table, "%d", device->index);
    bench_table_add(table, "%d:%d", device->platform_index, device->device_index);
    bench_table_add(table, "%s", device->name);
    bench_table_add(table, "%s", device->platform_name);
    bench_table_add(table, "%s", device->vendor);
    bench_table_add(table, "%s", device->driver);
    bench_table_add(table, "%s", convcl_device_type_name(device->type));
    bench_table_add(table, "%u", device->compute_units);
    bench_table_add(table, "%.1f GiB", (double)device->global_memory / (1024.0 * 1024.0 * 1024.0));
    bench_table_add(table, "%.0f KiB", (double)device->local_memory / 1024.0);
    bench_table_add(table, "%s", yes_or_no(traits.half));
    bench_table_add(table, "%s", yes_or_no(traits.double_precision));
    bench_table_add(table, "%s", yes_or_no(traits.subgroups));
    bench_table_add(table, "%s", version);
}

static bench_status print_json(const convcl_device_info *devices, int count) {
    json_t *list = json_array();
    for (int i = 0; i < count && list; ++i)
        if (json_array_append_new(list, bench_json_device(&devices[i])) != 0) {
            json_decref(list);
            list = NULL;
        }
    return bench_json_print(json_pack("{s:s, s:o}", "convcl", convcl_version(), "devices", list));
}

bench_status bench_devices_list(bench_format format) {
    convcl_device_info *devices = NULL;
    bench_table table;
    int count = 0;
    bench_status status = bench_devices_choose("all", &devices, &count);
    if (status != BENCH_OK)
        return status;
    if (format == BENCH_FORMAT_JSON) {
        status = print_json(devices, count);
    } else {
        bench_table_begin(&table, columns);
        for (int i = 0; i < count; ++i)
            add_device(&table, &devices[i]);
        status = bench_table_print(&table, format);
        bench_table_clear(&table);
    }
    free(devices);
    return status == BENCH_OK ? bench_text_flush() : status;
}
