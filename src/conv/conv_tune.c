/* conv_tune.c: which candidates a convolution has, in which order they race, and what is remembered.
 * SPDX-License-Identifier: MIT
 *
 * One choice after the other: algorithm and tile, then the chunk, then the GEMM's parameters, each with the best of those before. That is a dozen candidates in
 * place of hundreds. Candidate 0 is what would be taken without tuning; for the backward directions it has the tiles and the chunk of the forward pass, whose
 * transform of x it can then read, and is raced reading it. */
#include "conv/conv_tune.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "conv/conv_contest.h"
#include "conv/conv_gather.h"
#include "conv/conv_winograd_fused.h"

/* What a candidate must gain on candidate 0: noise must not decide, nor what a convolution gains alone, with its data in the caches, and loses in a network; and another
 * tile or chunk than the forward pass has costs the backward pass its transform. */
#define MARGIN 0.06

/* `quick` tries the direct sums only where the cost model gives them less than that many times Winograd's work. */
#define CLOSE 2.5

/* Seconds that must be left for CLBlast on a CPU: its first call alone takes PoCL eight. */
#define CLBLAST_SECONDS 30.0

/* Rows of gemm_register's tile: with 32 vector registers, and with 16. */
#define ROWS_LEAST_32  8
#define ROWS_MOST_32   14
#define ROWS_LEAST_16  4
#define ROWS_MOST_16   6
#define ROWS_USUAL_32  12
#define ROWS_QUICK_LOW 10

/* Tiles of a GPU's GEMM that `quick` tries. */
#define QUICK_SPACES 4

typedef struct tuner {
    convcl_conv_contest contest;
    convcl_tune_race race;
    bool full, cpu;
    bool wanted; /* Winograd may be a candidate */
} tuner;

/* ---- candidates ------------------------------------------------------------------------------------------------------------------------------------------ */

static bool same_choice(const convcl_conv_choice *a, const convcl_conv_choice *b) {
    return a->gemm == b->gemm && a->tile == b->tile && a->chunk == b->chunk && a->mr == b->mr && a->prefetch == b->prefetch &&
           a->space == b->space;
}

/* Lets a candidate in, unless it is there already or there is no room. */
static void enter(tuner *t, const convcl_conv_candidate *candidate) {
    convcl_conv_contest *c = &t->contest;
    for (int i = 0; i < c->count; ++i)
        if (c->candidates[i].how.separate == candidate->how.separate && c->candidates[i].how.algo == candidate->how.algo &&
            c->candidates[i].data_algo == candidate->data_algo && same_choice(&c->candidates[i].how.choice, &candidate->how.choice))
            return;
    if (c->count == CONVCL_TUNE_CANDIDATES)
        return;
    c->candidates[c->count] = *candidate;
    convcl_tune__enter(&t->race, c->count++);
}

static void enter_choice(tuner *t, const convcl_conv_algo *algo, const convcl_conv_choice *choice) {
    enter(t, &(convcl_conv_candidate){.how = {.full = t->full, .algo = algo, .choice = *choice}});
}

/* Who leads; NULL when nobody is left, or when there is nothing to vary in two plans. */
static const convcl_conv_winner *leader(tuner *t) {
    const int best = convcl_tune__leader(&t->race);
    return best < 0 || t->contest.candidates[best].how.separate ? NULL : &t->contest.candidates[best].how;
}

/* ---- algorithm and tile --------------------------------------------------------------------------------------------------------------------------------- */

/* Winograd with tiles of one size, the cheapest first: one in `quick`, three in `full`. */
static void enter_tiles(tuner *t, const convcl_conv_algo *winograd) {
    bool taken[CONVCL_COOK_TOOM_MAX + 1] = {false};
    for (int round = 0; round < (t->full ? 3 : 1); ++round) {
        convcl_conv_choice best = {0};
        double best_cost = 0.0;
        for (int tile = 2; tile <= CONVCL_COOK_TOOM_MAX; ++tile) {
            if (taken[tile] || winograd->refuse(t->contest.context, t->contest.shape, tile))
                continue;
            const double cost = convcl_winograd__tile_cost(t->contest.context, t->contest.shape, tile);
            if (best.tile == 0 || cost < best_cost) {
                best.tile = tile;
                best_cost = cost;
            }
        }
        if (best.tile == 0)
            return;
        taken[best.tile] = true;
        enter_choice(t, winograd, &best);
    }
}

