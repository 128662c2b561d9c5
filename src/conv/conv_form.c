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

convcl_status convcl_conv_form__create(convcl_context *context, const char *file, const char *cpu_options, const char *group_options,
                                       convcl_kernel **kernel_out) {
    if (convcl_context__prefers_registers(context))
        return convcl_kernel__create(context, file, file, cpu_options, kernel_out);
    convcl_text name = {0}, options = {0};
    convcl_text_add(&name, "%s_group", file);
    convcl_text_add(&options, "-DT_LANES=%d%s%s", convcl_conv_form__lanes(context), group_options ? " " : "",
                    group_options ? group_options : "");
    convcl_status status = name.status != CONVCL_OK ? name.status : options.status;
    if (status == CONVCL_OK)
        status = convcl_kernel__create(context, convcl_text_get(&name), convcl_text_get(&name), convcl_text_get(&options), kernel_out);
    convcl_text_clear(&name);
    convcl_text_clear(&options);
    return status;
}

convcl_range convcl_conv_form__line(const convcl_context *context, size_t count, size_t rows) {
    const size_t most = convcl_context_device(context)->max_work_group_size, items = most < LINE_ITEMS ? most : LINE_ITEMS;
    return (convcl_range){{(count + items - 1) / items * items, rows, 1}, {items, 1, 1}};
}

convcl_range convcl_conv_form__columns(const convcl_context *context, size_t columns, size_t blocks) {
    const size_t lanes = (size_t)convcl_conv_form__lanes(context), rows = CONVCL_CONV_FORM_ROWS;
    return (convcl_range){{(columns + lanes - 1) / lanes * lanes, blocks * rows, 1}, {lanes, rows, 1}};
}
