/* device.c: the flat list of devices, and the choice of one by what a person types.
 * SPDX-License-Identifier: MIT */
#include "convcl/device.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "opencl/cl_error.h"

#define MAX_PLATFORMS            64
#define MAX_DEVICES_PER_PLATFORM 64

typedef struct device_list {
    convcl_device_info *items;
    size_t count;
    size_t capacity;
} device_list;

/* Both ICD loaders answer "none" with an error code of their own instead of a count of 0. */
static convcl_status get_platforms(cl_platform_id *platforms, cl_uint *count) {
    *count = 0;
    const cl_int code = clGetPlatformIDs(MAX_PLATFORMS, platforms, count);
    if (code == -1001) { /* CL_PLATFORM_NOT_FOUND_KHR, from the loader */
        *count = 0;
        return CONVCL_OK;
    }
    if (*count > MAX_PLATFORMS)
        *count = MAX_PLATFORMS;
    return convcl_cl__check(code, "clGetPlatformIDs", NULL, NULL);
}

static convcl_status get_devices(cl_platform_id platform, cl_device_id *devices, cl_uint *count) {
    *count = 0;
    const cl_int code = clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, MAX_DEVICES_PER_PLATFORM, devices, count);
    if (code == CL_DEVICE_NOT_FOUND) { /* a platform without a device, such as Clover */
        *count = 0;
        return CONVCL_OK;
    }
    if (*count > MAX_DEVICES_PER_PLATFORM)
        *count = MAX_DEVICES_PER_PLATFORM;
    return convcl_cl__check(code, "clGetDeviceIDs", NULL, NULL);
}

static void trim(char *text) {
    size_t begin = 0, end = strlen(text);
    while (isspace((unsigned char)text[begin]))
        ++begin;
    while (end > begin && isspace((unsigned char)text[end - 1]))
        --end;
    memmove(text, text + begin, end - begin);
    text[end - begin] = '\0';
}

/* Queries a string of any length and keeps what fits. */
static convcl_status get_string(cl_device_id device, cl_platform_id platform, cl_uint what, char *to, size_t size) {
    size_t needed = 0;
    cl_int code = device ? clGetDeviceInfo(device, what, 0, NULL, &needed) : clGetPlatformInfo(platform, what, 0, NULL, &needed);
    const char *call = device ? "clGetDeviceInfo" : "clGetPlatformInfo";
    convcl_status status = convcl_cl__check(code, call, NULL, NULL);
    if (status != CONVCL_OK)
        return status;
    char *text = NULL;
    status = convcl_alloc(needed + 1, &text);
    if (status != CONVCL_OK)
        return status;
    code = device ? clGetDeviceInfo(device, what, needed, text, NULL) : clGetPlatformInfo(platform, what, needed, text, NULL);
    status = convcl_cl__check(code, call, NULL, NULL);
    if (status == CONVCL_OK) {
        trim(text);
        const size_t length = strlen(text) < size - 1 ? strlen(text) : size - 1;
        memcpy(to, text, length);
        to[length] = '\0';
    }
    free(text);
    return status;
}

static convcl_status get_number(cl_device_id device, cl_device_info what, void *to, size_t size) {
    return convcl_cl__check(clGetDeviceInfo(device, what, size, to, NULL), "clGetDeviceInfo", NULL, NULL);
}

static convcl_status describe(cl_platform_id platform, cl_device_id device, convcl_device_info *info) {
    convcl_status status = CONVCL_OK;
    cl_uint units = 0, width = 0;
    cl_ulong global = 0, largest = 0, local = 0, cache = 0;
    CONVCL_TRY(get_string(device, NULL, CL_DEVICE_NAME, info->name, sizeof info->name));
    CONVCL_TRY(get_string(NULL, platform, CL_PLATFORM_NAME, info->platform_name, sizeof info->platform_name));
    CONVCL_TRY(get_string(device, NULL, CL_DEVICE_VENDOR, info->vendor, sizeof info->vendor));
    CONVCL_TRY(get_string(device, NULL, CL_DRIVER_VERSION, info->driver, sizeof info->driver));
    CONVCL_TRY(get_string(device, NULL, CL_DEVICE_VERSION, info->version, sizeof info->version));
    CONVCL_TRY(get_number(device, CL_DEVICE_TYPE, &info->type, sizeof info->type));
    CONVCL_TRY(get_number(device, CL_DEVICE_MAX_COMPUTE_UNITS, &units, sizeof units));
    CONVCL_TRY(get_number(device, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, &width, sizeof width));
    CONVCL_TRY(get_number(device, CL_DEVICE_MAX_WORK_GROUP_SIZE, &info->max_work_group_size, sizeof info->max_work_group_size));
    CONVCL_TRY(get_number(device, CL_DEVICE_GLOBAL_MEM_SIZE, &global, sizeof global));
    CONVCL_TRY(get_number(device, CL_DEVICE_MAX_MEM_ALLOC_SIZE, &largest, sizeof largest));
    CONVCL_TRY(get_number(device, CL_DEVICE_LOCAL_MEM_SIZE, &local, sizeof local));
    CONVCL_TRY(get_number(device, CL_DEVICE_GLOBAL_MEM_CACHE_SIZE, &cache, sizeof cache));
    info->platform = platform;
    info->device = device;
    info->compute_units = units;
    info->vector_width = width > 0 ? width : 1;
    info->global_memory = global;
    info->max_allocation = largest;
    info->local_memory = local;
    info->cache = cache;
cleanup:
    return status;
}

