/* error.h: how a failure is recorded and how it travels up.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BASE_ERROR_H
#define CONVCL_BASE_ERROR_H

#include "convcl/status.h"

#if defined(__GNUC__)
#define CONVCL_PRINTF(format_index, first_index) __attribute__((format(printf, format_index, first_index)))
#else
#define CONVCL_PRINTF(format_index, first_index)
#endif

/* Writes the thread's error text and returns `status`, so that a check reads `return convcl_fail(CONVCL_INVALID, "conv: stride_h is %d, must be at least 1", s)`.
 * Call it once, where the fault is found; callers above pass the status on and leave the text alone. */
convcl_status convcl_fail(convcl_status status, const char *format, ...) CONVCL_PRINTF(2, 3);

/* Jumps to the function's only label, `cleanup`, with the status of a failed call. The one macro in convcl with a hidden jump. */
#define CONVCL_TRY(call)                                                                                                                   \
    do {                                                                                                                                   \
        status = (call);                                                                                                                   \
        if (status != CONVCL_OK)                                                                                                           \
            goto cleanup;                                                                                                                  \
    } while (0)

/* For a check of an argument: records INVALID with the given text and returns it from the calling function when the rule does not hold. */
#define CONVCL_REQUIRE(rule, ...)                                                                                                          \
    do {                                                                                                                                   \
        if (!(rule))                                                                                                                       \
            return convcl_fail(CONVCL_INVALID, __VA_ARGS__);                                                                               \
    } while (0)

#endif
