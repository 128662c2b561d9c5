/* layer_vector.h: float vectors of T_VW lanes under one spelling, for the kernels of the layers. T_VW 1 is a plain float.
 * SPDX-License-Identifier: MIT
 * Loads and stores need no alignment beyond the element's own. A mask is what comparing two vectors gives; combine masks with & and |, negate with !.
 * Vectors are stored as members of packed structs: PoCL 3.1 (LLVM 15) takes vstore16 of floats apart into three stores and of ushorts into sixteen, while its vload16
 * is one load. Retest by counting the stores of maxpool_fwd in what it compiles; a max-pool with its index took 1.35 times as long as one without. */
#ifndef T_VW
#define T_VW 1 /* lanes: 1, 4, 8, 16 */
#endif

#if T_VW == 1
#define D_TYPE(scalar)   scalar
#define D_LOAD(pointer)  (*(pointer))
#define D_NAME(function) function
#define D_ANY(mask)      (mask)
#else
#define D_JOIN2(a, b)    a##b
#define D_JOIN(a, b)     D_JOIN2(a, b)
#define D_TYPE(scalar)   D_JOIN(scalar, T_VW)
#define D_LOAD(pointer)  D_JOIN(vload, T_VW)(0, pointer)
#define D_NAME(function) D_JOIN(function, T_VW) /* of a built-in function that ends in the number of lanes */
#define D_ANY(mask)      any(mask)
#endif

typedef D_TYPE(float) vec_float;
typedef D_TYPE(int) vec_int;
typedef D_TYPE(uint) vec_uint;
typedef D_TYPE(ushort) vec_ushort;

typedef struct __attribute__((packed)) packed_float {
    vec_float value;
} packed_float;

typedef struct __attribute__((packed)) packed_ushort {
    vec_ushort value;
} packed_ushort;

#define D_STORE(vector, pointer)         (((__global packed_float *)(pointer))->value = (vector))
#define D_STORE_USHORT(vector, pointer)  (((__global packed_ushort *)(pointer))->value = (vector))
#define D_STORE_PRIVATE(vector, pointer) (((__private packed_float *)(pointer))->value = (vector))

/* D_STREAM stores past the caches where `stream` says so: what fills memory that is not read again soon is then not fetched first, which takes half the time on
 * a CPU. Only whole lines of 64 bytes gain; narrower vectors of neighbouring streams would each end a line early. `stream` comes from D_CAN_STREAM, for a base
 * from which all stores lie whole vectors apart. */
#define D_CAN_STREAM(wanted, base)        0
#define D_STREAM(vector, pointer, stream) D_STORE(vector, pointer)
#if T_VW == 16 && defined(__has_builtin)
#if __has_builtin(__builtin_nontemporal_store)
#undef D_CAN_STREAM
#undef D_STREAM
#define D_CAN_STREAM(wanted, base) ((wanted) && ((size_t)(base) & (sizeof(vec_float) - 1)) == 0)
/* The empty statements keep the two stores apart: Intel's CPU runtime (2026.22) makes one plain store of both. Retest by the time of unpack_winograd_pixels in
 * `bench conv alexnet:conv1n32`, which doubles. */
#define D_STREAM(vector, pointer, stream)                                                                                                  \
    do {                                                                                                                                   \
        if (stream) {                                                                                                                      \
            __asm__ volatile("");                                                                                                          \
            __builtin_nontemporal_store(vector, (__global vec_float *)(pointer));                                                          \
            __asm__ volatile("");                                                                                                          \
        } else                                                                                                                             \
            D_STORE(vector, pointer);                                                                                                      \
    } while (0)
#endif
#endif
