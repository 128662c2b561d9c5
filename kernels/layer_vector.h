/* layer_vector.h: float vectors of T_VW lanes under one spelling, for the kernels of the layers. T_VW 1 is a plain float.
 * SPDX-License-Identifier: MIT
 * Loads and stores need no alignment beyond the element's own. A mask is what comparing two vectors gives; combine masks with & and |, negate with !. */
#ifndef T_VW
#define T_VW 1 /* lanes: 1, 4, 8, 16 */
#endif

#if T_VW == 1
#define D_TYPE(scalar)          scalar
#define D_LOAD(pointer)         (*(pointer))
#define D_STORE(value, pointer) (*(pointer) = (value))
#define D_NAME(function)        function
#else
#define D_JOIN2(a, b)           a##b
#define D_JOIN(a, b)            D_JOIN2(a, b)
#define D_TYPE(scalar)          D_JOIN(scalar, T_VW)
#define D_LOAD(pointer)         D_JOIN(vload, T_VW)(0, pointer)
#define D_STORE(value, pointer) D_JOIN(vstore, T_VW)(value, 0, pointer)
#define D_NAME(function)        D_JOIN(function, T_VW) /* of a built-in function that ends in the number of lanes */
#endif

typedef D_TYPE(float) vec_float;
typedef D_TYPE(int) vec_int;
typedef D_TYPE(uint) vec_uint;
typedef D_TYPE(ushort) vec_ushort;
