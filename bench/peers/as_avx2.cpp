// as_avx2.cpp: preloaded by as_avx2, hides AVX-512 from PoCL (its LLVM asks for the host's name and features) and the vector width that follows from it.
// SPDX-License-Identifier: MIT
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <dlfcn.h>
#include <llvm/ADT/StringMap.h>
#include <llvm/ADT/StringRef.h>

#define LLVM_LIBRARY "libLLVM-15.so.1" // of Debian 12's PoCL

namespace llvm::sys {
StringRef getHostCPUName() {
    return "haswell";
}

bool getHostCPUFeatures(StringMap<bool> &features) {
    using function = bool (*)(StringMap<bool> &);
    void *library = dlopen(LLVM_LIBRARY, RTLD_NOW | RTLD_NOLOAD);
    const auto real = library ? reinterpret_cast<function>(
                                    dlsym(library, "_ZN4llvm3sys18getHostCPUFeaturesERNS_9StringMapIbNS_15MallocAllocatorEEE"))
                              : nullptr;
    if (!real || !real(features))
        return false;
    for (auto &feature : features)
        if (feature.getKey().startswith("avx512") || feature.getKey().startswith("avxvnni") || feature.getKey().startswith("amx"))
            feature.second = false;
    return true;
}
} // namespace llvm::sys

// Intel's runtime goes on to report the processor's own width when it is told to generate code for another.
extern "C" cl_int clGetDeviceInfo(cl_device_id device, cl_device_info what, size_t size, void *value, size_t *needed) {
    using function = cl_int (*)(cl_device_id, cl_device_info, size_t, void *, size_t *);
    static const auto real = reinterpret_cast<function>(dlsym(RTLD_NEXT, "clGetDeviceInfo"));
    const cl_int code = real(device, what, size, value, needed);
    const bool width = what == CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT || what == CL_DEVICE_PREFERRED_VECTOR_WIDTH_FLOAT;
    if (code == CL_SUCCESS && value && width && *static_cast<cl_uint *>(value) > 8)
        *static_cast<cl_uint *>(value) = 8;
    return code;
}
