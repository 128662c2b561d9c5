/* tensor.c: names of the math modes.
 * SPDX-License-Identifier: MIT */
#include "convcl/tensor.h"

const char *convcl_math_name(convcl_math math) {
    switch (math) {
    case CONVCL_MATH_DEFAULT:
        return "default";
    case CONVCL_MATH_STRICT:
        return "strict";
    case CONVCL_MATH_FAST:
        return "fast";
    }
    return "unknown";
}
