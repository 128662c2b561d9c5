/* version.c: which convcl this is.
 * SPDX-License-Identifier: MIT */
#include "convcl/version.h"

const char *convcl_version(void) {
    return CONVCL_VERSION_STRING;
}

const char *convcl_build_info(void) {
    return "convcl " CONVCL_VERSION_STRING " (OpenCL headers 120, " CONVCL_CLBLAST_TEXT ")";
}
