/* main.c: bench times a network, forward and forward-backward, on OpenCL devices; bench conv and bench gemm time one operation. `bench --help` lists the options.
 * SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "cache.h"
#include "compare.h"
#include "devices.h"
#include "micro.h"
#include "network.h"
#include "options.h"
#include "report_text.h"
#include "run.h"

static bench_status run_micro(int argc, char **argv) {
    bench_micro_options options;
    bench_status status = bench_micro_options_parse(argc, argv, &options);
    if (status == BENCH_OK && options.common.command == BENCH_COMMAND_HELP) {
        bench_micro_options_print_help();
        status = bench_text_flush();
    } else if (status == BENCH_OK) {
        status = bench_micro_run(&options);
    }
    bench_micro_options_clear(&options);
    return status;
}

/* One heap for all threads, that grows by 16 MiB: PoCL's linker makes millions of small objects, and each growth of a thread's own heap stops the other threads (mprotect).
 * A tenth of the set-up of a second run. */
static void set_up_heap(void) {
#ifdef __GLIBC__
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_TOP_PAD, 16 << 20);
#endif
}

/* The three standard descriptors are taken, so that no file of the store or of a driver becomes what is written to: a closed one gives errors, as it should. */
static void hold_descriptors(void) {
    for (int descriptor = 0; descriptor < 3; ++descriptor)
        if (fcntl(descriptor, F_GETFD) < 0 && open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY) != descriptor)
            return;
}

int main(int argc, char **argv) {
    bench_options options;
    hold_descriptors();
    set_up_heap();
    signal(SIGPIPE, SIG_IGN); /* a closed standard output is an error like any other, see bench_text_flush */
    if (bench_micro_options_apply(argc, argv))
        return run_micro(argc, argv);
    if (argc > 1 && strcmp(argv[1], "compare") == 0)
        return compare_main(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "cache") == 0)
        return bench_cache_run(argc - 2, argv + 2);
    const bench_status status = bench_options_parse(argc, argv, &options);
    if (status != BENCH_OK)
        return status;
    switch (options.command) {
    case BENCH_COMMAND_LIST_DEVICES:
        return bench_devices_list(options.format);
    case BENCH_COMMAND_LIST_LAYERS:
        return bench_network_list(&options);
    case BENCH_COMMAND_VERSION:
        return bench_text_version();
    case BENCH_COMMAND_HELP:
        bench_options_print_help();
        return bench_text_flush();
    default:
        return bench_run(&options);
    }
}
