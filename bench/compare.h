/* compare.h: `bench compare`: runs side by side.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_BENCH_COMPARE_H
#define CONVCL_BENCH_COMPARE_H

/* What it exits with beside BENCH_OK, BENCH_FAILED and BENCH_USAGE: with --check, when something is slower. */
#define COMPARE_FOUND_SLOWER 3

/* Runs the command; argv[0] is "compare". Returns the exit status. */
int compare_main(int argc, char **argv);

#endif
