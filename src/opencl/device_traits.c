/* device_traits.c: the table of kinds of devices, and of drivers' faults.
 * SPDX-License-Identifier: MIT
 * balance    data sheets of H100 SXM, MI210, RX 7900 XTX (dual issue) and Arc A770; consumer cards of NVIDIA's have up to four times as much. Unknown cards: between them
 * sources    waves, local memory and residency: CUDA C++ Programming Guide, table of compute capabilities; AMD's CDNA and RDNA instruction set guides; Intel's
 *            oneAPI GPU Optimization Guide. Tiles and sums: the largest that tests/offline/check finds free of spills for every target of the vendor */
#include "opencl/device_traits.h"

#include <ctype.h>
#include <string.h>

#include "base/text.h"

#define KIB ((size_t)1024)

const convcl_device_traits convcl_device_traits_table[] = {
    {"cpu", CONVCL_VENDOR_OTHER, true, 1, 0, 0, {0, 0, 0, 0, 0}, 0, 0, false},
    /* Maxwell to Blackwell have 64 to 228 KiB a unit, of which OpenCL shows 48 to a work-group. */
    {"nvidia", CONVCL_VENDOR_NVIDIA, false, 32, 64 * KIB, 1024, {128, 128, 8, 8, 8}, 64, 40, true},
    {"amd-wave64", CONVCL_VENDOR_AMD, false, 64, 64 * KIB, 2048, {128, 128, 8, 8, 8}, 64, 56, false},
    /* A work-group processor of 128 KiB is two compute units. */
    {"amd-wave32", CONVCL_VENDOR_AMD, false, 32, 64 * KIB, 1024, {128, 128, 8, 8, 8}, 32, 128, false},
    {"intel", CONVCL_VENDOR_INTEL, false, 16, 64 * KIB, 1024, {64, 64, 16, 4, 4}, 16, 70, false},
    {"gpu", CONVCL_VENDOR_OTHER, false, 32, 0, 512, {64, 64, 16, 4, 4}, 16, 60, false},
    {NULL, CONVCL_VENDOR_OTHER, false, 0, 0, 0, {0, 0, 0, 0, 0}, 0, 0, false},
};

const convcl_device_quirk convcl_device_quirks[] = {
    {"NVIDIA", "any; told by its users, not seen here",
     "CL_DEVICE_LOCAL_MEM_SIZE is 48 KiB whatever the unit has, and no subgroups and no cl_khr_fp16 are listed",
     "occupancy is reckoned with unit_local_memory; matrix units are probed, not looked up", "bench --list-devices on any card since Volta",
     CONVCL_QUIRK_NONE},
    {"Portable Computing Language", "3.1", "a barrier in a loop whose trip count depends on the work-item gives wrong results",
     "loops with barriers have the same trip count for all work-items of a group", "ctest -R gemm_tile", CONVCL_QUIRK_NONE},
    {"Portable Computing Language", "3.1", "CL_DEVICE_VENDOR_ID is 0x8086 on any CPU",
     "kinds of devices are told by type and vendor's name, never by that number", "test_device_traits", CONVCL_QUIRK_NONE},
    {"Portable Computing Language", "3.1",
     "a build or a link fails without a word when another process builds the same program at the same moment", "it is tried again",
     "test_store_programs with BUILD_ATTEMPTS 1 under the sanitizers, several times", CONVCL_QUIRK_NONE},
    {"Portable Computing Language", "3.1", "programs and kernels are compiled under a lock of the whole process",
     "networks build their programs with one thread", "bench with CONVCL_BUILD_THREADS=1 and 2, caches empty", CONVCL_QUIRK_SERIAL},
    {"Portable Computing Language", "3.1",
     "all 18,000 lines of opencl-c.h are read for every program: 0.07 s of the 0.1 s that a small one takes",
     "programs are told that it is read, and declare what they call", "bench with and without this row, caches empty",
     CONVCL_QUIRK_DECLARED},
    {"Portable Computing Language", "3.1",
     "a buffer gets its memory at its first use, and when there is none an assertion ends the process",
     "on CPUs buffers are made with CL_MEM_ALLOC_HOST_PTR, which takes the memory at once", "test_status without this row",
     CONVCL_QUIRK_LATE},
    {"Portable Computing Language", "3.1", "an event that fails ends the process when a command waits for it", "nothing",
     "test_net_run without its skip", CONVCL_QUIRK_NONE},
    {"Portable Computing Language", "3.1",
     "an assertion (pocl_release_dlhandle_cache) ends the process now and then when several queues, one of them out-of-order, run the same "
     "kernel for "
     "the first time at once",
     "nothing; seen with empty caches only",
     "six threads that train a network each, every second on an out-of-order queue, caches empty, 30 times", CONVCL_QUIRK_NONE},
    {"Intel(R) OpenCL", "2026.22", "a command counts as complete when the event that it waited for failed, and was never run",
     "networks look at the caller's events before they trust packed filters", "test_net_run", CONVCL_QUIRK_NONE},
    {"Intel(R) OpenCL", "2026.22", "programs are compiled under a lock of the whole process",
     "networks build their programs with one thread", "bench with CONVCL_BUILD_THREADS=1 and 2, caches empty", CONVCL_QUIRK_SERIAL},
    {"Intel(R) OpenCL", "2026.22", "vectors of 4 and 8 are taken apart where a loop gives its results as a vector or is unrolled",
     "kernels/lrn_window.h stores from inside the loop", "bench --layers with AVX2: lrn1 four times slower than pool1", CONVCL_QUIRK_NONE},
    {"Intel(R) OpenCL", "2026.22", "clEnqueueWriteBuffer with CL_TRUE returns before the data is on the device",
     "transfers wait for their event", "test_threads without the wait", CONVCL_QUIRK_NONE},
    {"Clover", "Mesa 22.3", "the platform lists no device", "it is skipped", "bench --list-devices", CONVCL_QUIRK_NONE},
    {"rusticl", "Mesa 22.3", "a kernel that calls __builtin_prefetch ends the process", "kernels/prefetch.h does without it",
     "CONVCL_FORM=cpu bench gemm without that line of prefetch.h", CONVCL_QUIRK_NONE},
    {"rusticl", "Mesa 22.3", "clCreateProgramWithBinary ends the process when the binary is not rusticl's own",
     "stored programs have a checksum, and the driver's version in their key", "test_store_programs without its skip", CONVCL_QUIRK_NONE},
    {"llvmpipe", "Mesa 22.3", "all loops of a work-item end after 65535 rounds together, whatever they still had to do",
     "long sums are wrong; tests of them are skipped", "bench gemm --verify --gemm register gm13gn17gk3456 on it", CONVCL_QUIRK_WARNED},
    {NULL, NULL, NULL, NULL, NULL, CONVCL_QUIRK_NONE},
};

