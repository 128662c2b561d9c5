/* fake_cl.h: stands between the library and OpenCL and the host's allocator in test_fake_cl and test_tune_failures: makes calls fail, and counts what is not released.
 * SPDX-License-Identifier: MIT
 *
 * Linked with the linker's --wrap, see CMakeLists.txt: only calls made by the program's own objects come here, not those inside an OpenCL implementation. Not for
 * several threads at once. */
#ifndef CONVCL_TESTS_FAKE_CL_H
#define CONVCL_TESTS_FAKE_CL_H

#include <stdbool.h>
#include <stddef.h>

/* Which calls count. */
typedef enum fake_kind {
    FAKE_NOTHING,
    FAKE_CL,         /* any, with CL_OUT_OF_RESOURCES */
    FAKE_BUILD,      /* those that compile, as a compiler fails that finds no error in the program */
    FAKE_ALLOCATION, /* of the host's memory */
    /* These fail more than once; what is created before fake_begin does not count. */
    FAKE_MEMORY,      /* the device has n bytes: buffers beyond that are not made, CL_MEM_OBJECT_ALLOCATION_FAILURE */
    FAKE_LAZY_MEMORY, /* the same, but noticed at launches and transfers only, as many drivers do */
    FAKE_KERNELS,     /* those made from the n-th on cannot be launched, CL_OUT_OF_RESOURCES */
    FAKE_LOST         /* from the n-th launch or transfer on, all fail with CL_OUT_OF_RESOURCES */
} fake_kind;

typedef struct fake_report {
    bool fired;       /* the call was reached and made to fail */
    const char *call; /* its name */
    int kept;         /* OpenCL objects created or retained, less those released */
    int kernels;      /* created */
    int enqueued;     /* launches and transfers */
    size_t held;      /* bytes of buffers */
} fake_report;

/* From here on the n-th call of that kind fails, counting from 1. FAKE_LOST with INT_MAX fails nothing and counts. */
void fake_begin(fake_kind kind, int n);

/* What happened since then. */
fake_report fake_so_far(void);

/* Nothing fails any more. */
fake_report fake_end(void);

#endif
