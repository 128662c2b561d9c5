/* sha256.h: a checksum that two different texts do not share: FIPS 180-4's SHA-256.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BASE_SHA256_H
#define CONVCL_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define CONVCL_SHA256_TEXT 65 /* characters of a digest in hexadecimal, with the NUL */

/* A digest in the making; begun by convcl_sha256__begin. */
typedef struct convcl_sha256 {
    uint32_t state[8];
    uint64_t length; /* bytes so far */
    unsigned char block[64];
} convcl_sha256;

void convcl_sha256__begin(convcl_sha256 *hash);
void convcl_sha256__add(convcl_sha256 *hash, const void *bytes, size_t size);

/* Ends the digest and writes it as 64 lower-case hexadecimal digits. */
void convcl_sha256__end(convcl_sha256 *hash, char text[CONVCL_SHA256_TEXT]);

#endif
