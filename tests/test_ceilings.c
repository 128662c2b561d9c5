/* test_ceilings.c: the measured FMA peak against a loop written by hand, and the other ceilings against what can be.
 * SPDX-License-Identifier: MIT
 *
 * The peak is held against the hand-written loop in processor time: other work on the machine takes time from both, but not cycles. */
#include "ceilings.h"

#include <math.h>
#include <sys/resource.h>

#include "fma_loop.h"
#include "harness.h"
#include "opencl/context_internal.h"

/* Processor seconds of the whole process, all threads. */
static double processor_seconds(void) {
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + 1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

#define MAX_ROUNDS 60
#define SECONDS    0.1
#define LIMIT      0.05

/* Processor seconds of one run of the kernel. */
static double seconds_of_kernel(const bench_fma *fma, cl_command_queue queue, int rounds) {
    const double begin = processor_seconds();
    assert_int_equal(bench_fma_run(fma, queue, rounds), BENCH_OK);
    return processor_seconds() - begin;
}

/* Operations for each processor second of one run of the kernel, and of one run by hand. */
static double rate_of_kernel(const bench_fma *fma, cl_command_queue queue, int rounds) {
    return bench_fma_operations(fma, rounds) / seconds_of_kernel(fma, queue, rounds);
}

static double rate_by_hand(long rounds, int threads) {
    const double begin = processor_seconds();
    const double operations = fma_loop_run_threads(rounds, threads);
    assert_true(operations > 0);
    return operations / (processor_seconds() - begin);
}

/* Turn by turn, the best of each, until they agree or it is plain that they do not. */
static void test_ceilings__fma_is_that_of_a_loop_by_hand(harness_device *device, const void *data) {
    (void)data;
    bench_fma fma;
    int rounds = 0;
    double kernel = 0, by_hand = 0;
    if (device->info.type != CL_DEVICE_TYPE_CPU || !fma_loop_instructions())
        skip();
    if (!convcl_context__prefers_registers(device->context)) /* one float a work-item, which a CPU's compiler need not turn into vectors */
        harness_skip("the loop by hand is the CPU form's, and GPU forms are asked for");
    harness_skip_where_wrong(device); /* a loop that ends early is no ceiling */
    assert_int_equal(bench_fma_create(device->context, &fma), BENCH_OK);
    assert_int_equal(bench_fma_calibrate(&fma, device->queue, SECONDS, &rounds), BENCH_OK);
    const int threads = (int)device->info.compute_units;
    const long hand_rounds = (long)(SECONDS * 1e9 / 96); /* 12 chains, unrolled 8 times, at about one multiply-add a nanosecond or better */
    for (int i = 0; i < MAX_ROUNDS; ++i) {
        kernel = fmax(kernel, rate_of_kernel(&fma, device->queue, rounds));
        by_hand = fmax(by_hand, rate_by_hand(hand_rounds, threads));
        if (i >= 4 && kernel > (1 - LIMIT) * by_hand && kernel < (1 + LIMIT) * by_hand)
            break;
    }
    bench_fma_destroy(&fma);
    print_message("ceiling_fma %.1f, %s by hand %.1f GFLOP for each processor second\n", kernel / 1e9, fma_loop_instructions(),
                  by_hand / 1e9);
    if (kernel < (1 - LIMIT) * by_hand || kernel > (1 + LIMIT) * by_hand)
        fail_msg("ceiling_fma does %.1f GFLOP a processor second, the loop by hand %.1f", kernel / 1e9, by_hand / 1e9);
}

/* Four times the rounds is four times the work: a compiler that left the loop out would be found here. */
static void test_ceilings__fma_time_grows_with_the_rounds(harness_device *device, const void *data) {
    (void)data;
    bench_fma fma;
    int rounds = 0;
    double once = HUGE_VAL, four_times = HUGE_VAL;
    if (device->info.type != CL_DEVICE_TYPE_CPU)
        skip();
    harness_skip_where_wrong(device);
    assert_int_equal(bench_fma_create(device->context, &fma), BENCH_OK);
    assert_int_equal(bench_fma_calibrate(&fma, device->queue, 0.05, &rounds), BENCH_OK);
    for (int i = 0; i < 8; ++i) {
        once = fmin(once, seconds_of_kernel(&fma, device->queue, rounds));
        four_times = fmin(four_times, seconds_of_kernel(&fma, device->queue, 4 * rounds));
    }
    bench_fma_destroy(&fma);
    assert_true(four_times > 2.5 * once && four_times < 6 * once);
}

static void test_ceilings__are_plausible(harness_device *device, const void *data) {
    (void)data;
    harness_skip_where_wrong(device);
    bench_session session = {.context = device->context, .queue = device->queue};
    bench_ceilings c;
    assert_int_equal(bench_ceilings_measure(&session, &c), BENCH_OK);
    assert_true(c.measured);
    assert_true(c.fma_flops > 1e8 && c.fma_flops < 1e16);
    assert_true(c.copy_bytes > 1e8 && c.copy_bytes < 1e14);
    assert_true(c.copy_size > 0 && c.copy_size <= device->info.max_allocation);
    assert_true(c.launch_s > 0 && c.launch_s < 0.1 && c.launch_s < 2 * c.round_trip_s);
    assert_true(c.upload_bytes > 1e6 && c.download_bytes > 1e6);
    assert_true(c.fma_flops_after == 0);
    assert_int_equal(bench_ceilings_again(&session, &c), BENCH_OK);
    assert_true(c.fma_flops_after > 1e8);
}

int main(int argc, char **argv) {
    HARNESS_DEVICE(test_ceilings__fma_is_that_of_a_loop_by_hand);
    HARNESS_DEVICE(test_ceilings__fma_time_grows_with_the_rounds);
    HARNESS_DEVICE(test_ceilings__are_plausible);
    return harness_main(argc, argv);
}
