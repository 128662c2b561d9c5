/* conv_form.c: the packing kernels of a convolution in the form of the device.
 * SPDX-License-Identifier: MIT */
#include "conv/conv_form.h"

#include <stdio.h>

#include "base/text.h"
#include "opencl/context_internal.h"

/* Work-items of a group that takes values one by one. */
#define LINE_ITEMS 256

int convcl_conv_form__lanes(const convcl_context *context) {
    return convcl_context_device(context)->max_work_group_size >= 32 * CONVCL_CONV_FORM_ROWS ? 32 : 8;
}

static convcl_status create(convcl_context *context, const char *file, const char *options, const char *prelude,
                            convcl_kernel **kernel_out) {
    convcl_text name = {0}, all = {0};
    convcl_text_add(&name, "%s_group", file);
    convcl_text_add(&all, "-DT_LANES=%d%s%s", convcl_conv_form__lanes(context), options && *options ? " " : "", options ? options : "");
    convcl_status status = name.status != CONVCL_OK ? name.status : all.status;
    if (status == CONVCL_OK)
        status = convcl_kernel__create_generated(context, convcl_text_get(&name), convcl_text_get(&name), convcl_text_get(&all), prelude,
                                                 kernel_out);
    convcl_text_clear(&name);
    convcl_text_clear(&all);
    return status;
}

convcl_status convcl_conv_form__create(convcl_context *context, const char *file, const char *cpu_options, const char *group_options,
                                       convcl_kernel **kernel_out) {
    if (convcl_context__prefers_registers(context))
        return convcl_kernel__create(context, file, file, cpu_options, kernel_out);
    return create(context, file, group_options, "", kernel_out);
}

convcl_status convcl_conv_form__create_generated(convcl_context *context, const char *file, const char *options, const char *prelude,
                                                 convcl_kernel **kernel_out) {
    if (convcl_context__prefers_registers(context))
        return convcl_kernel__create_generated(context, file, file, options, prelude, kernel_out);
    return create(context, file, options, prelude, kernel_out);
}

convcl_range convcl_conv_form__line(const convcl_context *context, size_t count, size_t rows) {
    const size_t most = convcl_context_device(context)->max_work_group_size, items = most < LINE_ITEMS ? most : LINE_ITEMS;
    return (convcl_range){{(count + items - 1) / items * items, rows, 1}, {items, 1, 1}};
}

convcl_range convcl_conv_form__columns(const convcl_context *context, size_t columns, size_t blocks) {
    const size_t lanes = (size_t)convcl_conv_form__lanes(context), rows = CONVCL_CONV_FORM_ROWS;
    return (convcl_range){{(columns + lanes - 1) / lanes * lanes, blocks * rows, 1}, {lanes, rows, 1}};
}

convcl_range convcl_conv_form__rows(const convcl_context *context, size_t rows, size_t values, size_t images) {
    if (convcl_context__prefers_registers(context))
        return (convcl_range){{rows, images, 1}, {1, 1, 1}};
    return convcl_conv_form__line(context, rows * values, images);
}

convcl_range convcl_conv_form__tiles(const convcl_context *context, size_t channels, size_t count) {
    const size_t lanes = (size_t)convcl_conv_form__lanes(context), rows = CONVCL_CONV_FORM_ROWS;
    return (convcl_range){{(channels + lanes - 1) / lanes * lanes * count, rows, 1}, {lanes, rows, 1}};
}

convcl_status convcl_conv_form__sum_rows(convcl_stream *stream, convcl_kernel *kernel, convcl_buffer partial, convcl_buffer db, int rows,
                                         int columns, float scale) {
    const convcl_arg args[] = {convcl_arg_tensor(partial), convcl_arg_tensor(db), convcl_arg_int(rows), convcl_arg_int(columns),
                               convcl_arg_float(scale)};
    const convcl_range range = convcl_context__prefers_registers(stream->context)
                                   ? (convcl_range){{(size_t)columns, 1, 1}, {1, 1, 1}}
                                   : convcl_conv_form__columns(stream->context, (size_t)columns, 1);
    return convcl_stream__launch(stream, kernel, args, 5, &range);
}
