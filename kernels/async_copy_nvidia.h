/* async_copy_nvidia.h: copies from global into local memory that pass no register and run beside the arithmetic: cp.async, since compute capability 8.0.
 * SPDX-License-Identifier: MIT
 *
 * T_ASYNC 1: the instruction, from the PTX ISA 7.0, "cp.async": of `size` bytes the first `bytes` come from memory, the others are 0. A work-item's copies are in local
 * memory for itself after copies_wait, for its group after the barrier that follows. T_ASYNC 2: the plain twin, which copies at once: as early as the other may. */
#if T_ASYNC == 1
static inline void copy16(__local float *to, __global const float *from, int bytes) {
    __asm__ volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;"
                     :
                     : "r"((uint)(size_t)to), "l"((ulong)(size_t)from), "r"(bytes)
                     : "memory");
}
static inline void copy4(__local float *to, __global const float *from, int bytes) {
    __asm__ volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;"
                     :
                     : "r"((uint)(size_t)to), "l"((ulong)(size_t)from), "r"(bytes)
                     : "memory");
}
static inline void copies_wait(void) {
    __asm__ volatile("cp.async.wait_all;" : : : "memory");
}
#else
static inline void copy4(__local float *to, __global const float *from, int bytes) {
    *to = bytes == 4 ? *from : 0.0f;
}
static inline void copy16(__local float *to, __global const float *from, int bytes) {
    *(__local float4 *)to = bytes == 16 ? *(__global const float4 *)from : (float4)(0.0f);
}
static inline void copies_wait(void) {
}
#endif
