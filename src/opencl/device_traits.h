/* device_traits.h: what convcl knows about kinds of devices beyond what OpenCL reports. The only place that knows vendors.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_OPENCL_DEVICE_TRAITS_H
#define CONVCL_OPENCL_DEVICE_TRAITS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "convcl/device.h"

typedef enum convcl_vendor {
    CONVCL_VENDOR_OTHER = 0,
    CONVCL_VENDOR_NVIDIA = 1,
    CONVCL_VENDOR_AMD = 2,
    CONVCL_VENDOR_INTEL = 3
} convcl_vendor;

/* A work-group's tile of a GEMM, as kernels/gemm_tile.cl takes it. */
typedef struct convcl_tile {
    int tm, tn, tk; /* rows, columns, values of k staged at a time */
    int wm, wn;     /* rows and columns of a work-item */
} convcl_tile;

/* One kind of device: a row of the table. */
typedef struct convcl_device_traits {
    const char *name; /* what CONVCL_FORM takes */
    convcl_vendor vendor;
    bool registers; /* work-items own register tiles of vectors (CPU form); false: work-groups share local memory (GPU form) */
    int wave;       /* work-items that run in step; 1 where each runs alone */
    size_t
        unit_local_memory; /* bytes of local memory of a compute unit, shared by its work-groups; 0: unknown, the reported size is taken */
    int unit_items;        /* work-items that a compute unit keeps in flight at most; 0 on a CPU */
    convcl_tile tile;      /* the GEMM tile that neither spills nor leaves the multipliers idle */
    int sums;              /* of a work-item beside the transforms of winograd_fused at most, without spills; 0 on a CPU */
    double
        balance; /* multiply-adds in float32 that it does while it moves one float between memory and a unit, of a card of the kind; 0 on a CPU */
    bool async_copies; /* some of the kind copy into local memory beside their arithmetic; to be probed */
} convcl_device_traits;

/* What a fault has convcl do at run time, beside what is written into its code for all devices. */
typedef enum convcl_quirk_effect {
    CONVCL_QUIRK_NONE,
    CONVCL_QUIRK_WARNED,   /* there is no way around it, and results can be wrong: contexts say so in their log */
    CONVCL_QUIRK_SERIAL,   /* threads which build programs wait for each other: one builds them */
    CONVCL_QUIRK_DECLARED, /* the compiler takes long over OpenCL's own declarations: programs bring what they call, see declarations.c */
    CONVCL_QUIRK_LATE      /* a buffer gets its memory at its first use, and the process ends when there is none: it is asked for at once */
} convcl_quirk_effect;

/* A driver's fault that convcl works around, or a report that it does not believe. */
typedef struct convcl_device_quirk {
    const char *device; /* a part of the platform's, vendor's or device's name */
    const char *driver; /* version in which it was seen */
    const char *symptom;
    const char *answer; /* what convcl does */
    const char *retest; /* how to see whether it is still there */
    convcl_quirk_effect effect;
} convcl_device_quirk;

/* The rows, CPUs first; a row's name NULL ends the table. */
extern const convcl_device_traits convcl_device_traits_table[];

/* Ends with a row whose device is NULL. */
extern const convcl_device_quirk convcl_device_quirks[];

/* The row of a device, by type, vendor and name. Never NULL. */
const convcl_device_traits *convcl_device_traits__of(const convcl_device_info *info);

/* The row of a fault that can make results on this device wrong, NULL where none is known. Drivers' versions do not count: the fault is taken to last. */
const convcl_device_quirk *convcl_device_traits__warning(const convcl_device_info *info);

/* True when programs take no less time to build with several threads. */
bool convcl_device_traits__builds_serially(const convcl_device_info *info);

/* True when buffers must be told to take their memory at once. Only on CPUs, where the host's memory is theirs. */
bool convcl_device_traits__allocates_late(const convcl_device_info *info);

/* True when programs bring the declarations of what they call. Only for the driver's version that was seen to need it: it leans on how that one is made. */
bool convcl_device_traits__takes_declarations(const convcl_device_info *info);

/* The row of that name. NULL or "" gives NULL, which stands for the device's own; CONVCL_INVALID with the names that there are for an unknown one. */
convcl_status convcl_device_traits__named(const char *name, const convcl_device_traits **traits_out);

#endif
