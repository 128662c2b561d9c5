/* harness.c: the test program: registry, devices, command line, run.
 * SPDX-License-Identifier: MIT */
#include "harness.h"

#include <fnmatch.h>
#include <stdio.h>

#include "harness_internal.h"

#define MAX_DEVICES 16

typedef struct test_entry {
    char *name;
    harness_host_fn host;
    harness_device_fn device_test; /* NULL: a host test */
    const void *data;
} test_entry;

/* One run of a test: what cmocka gets as the test's state. */
typedef struct test_run {
    const test_entry *entry;
    harness_device *device; /* NULL: a host test */
    char *name;
} test_run;

static test_entry *entries;
static size_t entry_count;
static harness_device devices[MAX_DEVICES];
static int device_count;
static uint64_t seed = 1234;

harness_current harness_now;

/* Read by the sanitizers, where a program is built with them: an impossible allocation returns NULL, as it does without, and what the OpenCL implementations
 * leak is theirs (seen: Khronos's ICD loader; Intel's CPU runtime 2026.22 in every program it builds). */
const char *__asan_default_options(void);
const char *__asan_default_options(void) {
    return "allocator_may_return_null=1";
}

const char *__lsan_default_options(void);
const char *__lsan_default_options(void) {
    return "print_suppressions=0";
}

const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:khrIcdVendorAdd\nleak:libintelocl\nleak:libpocl\n";
}

static void die(const char *what) {
    fprintf(stderr, "harness: %s\n", what);
    exit(1);
}

static void add(const char *name, harness_host_fn host, harness_device_fn device_test, const void *data) {
    test_entry *grown = realloc(entries, (entry_count + 1) * sizeof *entries);
    char *copy = malloc(strlen(name) + 1);
    if (!grown || !copy)
        die("no memory");
    strcpy(copy, name);
    entries = grown;
    entries[entry_count++] = (test_entry){copy, host, device_test, data};
}

void harness_add_host_test(const char *name, harness_host_fn test) {
    add(name, test, NULL, NULL);
}

void harness_add_device_test(const char *name, harness_device_fn test, const void *data) {
    add(name, NULL, test, data);
}

const char *harness_test_name(void) {
    return harness_now.case_name;
}

uint64_t harness_seed(void) {
    return seed;
}

/* ---- devices ---- */

static void add_device(const convcl_device_info *info) {
    for (int i = 0; i < device_count; i++)
        if (devices[i].info.device == info->device)
            return;
    if (device_count == MAX_DEVICES)
        die("too many devices");
    devices[device_count++] = (harness_device){.info = *info};
}

static void add_chosen_devices(const char *list) {
    char item[256];
    while (*list) {
        size_t length = strcspn(list, ",");
        snprintf(item, sizeof item, "%.*s", (int)length, list);
        list += length + (list[length] == ',');
        convcl_device_info info;
        if (convcl_device_choose(item, &info) != CONVCL_OK) {
            fprintf(stderr, "harness: CONVCL_TEST_DEVICE: %s\n", convcl_last_error());
            exit(1);
        }
        add_device(&info);
    }
}

static void add_all_cpus(void) {
    int count = 0;
    if (convcl_device_count(&count) != CONVCL_OK)
        die(convcl_last_error());
    for (int i = 0; i < count; i++) {
        convcl_device_info info;
        if (convcl_device_get(i, &info) != CONVCL_OK)
            die(convcl_last_error());
        if (info.type & CL_DEVICE_TYPE_CPU)
            add_device(&info);
    }
}

static void find_devices(void) {
    const char *list = getenv("CONVCL_TEST_DEVICE");
    if (list && *list)
        add_chosen_devices(list);
    else
        add_all_cpus();
    if (device_count == 0)
        die("no OpenCL CPU device is present, and these tests need one (CONVCL_TEST_DEVICE chooses another kind)");
    for (int i = 0; i < device_count; i++) {
        int same_platform = 0;
        for (int j = 0; j < device_count; j++)
            same_platform += devices[j].info.platform == devices[i].info.platform;
        snprintf(devices[i].label, sizeof devices[i].label, same_platform > 1 ? "%s #%d" : "%s", devices[i].info.platform_name,
                 devices[i].info.device_index);
    }
}

static void open_device(harness_device *device) {
    if (device->context)
        return;
    char choice[64];
    snprintf(choice, sizeof choice, "%d:%d", device->info.platform_index, device->info.device_index);
    convcl_context *context = NULL;
    assert_ok(convcl_context_create(choice, NULL, &context));
    cl_command_queue queue = NULL;
    convcl_status status = convcl_context_create_queue(context, 0, &queue);
    if (status != CONVCL_OK)
        convcl_context_release(context);
    assert_ok(status);
    device->context = context;
    device->queue = queue;
}

static void close_devices(void) {
    for (int i = 0; i < device_count; i++) {
        if (devices[i].queue)
            clReleaseCommandQueue(devices[i].queue);
        convcl_context_release(devices[i].context);
    }
}

int harness_device_count(void) {
    return device_count;
}

harness_device *harness_device_at(int index) {
    assert_in_range(index, 0, device_count - 1);
    open_device(&devices[index]);
    return &devices[index];
}

/* ---- run ---- */

static int begin_test(void **state) {
    const test_run *run = *state;
    harness_now.name = run->name;
    harness_now.case_name = run->entry->name;
    harness_now.device = run->device;
    harness_now.note[0] = 0;
    harness_now.repeat[0] = 0;
    harness_memory_begin();
    harness_random_begin();
    return 0;
}

static int end_test(void **state) {
    (void)state;
    harness_memory_end();
    return 0;
}

