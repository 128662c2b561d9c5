/* conv_choose.h: which algorithm a plan gets, and the words by which that is remembered; for src/conv alone.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_CONV_CONV_CHOOSE_H
#define CONVCL_CONV_CONV_CHOOSE_H

#include "conv/conv_algo.h"

/* Rows of gemm_register's tile at most. */
#define CONVCL_CONV_MOST_ROWS 16

/* The cheapest algorithm by the cost model that computes the shape on the device and, when the options name one ("winograd", "winograd:4"), carries that name; where they
 * name a GEMM alone, it has one. options NULL: nothing is named. CONVCL_UNSUPPORTED with the reason. */
convcl_status convcl_conv__choose(const convcl_context *context, const convcl_conv_shape *shape, convcl_conv_dir dir,
                                  const convcl_conv_options *options, const convcl_conv_algo **algo_out, int *tile_out);

/* True when nothing is named: NULL or "auto". */
bool convcl_conv__is_auto(const char *name);

/* The row of the table; NULL when there is none. */
const convcl_conv_algo *convcl_conv__find(const char *name, convcl_conv_dir dir);

/* What won for a problem. */
typedef struct convcl_conv_winner {
    bool full;     /* among all candidates; otherwise among few */
    bool separate; /* bwd only: two plans */
    const convcl_conv_algo *algo;
    convcl_conv_choice choice;
} convcl_conv_winner;

#define CONVCL_CONV_PROBLEM 256
#define CONVCL_CONV_WINNER  160

/* Names a problem: all that decides which candidate is fastest. Bias, activation and mask do not, so that the backward pass finds the forward's winner. */
void convcl_conv_winner__problem(const convcl_conv_shape *shape, convcl_conv_dir dir, char text[CONVCL_CONV_PROBLEM]);

/* "quick winograd tile 0 chunk 5 rows 12 prefetch 0 space 0 gemm auto"; 0 and auto stand for what is chosen without tuning. */
void convcl_conv_winner__write(const convcl_conv_winner *winner, char text[CONVCL_CONV_WINNER]);

/* False, with nothing of use in *winner_out, for any text that is not such a line, or one that does not apply to the shape and the device. */
bool convcl_conv_winner__read(const convcl_context *context, const char *text, const convcl_conv_shape *shape, convcl_conv_dir dir,
                              convcl_conv_winner *winner_out);

#endif
