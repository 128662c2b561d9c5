/* device.h: lists the OpenCL devices of this machine and chooses one of them.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_DEVICE_H
#define CONVCL_DEVICE_H

#include <stddef.h>
#include <stdint.h>

#include "convcl/cl.h"
#include "convcl/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One device. Strings are cut to fit. The ids belong to the OpenCL implementation and stay valid for the life of the process. */
typedef struct convcl_device_info {
    int index;                  /* flat: counts the devices of all platforms, in the loader's order, from 0 */
    int platform_index;         /* among all platforms, those without a device included */
    int device_index;           /* within its platform */
    cl_platform_id platform;    /* */
    cl_device_id device;        /* */
    char name[256];             /* CL_DEVICE_NAME, blanks at both ends removed */
    char platform_name[256];    /* CL_PLATFORM_NAME */
    char vendor[256];           /* CL_DEVICE_VENDOR */
    char driver[256];           /* CL_DRIVER_VERSION */
    char version[256];          /* CL_DEVICE_VERSION */
    cl_device_type type;        /* CL_DEVICE_TYPE_CPU, _GPU, ... */
    unsigned compute_units;     /* CL_DEVICE_MAX_COMPUTE_UNITS */
    unsigned vector_width;      /* CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, at least 1 */
    size_t max_work_group_size; /* work-items */
    uint64_t global_memory;     /* bytes */
    uint64_t max_allocation;    /* bytes, largest single buffer */
    uint64_t local_memory;      /* bytes */
    uint64_t cache;             /* bytes, CL_DEVICE_GLOBAL_MEM_CACHE_SIZE; which cache that is differs between implementations */
} convcl_device_info;

/* Counts the OpenCL devices of this machine. Platforms that list no device are passed over.
 *
 * count_out  receives the number, 0 when there is none
 * Returns CONVCL_OK, also for a count of 0; CONVCL_INVALID when count_out is NULL; CONVCL_NO_MEMORY; CONVCL_CL_ERROR when a platform fails.
 * Does not block on a device. Thread safe. */
convcl_status convcl_device_count(int *count_out);

/* Describes one device.
 *
 * index     flat index, 0 <= index < count
 * info_out  receives the description; untouched on failure
 * Returns CONVCL_OK; CONVCL_INVALID when info_out is NULL or no device has that index (the error text lists the devices); CONVCL_NO_MEMORY;
 * CONVCL_CL_ERROR. Thread safe. */
convcl_status convcl_device_get(int index, convcl_device_info *info_out);

/* Chooses one device by what a person types.
 *
 * choice    "2": flat index; "1:0": platform and device index; anything else: a part of the device's or the platform's name, in any case.
 *           A name that is all digits is read as an index. NULL or "" means "0".
 * info_out  receives the description; untouched on failure
 * Returns CONVCL_OK; CONVCL_INVALID when info_out is NULL, nothing matches, or several devices match (the error text lists the devices);
 * CONVCL_NO_MEMORY; CONVCL_CL_ERROR. Thread safe. */
convcl_status convcl_device_choose(const char *choice, convcl_device_info *info_out);

/* Describes a device that the caller holds, whichever platform it is from. A sub-device, or one that no platform lists, has index -1.
 *
 * device    the device; must not be NULL
 * info_out  receives the description; untouched on failure
 * Returns CONVCL_OK; CONVCL_INVALID for NULL; CONVCL_NO_MEMORY; CONVCL_CL_ERROR when it is no device. Thread safe. */
convcl_status convcl_device_describe(cl_device_id device, convcl_device_info *info_out);

/* "CPU", "GPU", "ACCELERATOR", "CUSTOM" or "OTHER". The string is static. Thread safe. */
const char *convcl_device_type_name(cl_device_type type);

#ifdef __cplusplus
}
#endif

#endif