static void run_host_test(void **state) {
    const test_run *run = *state;
    run->entry->host(state);
}

static void run_device_test(void **state) {
    const test_run *run = *state;
    open_device(run->device);
    run->entry->device_test(run->device, run->entry->data);
    harness_check_memory(run->device);
}

static bool selected(const char *name, const char *filter) {
    if (!filter)
        return true;
    return strpbrk(filter, "*?") ? fnmatch(filter, name, 0) == 0 : strstr(name, filter) != NULL;
}

static void add_run(test_run *runs, size_t *run_count, const test_entry *entry, harness_device *device, const char *filter) {
    char name[512];
    snprintf(name, sizeof name, device ? "%s @ %s" : "%s", entry->name, device ? device->label : "");
    if (!selected(name, filter))
        return;
    char *copy = malloc(strlen(name) + 1);
    if (!copy)
        die("no memory");
    strcpy(copy, name);
    runs[(*run_count)++] = (test_run){entry, device, copy};
}

static unsigned number_from(const char *variable, unsigned otherwise) {
    const char *text = getenv(variable);
    return text && *text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

/* True when a device is to take a test, of which there are several with different data: with CONVCL_TEST_SAMPLE=N each takes about one in N, neighbouring devices other ones,
 * and another CONVCL_TEST_TURN others again. */
static bool in_sample(const test_entry *entry, int device) {
    const unsigned sample = number_from("CONVCL_TEST_SAMPLE", 1), turn = number_from("CONVCL_TEST_TURN", 0);
    unsigned hash = 2166136261u; /* FNV-1a: what stands next to each other in a table, as forms do, has nothing in common here */
    for (const char *c = entry->name; *c; ++c)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    return sample <= 1 || !entry->data || ((hash >> 8) + (unsigned)device + turn) % sample == 0;
}

/* Adds the tests of devices that the filter selects, those of one device one after the other. */
static void add_device_runs(test_run *runs, size_t *run_count, const char *filter, bool whole) {
    for (int d = 0; d < device_count; d++)
        for (size_t e = 0; e < entry_count; e++)
            if (entries[e].device_test && (whole || in_sample(&entries[e], d)))
                add_run(runs, run_count, &entries[e], &devices[d], filter);
}

/* All tests that the filter selects. Where a sample of few leaves none, there is no sample. */
static test_run *collect_runs(const char *filter, size_t *run_count) {
    test_run *runs = calloc(entry_count * (size_t)(device_count + 1) + 1, sizeof *runs);
    if (!runs)
        die("no memory");
    *run_count = 0;
    for (size_t e = 0; e < entry_count; e++)
        if (!entries[e].device_test)
            add_run(runs, run_count, &entries[e], NULL, filter);
    add_device_runs(runs, run_count, filter, false);
    if (*run_count == 0)
        add_device_runs(runs, run_count, filter, true);
    return runs;
}

static int run_all(const char *program, test_run *runs, size_t run_count) {
    struct CMUnitTest *tests = calloc(run_count, sizeof *tests);
    if (!tests)
        die("no memory");
    for (size_t i = 0; i < run_count; i++)
        tests[i] = (struct CMUnitTest){runs[i].name, runs[i].device ? run_device_test : run_host_test, begin_test, end_test, &runs[i]};
    const char *slash = strrchr(program, '/');
    printf("%s: seed %llu\n", slash ? slash + 1 : program, (unsigned long long)seed);
    for (int i = 0; i < device_count; i++)
        printf("device %s: %s, driver %s\n", devices[i].label, devices[i].info.name, devices[i].info.driver);
    fflush(stdout);
    int failed = _cmocka_run_group_tests(slash ? slash + 1 : program, tests, run_count, NULL, NULL);
    free(tests);
    return failed;
}

typedef struct arguments {
    const char *filter;
    bool list;
} arguments;

static void read_seed(const char *text) {
    char *end = NULL;
    seed = strtoull(text, &end, 10);
    if (end == text || *end)
        die("--seed and CONVCL_TEST_SEED take a whole number");
}

static arguments read_arguments(int argc, char **argv) {
    arguments args = {0};
    const char *from_environment = getenv("CONVCL_TEST_SEED");
    if (from_environment && *from_environment)
        read_seed(from_environment);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            read_seed(argv[++i]);
        else if (strcmp(argv[i], "--list") == 0)
            args.list = true;
        else if (argv[i][0] == '-' || args.filter)
            die("usage: [--seed N] [--list] [FILTER]");
        else
            args.filter = argv[i];
    }
    return args;
}

int harness_main(int argc, char **argv) {
    arguments args = read_arguments(argc, argv);
    harness_now.program = argv[0];
    /* A test starts from nothing, and leaves nothing, unless many programs of tests are to share what they build. */
    const char *shared = getenv("CONVCL_TEST_CACHE");
    setenv("CONVCL_CACHE_DIR", shared && *shared ? shared : "off", 1);
    bool needs_device = false;
    for (size_t e = 0; e < entry_count; e++)
        needs_device |= entries[e].device_test != NULL;
    if (needs_device)
        find_devices();
    size_t run_count = 0;
    test_run *runs = collect_runs(args.filter, &run_count);
    if (run_count == 0)
        die("the filter selects no test");
    int failed = 0;
    for (size_t i = 0; args.list && i < run_count; i++)
        printf("%s\n", runs[i].name);
    if (!args.list)
        failed = run_all(argv[0], runs, run_count);
    close_devices();
    for (size_t i = 0; i < run_count; i++)
        free(runs[i].name);
    for (size_t e = 0; e < entry_count; e++)
        free(entries[e].name);
    free(runs);
    free(entries);
    return failed != 0;
}
