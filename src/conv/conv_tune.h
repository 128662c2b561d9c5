/* conv_tune.h: what is known, or found out by timing, about the fastest way to compute a convolution; for src/conv alone.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_CONV_CONV_TUNE_H
#define CONVCL_CONV_CONV_TUNE_H

#include "conv/conv_choose.h"

/* Asks what the context remembers; on a miss, and when tuning is on, races the candidates and remembers the winner. Tuning that fails for want of memory or of time
 * is no failure: *found_out is false then, as when nobody knows.
 *
 * label  the layer, for the progress
 * CONVCL_OK; CONVCL_NO_MEMORY; CONVCL_IO */
convcl_status convcl_conv_tune__winner(convcl_context *context, const convcl_conv_shape *shape, convcl_conv_dir dir, const char *label,
                                       convcl_conv_winner *winner_out, bool *found_out);

/* Only asks. */
convcl_status convcl_conv_tune__recall(convcl_context *context, const convcl_conv_shape *shape, convcl_conv_dir dir,
                                       convcl_conv_winner *winner_out, bool *found_out);

#endif
