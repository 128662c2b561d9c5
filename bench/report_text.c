/* report_text.c: the lines of standard output.
 * SPDX-License-Identifier: MIT */
#include "report_text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

bench_status bench_text_flush(void) {
    if (fflush(stdout) == 0 && !ferror(stdout))
        return BENCH_OK;
    bench_error("standard output cannot be written: %s", strerror(errno));
    return BENCH_FAILED;
}

bench_status bench_text_version(void) {
    printf("%s\n", convcl_build_info());
    return bench_text_flush();
}

bench_status bench_text_device(const bench_session *session) {
    const convcl_device_info *device = convcl_context_device(session->context);
    const bench_options *options = session->options;
    printf("%s\n", convcl_build_info());
    printf("device    %d: %s, %s, %u units\n", device->index, device->name, convcl_device_type_name(device->type), device->compute_units);
    printf("platform  %s, driver %s\n", device->platform_name, device->driver);
    printf("run       batch %d, %d steps after %d, seed %llu, math %s\n", options->batch, options->steps, options->burn_in,
           (unsigned long long)options->seed, convcl_math_name(CONVCL_MATH_DEFAULT));
    return bench_text_flush();
}

bench_status bench_text_setup(const bench_session *session) {
    printf("set-up    %.2f s, of which compile %.2f s (%d programs compiled, %d loaded), first steps %.2f s, tune %.2f s (%d candidates)\n",
           session->setup_s, session->compile_s, convcl_context_programs_built(session->context),
           convcl_context_programs_loaded(session->context), session->first_steps_s, session->tune_s,
           convcl_context_candidates_tuned(session->context));
    return bench_text_flush();
}

bench_status bench_text_verification(const bench_verification *verification) {
    printf("verify    %d tensors at batch %d against double precision, relative L2 at most %.1e (%s), limit %.0e\n", verification->count,
           verification->batch, verification->max_relative_l2, verification->worst, BENCH_VERIFY_LIMIT);
    return bench_text_flush();
}

bench_status bench_text_activations(const convcl_net *net) {
    for (int i = 0; i < CONVCL_ALEXNET_ACTIVATIONS; ++i) {
        convcl_shape shape;
        const bench_status status = bench_check(convcl_net_shape(net, convcl_alexnet_activations[i].value, &shape));
        if (status != BENCH_OK)
            return status;
        printf("%s   [%d, %d, %d, %d]\n", convcl_alexnet_activations[i].name, shape.dim[0], shape.dim[1], shape.dim[2], shape.dim[3]);
    }
    return bench_text_flush();
}

/* Local time as Python's datetime.now() prints it. */
static void print_time(void) {
    struct timespec now;
    struct tm local;
    char text[32];
    clock_gettime(CLOCK_REALTIME, &now);
    if (!localtime_r(&now.tv_sec, &local) || strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local) == 0)
        strcpy(text, "0000-00-00 00:00:00");
    printf("%s.%06ld: ", text, now.tv_nsec / 1000);
}

bench_status bench_text_step(int step, double seconds) {
    print_time();
    printf("step %d, duration = %.3f\n", step, seconds);
    return bench_text_flush();
}

bench_status bench_text_summary(const char *title, int steps, const bench_statistics *statistics) {
    print_time();
    printf("%s across %d steps, %.3f +/- %.3f sec / batch\n", title, steps, statistics->mean, statistics->sd);
    return bench_text_flush();
}

bench_status bench_text_devices(void) {
    int count = 0;
    bench_status status = bench_check(convcl_device_count(&count));
    if (status != BENCH_OK)
        return status;
    if (count == 0) {
        bench_error("this machine has no OpenCL device; on Debian the package pocl-opencl-icd makes its CPU one");
        return BENCH_FAILED;
    }
    printf("%5s  %5s  %-11s  %5s  %10s  %s\n", "index", "p:d", "type", "units", "memory", "name [platform, driver]");
    for (int i = 0; i < count && status == BENCH_OK; ++i) {
        convcl_device_info device;
        status = bench_check(convcl_device_get(i, &device));
        if (status != BENCH_OK)
            return status;
        char place[32];
        snprintf(place, sizeof place, "%d:%d", device.platform_index, device.device_index);
        printf("%5d  %5s  %-11s  %5u  %6.1f GiB  %s [%s, %s]\n", device.index, place, convcl_device_type_name(device.type),
               device.compute_units, (double)device.global_memory / (1024.0 * 1024.0 * 1024.0), device.name, device.platform_name,
               device.driver);
    }
    return status == BENCH_OK ? bench_text_flush() : status;
}
