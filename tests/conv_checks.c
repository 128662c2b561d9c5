/* conv_checks.c: queues, events and wrong arguments, for every direction alike.
 * SPDX-License-Identifier: MIT */
#include "conv_checks.h"

#include <stdio.h>

static void release_queue(void *queue) {
    clReleaseCommandQueue(queue);
}

static void release_event(void *event) {
    clReleaseEvent(event);
}

static cl_command_queue make_queue(convcl_context *context, cl_command_queue_properties properties) {
    cl_command_queue queue = NULL;
    assert_ok(convcl_context_create_queue(context, properties, &queue));
    harness_defer(release_queue, queue);
    return queue;
}

/* ---- queues and events ---- */

static void check_out_of_order_queue(harness_device *device, const void *data) {
    const conv_case *c = data;
    convcl_conv_plan *plan = conv_plan(device, c);
    cl_command_queue queue = harness_out_of_order_queue(device);
    conv_values values = conv_random_values(&c->desc);
    conv_tensors tensors = conv_upload(device, c, plan, &values);
    assert_ok(conv_enqueue(c, plan, queue, &tensors, 0, NULL, NULL));
    assert_int_equal(clFinish(queue), CL_SUCCESS);
    conv_expect(c, &values, &tensors, false);
}

static cl_int status_of(cl_event event) {
    cl_int status = -1;
    assert_int_equal(clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof status, &status, NULL), CL_SUCCESS);
    return status;
}

/* The operation waits for both of two user events, and its own event ends with it. */
static void wait_on(harness_device *device, const conv_case *c, cl_command_queue queue) {
    convcl_conv_plan *plan = conv_plan(device, c);
    conv_values values = conv_random_values(&c->desc);
    conv_tensors tensors = conv_upload(device, c, plan, &values);
    cl_event gates[2], done = NULL;
    for (int i = 0; i < 2; i++) {
        cl_int code = CL_SUCCESS;
        gates[i] = clCreateUserEvent(convcl_context_cl(device->context), &code);
        assert_int_equal(code, CL_SUCCESS);
        harness_defer(release_event, gates[i]);
    }
    convcl_status status = conv_enqueue(c, plan, queue, &tensors, 2, gates, &done);
    cl_int early = status == CONVCL_OK ? status_of(done) : CL_COMPLETE;
    clSetUserEventStatus(gates[0], CL_COMPLETE);
    cl_int still_early = status == CONVCL_OK ? status_of(done) : CL_COMPLETE;
    clSetUserEventStatus(gates[1], CL_COMPLETE);
    assert_ok(status);
    harness_defer(release_event, done);
    assert_int_equal(clWaitForEvents(1, &done), CL_SUCCESS);
    assert_int_equal(status_of(done), CL_COMPLETE);
    assert_true(early > CL_COMPLETE && still_early > CL_COMPLETE);
    conv_expect(c, &values, &tensors, false);
    assert_int_equal(clFinish(queue), CL_SUCCESS);
}

static void check_events(harness_device *device, const void *data) {
    wait_on(device, data, make_queue(device->context, 0));
}

static void check_events_out_of_order(harness_device *device, const void *data) {
    wait_on(device, data, harness_out_of_order_queue(device));
}

static void check_event_without_waiting(harness_device *device, const void *data) {
    const conv_case *c = data;
    convcl_conv_plan *plan = conv_plan(device, c);
    conv_values values = conv_integer_values(&c->desc);
    conv_tensors tensors = conv_upload(device, c, plan, &values);
    cl_event done = NULL;
    assert_ok(conv_enqueue(c, plan, device->queue, &tensors, 0, NULL, &done));
    assert_non_null(done);
    harness_defer(release_event, done);
    assert_int_equal(clWaitForEvents(1, &done), CL_SUCCESS);
    conv_expect(c, &values, &tensors, true);
}

/* ---- wrong arguments ---- */

typedef struct named_buffer {
    const char *name;
    convcl_buffer *buffer;
} named_buffer;

/* The buffers that the case's enqueue call needs. */
static int used_buffers(conv_tensors *t, named_buffer *out) {
    harness_tensor *const all[] = {t->x, t->w, t->b, t->y, t->dy, t->dx, t->dw, t->db};
    int count = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i])
            out[count++] = (named_buffer){all[i]->name, &all[i]->buffer};
    if (t->workspace.mem)
        out[count++] = (named_buffer){"workspace", &t->workspace};
    return count;
}

static void expect_nothing_written(harness_device *device, const conv_tensors *t) {
    harness_check_memory(device);
    harness_tensor *const outputs[] = {t->y, t->dx, t->dw, t->db};
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++)
        if (outputs[i] && !harness_is_poisoned(outputs[i]))
            fail_msg("%s was written by a call that failed", outputs[i]->name);
}

