/* dropout_mask.h: which elements a dropout keeps. Reads as OpenCL C and as C, with the same bits.
 * SPDX-License-Identifier: MIT
 * Element i is word i % 4 of counter (i / 4, stream, step). The key is the seed with some bits turned, so that a fill with the same seed draws other numbers. */
#include "philox.h"

#define DROPOUT_KEY 0x64726f70u

/* Sets the words of elements 4*group to 4*group+3; an element is kept when its word >> 8 is at least rate * 2^24. */
PHILOX_INLINE void dropout_words(philox_counts group, philox_u32 key0, philox_u32 key1, philox_u32 stream, philox_u32 step,
                                 philox_words v[4]) {
    v[0] = PHILOX_TO_WORD(group & 0xffffffffu);
    v[1] = PHILOX_TO_WORD(group >> 32);
    v[2] = stream;
    v[3] = step;
    philox_4x32_10(v, key0, key1 ^ DROPOUT_KEY);
}