/* Direct sums; for bwd two plans, as they were found to be best or else plain. */
static void enter_direct(tuner *t) {
    const convcl_conv_contest *c = &t->contest;
    convcl_conv_candidate candidate = convcl_conv_contest__plain(c->dir);
    candidate.how.full = t->full;
    if (c->dir == CONVCL_CONV_BWD) {
        convcl_conv_winner known;
        bool found = false;
        /* What is not known is not raced here: one race at a time. */
        if (convcl_conv_tune__recall(c->context, c->shape, CONVCL_CONV_BWD_WEIGHTS, &known, &found) == CONVCL_OK && found) {
            candidate.how.algo = known.algo;
            candidate.how.choice = known.choice;
        }
        if (convcl_conv_tune__recall(c->context, c->shape, CONVCL_CONV_BWD_DATA, &known, &found) == CONVCL_OK && found) {
            candidate.data_algo = known.algo;
            candidate.data_choice = known.choice;
        }
    }
    enter(t, &candidate);
}

/* The fused Winograd of GPUs: with the tile of the least estimated work, and in `full` with each of 2 to 4 outputs. Both gradients at once it has not, so that there two plans
 * take part, dx fused. */
static void enter_fused(tuner *t) {
    const convcl_conv_contest *c = &t->contest;
    const bool both = c->dir == CONVCL_CONV_BWD;
    const convcl_conv_algo *fused = t->wanted ? convcl_conv__find("winograd-fused", both ? CONVCL_CONV_BWD_DATA : c->dir) : NULL;
    for (int tile = 0; fused && tile <= (t->full && !both ? 4 : 0); tile = tile == 0 ? 2 : tile + 1) {
        if (fused->refuse(c->context, c->shape, tile))
            continue;
        convcl_conv_candidate candidate = {.how = {.full = t->full, .algo = fused, .choice = {.tile = tile}}};
        if (both) {
            candidate.how.separate = true;
            candidate.how.algo = convcl_conv__find("winograd", CONVCL_CONV_BWD_WEIGHTS);
            candidate.data_algo = fused;
        }
        enter(t, &candidate);
    }
}

static void race_algorithms(tuner *t, const convcl_conv_winner *forward) {
    const convcl_conv_contest *c = &t->contest;
    const convcl_conv_algo *winograd = t->wanted ? convcl_conv__find("winograd", c->dir) : NULL, *usual = NULL;
    int tile = 0;
    if (winograd && forward->algo && forward->choice.tile + forward->choice.chunk > 0 &&
        !winograd->refuse(c->context, c->shape, forward->choice.tile))
        enter_choice(t, winograd, &(convcl_conv_choice){.tile = forward->choice.tile, .chunk = forward->choice.chunk});
    if (convcl_conv__choose(c->context, c->shape, c->dir, NULL, &usual, &tile) == CONVCL_OK)
        enter_choice(t, usual, &(convcl_conv_choice){.tile = tile});
    /* Tiles that the forward pass does not have cost the transform of x again, and their kernels are many. */
    if (winograd && (t->full || c->kept_size == 0))
        enter_tiles(t, winograd);
    enter_fused(t);
    const double direct = (c->dir == CONVCL_CONV_BWD ? 2.0 : 1.0) * convcl_conv_gather__cost(c->context, c->shape);
    const double work = winograd ? (c->dir == CONVCL_CONV_BWD ? 2.0 : 1.0) * winograd->cost(c->context, c->shape) : 0.0;
    if (!winograd || t->full || direct < CLOSE * work)
        enter_direct(t);
}

/* ---- the rest ------------------------------------------------------------------------------------------------------------------------------------------- */

/* Direct sums have chunks where a padded copy is made, and in bwd_weights, whose sums they cut; bwd_data and the others compute the whole batch in one launch. */
static void race_chunks(tuner *t) {
    const int first = convcl_tune__leader(&t->race);
    const convcl_conv_candidate *candidate = first < 0 ? NULL : &t->contest.candidates[first];
    if (!candidate || candidate->how.separate || !candidate->how.algo->chunk)
        return;
    /* Another chunk than the forward pass has costs the transform of x again, which hardly ever pays. */
    if (!t->full && candidate->reads_kept)
        return;
    convcl_conv_choice choice = candidate->how.choice;
    const convcl_conv_algo *algo = candidate->how.algo;
    const int n = t->contest.shape->desc.n;
    const int usual = algo->chunk(candidate->state);
    if (usual == 0)
        return;
    const int chunks[] = {usual * 2, usual * 4, usual / 2};
    int last = usual;
    for (size_t i = 0; i < sizeof chunks / sizeof *chunks; ++i) {
        choice.chunk = chunks[i] > n ? n : chunks[i];
        if (choice.chunk > 0 && choice.chunk != last && choice.chunk != usual)
            enter_choice(t, algo, &choice);
        last = choice.chunk;
    }
}

