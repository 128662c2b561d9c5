/* fma_loop.c: chains of multiply-adds in AVX-512 or AVX2, chosen when the program runs.
 * SPDX-License-Identifier: MIT */
#include "fma_loop.h"

#include <pthread.h>
#include <stddef.h>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#define UNROLL 8

/* Twelve chains of their own hide a latency of 4 cycles at up to 3 multiply-adds a cycle, and fit into the 16 registers of AVX2 with the two constants. */
#define CHAINS           12
#define EACH_CHAIN(STEP) STEP(0) STEP(1) STEP(2) STEP(3) STEP(4) STEP(5) STEP(6) STEP(7) STEP(8) STEP(9) STEP(10) STEP(11)

/* The values must stay in registers and be computed: a store behind an empty asm that may read memory is enough to keep them. */
static volatile float keep;

#define DECLARE_512(i) __m512 x##i = _mm512_set1_ps(1.0f + i);
#define STEP_512(i)    x##i = _mm512_fmadd_ps(x##i, scale, shift);
#define SUM_512(i)     sum = _mm512_add_ps(sum, x##i);

__attribute__((target("avx512f"))) static double run_512(long rounds) {
    const __m512 scale = _mm512_set1_ps(0.9999f), shift = _mm512_set1_ps(0.0001f);
    EACH_CHAIN(DECLARE_512)
    for (long round = 0; round < rounds; ++round) {
#pragma GCC unroll 8
        for (int i = 0; i < UNROLL; ++i) {
            EACH_CHAIN(STEP_512)
        }
    }
    __m512 sum = _mm512_setzero_ps();
    EACH_CHAIN(SUM_512)
    float values[16];
    _mm512_storeu_ps(values, sum);
    keep = values[0] + values[15];
    return 2.0 * 16 * CHAINS * UNROLL * (double)rounds;
}

#define DECLARE_256(i) __m256 x##i = _mm256_set1_ps(1.0f + i);
#define STEP_256(i)    x##i = _mm256_fmadd_ps(x##i, scale, shift);
#define SUM_256(i)     sum = _mm256_add_ps(sum, x##i);

__attribute__((target("avx2,fma"))) static double run_256(long rounds) {
    const __m256 scale = _mm256_set1_ps(0.9999f), shift = _mm256_set1_ps(0.0001f);
    EACH_CHAIN(DECLARE_256)
    for (long round = 0; round < rounds; ++round) {
#pragma GCC unroll 8
        for (int i = 0; i < UNROLL; ++i) {
            EACH_CHAIN(STEP_256)
        }
    }
    __m256 sum = _mm256_setzero_ps();
    EACH_CHAIN(SUM_256)
    float values[8];
    _mm256_storeu_ps(values, sum);
    keep = values[0] + values[7];
    return 2.0 * 8 * CHAINS * UNROLL * (double)rounds;
}

const char *fma_loop_instructions(void) {
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f"))
        return "AVX-512";
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? "AVX2" : NULL;
}

double fma_loop_run(long rounds) {
    if (!fma_loop_instructions())
        return 0;
    return __builtin_cpu_supports("avx512f") ? run_512(rounds) : run_256(rounds);
}
#else
const char *fma_loop_instructions(void) {
    return NULL;
}

double fma_loop_run(long rounds) {
    (void)rounds;
    return 0;
}
#endif

typedef struct share {
    pthread_t thread;
    long rounds;
    double operations;
} share;

static void *run_share(void *argument) {
    share *s = argument;
    s->operations = fma_loop_run(s->rounds);
    return NULL;
}

#define MAX_THREADS 256

double fma_loop_run_threads(long rounds, int threads) {
    share shares[MAX_THREADS];
    double operations = 0;
    int started = 0;
    for (; started < threads && started < MAX_THREADS; ++started) {
        shares[started] = (share){.rounds = rounds};
        if (pthread_create(&shares[started].thread, NULL, run_share, &shares[started]) != 0)
            break;
    }
    for (int i = 0; i < started; ++i) {
        pthread_join(shares[i].thread, NULL);
        operations += shares[i].operations;
    }
    return started == threads || started == MAX_THREADS ? operations : 0;
}
