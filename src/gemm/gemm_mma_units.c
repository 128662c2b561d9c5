/* gemm_mma_units.c: the table of matrix units: kernels, parameter spaces, what each may do in which math.
 * SPDX-License-Identifier: MIT
 * units      gemm_mma_nvidia.cl: TF32, three products for float32 accuracy (DEFAULT) or one (FAST), never STRICT
 *            gemm_mma_amd.cl: float32, any math
 *            gemm_mma_intel.cl: bfloat16, six products for float32 accuracy (DEFAULT) or three (FAST: one has 7 bits, which Winograd does not forgive)
 *            gemm_mma_half_nvidia.cl, gemm_mma_half_amd.cl, gemm_mma_intel.cl: halves, FAST only, as the variant "mma_half": the range of the operands is
 *            theirs, so that who asks must know it */
#include "gemm/gemm_mma_units.h"

#include <string.h>

/* Parameter spaces; the larger tiles first. Each row fits its constraints in the kernel; wm and wn are a wave's. */
static const convcl_tile nvidia_tiles[] = {
    {128, 128, 16, 64, 32}, {128, 128, 8, 64, 32}, {128, 64, 16, 32, 32}, {64, 64, 16, 32, 32}, {32, 64, 16, 16, 32}, {32, 32, 16, 16, 16},
};
static const convcl_tile amd_tiles[] = {
    {128, 128, 16, 64, 64},
    {128, 64, 16, 64, 32},
    {64, 64, 16, 32, 32},
};
/* Halves are multiplied 16 values of k at a time. */
static const convcl_tile nvidia_half_tiles[] = {
    {128, 128, 16, 64, 32}, {128, 64, 16, 32, 32}, {64, 64, 16, 32, 32}, {32, 64, 16, 16, 32}, {32, 32, 16, 16, 16},
};
static const convcl_tile amd_half_tiles[] = {
    {128, 128, 16, 32, 32},
    {128, 64, 16, 32, 32},
    {64, 64, 16, 32, 32},
    {32, 32, 16, 16, 16},
};
/* Sub-groups of one fragment's height, see gemm_mma_intel_load.h; the second list for the wider unit. */
static const convcl_tile intel_tiles[] = {
    {64, 64, 16, 8, 16},
    {32, 64, 16, 8, 16},
    {32, 32, 16, 8, 8},
};
static const convcl_tile intel_wide_tiles[] = {
    {64, 64, 16, 8, 32},
    {32, 64, 16, 8, 32},
    {32, 32, 16, 8, 16},
};

#define TILES(list) .tiles = (list), .count = (int)(sizeof(list) / sizeof *(list))

/* What is a default, by data sheets. NVIDIA: three TF32 products are 2.5 times float32's rate on an H100 and an A100, but a third of it on the consumer cards of the
 * same generations, so that nobody gets them in DEFAULT who has not asked or measured; one product is nowhere slower. AMD: twice float32's rate on gfx908, gfx90a.
 * Intel: bfloat16 is 8 times float32's rate on Xe-HPG and 16 times on Xe-HPC, of which six products leave little, the more so as each load splits its operands. */
const convcl_mma_unit convcl_mma_units[CONVCL_MMA_UNITS] = {
    {.name = "nvidia",
     .kernel = "gemm_mma_nvidia",
     .operands = "tf32",
     .options = "",
     .vendor = CONVCL_VENDOR_NVIDIA,
     .device_wave = 32,
     .wave = 32,
     .parts = {2, 0, 1},
     .default_in_fast = true,
     .pad_a = 8,
     .pad_b = 8,
     TILES(nvidia_tiles)},
    {.name = "amd",
     .kernel = "gemm_mma_amd",
     .operands = "float32",
     .options = "",
     .vendor = CONVCL_VENDOR_AMD,
     .device_wave = 64,
     .wave = 64,
     .parts = {1, 1, 1},
     .default_in_default_math = true,
     .default_in_fast = true,
     .pad_a = 4,
     TILES(amd_tiles)},
    {.name = "intel",
     .kernel = "gemm_mma_intel",
     .operands = "bf16",
     .options = "-DP_WAVE=8 ",
     .vendor = CONVCL_VENDOR_INTEL,
     .device_wave = 16,
     .wave = 8,
     .parts = {3, 0, 2},
     .pad_a = 4,
     TILES(intel_tiles),
     .first_for_odd_runs = 2},
    {.name = "intel-wide",
     .kernel = "gemm_mma_intel",
     .operands = "bf16",
     .options = "-DP_WAVE=16 ",
     .vendor = CONVCL_VENDOR_INTEL,
     .device_wave = 16,
     .wave = 16,
     .parts = {3, 0, 2},
     .pad_a = 4,
     TILES(intel_wide_tiles)},
    {.name = "nvidia-half",
     .kernel = "gemm_mma_half_nvidia",
     .operands = "half",
     .options = "",
     .vendor = CONVCL_VENDOR_NVIDIA,
     .device_wave = 32,
     .wave = 32,
     .parts = {0, 0, 1},
     .half = true,
     .pad_a = 8,
     .pad_b = 8,
     TILES(nvidia_half_tiles)},
    {.name = "amd-half",
     .kernel = "gemm_mma_half_amd",
     .operands = "half",
     .options = "",
     .vendor = CONVCL_VENDOR_AMD,
     .device_wave = 32,
     .wave = 32,
     .parts = {0, 0, 1},
     .half = true,
     .pad_a = 4,
     TILES(amd_half_tiles)},
    {.name = "intel-half",
     .kernel = "gemm_mma_intel",
     .operands = "half",
     .options = "-DP_WAVE=8 -DF_HALF=1 ",
     .vendor = CONVCL_VENDOR_INTEL,
     .device_wave = 16,
     .wave = 8,
     .parts = {0, 0, 1},
     .half = true,
     .pad_a = 4,
     TILES(intel_tiles)},
    {.name = "intel-wide-half",
     .kernel = "gemm_mma_intel",
     .operands = "half",
     .options = "-DP_WAVE=16 -DF_HALF=1 ",
     .vendor = CONVCL_VENDOR_INTEL,
     .device_wave = 16,
     .wave = 16,
     .parts = {0, 0, 1},
     .half = true,
     .pad_a = 4,
     TILES(intel_wide_tiles)},
};
_Static_assert(CONVCL_MMA_UNITS <= CONVCL_PROBES, "a probe for each unit");

const convcl_mma_unit *convcl_mma_unit__named(const char *name) {
    for (int i = 0; i < CONVCL_MMA_UNITS; ++i)
        if (strcmp(convcl_mma_units[i].name, name) == 0)
            return &convcl_mma_units[i];
    return NULL;
}

int convcl_gemm_mma__units(void) {
    return CONVCL_MMA_UNITS;
}

const char *convcl_gemm_mma__unit(int index) {
    return convcl_mma_units[index].name;
}

const char *convcl_gemm_mma__variant(const char *unit) {
    const convcl_mma_unit *found = convcl_mma_unit__named(unit);
    return found && found->half ? "mma_half" : "mma";
}

int convcl_gemm_mma__count(const char *unit) {
    const convcl_mma_unit *found = convcl_mma_unit__named(unit);
    return found ? found->count : 0;
}

convcl_tile convcl_gemm_mma__get(const char *unit, int index) {
    return convcl_mma_unit__named(unit)->tiles[index];
}
