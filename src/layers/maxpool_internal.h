/* maxpool_internal.h: what the pooling shares with operations that pool on the way. For src/layers alone.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_LAYERS_MAXPOOL_INTERNAL_H
#define CONVCL_LAYERS_MAXPOOL_INTERNAL_H

#include "base/error.h"
#include "convcl/maxpool.h"

/* Checks every field and computes the output's size; statuses and texts of convcl_maxpool_plan_create. */
convcl_status convcl_maxpool__validate(const convcl_maxpool_desc *desc, int *oh_out, int *ow_out);

#endif
