/* convcl.h: all of convcl.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_CONVCL_H
#define CONVCL_CONVCL_H

#include "convcl/alexnet.h"
#include "convcl/avgpool.h"
#include "convcl/context.h"
#include "convcl/conv.h"
#include "convcl/dense.h"
#include "convcl/device.h"
#include "convcl/dropout.h"
#include "convcl/fill.h"
#include "convcl/loss.h"
#include "convcl/lrn.h"
#include "convcl/lrn_maxpool.h"
#include "convcl/maxpool.h"
#include "convcl/models.h"
#include "convcl/net.h"
#include "convcl/relu.h"
#include "convcl/status.h"
#include "convcl/tensor.h"
#include "convcl/version.h"

#endif
