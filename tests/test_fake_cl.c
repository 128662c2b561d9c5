/* test_fake_cl.c: when any one OpenCL call or allocation fails, the library says so, and keeps nothing.
 * SPDX-License-Identifier: MIT
 *
 * A scenario uses the library from beginning to end and returns its first failure. It runs once for each call it makes, with that call failing. OpenCL objects are
 * counted here; host memory is what the address sanitizer's leak check sees (preset asan). */
#include <stdio.h>

#include "fake_cl.h"
#include "harness.h"
#include "opencl/context_internal.h"
#include "store/store.h"
#include "temporary.h"

#define TRY(call)                                                                                                                          \
    do {                                                                                                                                   \
        if (status == CONVCL_OK)                                                                                                           \
            status = (call);                                                                                                               \
    } while (0)

/* What a scenario works on, made before anything fails. */
typedef struct stage {
    harness_device *device;
    cl_command_queue queue; /* out-of-order, so that events are made as well */
    convcl_buffer big[4];   /* larger than any tensor here */
    const char *folder;     /* of a store */
} stage;

typedef convcl_status (*scenario_fn)(const stage *stage);

typedef struct scenario {
    const char *name;
    scenario_fn run;
    bool recovers; /* a failure may be without consequence: what cannot be stored is not, what cannot be loaded is built */
    bool ahead;    /* it makes plans ahead, in several threads where the driver has a use for them, and what fails there is done again */
} scenario;

static convcl_status use_context(const stage *s) {
    convcl_status status = CONVCL_OK;
    convcl_context *context = NULL;
    cl_command_queue queue = NULL;
    char choice[32];
    snprintf(choice, sizeof choice, "%d", s->device->info.index);
    TRY(convcl_context_create(choice, NULL, &context));
    TRY(convcl_context_create_queue(context, 0, &queue));
    if (queue)
        clReleaseCommandQueue(queue);
    convcl_context_release(context);
    return status;
}

/* A context of the scenario's own, whose programs are all built in it. */
static convcl_context *fresh_context(const stage *s, convcl_status *status) {
    convcl_context *context = NULL;
    *status = convcl_context_create_from_cl(convcl_context_cl(s->device->context), s->device->info.device, NULL, &context);
    return context;
}

/* The device's own context, where the programs are built already, so that the many calls beside building take no time. */
static convcl_context *warm_context(const stage *s, convcl_status *status) {
    *status = CONVCL_OK;
    return convcl_context__retain(s->device->context);
}

/* The only scenario that builds programs: each of its runs builds them anew, so it takes the smallest. */
static convcl_status use_fresh_context(const stage *s) {
    convcl_status status;
    convcl_context *context = fresh_context(s, &status);
    convcl_relu_plan *plan = NULL;
    TRY(convcl_relu_plan_create(context, 10, &plan));
    TRY(convcl_relu_fwd_enqueue(plan, s->queue, s->big[0], s->big[1], 0, NULL, NULL));
    convcl_relu_plan_destroy(plan);
    convcl_context_release(context);
    return status;
}

/* The same with a store: the first run fills it, the others load from it, or build where loading is what fails. */
static convcl_status use_stored_programs(const stage *s) {
    convcl_context *context = NULL;
    convcl_relu_plan *plan = NULL;
    const convcl_context_options options = {.cache_dir = s->folder};
    convcl_status status = convcl_context_create_from_cl(convcl_context_cl(s->device->context), s->device->info.device, &options, &context);
    TRY(convcl_relu_plan_create(context, 10, &plan));
    TRY(convcl_relu_fwd_enqueue(plan, s->queue, s->big[0], s->big[1], 0, NULL, NULL));
    convcl_relu_plan_destroy(plan);
    convcl_context_release(context);
    return status;
}

/* Fills a store anew each time. */
static convcl_status fill_store(const stage *s) {
    convcl_store *store = NULL;
    const convcl_status status = convcl_store__open(s->folder, NULL, NULL, &store);
    if (store)
        convcl_store__clear(store);
    convcl_store__close(store);
    return status == CONVCL_OK ? use_stored_programs(s) : status;
}