static void check_buffers(harness_device *device, const void *data) {
    const conv_case *c = data;
    convcl_conv_plan *plan = conv_plan(device, c);
    conv_values values = conv_random_values(&c->desc);
    conv_tensors t = conv_upload(device, c, plan, &values);
    named_buffer used[9];
    int count = used_buffers(&t, used);
    for (int i = 0; i < count; i++) {
        const convcl_buffer good = *used[i].buffer;
        char words[64];
        cl_event event = (cl_event)device;
        *used[i].buffer = HARNESS_NO_BUFFER;
        snprintf(words, sizeof words, "conv|%s|NULL", used[i].name);
        assert_fails(conv_enqueue(c, plan, device->queue, &t, 0, NULL, &event), CONVCL_INVALID, words);
        assert_null(event);
        /* One element too few: 64 guard elements lie behind each tensor. */
        *used[i].buffer = (convcl_buffer){good.mem, good.offset + 65};
        snprintf(words, sizeof words, "conv|%s|offset|%zu", used[i].name, good.offset + 65);
        assert_fails(conv_enqueue(c, plan, device->queue, &t, 0, NULL, NULL), CONVCL_INVALID, words);
        *used[i].buffer = (convcl_buffer){good.mem, (size_t)-1};
        assert_fails(conv_enqueue(c, plan, device->queue, &t, 0, NULL, NULL), CONVCL_INVALID, used[i].name);
        *used[i].buffer = good;
    }
    expect_nothing_written(device, &t);
}

static void check_plan_and_direction(harness_device *device, const void *data) {
    const conv_case *c = data;
    convcl_conv_plan *plan = conv_plan(device, c);
    conv_values values = conv_random_values(&c->desc);
    conv_tensors t = conv_upload(device, c, plan, &values);
    assert_fails(conv_enqueue(c, NULL, device->queue, &t, 0, NULL, NULL), CONVCL_INVALID, "conv|plan|NULL");
    conv_case other = *c;
    other.dir = (convcl_conv_dir)((c->dir + 1) % 3);
    other.desc.relu_mask = 0;
    char words[64];
    snprintf(words, sizeof words, "conv|plan|%s|%s", convcl_conv_dir_name(other.dir), convcl_conv_dir_name(c->dir));
    assert_fails(conv_enqueue(c, conv_plan(device, &other), device->queue, &t, 0, NULL, NULL), CONVCL_INVALID, words);
    expect_nothing_written(device, &t);
}

static void release_context(void *context) {
    convcl_context_release(context);
}

static void check_queue_and_wait_list(harness_device *device, const void *data) {
    const conv_case *c = data;
    convcl_conv_plan *plan = conv_plan(device, c);
    conv_values values = conv_random_values(&c->desc);
    conv_tensors t = conv_upload(device, c, plan, &values);
    const cl_event none[1] = {NULL};
    assert_fails(conv_enqueue(c, plan, NULL, &t, 0, NULL, NULL), CONVCL_INVALID, "conv|queue|NULL");
    assert_fails(conv_enqueue(c, plan, device->queue, &t, 1, NULL, NULL), CONVCL_INVALID, "conv|wait_count|1|NULL");
    assert_fails(conv_enqueue(c, plan, device->queue, &t, 0, none, NULL), CONVCL_INVALID, "conv|wait_count|0");
    char choice[32];
    snprintf(choice, sizeof choice, "%d", device->info.index);
    convcl_context *other = NULL;
    assert_ok(convcl_context_create(choice, NULL, &other));
    harness_defer(release_context, other);
    assert_fails(conv_enqueue(c, plan, make_queue(other, 0), &t, 0, NULL, NULL), CONVCL_INVALID, "conv|queue|context");
    expect_nothing_written(device, &t);
}

/* ---- registration ---- */

void conv_add_checks(convcl_conv_dir dir) {
    static const struct {
        const char *situation;
        harness_device_fn test;
    } checks[] = {
        {"out_of_order_queue", check_out_of_order_queue},
        {"waits_and_signals", check_events},
        {"waits_and_signals_out_of_order", check_events_out_of_order},
        {"signals_without_waiting", check_event_without_waiting},
        {"missing_or_small_buffers_are_invalid", check_buffers},
        {"plan_of_another_direction_is_invalid", check_plan_and_direction},
        {"wrong_queue_or_wait_list_is_invalid", check_queue_and_wait_list},
    };
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        char name[128];
        snprintf(name, sizeof name, "test_conv_%s__%s", convcl_conv_dir_name(dir), checks[i].situation);
        conv_add_for_gemms(name, checks[i].test, "n2ih9iw7ic5oc18f3s2p1", dir);
    }
}
