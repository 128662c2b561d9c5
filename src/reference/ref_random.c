/* ref_random.c: SplitMix64, the upper half: enough for test data.
 * SPDX-License-Identifier: MIT */
#include "reference/ref_random.h"

convcl_ref_random convcl_ref_random_begin(uint64_t seed) {
    return (convcl_ref_random){seed * 0x9E3779B97F4A7C15u + 0x1234567u};
}

uint32_t convcl_ref_random_next(convcl_ref_random *random) {
    uint64_t z = (random->state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (uint32_t)((z ^ (z >> 31)) >> 32);
}

void convcl_ref_random_uniform(convcl_ref_random *random, float *values, size_t count, float low, float high) {
    for (size_t i = 0; i < count; i++)
        values[i] = low + (high - low) * ((float)(convcl_ref_random_next(random) >> 8) / 16777216.0f);
}

void convcl_ref_random_integers(convcl_ref_random *random, float *values, size_t count, int low, int high) {
    for (size_t i = 0; i < count; i++)
        values[i] = (float)(low + (int)(convcl_ref_random_next(random) % (uint32_t)(high - low + 1)));
}