static convcl_status use_conv(const stage *s, convcl_conv_dir dir, const char *gemm) {
    convcl_status status;
    convcl_context *context = warm_context(s, &status);
    convcl_conv_plan *plan = NULL;
    convcl_conv_desc desc;
    cl_event event = NULL;
    const convcl_conv_options options = {.algo = "gather", .gemm = gemm};
    const convcl_buffer *b = s->big;
    harness_parse_conv("n2ih6iw6ic3oc5f3p1", &desc);
    TRY(convcl_conv_plan_create(context, &desc, dir, &options, &plan));
    if (dir == CONVCL_CONV_FWD)
        TRY(convcl_conv_fwd_enqueue(plan, s->queue, b[0], b[1], b[1], b[2], b[3], 0, NULL, &event));
    else if (dir == CONVCL_CONV_BWD_DATA)
        TRY(convcl_conv_bwd_data_enqueue(plan, s->queue, b[0], b[1], b[1], b[2], b[3], 0, NULL, &event));
    else
        TRY(convcl_conv_bwd_weights_enqueue(plan, s->queue, b[0], b[1], b[2], b[2], b[3], 0, NULL, &event));
    if (event)
        clReleaseEvent(event);
    convcl_conv_plan_destroy(plan);
    convcl_context_release(context);
    return status;
}

static convcl_status use_conv_fwd(const stage *s) {
    return use_conv(s, CONVCL_CONV_FWD, "register");
}

static convcl_status use_conv_bwd_data(const stage *s) {
    return use_conv(s, CONVCL_CONV_BWD_DATA, "register");
}

static convcl_status use_conv_bwd_weights(const stage *s) {
    return use_conv(s, CONVCL_CONV_BWD_WEIGHTS, "register");
}

static convcl_status use_lrn_and_maxpool(const stage *s) {
    convcl_status status;
    convcl_context *context = warm_context(s, &status);
    const convcl_lrn_desc lrn = {.n = 1, .h = 2, .w = 2, .c = 3, .radius = 1, .bias = 1, .alpha = 0.1f, .beta = 0.75f};
    const convcl_maxpool_desc pool = {.n = 1, .ih = 4, .iw = 4, .c = 3, .window_h = 2, .window_w = 2, .stride_h = 2, .stride_w = 2};
    const convcl_lrn_maxpool_desc both = {.lrn = {.n = 1, .h = 4, .w = 4, .c = 3, .radius = 1, .bias = 1, .alpha = 0.1f, .beta = 0.75f},
                                          .maxpool = pool};
    convcl_lrn_maxpool_plan *both_plan = NULL;
    convcl_lrn_plan *lrn_plan = NULL;
    convcl_maxpool_plan *pool_plan = NULL;
    const convcl_buffer *b = s->big;
    TRY(convcl_lrn_plan_create(context, &lrn, &lrn_plan));
    TRY(convcl_maxpool_plan_create(context, &pool, &pool_plan));
    TRY(convcl_lrn_maxpool_plan_create(context, &both, &both_plan));
    TRY(convcl_lrn_bwd_enqueue(lrn_plan, s->queue, b[0], b[1], b[2], 0, NULL, NULL));
    const convcl_buffer index = {b[2].mem, b[2].offset * 2}; /* counts uint16 elements */
    TRY(convcl_maxpool_fwd_enqueue(pool_plan, s->queue, b[0], b[1], index, 0, NULL, NULL));
    TRY(convcl_lrn_maxpool_bwd_enqueue(both_plan, s->queue, b[0], b[1], index, b[2], 0, NULL, NULL));
    convcl_lrn_maxpool_plan_destroy(both_plan);
    convcl_lrn_plan_destroy(lrn_plan);
    convcl_maxpool_plan_destroy(pool_plan);
    convcl_context_release(context);
    return status;
}

