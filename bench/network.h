/* network.h: the layers of a network, as --list-layers shows them: what a program needs to build the same network elsewhere.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_NETWORK_H
#define CONVCL_BENCH_NETWORK_H

#include "options.h"

/* Prints the layers of options->model for a batch of options->batch images in options->format. Needs the device of the options to be there, compiles and runs
 * nothing. */
bench_status bench_network_list(const bench_options *options);

#endif
