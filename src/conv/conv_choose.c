/* conv_choose.c: which algorithm a plan gets: by name, by the cost model, by what won a race; and the words for that.
 * SPDX-License-Identifier: MIT */
#include "conv/conv_choose.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "conv/conv_winograd.h"

/* True when `name` is "<algorithm>" or "<algorithm>:<tile>". */
static bool names(const char *name, const convcl_conv_algo *algo, int *tile) {
    const size_t length = strlen(algo->name);
    *tile = 0;
    if (strncmp(name, algo->name, length) != 0)
        return false;
    if (name[length] == '\0')
        return true;
    if (name[length] != ':' || name[length + 1] < '1' || name[length + 1] > '9' || name[length + 2] != '\0')
        return false;
    *tile = name[length + 1] - '0';
    return true;
}

bool convcl_conv__is_auto(const char *name) {
    return !name || strcmp(name, "auto") == 0;
}

/* Not every algorithm computes both gradients at once: where the best one for either does not, two plans are better. */
static convcl_status check_singles(const convcl_context *context, const convcl_conv_shape *shape, const convcl_conv_options *options,
                                   const convcl_conv_algo *both) {
    static const convcl_conv_dir dirs[] = {CONVCL_CONV_BWD_WEIGHTS, CONVCL_CONV_BWD_DATA};
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; ++i) {
        const convcl_conv_algo *single = NULL;
        int tile = 0;
        const convcl_status status = convcl_conv__choose(context, shape, dirs[i], options, &single, &tile);
        if (status != CONVCL_OK)
            return status;
        if (strcmp(single->name, both->name) != 0)
            return convcl_fail(CONVCL_UNSUPPORTED,
                               "conv: direction bwd: algo \"%s\" is the better choice, which takes two plans, bwd_data and bwd_weights",
                               single->name);
    }
    return CONVCL_OK;
}

convcl_status convcl_conv__choose(const convcl_context *context, const convcl_conv_shape *shape, convcl_conv_dir dir,
                                  const convcl_conv_options *options, const convcl_conv_algo **algo_out, int *tile_out) {
    const char *reason = NULL, *name = options ? options->algo : NULL;
    const bool any = convcl_conv__is_auto(name), gemm = options && !convcl_conv__is_auto(options->gemm);
    double best = 0.0;
    *algo_out = NULL;
    for (const convcl_conv_algo *const *algo = convcl_conv_algos; *algo; ++algo) {
        int tile = 0;
        if ((*algo)->dir != dir || (any ? gemm && (*algo)->own_product : !names(name, *algo, &tile)))
            continue;
        const char *refusal = (*algo)->refuse(context, shape, tile);
        const double cost = refusal ? 0.0 : (*algo)->cost(context, shape);
        if (refusal)
            reason = refusal;
        else if (!*algo_out || cost < best) {
            *algo_out = *algo;
            *tile_out = tile;
            best = cost;
        }
    }
    if (*algo_out)
        return any && dir == CONVCL_CONV_BWD ? check_singles(context, shape, options, *algo_out) : CONVCL_OK;
    return convcl_fail(CONVCL_UNSUPPORTED, "conv: algo \"%s\" %s in direction %s: %s", any ? "auto" : name,
                       reason ? "does not apply" : "does not exist", convcl_conv_dir_name(dir),
                       reason ? reason : "there are: auto, gather, winograd, winograd:TILE, winograd-fused, winograd-fused:TILE");
}

const convcl_conv_algo *convcl_conv__find(const char *name, convcl_conv_dir dir) {
    for (const convcl_conv_algo *const *algo = convcl_conv_algos; *algo; ++algo)
        if ((*algo)->dir == dir && strcmp((*algo)->name, name) == 0)
            return *algo;
    return NULL;
}

/* ---- winners as text ----------------------------------------------------------------------------------------------------------------------------------- */

void convcl_conv_winner__problem(const convcl_conv_shape *shape, convcl_conv_dir dir, char text[CONVCL_CONV_PROBLEM]) {
    const convcl_conv_desc *d = &shape->desc;
    snprintf(text, CONVCL_CONV_PROBLEM, "conv %s n%dic%dih%diw%doc%dfh%dfw%dsh%dsw%dpt%dpb%dpl%dpr%ddh%ddw%dg%d math%d",
             convcl_conv_dir_name(dir), d->n, d->ic, d->ih, d->iw, d->oc, d->fh, d->fw, d->stride_h, d->stride_w, d->pad_top, d->pad_bottom,
             d->pad_left, d->pad_right, d->dilation_h, d->dilation_w, d->groups, (int)d->math);
}

void convcl_conv_winner__write(const convcl_conv_winner *winner, char text[CONVCL_CONV_WINNER]) {
    const convcl_conv_choice *c = &winner->choice;
    const char *mode = winner->full ? "full" : "quick";
    if (winner->separate)
        snprintf(text, CONVCL_CONV_WINNER, "%s separate", mode);
    else
        snprintf(text, CONVCL_CONV_WINNER, "%s %s tile %d chunk %d rows %d prefetch %d space %d gemm %s", mode, winner->algo->name, c->tile,
                 c->chunk, c->mr, c->prefetch, c->space, c->gemm ? c->gemm : "auto");
}

/* Finds the table's own string for the name; NULL for "auto". False when there is none. */
static bool find_gemm(const char *name, const char **gemm_out) {
    *gemm_out = NULL;
    if (strcmp(name, "auto") == 0)
        return true;
    for (const convcl_gemm_variant *const *variant = convcl_gemm_variants; *variant; ++variant)
        if (strcmp((*variant)->name, name) == 0)
            *gemm_out = (*variant)->name;
    return *gemm_out != NULL;
}

static bool in_range(int value, int least, int most) {
    return value >= least && value <= most;
}

bool convcl_conv_winner__read(const convcl_context *context, const char *text, const convcl_conv_shape *shape, convcl_conv_dir dir,
                              convcl_conv_winner *winner_out) {
    char mode[8], name[16], gemm[16];
    convcl_conv_winner w = {0};
    convcl_conv_choice *c = &w.choice;
    int end = 0;
    if (sscanf(text, "%7s %15s%n", mode, name, &end) != 2 || (strcmp(mode, "full") != 0 && strcmp(mode, "quick") != 0))
        return false;
    w.full = strcmp(mode, "full") == 0;
    w.separate = strcmp(name, "separate") == 0;
    if (w.separate && (dir != CONVCL_CONV_BWD || text[end] != '\0'))
        return false;
    *winner_out = w;
    if (w.separate)
        return true;
    const char *rest = text + end;
    end = 0;
    if (sscanf(rest, " tile %d chunk %d rows %d prefetch %d space %d gemm %15s%n", &c->tile, &c->chunk, &c->mr, &c->prefetch, &c->space,
               gemm, &end) != 6 ||
        rest[end] != '\0' || !find_gemm(gemm, &c->gemm))
        return false;
    w.algo = convcl_conv__find(name, dir);
    if (!w.algo || !in_range(c->tile, 0, CONVCL_COOK_TOOM_MAX) || !in_range(c->chunk, 0, shape->desc.n) ||
        !in_range(c->mr, 0, CONVCL_CONV_MOST_ROWS) || !in_range(c->prefetch, -1, 1) || !in_range(c->space, 0, convcl_gemm_tile__count()))
        return false;
    /* What is known from elsewhere does not override the rules. */
    if (w.algo->refuse(context, shape, c->tile) || (strncmp(name, "winograd", 8) == 0 && !convcl_winograd__wanted(shape)))
        return false;
    *winner_out = w;
    return true;
}