static convcl_status use_dense_dropout_and_avgpool(const stage *s) {
    convcl_status status;
    convcl_context *context = warm_context(s, &status);
    const convcl_dense_desc dense = {.n = 2, .inputs = 5, .outputs = 3};
    const convcl_dropout_desc dropout = {.count = 10, .rate = 0.5f};
    const convcl_avgpool_desc pool = {.n = 1, .ih = 4, .iw = 4, .c = 3, .window_h = 2, .window_w = 2, .stride_h = 2, .stride_w = 2};
    convcl_dense_plan *dense_plan = NULL;
    convcl_dropout_plan *dropout_plan = NULL;
    convcl_avgpool_plan *pool_plan = NULL;
    const convcl_buffer *b = s->big;
    TRY(convcl_dense_plan_create(context, &dense, CONVCL_CONV_FWD, NULL, &dense_plan));
    TRY(convcl_dropout_plan_create(context, &dropout, &dropout_plan));
    TRY(convcl_avgpool_plan_create(context, &pool, &pool_plan));
    TRY(convcl_dense_fwd_enqueue(dense_plan, s->queue, b[0], b[1], b[1], b[2], b[3], 0, NULL, NULL));
    TRY(convcl_dropout_bwd_enqueue(dropout_plan, s->queue, 1, b[0], b[1], b[2], 0, NULL, NULL));
    TRY(convcl_avgpool_fwd_enqueue(pool_plan, s->queue, b[0], b[1], 0, NULL, NULL));
    convcl_dense_plan_destroy(dense_plan);
    convcl_dropout_plan_destroy(dropout_plan);
    convcl_avgpool_plan_destroy(pool_plan);
    convcl_context_release(context);
    return status;
}

static convcl_status use_relu_loss_and_fill(const stage *s) {
    convcl_status status;
    convcl_context *context = warm_context(s, &status);
    convcl_relu_plan *relu = NULL;
    convcl_l2_loss_plan *loss = NULL;
    convcl_fill_plan *fill = NULL;
    const convcl_fill_desc desc = {.kind = CONVCL_FILL_NORMAL, .count = 10, .stddev = 1};
    const convcl_buffer *b = s->big;
    TRY(convcl_relu_plan_create(context, 10, &relu));
    TRY(convcl_l2_loss_plan_create(context, 10, &loss));
    TRY(convcl_fill_plan_create(context, &desc, &fill));
    TRY(convcl_fill_enqueue(fill, s->queue, b[0], 0, NULL, NULL));
    TRY(convcl_relu_fwd_enqueue(relu, s->queue, b[0], b[1], 0, NULL, NULL));
    TRY(convcl_l2_loss_fwd_enqueue(loss, s->queue, b[1], b[2], b[3], 0, NULL, NULL));
    convcl_relu_plan_destroy(relu);
    convcl_l2_loss_plan_destroy(loss);
    convcl_fill_plan_destroy(fill);
    convcl_context_release(context);
    return status;
}

static convcl_status use_net(const stage *s) {
    convcl_status status;
    convcl_context *context = warm_context(s, &status);
    convcl_net *net = NULL;
    const convcl_net_conv conv = {.oc = 4, .fh = 3, .fw = 3, .padding = CONVCL_PADDING_SAME};
    const convcl_net_maxpool pool = {.window_h = 2, .window_w = 2};
    float x[2 * 4 * 4 * 3] = {0}, gradient[4];
    TRY(convcl_net_create(context, NULL, &net));
    TRY(convcl_net_add_input(net, "x", 2, 4, 4, 3));
    TRY(convcl_net_add_conv(net, "conv", "x", &conv));
    TRY(convcl_net_add_relu(net, "relu", "conv"));
    TRY(convcl_net_add_maxpool(net, "pool", "relu", &pool));
    TRY(convcl_net_add_avgpool(net, "average", "pool", &(convcl_net_avgpool){.window_h = 2, .window_w = 2}));
    TRY(convcl_net_add_dropout(net, "dropout", "average", &(convcl_net_dropout){.rate = 0.5f}));
    TRY(convcl_net_add_dense(net, "dense", "dropout", &(convcl_net_dense){.outputs = 5}));
    TRY(convcl_net_add_l2_loss(net, "loss", "dense"));
    TRY(convcl_net_compile(net, CONVCL_NET_TRAINING));
    TRY(convcl_net_write(net, s->queue, "x", x, sizeof x / sizeof *x));
    TRY(convcl_net_forward_backward(net, s->queue, 0, NULL, NULL));
    TRY(convcl_net_read_gradient(net, s->queue, "conv.biases", gradient, 4));
    convcl_net_destroy(net);
    convcl_context_release(context);
    return status;
}

/* ---- the test ---- */

static void release_queue(void *queue) {
    clReleaseCommandQueue(queue);
}

/* Out of order, where there is such a queue: the library then makes more calls, which can fail. */
static cl_command_queue make_queue(harness_device *device) {
    cl_command_queue queue = NULL;
    if (convcl_context_create_queue(device->context, CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE, &queue) != CONVCL_OK)
        return device->queue;
    harness_defer(release_queue, queue);
    return queue;
}

