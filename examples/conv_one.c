/* conv_one.c: one convolution through the public interface, on buffers that the caller owns. usage: conv_one [DEVICE]
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "convcl/convcl.h"

#define CHECK(call)                                                                                                                        \
    if ((call) != CONVCL_OK)                                                                                                               \
    return fprintf(stderr, "conv_one: %s\n", convcl_last_error()), 1

static convcl_buffer make_buffer(cl_context cl, size_t count, float value) {
    static float values[8 * 8 * 4];
    for (size_t i = 0; i < count; ++i)
        values[i] = value;
    return (convcl_buffer){clCreateBuffer(cl, CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR, count * sizeof(float), values, NULL), 0};
}

int main(int argc, char **argv) {
    convcl_context *context = NULL;
    cl_command_queue queue = NULL;
    convcl_conv_plan *plan = NULL;
    convcl_conv_desc desc;
    convcl_conv_desc_init(&desc);
    desc.n = 1, desc.ih = 8, desc.iw = 8, desc.ic = 3, desc.oc = 4, desc.fh = 3, desc.fw = 3;
    CHECK(convcl_conv_desc_same(&desc));
    CHECK(convcl_context_create(argc > 1 ? argv[1] : "0", NULL, &context));
    CHECK(convcl_context_create_queue(context, 0, &queue));
    CHECK(convcl_conv_plan_create(context, &desc, CONVCL_CONV_FWD, NULL, &plan));

    cl_context cl = convcl_context_cl(context);
    const size_t workspace_count = convcl_conv_plan_workspace(plan);
    convcl_buffer x = make_buffer(cl, 8 * 8 * 3, 1), w = make_buffer(cl, 3 * 3 * 3 * 4, 0.5f), b = make_buffer(cl, 4, 2),
                  y = make_buffer(cl, 8 * 8 * 4, 0);
    convcl_buffer workspace = {workspace_count ? clCreateBuffer(cl, CL_MEM_READ_WRITE, workspace_count * sizeof(float), NULL, NULL) : NULL,
                               0};
    CHECK(convcl_conv_fwd_enqueue(plan, queue, x, w, b, y, workspace, 0, NULL, NULL));

    float values[8 * 8 * 4];
    if (clEnqueueReadBuffer(queue, y.mem, CL_TRUE, 0, sizeof values, values, 0, NULL, NULL) != CL_SUCCESS)
        return 1;
    printf("%s\n", convcl_conv_plan_describe(plan));
    printf("y[0][0][0][0] = %g, expected 8: 4 of the filter's 9 taps lie inside x, 4 * 3 * 0.5 + 2\n", (double)values[0]);
    printf("y[0][4][4][0] = %g, expected 15.5\n", (double)values[(4 * 8 + 4) * 4]);

    const cl_mem memory[] = {x.mem, w.mem, b.mem, y.mem, workspace.mem};
    for (size_t i = 0; i < 5; ++i)
        if (memory[i])
            clReleaseMemObject(memory[i]);
    convcl_conv_plan_destroy(plan);
    clReleaseCommandQueue(queue);
    convcl_context_release(context);
    return 0;
}
