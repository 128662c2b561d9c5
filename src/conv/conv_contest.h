/* conv_contest.h: candidates for a convolution, made, run and checked on memory of their own; for conv_tune.c.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_CONV_CONV_CONTEST_H
#define CONVCL_CONV_CONV_CONTEST_H

#include "conv/conv_choose.h"
#include "tune/tune.h"

/* Tensors that a convolution writes: y; dx; dw and db; all three. */
#define CONVCL_CONV_OUTPUTS 3

/* One way to compute it. */
typedef struct convcl_conv_candidate {
    convcl_conv_winner how;            /* algo and choice; with `separate`: of bwd_weights, and those of bwd_data are below */
    const convcl_conv_algo *data_algo; /* separate only */
    convcl_conv_choice data_choice;    /* separate only */
    void *state, *data_state;          /* while it is in the race */
    bool reads_kept;                   /* what the forward pass kept of x fits */
    char text[320];                    /* for people */
} convcl_conv_candidate;

typedef struct convcl_conv_contest {
    convcl_context *context; /* borrowed */
    const convcl_conv_shape *shape;
    convcl_conv_dir dir;
    cl_command_queue queue;
    convcl_conv_candidate candidates[CONVCL_TUNE_CANDIDATES];
    int count;
    cl_mem x, w, b, y, dx, dw, db, kept, workspace; /* y: dy for the backward directions */
    size_t workspace_size;                          /* floats */
    size_t kept_size;                               /* floats; 0: nothing is kept */
    char kept_key[200];
    float *reference[CONVCL_CONV_OUTPUTS]; /* what the plain way gives in STRICT math; NULL while not made */
} convcl_conv_contest;

/* Allocates the tensors and fills the inputs. forward: how the forward pass of the same convolution is computed; its `algo` NULL: not known. Clear it in any case. */
convcl_status convcl_conv_contest__create(convcl_conv_contest *contest, convcl_context *context, const convcl_conv_shape *shape,
                                          convcl_conv_dir dir, const convcl_conv_winner *forward);
void convcl_conv_contest__clear(convcl_conv_contest *contest);

/* The functions of a convcl_tune_problem; user is a convcl_conv_contest. */
convcl_status convcl_conv_contest__prepare(void *user, int candidate);
convcl_status convcl_conv_contest__run(void *user, int candidate);
convcl_status convcl_conv_contest__check(void *user, int candidate, bool *right_out);
void convcl_conv_contest__drop(void *user, int candidate);
const char *convcl_conv_contest__describe(void *user, int candidate);

/* The plain way: gather, with every choice its cost model's. For bwd: one after the other. */
convcl_conv_candidate convcl_conv_contest__plain(convcl_conv_dir dir);

#endif
