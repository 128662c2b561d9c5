/* pool_rules.c: see pool_rules.h.
 * SPDX-License-Identifier: MIT */
#include "pool_rules.h"

#include <limits.h>
#include <stddef.h>
#include <stdio.h>

#include "harness.h"

const pool_window pool_good = {.n = 1, .ih = 5, .iw = 5, .c = 8, .window_h = 3, .window_w = 3, .stride_h = 2, .stride_w = 2};

bool pool_window_read(const char *text, pool_window *window_out) {
    pool_window w;
    if (sscanf(text, "n%dih%diw%dc%df%dx%ds%dx%dp%d.%d.%d.%d", &w.n, &w.ih, &w.iw, &w.c, &w.window_h, &w.window_w, &w.stride_h, &w.stride_w,
               &w.pad_top, &w.pad_bottom, &w.pad_left, &w.pad_right) != POOL_FIELDS)
        return false;
    *window_out = w;
    return true;
}

#define FIELD(name) offsetof(pool_window, name)

/* Up to three fields get other values. */
static const struct {
    const char *words;
    struct {
        size_t field;
        int value;
    } changes[3];
    int change_count;
} rules[] = {
    {"n is 0, must be at least 1", {{FIELD(n), 0}}, 1},
    {"ih is -1, must be at least 1", {{FIELD(ih), -1}}, 1},
    {"iw is 0, must be at least 1", {{FIELD(iw), 0}}, 1},
    {"c is 0, must be at least 1", {{FIELD(c), 0}}, 1},
    {"window_h is 0, must be at least 1", {{FIELD(window_h), 0}}, 1},
    {"window_w is -3, must be at least 1", {{FIELD(window_w), -3}}, 1},
    {"stride_h is 0, must be at least 1", {{FIELD(stride_h), 0}}, 1},
    {"stride_w is 0, must be at least 1", {{FIELD(stride_w), 0}}, 1},
    {"pad_top is -1, must be at least 0", {{FIELD(pad_top), -1}}, 1},
    {"pad_bottom is 3, must be less than window_h", {{FIELD(pad_bottom), 3}}, 1},
    {"pad_left is 4, must be less than window_w", {{FIELD(pad_left), 4}}, 1},
    {"pad_right is -1, must be at least 0", {{FIELD(pad_right), -1}}, 1},
    {"window_h is 6, must be at most ih", {{FIELD(window_h), 6}}, 1},
    {"window_w is 9, must be at most iw|8", {{FIELD(window_w), 9}, {FIELD(pad_left), 1}, {FIELD(pad_right), 2}}, 3},
    {"ih with its padding is", {{FIELD(ih), INT_MAX}, {FIELD(pad_top), 1}}, 2},
};

void pool_rules_check(const char *what, pool_size_fn size) {
    int oh = -7, ow = -7;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; ++i) {
        pool_window window = pool_good;
        char words[128];
        for (int j = 0; j < rules[i].change_count; ++j)
            *(int *)((char *)&window + rules[i].changes[j].field) = rules[i].changes[j].value;
        snprintf(words, sizeof words, "%s: %s", what, rules[i].words);
        assert_fails(size(&window, &oh, &ow), CONVCL_INVALID, words);
        assert_int_equal(oh, -7);
        assert_int_equal(ow, -7);
    }
    assert_ok(size(&pool_good, &oh, &ow));
    assert_int_equal(oh, 2);
    assert_int_equal(ow, 2);
}
