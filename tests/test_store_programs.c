/* test_store_programs.c: contexts take their programs from the store, and only where everything the program depends on is the same.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "kernel_folder.h"
#include "opencl/context_internal.h"
#include "opencl/kernel.h"
#include "store/store.h"
#include "temporary.h"

static convcl_context *context_in(harness_device *device, const char *folder, const char *kernel_dir, temporary_log *log) {
    convcl_context *context = NULL;
    *log = (temporary_log){0};
    const convcl_context_options options = {.cache_dir = folder, .kernel_dir = kernel_dir, .log = temporary_log_line, .log_user = log};
    assert_ok(convcl_context_create_from_cl(convcl_context_cl(device->context), device->info.device, &options, &context));
    return context;
}

/* What a context did, and whether its result was right. */
typedef struct outcome {
    convcl_status status;
    int built, loaded;
    bool right;
    temporary_log log;
} outcome;

/* Adds a bias to a product in a convolution: two programs at least, checked by hand. Leaves nothing behind. */
static outcome use_convolution(harness_device *device, const char *folder) {
    outcome o = {.status = CONVCL_OK};
    convcl_context *context = context_in(device, folder, NULL, &o.log);
    convcl_conv_plan *plan = NULL;
    convcl_conv_desc desc;
    convcl_conv_desc_init(&desc);
    desc.n = 1, desc.ih = 1, desc.iw = 2, desc.ic = 2, desc.oc = 1, desc.fh = 1, desc.fw = 1;
    const convcl_conv_options options = {.algo = "gather"};
    const float x[4] = {1, 2, 3, 4}, w[2] = {10, 100}, b[1] = {0.5f};
    const double expected[2] = {210.5, 430.5};
    o.status = convcl_conv_plan_create(context, &desc, CONVCL_CONV_FWD, &options, &plan);
    if (o.status == CONVCL_OK) {
        harness_tensor *tx = harness_input(device, "x", HARNESS_VECTOR(4), x), *tw = harness_input(device, "w", HARNESS_VECTOR(2), w);
        harness_tensor *tb = harness_input(device, "b", HARNESS_VECTOR(1), b), *ty = harness_output(device, "y", HARNESS_VECTOR(2));
        const convcl_buffer workspace = harness_workspace(device, convcl_conv_plan_workspace(plan));
        o.status = convcl_conv_fwd_enqueue(plan, device->queue, tx->buffer, tw->buffer, tb->buffer, ty->buffer, workspace, 0, NULL, NULL);
        const float *y = harness_read(ty);
        o.right = y[0] == (float)expected[0] && y[1] == (float)expected[1];
    }
    o.built = convcl_context_programs_built(context);
    o.loaded = convcl_context_programs_loaded(context);
    convcl_conv_plan_destroy(plan);
    convcl_context_release(context);
    return o;
}

static void expect_outcome(const outcome *o, int built, int loaded, int warnings) {
    assert_ok(o->status);
    assert_true(o->right);
    assert_int_equal(o->built, built);
    assert_int_equal(o->loaded, loaded);
    if (o->log.warnings != warnings)
        fail_msg("%d warnings: %s", o->log.warnings, o->log.first);
}

static void test_store_programs__second_context_builds_nothing(harness_device *device, const void *data) {
    (void)data;
    const char *folder = temporary_folder();
    const outcome first = use_convolution(device, folder), second = use_convolution(device, folder), off = use_convolution(device, "off");
    assert_true(first.built >= 2);
    expect_outcome(&first, first.built, 0, 0);
    expect_outcome(&second, 0, first.built, 0);
    expect_outcome(&off, first.built, 0, 0);
}

/* ---- stored programs that are no longer good ---- */

typedef struct key_list {
    char *keys[16];
    int count;
} key_list;

static bool collect_key(void *user, const convcl_store_entry *entry) {
    key_list *list = user;
    list->keys[list->count] = harness_alloc(1, strlen(entry->key) + 1);
    strcpy(list->keys[list->count++], entry->key);
    return list->count < 16;
}

