/* pool_rules.h: what test_avgpool.c and test_maxpool.c share: the words of a case, and the rules of a window.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_TESTS_POOL_RULES_H
#define CONVCL_TESTS_POOL_RULES_H

#include <stdbool.h>

#include "convcl/convcl.h"

/* The fields that both descriptions begin with, in their order. */
#define POOL_FIELDS 12
typedef struct pool_window {
    int n, ih, iw, c, window_h, window_w, stride_h, stride_w, pad_top, pad_bottom, pad_left, pad_right;
} pool_window;

/* Fills the description `desc` of either kind from the window. */
#define POOL_FILL(desc, window)                                                                                                            \
    do {                                                                                                                                   \
        (desc)->n = (window)->n, (desc)->ih = (window)->ih, (desc)->iw = (window)->iw, (desc)->c = (window)->c;                            \
        (desc)->window_h = (window)->window_h, (desc)->window_w = (window)->window_w;                                                      \
        (desc)->stride_h = (window)->stride_h, (desc)->stride_w = (window)->stride_w;                                                      \
        (desc)->pad_top = (window)->pad_top, (desc)->pad_bottom = (window)->pad_bottom;                                                    \
        (desc)->pad_left = (window)->pad_left, (desc)->pad_right = (window)->pad_right;                                                    \
    } while (0)

/* Reads "n1ih5iw7c3f3x2s2x1p0.1.0.1"; false when `text` is none. */
bool pool_window_read(const char *text, pool_window *window_out);

/* A window that no rule refuses: 5x5x8, 3x3, stride 2. */
extern const pool_window pool_good;

/* The output size of a description made from the window. */
typedef convcl_status (*pool_size_fn)(const pool_window *window, int *oh_out, int *ow_out);

/* Breaks each rule of a window in turn; the error must be INVALID, begin with `what`, name field, value and rule, and leave the outputs alone. */
void pool_rules_check(const char *what, pool_size_fn size);

#endif
