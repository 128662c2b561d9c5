/* conv_checks.h: what holds for a convolution in every direction: queues, events, wrong arguments. Each is a device test whose data is a conv_case.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_TESTS_CONV_CHECKS_H
#define CONVCL_TESTS_CONV_CHECKS_H

#include "conv_case.h"

/* Registers all of them as "test_conv_<dir>__<situation> <gemm>". */
void conv_add_checks(convcl_conv_dir dir);

#endif