static void test_store_programs__refused_binary_is_built_anew(harness_device *device, const void *data) {
    (void)data;
    if (strcmp(device->info.platform_name, "rusticl") == 0)
        harness_skip("%s, driver %s, ends the process when a binary is not its own (seen with Mesa 22.3)", device->info.name,
                     device->info.driver);
    const char *folder = temporary_folder();
    const outcome first = use_convolution(device, folder);
    convcl_store *store = NULL;
    key_list list = {.count = 0};
    assert_ok(convcl_store__open(folder, NULL, NULL, &store));
    const bool read = convcl_store__each(store, CONVCL_STORE_PROGRAM, collect_key, &list);
    for (int i = 0; i < list.count; i++) /* with a checksum that fits: only the driver can tell */
        convcl_store__put(store, CONVCL_STORE_PROGRAM, list.keys[i], "this is not what the driver made", 32);
    convcl_store__close(store);
    const outcome second = use_convolution(device, folder), third = use_convolution(device, folder);
    assert_true(read);
    assert_int_equal(list.count, first.built);
    expect_outcome(&second, first.built, 0, 1);
    assert_non_null(strstr(second.log.first, "refused by the driver"));
    expect_outcome(&third, 0, first.built, 0);
}

static void test_store_programs__damaged_store_is_a_cold_start(harness_device *device, const void *data) {
    (void)data;
    const char *folder = temporary_folder();
    const outcome first = use_convolution(device, folder);
    FILE *file = fopen(temporary_path(folder, "store.sqlite"), "w");
    assert_non_null(file);
    fputs("all of it is lost", file);
    fclose(file);
    const outcome second = use_convolution(device, folder), third = use_convolution(device, folder);
    expect_outcome(&second, first.built, 0, 1);
    expect_outcome(&third, 0, first.built, 0);
}

static void test_store_programs__unusable_folder_is_one_warning(harness_device *device, const void *data) {
    (void)data;
    const outcome o = use_convolution(device, "/dev/null/store");
    assert_true(o.built >= 2);
    expect_outcome(&o, o.built, 0, 1);
}

/* ---- what a stored program depends on ---- */

/* Makes the kernel `set` from a folder of kernels; true when its program came from the store. */
static bool is_loaded(harness_device *device, const char *folder, const char *text, const char *options, const char *prelude) {
    kernel_folder kernels;
    temporary_log log;
    kernel_folder_make(&kernels, "set.cl", text);
    convcl_context *context = context_in(device, folder, kernels.path, &log);
    convcl_kernel *kernel = NULL;
    const convcl_status status = convcl_kernel__create_generated(context, "set", "set", options, prelude, &kernel);
    const int built = convcl_context_programs_built(context), loaded = convcl_context_programs_loaded(context);
    convcl_kernel__destroy(kernel);
    convcl_context_release(context);
    kernel_folder_remove(&kernels);
    assert_ok(status);
    assert_int_equal(built + loaded, 1);
    return loaded == 1;
}

static void test_store_programs__source_options_and_prelude_count(harness_device *device, const void *data) {
    (void)data;
    const char *folder = temporary_folder();
    const char *text = "__kernel void set(__global float *x, ulong x_offset) { x[x_offset + get_global_id(0)] = T_VALUE; }\n";
    const char *other = "__kernel void set(__global float *x, ulong x_offset) { x[x_offset + get_global_id(0)] = 2 * T_VALUE; }\n";
    assert_false(is_loaded(device, folder, text, "-DT_VALUE=1", ""));
    assert_true(is_loaded(device, folder, text, "-DT_VALUE=1", ""));
    assert_false(is_loaded(device, folder, text, "-DT_VALUE=2", ""));
    assert_false(is_loaded(device, folder, other, "-DT_VALUE=1", ""));
    assert_false(is_loaded(device, folder, text, "-DT_VALUE=1", "#define OTHER 1\n"));
    assert_true(is_loaded(device, folder, text, "-DT_VALUE=1", "#define OTHER 1\n"));
}

static void test_store_programs__keys_name_all_that_counts(harness_device *device, const void *data) {
    (void)data;
    const char *folder = temporary_folder();
    use_convolution(device, folder);
    convcl_store *store = NULL;
    key_list list = {.count = 0};
    char version[512] = "";
    clGetPlatformInfo(device->info.platform, CL_PLATFORM_VERSION, sizeof version, version, NULL);
    assert_ok(convcl_store__open(folder, NULL, NULL, &store));
    convcl_store__each(store, CONVCL_STORE_PROGRAM, collect_key, &list);
    convcl_store__close(store);
    const char *const words[] = {device->info.name,    device->info.driver, device->info.platform_name, version,
                                 device->info.version, convcl_version(),    "options -cl-std=CL1.2",    "source "};
    assert_true(list.count > 0);
    for (int i = 0; i < list.count; i++)
        for (size_t w = 0; w < sizeof words / sizeof *words; w++)
            if (!strstr(list.keys[i], words[w]))
                fail_msg("\"%s\" is not in the key %s", words[w], list.keys[i]);
}