static stage make_stage(harness_device *device) {
    stage s = {.device = device, .folder = temporary_folder(), .queue = make_queue(device)};
    for (size_t i = 0; i < sizeof s.big / sizeof *s.big; i++)
        s.big[i] = harness_output(device, "big", HARNESS_VECTOR(1 << 18))->buffer;
    return s;
}

/* Runs the scenario with its n-th call failing; false when it makes no n-th call, and then it must succeed. */
static bool run_with_failure(const stage *s, const scenario *what, fake_kind kind, int n) {
    fake_begin(kind, n);
    convcl_status status = what->run(s);
    fake_report report = fake_end();
    assert_int_equal(clFinish(s->queue), CL_SUCCESS);
    const char *call = report.fired ? report.call : "nothing";
    const bool recovers = what->recovers || (what->ahead && convcl_context__build_threads(s->device->context) > 1);
    if (report.kept != 0)
        fail_msg("%s with %s failing (call %d) keeps %d OpenCL objects", what->name, call, n, report.kept);
    if (!report.fired)
        assert_ok(status);
    else if (status == CONVCL_OK && !recovers && strcmp(call, "clFinish") != 0)
        fail_msg("%s with %s failing (call %d) returns CONVCL_OK", what->name, call, n);
    else if (kind == FAKE_ALLOCATION && status != CONVCL_NO_MEMORY && !(status == CONVCL_OK && recovers))
        fail_msg("%s with %s failing (call %d) returns %s", what->name, call, n, convcl_status_name(status));
    else if (kind == FAKE_CL && status != CONVCL_OK && !strstr(convcl_last_error(), call))
        fail_msg("%s with %s failing (call %d) says \"%s\"", what->name, call, n, convcl_last_error());
    return report.fired;
}

static void run_all_failures(harness_device *device, const scenario *what, fake_kind kind) {
    stage s = make_stage(device);
    assert_ok(what->run(&s));
    int n = 1;
    while (run_with_failure(&s, what, kind, n))
        n++;
    assert_true(n > 1);
}

static void fail_each_cl_call(harness_device *device, const void *data) {
    run_all_failures(device, data, FAKE_CL);
}

static void fail_each_allocation(harness_device *device, const void *data) {
    run_all_failures(device, data, FAKE_ALLOCATION);
}

/* PoCL's compiler fails now and then without a word, see convcl_device_quirks; elsewhere that is an error like any other. */
static void silent_failure_of_the_compiler(harness_device *device, const void *data) {
    (void)data;
    const stage s = make_stage(device);
    fake_begin(FAKE_BUILD, 1);
    const convcl_status status = use_fresh_context(&s);
    const fake_report report = fake_end();
    assert_true(report.fired);
    assert_int_equal(report.kept, 0);
    assert_int_equal(status, strcmp(device->info.platform_name, "Portable Computing Language") == 0 ? CONVCL_OK : CONVCL_BUILD_FAILED);
}

int main(int argc, char **argv) {
    setenv("CONVCL_TEST_CACHE", "", 1); /* what fails here must be called here */
    static const scenario scenarios[] = {
        {"context", use_context, false, false},
        {"fresh_context", use_fresh_context, false, false},
        {"stored_programs", use_stored_programs, true, false},
        {"filling_a_store", fill_store, true, false},
        {"conv_fwd", use_conv_fwd, false, false},
        {"conv_bwd_data", use_conv_bwd_data, false, false},
        {"conv_bwd_weights", use_conv_bwd_weights, false, false},
        {"lrn_and_maxpool", use_lrn_and_maxpool, false, false},
        {"dense_dropout_and_avgpool", use_dense_dropout_and_avgpool, false, false},
        {"relu_loss_and_fill", use_relu_loss_and_fill, false, false},
        {"net", use_net, false, true},
    };
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        char name[128];
        snprintf(name, sizeof name, "fake_cl each OpenCL call fails in %s", scenarios[i].name);
        harness_add_device_test(name, fail_each_cl_call, &scenarios[i]);
        snprintf(name, sizeof name, "fake_cl each allocation fails in %s", scenarios[i].name);
        harness_add_device_test(name, fail_each_allocation, &scenarios[i]);
    }
    harness_add_device_test("fake_cl silent failure of the compiler", silent_failure_of_the_compiler, NULL);
    return harness_main(argc, argv);
}