static void race_rows(tuner *t) {
    const convcl_conv_winner *best = leader(t);
    if (!best || !t->cpu)
        return;
    const bool many = convcl_context__vector_width(t->contest.context) == 16;
    const convcl_conv_algo *algo = best->algo;
    convcl_conv_choice choice = best->choice;
    const int low = many ? ROWS_LEAST_32 : ROWS_LEAST_16, high = many ? ROWS_MOST_32 : ROWS_MOST_16;
    for (choice.mr = high; choice.mr >= low; --choice.mr) {
        const bool quick =
            many ? choice.mr == ROWS_MOST_32 || choice.mr == ROWS_QUICK_LOW : choice.mr < ROWS_MOST_16 && choice.mr > ROWS_LEAST_16;
        if (t->full ? choice.mr != (many ? ROWS_USUAL_32 : ROWS_MOST_16) : quick)
            enter_choice(t, algo, &choice);
    }
    if (!t->full || !(best = leader(t)))
        return;
    choice = best->choice;
    choice.prefetch = -1;
    enter_choice(t, best->algo, &choice);
}

static void race_spaces(tuner *t) {
    const convcl_conv_winner *best = leader(t);
    if (!best || t->cpu)
        return;
    const convcl_conv_algo *algo = best->algo;
    convcl_conv_choice choice = best->choice;
    const int count = algo->own_product ? convcl_winograd_fused__spaces() : convcl_gemm_tile__count();
    for (choice.space = 1; choice.space <= (t->full || count < QUICK_SPACES ? count : QUICK_SPACES); ++choice.space)
        enter_choice(t, algo, &choice);
    if (!t->full || algo->own_product || !(best = leader(t)))
        return;
    choice = best->choice;
    choice.prefetch = 1; /* refused where there are no asynchronous copies */
    enter_choice(t, best->algo, &choice);
}

/* The other GEMM variants, CLBlast last. */
static void race_variants(tuner *t) {
    const convcl_conv_winner *best = leader(t);
    if (!best || !t->full || best->algo->own_product)
        return;
    const convcl_conv_algo *algo = best->algo;
    convcl_conv_choice choice = {.tile = best->choice.tile, .chunk = best->choice.chunk};
    const char *usual = t->cpu ? "register" : "tile";
    for (const convcl_gemm_variant *const *variant = convcl_gemm_variants; *variant; ++variant) {
        choice.gemm = (*variant)->name;
        const bool clblast = strcmp(choice.gemm, "clblast") == 0;
        if (strcmp(choice.gemm, usual) == 0 || (*variant)->narrow || !(*variant)->available(t->contest.context) ||
            (clblast && t->cpu && convcl_tune__left(&t->race) < CLBLAST_SECONDS))
            continue;
        enter_choice(t, algo, &choice);
    }
}

/* ---- a race ---------------------------------------------------------------------------------------------------------------------------------------------- */

/* Races and says who won. *found_out is false when there was no time, no memory or no device for a race, and when it was stopped. */
static void race(tuner *t, convcl_context *context, const convcl_conv_shape *shape, convcl_conv_dir dir, const convcl_conv_winner *forward,
                 convcl_conv_winner *winner_out, bool *found_out) {
    if (convcl_conv_contest__create(&t->contest, context, shape, dir, forward) != CONVCL_OK)
        return;
    race_algorithms(t, forward);
    race_chunks(t);
    race_rows(t);
    race_spaces(t);
    race_variants(t);
    const int winner = convcl_tune__winner(&t->race, MARGIN);
    if (t->race.stopped)
        return;
    *found_out = winner >= 0 || t->race.wrong > 0;
    if (winner >= 0) {
        *winner_out = t->contest.candidates[winner].how;
        return;
    }
    /* Nobody is right: direct sums are left. Where all merely failed, nothing is known, and a later run races again. */
    *winner_out = convcl_conv_contest__plain(dir).how;
    winner_out->full = t->full;
}

convcl_status convcl_conv_tune__recall(convcl_context *context, const convcl_conv_shape *shape, convcl_conv_dir dir,
                                       convcl_conv_winner *winner_out, bool *found_out) {
    char problem[CONVCL_CONV_PROBLEM], *text = NULL;
    *found_out = false;
    convcl_conv_winner__problem(shape, dir, problem);
    const convcl_status status = convcl_context__recall(context, problem, &text);
    if (status == CONVCL_OK && text)
        *found_out = convcl_conv_winner__read(context, text, shape, dir, winner_out);
    free(text);
    return status;
}

