/* prefetch.h: asks a CPU for memory that the kernel will read or write soon. Streams of a few lines, one for each plane of points, are more than the hardware follows by itself.
 * SPDX-License-Identifier: MIT
 * OpenCL's own prefetch() does nothing on PoCL. An address beyond a buffer is no error: a prefetch never faults. */
#ifndef T_PREFETCH
#define T_PREFETCH 0 /* 0, 1: by the compiler's builtin, where it has one */
#endif
/* Mesa's rusticl (22.3) takes kernels through SPIR-V, which has no such instruction: its translator ends the process. Intel's CPU runtime calls itself SPIR too. */
#if T_PREFETCH && defined(__has_builtin) && (!defined(__SPIR64__) || defined(__INTEL_LLVM_COMPILER))
#if __has_builtin(__builtin_prefetch)
#define PREFETCH(pointer)       __builtin_prefetch((const void *)(size_t)(pointer), 0, 3)
#define PREFETCH_WRITE(pointer) __builtin_prefetch((const void *)(size_t)(pointer), 1, 3)
#endif
#endif
#ifndef PREFETCH
#define PREFETCH(pointer)
#define PREFETCH_WRITE(pointer)
#endif