static convcl_status list_devices(device_list *list) {
    convcl_status status = CONVCL_OK;
    cl_platform_id platforms[MAX_PLATFORMS];
    cl_device_id devices[MAX_DEVICES_PER_PLATFORM];
    cl_uint platform_count = 0, device_count = 0;
    CONVCL_TRY(get_platforms(platforms, &platform_count));
    for (cl_uint p = 0; p < platform_count; ++p) {
        CONVCL_TRY(get_devices(platforms[p], devices, &device_count));
        for (cl_uint d = 0; d < device_count; ++d) {
            convcl_device_info info = {.index = (int)list->count, .platform_index = (int)p, .device_index = (int)d};
            CONVCL_TRY(describe(platforms[p], devices[d], &info));
            CONVCL_TRY(convcl_grow(&list->items, &list->capacity, list->count + 1, sizeof *list->items));
            list->items[list->count++] = info;
        }
    }
cleanup:
    return status;
}

/* Ends an error text with what there is to choose from. */
static convcl_status fail_with_list(const device_list *list, const char *choice, const char *problem) {
    convcl_text text = {0};
    for (size_t i = 0; i < list->count; ++i) {
        const convcl_device_info *info = &list->items[i];
        convcl_text_add(&text, "%s %d (%d:%d) %s [%s]", i > 0 ? "," : "", info->index, info->platform_index, info->device_index, info->name,
                        info->platform_name);
    }
    const convcl_status status = convcl_fail(CONVCL_INVALID, "device: \"%s\" %s; %s%s", choice, problem,
                                             list->count > 0 ? "there are:" : "this machine has no OpenCL device", convcl_text_get(&text));
    convcl_text_clear(&text);
    return status;
}

static int contains_ignoring_case(const char *text, const char *part) {
    const size_t length = strlen(part);
    for (; *text; ++text) {
        size_t i = 0;
        while (i < length && text[i] && tolower((unsigned char)text[i]) == tolower((unsigned char)part[i]))
            ++i;
        if (i == length)
            return 1;
    }
    return 0;
}

/* Reads a decimal number that fits an int; returns the end, or NULL when there is none. */
static const char *read_index(const char *text, int *index) {
    long value = 0;
    const char *at = text;
    for (; isdigit((unsigned char)*at); ++at)
        value = value > 100000000 ? value : value * 10 + (*at - '0');
    *index = (int)value;
    return at > text ? at : NULL;
}

static int matches(const convcl_device_info *info, const char *choice) {
    int first = 0, second = 0;
    const char *end = read_index(choice, &first);
    if (end && *end == '\0')
        return info->index == first;
    if (end && *end == ':') {
        end = read_index(end + 1, &second);
        if (end && *end == '\0')
            return info->platform_index == first && info->device_index == second;
    }
    return contains_ignoring_case(info->name, choice) || contains_ignoring_case(info->platform_name, choice);
}

convcl_status convcl_device_count(int *count_out) {
    CONVCL_REQUIRE(count_out, "device: count_out is NULL");
    device_list list = {0};
    const convcl_status status = list_devices(&list);
    if (status == CONVCL_OK)
        *count_out = (int)list.count;
    free(list.items);
    return status;
}

convcl_status convcl_device_get(int index, convcl_device_info *info_out) {
    CONVCL_REQUIRE(info_out, "device: info_out is NULL");
    device_list list = {0};
    convcl_status status = CONVCL_OK;
    CONVCL_TRY(list_devices(&list));
    if (index < 0 || (size_t)index >= list.count) {
        convcl_text number = {0};
        convcl_text_add(&number, "%d", index);
        status = fail_with_list(&list, convcl_text_get(&number), "is no device's index");
        convcl_text_clear(&number);
        goto cleanup;
    }
    *info_out = list.items[index];
cleanup:
    free(list.items);
    return status;
}

convcl_status convcl_device_choose(const char *choice, convcl_device_info *info_out) {
    CONVCL_REQUIRE(info_out, "device: info_out is NULL");
    if (!choice || !*choice)
        choice = "0";
    device_list list = {0};
    convcl_status status = CONVCL_OK;
    const convcl_device_info *chosen = NULL;
    CONVCL_TRY(list_devices(&list));
    for (size_t i = 0; i < list.count; ++i) {
        if (!matches(&list.items[i], choice))
            continue;
        if (chosen) {
            status = fail_with_list(&list, choice, "matches several devices");
            goto cleanup;
        }
        chosen = &list.items[i];
    }
    if (chosen)
        *info_out = *chosen;
    else
        status = fail_with_list(&list, choice, "matches no device");
cleanup:
    free(list.items);
    return status;
}

convcl_status convcl_device_describe(cl_device_id device, convcl_device_info *info_out) {
    CONVCL_REQUIRE(device, "device: device is NULL");
    CONVCL_REQUIRE(info_out, "device: info_out is NULL");
    device_list list = {0};
    convcl_status status = CONVCL_OK;
    convcl_device_info info = {.index = -1, .platform_index = -1, .device_index = -1};
    cl_platform_id platform = NULL;
    CONVCL_TRY(list_devices(&list));
    for (size_t i = 0; i < list.count; ++i)
        if (list.items[i].device == device) {
            *info_out = list.items[i];
            goto cleanup;
        }
    CONVCL_TRY(get_number(device, CL_DEVICE_PLATFORM, &platform, sizeof platform));
    CONVCL_TRY(describe(platform, device, &info));
    *info_out = info;
cleanup:
    free(list.items);
    return status;
}

const char *convcl_device_type_name(cl_device_type type) {
    if (type & CL_DEVICE_TYPE_CPU)
        return "CPU";
    if (type & CL_DEVICE_TYPE_GPU)
        return "GPU";
    if (type & CL_DEVICE_TYPE_ACCELERATOR)
        return "ACCELERATOR";
    if (type & CL_DEVICE_TYPE_CUSTOM)
        return "CUSTOM";
    return "OTHER";
}
