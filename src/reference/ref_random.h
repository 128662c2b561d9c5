/* ref_random.h: the values that tests and the bench's checks are made on: the same from the same seed, so that what one finds the other repeats.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_REFERENCE_REF_RANDOM_H
#define CONVCL_REFERENCE_REF_RANDOM_H

#include <stddef.h>
#include <stdint.h>

typedef struct convcl_ref_random {
    uint64_t state;
} convcl_ref_random;

/* Starts the generator from a seed. */
convcl_ref_random convcl_ref_random_begin(uint64_t seed);

uint32_t convcl_ref_random_next(convcl_ref_random *random);

/* Uniform in [low, high); whole numbers in [low, high]. */
void convcl_ref_random_uniform(convcl_ref_random *random, float *values, size_t count, float low, float high);
void convcl_ref_random_integers(convcl_ref_random *random, float *values, size_t count, int low, int high);

#endif