/* ---- tuning results ---- */

static void test_store_programs__winners_are_remembered(harness_device *device, const void *data) {
    (void)data;
    const char *folder = temporary_folder();
    temporary_log log;
    char *winners[5] = {NULL, NULL, NULL, NULL, NULL};
    convcl_context *context = context_in(device, folder, NULL, &log);
    assert_ok(convcl_context__recall(context, "conv fwd n1", &winners[0]));
    assert_ok(convcl_context__remember(context, "conv fwd n1", "winograd:4 register"));
    convcl_context__count_tuning(context, 1.5, 3);
    const int candidates = convcl_context_candidates_tuned(context);
    const double seconds = convcl_context_tune_seconds(context);
    convcl_context_release(context);
    context = context_in(device, folder, NULL, &log);
    assert_ok(convcl_context__recall(context, "conv fwd n1", &winners[1]));
    assert_ok(convcl_context__recall(context, "conv fwd n2", &winners[2]));
    convcl_context_release(context);
    context = context_in(device, "off", NULL, &log);
    const convcl_status off = convcl_context__remember(context, "conv fwd n1", "within the context");
    assert_ok(convcl_context__recall(context, "conv fwd n1", &winners[3]));
    convcl_context_release(context);
    context = context_in(device, "off", NULL, &log);
    assert_ok(convcl_context__recall(context, "conv fwd n1", &winners[4]));
    convcl_context_release(context);
    const bool remembered = !winners[0] && winners[1] && strcmp(winners[1], "winograd:4 register") == 0 && !winners[2];
    const bool own = winners[3] && strcmp(winners[3], "within the context") == 0 && !winners[4];
    free(winners[1]);
    free(winners[3]);
    assert_ok(off);
    assert_true(remembered);
    assert_true(own);
    assert_true(candidates == 3 && seconds > 1.4 && seconds < 1.6);
}

/* ---- eight processes ---- */

/* Runs in each of the eight, see below; alone it is one more context on an empty store. */
static void test_store_programs__one_of_eight(harness_device *device, const void *data) {
    (void)data;
    const char *folder = getenv("CONVCL_TEST_STORE");
    const outcome o = use_convolution(device, folder ? folder : temporary_folder());
    assert_ok(o.status);
    assert_true(o.right);
    assert_true(o.built + o.loaded >= 2);
    assert_int_equal(o.log.warnings, 0);
}

static void test_store_programs__eight_processes_on_an_empty_store(harness_device *device, const void *data) {
    (void)data;
    const char *folder = temporary_path(temporary_folder(), "new");
    char program[512], command[2048];
    const ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    assert_true(length > 0);
    program[length] = '\0';
    /* The shell waits for each, shows what those said that failed, and ends with their number. */
    snprintf(
        command, sizeof command,
        "store='%s'; for i in 1 2 3 4 5 6 7 8; do CONVCL_TEST_STORE=$store CONVCL_TEST_DEVICE=%d:%d '%s' one_of_eight >$store.$i 2>&1 & "
        "eval p$i=$!; done;"
        " failed=0; for i in 1 2 3 4 5 6 7 8; do eval wait \\$p$i || { failed=$((failed + 1)); cat $store.$i; }; done; rm -f $store.?;"
        " exit $failed",
        folder, device->info.platform_index, device->info.device_index, program);
    const int status = system(command);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    const outcome after = use_convolution(device, folder);
    expect_outcome(&after, 0, after.loaded, 0);
}

int main(int argc, char **argv) {
    HARNESS_DEVICE(test_store_programs__second_context_builds_nothing);
    HARNESS_DEVICE(test_store_programs__refused_binary_is_built_anew);
    HARNESS_DEVICE(test_store_programs__damaged_store_is_a_cold_start);
    HARNESS_DEVICE(test_store_programs__unusable_folder_is_one_warning);
    HARNESS_DEVICE(test_store_programs__source_options_and_prelude_count);
    HARNESS_DEVICE(test_store_programs__keys_name_all_that_counts);
    HARNESS_DEVICE(test_store_programs__winners_are_remembered);
    HARNESS_DEVICE(test_store_programs__one_of_eight);
    HARNESS_DEVICE(test_store_programs__eight_processes_on_an_empty_store);
    return harness_main(argc, argv);
}
