/* load_four.h: four floats of global memory at once, where they are aligned.
 * SPDX-License-Identifier: MIT */

/* Written out, because compilers merge a vload4 with the aligned load, and then load float by float in both cases. */
static inline float4 load4(__global const float *p, int aligned) {
    if (aligned)
        return *(__global const float4 *)p;
    return (float4)(p[0], p[1], p[2], p[3]);
}
