/* devices.h: the devices of this machine as --list-devices shows them, and the choice of --device.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_DEVICES_H
#define CONVCL_BENCH_DEVICES_H

#include "convcl/convcl.h"
#include "options.h"

/* What a kernel may use on a device beyond OpenCL C 1.2's float. */
typedef struct bench_traits {
    bool half, double_precision, subgroups;
} bench_traits;

bench_traits bench_devices_traits(const convcl_device_info *device);

/* Reads what --device takes: "all", one choice as in convcl_device_choose, or several with commas. BENCH_USAGE when a choice fits no device or several.
 *
 * devices_out  in the order of the choice, also twice the same; freed by the caller */
bench_status bench_devices_choose(const char *choice, convcl_device_info **devices_out, int *count_out);

/* Prints all devices in the format. */
bench_status bench_devices_list(bench_format format);

#endif
