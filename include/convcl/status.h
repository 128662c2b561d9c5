/* status.h: what every convcl function returns, and the text behind it.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_STATUS_H
#define CONVCL_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

/* Result of a call. Values are part of the binary interface and are never reused. */
typedef enum convcl_status {
    CONVCL_OK = 0,               /* done, or enqueued */
    CONVCL_INVALID = 1,          /* the caller's argument breaks a rule: stride_h = 0 */
    CONVCL_UNSUPPORTED = 2,      /* legal, but not available here: an NCHW tensor today */
    CONVCL_NO_MEMORY = 3,        /* the host's memory ran out */
    CONVCL_NO_DEVICE_MEMORY = 4, /* a buffer does not fit on the device: batch 1000000 */
    CONVCL_BUILD_FAILED = 5,     /* the device's compiler refused a kernel: a broken CONVCL_KERNEL_DIR */
    CONVCL_CL_ERROR = 6,         /* any other OpenCL call failed: a wait list with a released event */
    CONVCL_IO = 7,               /* a file could not be read or written: CONVCL_KERNEL_DIR=/nowhere */
    CONVCL_INTERNAL = 8          /* a rule inside convcl is broken: please report it */
} convcl_status;

/* Name of a status, such as "CONVCL_INVALID"; "unknown status" for any other number. The string is static. Thread safe. */
const char *convcl_status_name(convcl_status status);

/* Text of the last failure on the calling thread: the parameter, its value and the rule, or the OpenCL call, the error's name and the device.
 *
 * Returns an empty string when nothing failed on this thread yet. A successful call leaves the text alone. The string is owned by convcl and stays
 * valid until the next failure on the same thread. Thread safe. */
const char *convcl_last_error(void);

#ifdef __cplusplus
}
#endif

#endif
