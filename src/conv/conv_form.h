/* conv_form.h: the packing kernels of a convolution in the form of the device: <file>.cl for CPUs, <file>_group.cl for GPUs, with the same arguments.
 * SPDX-License-Identifier: MIT */
#ifndef CONVCL_CONV_CONV_FORM_H
#define CONVCL_CONV_CONV_FORM_H

#include "opencl/kernel.h"

/* Work-items that share a column in kernels/column_sums.h. */
#define CONVCL_CONV_FORM_ROWS 8

/* Columns of a work-group of those kernels, T_LANES: 32, on small devices 8. */
int convcl_conv_form__lanes(const convcl_context *context);

/* Builds kernels/<file>.cl with cpu_options, or kernels/<file>_group.cl with group_options and T_LANES. NULL means none. */
convcl_status convcl_conv_form__create(convcl_context *context, const char *file, const char *cpu_options, const char *group_options,
                                       convcl_kernel **kernel_out);

/* The same for a Winograd transform, whose options and generated text are the same in both forms. */
convcl_status convcl_conv_form__create_generated(convcl_context *context, const char *file, const char *options, const char *prelude,
                                                 convcl_kernel **kernel_out);

/* GPU form: `rows` times `count` work-items, one for each value. */
convcl_range convcl_conv_form__line(const convcl_context *context, size_t count, size_t rows);

/* A work-item for each row of each image on a CPU, for each value on a GPU. */
convcl_range convcl_conv_form__rows(const convcl_context *context, size_t rows, size_t values, size_t images);

/* GPU form: a work-group of T_LANES by 8 for each T_LANES of `channels` of each of `count` tiles, see kernels/winograd_group.h. */
convcl_range convcl_conv_form__tiles(const convcl_context *context, size_t channels, size_t count);

/* GPU form: work-groups of T_LANES columns by CONVCL_CONV_FORM_ROWS, over `columns` and `blocks`. */
convcl_range convcl_conv_form__columns(const convcl_context *context, size_t columns, size_t blocks);

/* Enqueues sum_rows: db of the partial sums, times scale. */
convcl_status convcl_conv_form__sum_rows(convcl_stream *stream, convcl_kernel *kernel, convcl_buffer partial, convcl_buffer db, int rows,
                                         int columns, float scale);

#endif
