/* pool.c: the rules of a window that moves over the image, and what the plans of all poolings hold.
 * SPDX-License-Identifier: MIT */
#include "layers/pool_internal.h"

#include <limits.h>

#include "opencl/context_internal.h"

static convcl_status check_sizes(const char *what, const convcl_pool_window *window) {
    const struct {
        const char *name;
        int value;
    } sizes[] = {{"n", window->n},
                 {"ih", window->ih},
                 {"iw", window->iw},
                 {"c", window->c},
                 {"window_h", window->window_h},
                 {"window_w", window->window_w},
                 {"stride_h", window->stride_h},
                 {"stride_w", window->stride_w}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i)
        CONVCL_REQUIRE(sizes[i].value >= 1, "%s: %s is %d, must be at least 1", what, sizes[i].name, sizes[i].value);
    CONVCL_REQUIRE(window->c <= CONVCL_LAYER_MOST_CHANNELS, "%s: c is %d, must be at most %d", what, window->c, CONVCL_LAYER_MOST_CHANNELS);
    return CONVCL_OK;
}

/* Checks one axis, whose fields are called <letter>, and computes its output size. */
static convcl_status axis_size(const char *what, char letter, int size, const char *const names[2], const int pads[2], int window,
                               int stride, int *size_out) {
    const int64_t padded = (int64_t)size + pads[0] + pads[1];
    for (int i = 0; i < 2; ++i) {
        CONVCL_REQUIRE(pads[i] >= 0, "%s: %s is %d, must be at least 0", what, names[i], pads[i]);
        CONVCL_REQUIRE(pads[i] < window, "%s: %s is %d, must be less than window_%c, which is %d", what, names[i], pads[i], letter, window);
    }
    CONVCL_REQUIRE(padded <= INT_MAX, "%s: i%c with its padding is %lld, must be at most %d", what, letter, (long long)padded, INT_MAX);
    CONVCL_REQUIRE(padded >= window, "%s: window_%c is %d, must be at most i%c with its padding, which is %lld", what, letter, window,
                   letter, (long long)padded);
    *size_out = (int)((padded - window) / stride + 1);
    return CONVCL_OK;
}

convcl_status convcl_pool__output_size(const char *what, const convcl_pool_window *window, int *oh_out, int *ow_out) {
    static const char *const names_h[2] = {"pad_top", "pad_bottom"}, *const names_w[2] = {"pad_left", "pad_right"};
    const int pads_h[2] = {window->pad_top, window->pad_bottom}, pads_w[2] = {window->pad_left, window->pad_right};
    convcl_status status = CONVCL_OK;
    int oh = 0, ow = 0;
    CONVCL_TRY(check_sizes(what, window));
    CONVCL_TRY(axis_size(what, 'h', window->ih, names_h, pads_h, window->window_h, window->stride_h, &oh));
    CONVCL_TRY(axis_size(what, 'w', window->iw, names_w, pads_w, window->window_w, window->stride_w, &ow));
    *oh_out = oh;
    *ow_out = ow;
cleanup:
    return status;
}

convcl_status convcl_pool__begin(const char *what, convcl_context *context, const convcl_pool_window *window, convcl_pool_plan *plan) {
    convcl_status status = CONVCL_OK;
    const convcl_pool_window *w = window;
    CONVCL_TRY(convcl_pool__output_size(what, w, &plan->oh, &plan->ow));
    CONVCL_TRY(convcl_layer__count(what, "n * ih * iw * c", w->n, w->ih, w->iw, w->c, &plan->x_count));
    CONVCL_TRY(convcl_layer__count(what, "n * oh * ow * c", w->n, plan->oh, plan->ow, w->c, &plan->y_count));
    plan->context = convcl_context__retain(context);
    plan->window = *w;
    plan->fwd_grid = convcl_layer__grid(context, plan->y_count / (size_t)w->c, w->c);
    plan->bwd_grid = convcl_layer__grid(context, plan->x_count / (size_t)w->c, w->c);
cleanup:
    return status;
}

void convcl_pool__clear(convcl_pool_plan *plan) {
    convcl_kernel__destroy(plan->fwd);
    convcl_kernel__destroy(plan->bwd);
    convcl_context_release(plan->context);
}

void convcl_pool__set_args(const convcl_pool_plan *plan, const convcl_layer_grid *grid, size_t count, convcl_arg args[CONVCL_POOL_ARGS]) {
    const convcl_pool_window *w = &plan->window;
    const int sizes[] = {w->c,        w->ih,       w->iw,       plan->oh,   plan->ow,    w->window_h,
                         w->window_w, w->stride_h, w->stride_w, w->pad_top, w->pad_left, grid->steps};
    args[0] = convcl_arg_ulong(count / (size_t)w->c);
    for (int i = 1; i < CONVCL_POOL_ARGS; ++i)
        args[i] = convcl_arg_int(sizes[i - 1]);
}
