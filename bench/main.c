/* main.c: bench times AlexNet, forward and forward-backward, on OpenCL devices. `bench --help` lists the options.
 * SPDX-License-Identifier: MIT */
#include <signal.h>

#include "devices.h"
#include "options.h"
#include "report_text.h"
#include "run.h"

int main(int argc, char **argv) {
    bench_options options;
    signal(SIGPIPE, SIG_IGN); /* a closed standard output is an error like any other, see bench_text_flush */
    const bench_status status = bench_options_parse(argc, argv, &options);
    if (status != BENCH_OK)
        return status;
    switch (options.command) {
    case BENCH_COMMAND_LIST_DEVICES:
        return bench_devices_list(options.format);
    case BENCH_COMMAND_VERSION:
        return bench_text_version();
    case BENCH_COMMAND_HELP:
        bench_options_print_help();
        return bench_text_flush();
    default:
        return bench_run(&options);
    }
}
