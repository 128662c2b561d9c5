/* work.h: how much there is to compute and to move in an operation, and which part of it a kernel does.
 * SPDX-License-Identifier: MIT
 *
 * Operations are those of the direct method: two for each product that the definition needs. A tap that falls on padding needs none, so that a direct
 * algorithm cannot be faster than the device's multiply-adds; papers and other libraries often count it. Bytes are those of the tensors, each once. */
#ifndef CONVCL_BENCH_WORK_H
#define CONVCL_BENCH_WORK_H

#include "ceilings.h"
#include "net/net_internal.h"

typedef struct bench_work {
    double flops, bytes;
} bench_work;

/* A convolution in one direction. The description must be valid. */
bench_work bench_work_conv(const convcl_conv_desc *desc, convcl_conv_dir dir);

/* One step of a compiled network. Operations of layers other than convolutions are counted roughly: memory is what bounds them. */
bench_work bench_work_step(const convcl_net *net, const convcl_net_step *step);

/* Shortest time by the device's ceilings, and "arithmetic" or "memory", whichever takes longer; 0 and "" where they were not measured. */
double bench_work_roofline(const bench_work *work, const bench_ceilings *ceilings, const char **bound_out);

/* What a kernel does in pack -> GEMM -> unpack. */
typedef enum bench_part {
    BENCH_PART_PACK_A = 0,
    BENCH_PART_PACK_B = 1,
    BENCH_PART_GEMM = 2,
    BENCH_PART_UNPACK = 3, /* db's sums included */
    BENCH_PART_OTHER = 4
} bench_part;

#define BENCH_PARTS 5

/* Where a sequence of launches has got to; zero-initialise it at its beginning. */
typedef struct bench_part_state {
    bool multiplied; /* there was a GEMM */
    int transforms;  /* Winograd transforms of pixels since the last GEMM: the first makes A, the second B */
} bench_part_state;

/* The part that the next launch of the sequence does, by the name of its kernel. */
bench_part bench_part_of(const char *kernel, bench_part_state *state);

#endif
