/* out_of_line.h: a kernel's work in a function of its own, which PoCL does not copy into the kernel.
 * SPDX-License-Identifier: MIT
 * PoCL 3.1 puts the text of a kernel three times into what it compiles: the kernel itself, and inlined into each of two loops over
 * work-items. A large kernel so takes three times as long to build (retest: count the lines of `llvm-dis parallel.bc`, which PoCL leaves in its
 * cache with POCL_LEAVE_KERNEL_COMPILER_TEMP_FILES=1). The function gets all that it needs as arguments, what the kernel derives from the
 * work-item's ids too: PoCL knows those in kernels alone. Others inline it: Intel's runtime (2026.22) took twice as long to build with it, and the kernels a third
 * longer to run. */
#ifdef POCL_DEVICE_ADDRESS_BITS /* of all implementations, PoCL alone defines it */
#define OUT_OF_LINE __attribute__((noinline))
#else
#define OUT_OF_LINE inline
#endif