static convcl_status remember(convcl_context *context, const convcl_conv_shape *shape, convcl_conv_dir dir,
                              const convcl_conv_winner *winner) {
    char problem[CONVCL_CONV_PROBLEM], text[CONVCL_CONV_WINNER];
    convcl_conv_winner__problem(shape, dir, problem);
    convcl_conv_winner__write(winner, text);
    return convcl_context__remember(context, problem, text);
}

/* True when what is known is worth no race in the context's mode. */
static bool is_enough(const convcl_context *context, bool found, const convcl_conv_winner *winner) {
    return convcl_context__tuning(context) == CONVCL_TUNING_OFF ||
           (found && (winner->full || convcl_context__tuning(context) == CONVCL_TUNING_QUICK));
}

/* Both gradients one by one, so that two plans race at their best. */
static convcl_status tune_single(convcl_context *context, const convcl_conv_shape *shape, const char *label) {
    convcl_conv_winner winner;
    bool found = false;
    const convcl_status status = convcl_conv_tune__winner(context, shape, CONVCL_CONV_BWD_WEIGHTS, label, &winner, &found);
    return status == CONVCL_OK ? convcl_conv_tune__winner(context, shape, CONVCL_CONV_BWD_DATA, label, &winner, &found) : status;
}

/* What the forward pass takes where it was not tuned, as far as it may keep a transform of x; NULL for direct sums. */
static const convcl_conv_algo *usual_forward(const tuner *t, const convcl_context *context, const convcl_conv_shape *shape) {
    const convcl_conv_algo *algo = NULL;
    int tile = 0;
    if (!t->wanted)
        return NULL;
    if (!t->cpu && convcl_conv__choose(context, shape, CONVCL_CONV_FWD, NULL, &algo, &tile) == CONVCL_OK)
        return algo;
    return convcl_conv__find("winograd", CONVCL_CONV_FWD);
}

static convcl_status begin_and_race(convcl_context *context, const convcl_conv_shape *shape, convcl_conv_dir dir, const char *label,
                                    convcl_conv_winner *winner_out, bool *found_out) {
    convcl_status status = CONVCL_OK;
    tuner *t = NULL;
    char title[96];
    convcl_conv_winner forward = {0};
    bool known = false;
    snprintf(title, sizeof title, "%s %s", label, convcl_conv_dir_name(dir));
    CONVCL_TRY(convcl_alloc(sizeof *t, &t));
    t->full = convcl_context__tuning(context) == CONVCL_TUNING_FULL;
    t->cpu = convcl_context__prefers_registers(context);
    t->wanted = convcl_winograd__wanted(shape) && !convcl_winograd__refuse(context, shape, 0);
    const convcl_tune_problem problem = {title,
                                         &t->contest,
                                         convcl_conv_contest__prepare,
                                         convcl_conv_contest__run,
                                         convcl_conv_contest__check,
                                         convcl_conv_contest__drop,
                                         convcl_conv_contest__describe};
    if (!convcl_tune__begin(&t->race, context, &problem, t->full ? 20 : 6))
        goto cleanup;
    /* Another thread may have raced the same while this one waited. */
    status = convcl_conv_tune__recall(context, shape, dir, winner_out, found_out);
    if (status == CONVCL_OK && !is_enough(context, *found_out, winner_out)) {
        if (dir != CONVCL_CONV_FWD)
            status = convcl_conv_tune__recall(context, shape, CONVCL_CONV_FWD, &forward, &known);
        if (!known)
            forward = (convcl_conv_winner){.algo = usual_forward(t, context, shape)};
        race(t, context, shape, dir, &forward, winner_out, found_out);
        if (status == CONVCL_OK && *found_out)
            status = remember(context, shape, dir, winner_out);
    }
    convcl_tune__end(&t->race);
    convcl_conv_contest__clear(&t->contest);
cleanup:
    free(t);
    return status;
}

convcl_status convcl_conv_tune__winner(convcl_context *context, const convcl_conv_shape *shape, convcl_conv_dir dir, const char *label,
                                       convcl_conv_winner *winner_out, bool *found_out) {
    convcl_status status = convcl_conv_tune__recall(context, shape, dir, winner_out, found_out);
    if (status != CONVCL_OK || is_enough(context, *found_out, winner_out))
        return status;
    /* Without Winograd nothing computes both gradients at once. */
    if (dir == CONVCL_CONV_BWD && (!convcl_winograd__wanted(shape) || convcl_winograd__refuse(context, shape, 0)))
        return CONVCL_OK;
    if (dir == CONVCL_CONV_BWD && convcl_context__tuning(context) == CONVCL_TUNING_FULL)
        status = tune_single(context, shape, label);
    return status == CONVCL_OK ? begin_and_race(context, shape, dir, label, winner_out, found_out) : status;
}
