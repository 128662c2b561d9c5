/* gemm_mma_units.h: the table of matrix units that gemm_mma.c drives; for src/gemm alone.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_GEMM_GEMM_MMA_UNITS_H
#define CONVCL_GEMM_GEMM_MMA_UNITS_H

#include "gemm/gemm.h"

/* A row: one kernel's way to multiply, on one kind of device. */
typedef struct convcl_mma_unit {
    const char *name, *kernel, *operands;
    const char *options; /* of the kernel, with a space behind them, or "" */
    convcl_vendor vendor;
    int device_wave;                               /* what the device's traits must say */
    int wave;                                      /* work-items that multiply together */
    int parts[3];                                  /* that an operand is split into in math DEFAULT, STRICT, FAST; 0: refused */
    bool half;                                     /* operands have the range of halves: a variant of its own, never taken unasked */
    bool default_in_default_math, default_in_fast; /* faster than plain arithmetic on all devices that have it, by their data sheets */
    int pad_a, pad_b;                              /* D_PAD_A, D_PAD_B of the kernel */
    const convcl_tile *tiles;
    int count;
    int first_for_odd_runs; /* of the tiles, where a map's run is no multiple of 4: single loads of A take more registers */
} convcl_mma_unit;

#define CONVCL_MMA_UNITS 8
extern const convcl_mma_unit convcl_mma_units[CONVCL_MMA_UNITS];

/* NULL for an unknown name. */
const convcl_mma_unit *convcl_mma_unit__named(const char *name);

#endif