static const convcl_device_traits *row(const char *name) {
    const convcl_device_traits *traits = convcl_device_traits_table;
    while (traits->name && strcmp(traits->name, name) != 0)
        ++traits;
    return traits->name ? traits : NULL;
}

static bool contains(const char *text, const char *part) {
    const size_t length = strlen(part);
    for (; *text; ++text) {
        size_t i = 0;
        while (i < length && text[i] && tolower((unsigned char)text[i]) == tolower((unsigned char)part[i]))
            ++i;
        if (i == length)
            return true;
    }
    return false;
}

const convcl_device_traits *convcl_device_traits__of(const convcl_device_info *info) {
    if (info->type & CL_DEVICE_TYPE_CPU)
        return row("cpu");
    if (contains(info->vendor, "nvidia"))
        return row("nvidia");
    if (contains(info->vendor, "advanced micro devices") || contains(info->vendor, "amd")) {
        /* ROCm names devices by their instruction set, rusticl in parentheses. RDNA is gfx10 to gfx12; anything else is GCN or CDNA. */
        const bool rdna = contains(info->name, "gfx10") || contains(info->name, "gfx11") || contains(info->name, "gfx12");
        return row(rdna ? "amd-wave32" : "amd-wave64");
    }
    if (contains(info->vendor, "intel"))
        return row("intel");
    return row("gpu");
}

static bool is_of(const convcl_device_quirk *quirk, const convcl_device_info *info) {
    return contains(info->name, quirk->device) || contains(info->vendor, quirk->device) || contains(info->platform_name, quirk->device);
}

const convcl_device_quirk *convcl_device_traits__warning(const convcl_device_info *info) {
    for (const convcl_device_quirk *quirk = convcl_device_quirks; quirk->device; ++quirk)
        if (quirk->effect == CONVCL_QUIRK_WARNED && is_of(quirk, info))
            return quirk;
    return NULL;
}

/* The platform's whole name counts: that of Intel's GPUs begins like that of its CPUs. */
static bool has(const convcl_device_info *info, convcl_quirk_effect effect) {
    for (const convcl_device_quirk *quirk = convcl_device_quirks; quirk->device; ++quirk)
        if (quirk->effect == effect && strcmp(info->platform_name, quirk->device) == 0)
            return true;
    return false;
}

bool convcl_device_traits__builds_serially(const convcl_device_info *info) {
    return has(info, CONVCL_QUIRK_SERIAL);
}

bool convcl_device_traits__allocates_late(const convcl_device_info *info) {
    return (info->type & CL_DEVICE_TYPE_CPU) && has(info, CONVCL_QUIRK_LATE);
}

bool convcl_device_traits__takes_declarations(const convcl_device_info *info) {
    for (const convcl_device_quirk *quirk = convcl_device_quirks; quirk->device; ++quirk)
        if (quirk->effect == CONVCL_QUIRK_DECLARED && strcmp(info->platform_name, quirk->device) == 0 &&
            strncmp(info->driver, quirk->driver, strlen(quirk->driver)) == 0)
            return true;
    return false;
}

convcl_status convcl_device_traits__named(const char *name, const convcl_device_traits **traits_out) {
    *traits_out = NULL;
    if (!name || !*name)
        return CONVCL_OK;
    *traits_out = row(name);
    if (*traits_out)
        return CONVCL_OK;
    convcl_text names = {0};
    for (const convcl_device_traits *traits = convcl_device_traits_table; traits->name; ++traits)
        convcl_text_add(&names, " %s", traits->name);
    const convcl_status status = convcl_fail(CONVCL_INVALID, "context: form is \"%s\", must be one of:%s", name, convcl_text_get(&names));
    convcl_text_clear(&names);
    return status;
}
