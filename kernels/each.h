/* each.h: a loop of up to eight rounds that is written out.
 * SPDX-License-Identifier: MIT */

/* DO(i, with) for i from 0 to count - 1, count at most 8: written out, because Intel's compiler unrolls loops after it has given arrays that a loop indexes
 * their place in memory, for the targets where it takes 32 work-items a thread. */
#define EACH(count, DO, with)                                                                                                              \
    {                                                                                                                                      \
        if (0 < (count))                                                                                                                   \
            DO(0, with)                                                                                                                    \
        if (1 < (count))                                                                                                                   \
            DO(1, with)                                                                                                                    \
        if (2 < (count))                                                                                                                   \
            DO(2, with)                                                                                                                    \
        if (3 < (count))                                                                                                                   \
            DO(3, with)                                                                                                                    \
        if (4 < (count))                                                                                                                   \
            DO(4, with)                                                                                                                    \
        if (5 < (count))                                                                                                                   \
            DO(5, with)                                                                                                                    \
        if (6 < (count))                                                                                                                   \
            DO(6, with)                                                                                                                    \
        if (7 < (count))                                                                                                                   \
            DO(7, with)                                                                                                                    \
    }
