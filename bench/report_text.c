/* report_text.c: the lines of standard output.
 * SPDX-License-Identifier: MIT */
#include "report_text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "progress.h"
#include "report_tables.h"
#include "table.h"

static bool silent;

void bench_text_silence(void) {
    silent = true;
}

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
    if (silent)
        return BENCH_OK;
    const convcl_device_info *device = convcl_context_device(session->context);
    const bench_options *options = session->options;
    printf("%s\n", convcl_build_info());
    printf("device    %d: %s, %s, %u units\n", device->index, device->name, convcl_device_type_name(device->type), device->compute_units);
    printf("platform  %s, driver %s\n", device->platform_name, device->driver);
    printf("run       %s, batch %d, %d steps after %d, seed %llu, math %s\n", options->model->name, options->batch, options->steps,
           options->burn_in, (unsigned long long)options->seed, convcl_math_name(options->math));
    return bench_text_flush();
}

bench_status bench_text_setup(const bench_session *session) {
    if (silent)
        return BENCH_OK;
    printf("set-up    %.2f s, of which compile %.2f s (%d programs compiled, %d loaded), first steps %.2f s, tune %.2f s (%d candidates)\n",
           session->setup_s, session->compile_s, convcl_context_programs_built(session->context),
           convcl_context_programs_loaded(session->context), session->first_steps_s, session->tune_s,
           convcl_context_candidates_tuned(session->context));
    return bench_text_flush();
}

bench_status bench_text_verification(const bench_verification *verification) {
    if (silent)
        return BENCH_OK;
    printf("verify    %d tensors at batch %d against double precision, relative L2 at most %.1e (%s), limit %.0e\n", verification->count,
           verification->batch, verification->max_relative_l2, verification->worst, BENCH_VERIFY_LIMIT);
    return bench_text_flush();
}

bench_status bench_text_ceilings(const bench_ceilings *c) {
    if (silent)
        return BENCH_OK;
    printf("ceilings  fma %.1f GFLOP/s, copy %.1f GB/s, launch %.1f us (alone %.1f us), to the device %.1f GB/s, from it %.1f GB/s\n",
           c->fma_flops / 1e9, c->copy_bytes / 1e9, c->launch_s * 1e6, c->round_trip_s * 1e6, c->upload_bytes / 1e9,
           c->download_bytes / 1e9);
    return bench_text_flush();
}

bench_status bench_text_activations(const convcl_model *model, const convcl_net *net) {
    if (silent)
        return BENCH_OK;
    for (int i = 0; i < model->activation_count; ++i) {
        convcl_shape shape;
        const bench_status status = bench_check(convcl_net_shape(net, model->activations[i].value, &shape));
        if (status != BENCH_OK)
            return status;
        printf("%s   [%d, %d, %d, %d]\n", model->activations[i].name, shape.dim[0], shape.dim[1], shape.dim[2], shape.dim[3]);
    }
    return bench_text_flush();
}

/* Local time as Python's datetime.now() prints it. */
static void print_time(void) {
    struct timespec now;
    struct tm local;
    char text[32];
    bench_progress_clear();
    clock_gettime(CLOCK_REALTIME, &now);
    if (!localtime_r(&now.tv_sec, &local) || strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local) == 0)
        strcpy(text, "0000-00-00 00:00:00");
    printf("%s.%06ld: ", text, now.tv_nsec / 1000);
}

bench_status bench_text_step(int step, double seconds) {
    if (silent)
        return BENCH_OK;
    print_time();
    printf("step %d, duration = %.3f\n", step, seconds);
    return bench_text_flush();
}

bench_status bench_text_summary(const char *title, int steps, const bench_statistics *statistics) {
    if (silent)
        return BENCH_OK;
    print_time();
    printf("%s across %d steps, %.3f +/- %.3f sec / batch\n", title, steps, statistics->mean, statistics->sd);
    return bench_text_flush();
}

/* ---- tables ---------------------------------------------------------------------------------------------------------------------------- */

bench_status bench_text_layers(const bench_phase *phase, const bench_ceilings *ceilings) {
    if (silent || phase->layers.steps == 0)
        return BENCH_OK;
    bench_table table;
    bench_tables_layers(&table, phase, ceilings);
    printf("%s by layers, medians of %d steps\n", phase->title, phase->layers.steps);
    const bench_status status = bench_table_print(&table, BENCH_FORMAT_TEXT);
    bench_table_clear(&table);
    return status == BENCH_OK ? bench_text_flush() : status;
}

bench_status bench_text_launches(const bench_phase *phase) {
    static const bench_column columns[] = {{"layer", false}, {"direction", false}, {"kernel", false},
                                           {"ms", true},     {"share %", true},    {NULL, false}};
    const bench_profile *profile = &phase->layers.profile;
    const int steps = phase->layers.steps;
    double total = 0;
    bench_table table;
    if (silent || steps == 0)
        return BENCH_OK;
    for (size_t i = 0; i < profile->count; ++i)
        total += profile->launches[i].total;
    bench_table_begin(&table, columns);
    for (size_t i = 0; i < profile->count; ++i) {
        const bench_launch *launch = &profile->launches[i];
        bench_table_add(&table, "%s", launch->layer);
        bench_table_add(&table, "%s", launch->direction);
        bench_table_add(&table, "%s", launch->kernel);
        bench_table_add_number(&table, 3, 1e3 * launch->total / steps);
        bench_table_add_number(&table, 1, total > 0 ? 100 * launch->total / total : 0);
    }
    printf("%s by launches, mean of %d steps, %.3f ms in all\n", phase->title, steps, 1e3 * total / steps);
    const bench_status status = bench_table_print(&table, BENCH_FORMAT_TEXT);
    bench_table_clear(&table);
    return status == BENCH_OK ? bench_text_flush() : status;
}

bench_status bench_text_times(const bench_results *results) {
    if (silent)
        return BENCH_OK;
    bench_table table;
    bench_tables_times(&table, results, 1);
    const bench_status status = results->phase_count > 0 ? bench_table_print(&table, BENCH_FORMAT_TEXT) : BENCH_OK;
    bench_table_clear(&table);
    if (results->partial)
        printf("partial: %s; %d steps of each phase were asked for\n", results->partial, results->session.options->steps);
    return status == BENCH_OK ? bench_text_flush() : status;
}
