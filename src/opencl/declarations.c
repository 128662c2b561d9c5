/* declarations.c: the functions of OpenCL C that kernels call, declared for a driver that takes long over all of them.
 * SPDX-License-Identifier: MIT
 * source     OpenCL C 1.2, sections 6.2.3 and 6.12 */
#include "opencl/program.h"

/* The guard of opencl-c.h, the header of all declarations that PoCL 3.1 puts in front of every program. Types and constants come from another, which is still read. */
const char convcl_program_declared_options[] = " -D_OPENCL_H_";

/* A kernel that calls a function which is not here is built a second time, with all of OpenCL's declarations. Integers of every width have min, max and clamp: a call with
 * other types is ambiguous, as it is among all declarations, and does not convert its arguments unseen. */
const char convcl_program_declarations[] =
    "#define D_PURE __attribute__((overloadable, const))\n"
    "#define D_READS __attribute__((overloadable, pure))\n"
    "#define D_WRITES __attribute__((overloadable))\n"
    "uint D_PURE get_work_dim(void);\n"
    "size_t D_PURE get_global_size(uint); size_t D_PURE get_global_id(uint); size_t D_PURE get_global_offset(uint);\n"
    "size_t D_PURE get_local_size(uint); size_t D_PURE get_local_id(uint);\n"
    "size_t D_PURE get_num_groups(uint); size_t D_PURE get_group_id(uint);\n"
    "void D_WRITES __attribute__((convergent)) barrier(cl_mem_fence_flags);\n"
    "#define D_WIDTHS(F, T) F(T) F(T##2) F(T##4) F(T##8) F(T##16)\n"
    "#define D_ORDER(T) T D_PURE min(T, T); T D_PURE max(T, T); T D_PURE clamp(T, T, T);\n"
    "D_WIDTHS(D_ORDER, char) D_WIDTHS(D_ORDER, uchar) D_WIDTHS(D_ORDER, short) D_WIDTHS(D_ORDER, ushort)\n"
    "D_WIDTHS(D_ORDER, int) D_WIDTHS(D_ORDER, uint) D_WIDTHS(D_ORDER, long) D_WIDTHS(D_ORDER, ulong) D_WIDTHS(D_ORDER, float)\n"
    "#define D_FLOAT(T) T D_PURE fma(T, T, T); T D_PURE sqrt(T); T D_PURE pow(T, T);\n"
    "D_WIDTHS(D_FLOAT, float)\n"
    "#define D_SIDED(F) F() F(2) F(4) F(8) F(16)\n"
    "#define D_MASKS(N) int D_PURE any(int##N); int##N D_PURE isnan(float##N); D_SELECT(float, N) D_SELECT(int, N) D_SELECT(uint, N)\n"
    "#define D_SELECT(T, N) T##N D_PURE select(T##N, T##N, int##N); T##N D_PURE select(T##N, T##N, uint##N);\n"
    "D_SIDED(D_MASKS)\n"
    "#define D_CONVERT(N) D_TO(ushort, N) D_TO(int, N) D_TO(uint, N) D_TO(float, N) \\\n"
    "                     ulong##N D_PURE convert_ulong##N(uint##N); uint##N D_PURE convert_uint##N(ulong##N);\n"
    "#define D_TO(T, N) T##N D_PURE convert_##T##N(ushort##N); T##N D_PURE convert_##T##N(int##N); \\\n"
    "                   T##N D_PURE convert_##T##N(uint##N); T##N D_PURE convert_##T##N(float##N);\n"
    "D_SIDED(D_CONVERT)\n"
    "#define D_MEMORY(T) D_VECTORS(T, 2) D_VECTORS(T, 4) D_VECTORS(T, 8) D_VECTORS(T, 16)\n"
    "#define D_VECTORS(T, N) T##N D_READS vload##N(size_t, const __constant T *); \\\n"
    "                        D_IN(T, N, __global) D_IN(T, N, __local) D_IN(T, N, __private)\n"
    "#define D_IN(T, N, S) T##N D_READS vload##N(size_t, const S T *); void D_WRITES vstore##N(T##N, size_t, S T *);\n"
    "D_MEMORY(float) D_MEMORY(int) D_MEMORY(uint) D_MEMORY(ushort)\n"
    "float D_READS vload_half(size_t, const __private half *);\n"
    "void D_WRITES vstore_half_rte(float, size_t, __private half *); void D_WRITES vstore_half8_rte(float8, size_t, __private half *);\n"
    "#undef D_PURE\n#undef D_READS\n#undef D_WRITES\n#undef D_WIDTHS\n#undef D_ORDER\n#undef D_FLOAT\n#undef D_SIDED\n#undef D_MASKS\n"
    "#undef D_SELECT\n#undef D_CONVERT\n#undef D_TO\n#undef D_MEMORY\n#undef D_VECTORS\n#undef D_IN\n"
    "#line 1\n";
