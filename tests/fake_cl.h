/* fake_cl.h: stands between the library and OpenCL and the host's allocator in test_fake_cl: makes the n-th call fail, and counts what is not released.
 * SPDX-License-Identifier: MIT
 *
 * Linked with the linker's --wrap, see CMakeLists.txt: only calls made by the program's own objects come here, not those inside an OpenCL implementation. Not for
 * several threads at once. */
#ifndef CONVCL_TESTS_FAKE_CL_H
#define CONVCL_TESTS_FAKE_CL_H

#include <stdbool.h>

/* Which calls count. */
typedef enum fake_kind {
    FAKE_NOTHING,
    FAKE_CL,        /* any, with CL_OUT_OF_RESOURCES */
    FAKE_BUILD,     /* those that compile, as a compiler fails that finds no error in the program */
    FAKE_ALLOCATION /* of the host's memory */
} fake_kind;

typedef struct fake_report {
    bool fired;       /* the call was reached and made to fail */
    const char *call; /* its name */
    int kept;         /* OpenCL objects created or retained, less those released */
} fake_report;

/* From here on the n-th call of that kind fails, counting from 1. */
void fake_begin(fake_kind kind, int n);

/* Nothing fails any more. */
fake_report fake_end(void);

#endif
