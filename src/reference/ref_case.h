/* ref_case.h: the words in which the tests and the bench write a convolution or a product. The grammar is in tests/README.md.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_REFERENCE_REF_CASE_H
#define CONVCL_REFERENCE_REF_CASE_H

#include <stddef.h>

#include "convcl/conv.h"

/* Longest text of a case, its end included. */
#define CONVCL_REF_CASE_TEXT 256

/* Reads a convolution such as "n2ic64ih13iw13oc96f3s1p1" or "alexnet:conv3". The rules of a convolution beyond its words are convcl_conv_plan_create's to check.
 *
 * desc_out  untouched on failure
 * Returns CONVCL_OK; CONVCL_INVALID, the text naming the case, the word and the rule. Thread safe. */
convcl_status convcl_ref_case_parse_conv(const char *text, convcl_conv_desc *desc_out);

/* Writes the words of a description, shortest form: parsing them gives the same description but for layouts and math, which have no words. Returns text. */
char *convcl_ref_case_format_conv(const convcl_conv_desc *desc, char text[CONVCL_REF_CASE_TEXT]);

/* A product C = A * B, as "gm384gn128gk64gb36bias1". */
typedef struct convcl_ref_case_gemm {
    int gm, gn, gk, gb; /* each >= 1 but gk, which may be 0; gb is 1 if absent */
    int plain, turned;  /* 1: A as it comes, [gm][gk] or [gk][gm]; both 0: A in panels */
    int x;              /* columns of C behind gn */
    int acc;            /* 1: C += A * B */
    int bias, relu, mask;
} convcl_ref_case_gemm;

/* The same for a product. */
convcl_status convcl_ref_case_parse_gemm(const char *text, convcl_ref_case_gemm *gemm_out);
char *convcl_ref_case_format_gemm(const convcl_ref_case_gemm *gemm, char text[CONVCL_REF_CASE_TEXT]);

#endif
