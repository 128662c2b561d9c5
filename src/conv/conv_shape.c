/* conv_shape.c: the rules of a convolution's description, TensorFlow's SAME, output sizes.
 * SPDX-License-Identifier: MIT */
#include "conv/conv_shape.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"

void convcl_conv_desc_init(convcl_conv_desc *desc) {
    memset(desc, 0, sizeof *desc);
    desc->stride_h = desc->stride_w = 1;
    desc->dilation_h = desc->dilation_w = 1;
    desc->groups = 1;
    desc->has_bias = 1;
}

/* Every size below this is checked alike; 2^24 keeps products of three in an int64 and sums in an int. */
#define LARGEST (1 << 24)

static convcl_status check_range(const char *name, int value, int least) {
    CONVCL_REQUIRE(value >= least, "conv: %s is %d, must be at least %d", name, value, least);
    CONVCL_REQUIRE(value <= LARGEST, "conv: %s is %d, must be at most %d", name, value, LARGEST);
    return CONVCL_OK;
}

static convcl_status check_flag(const char *name, int value) {
    CONVCL_REQUIRE(value == 0 || value == 1, "conv: %s is %d, must be 0 or 1", name, value);
    return CONVCL_OK;
}

static convcl_status check_sizes(const convcl_conv_desc *d) {
    const struct {
        const char *name;
        int value, least;
    } rules[] = {
        {"n", d->n, 1},
        {"ih", d->ih, 1},
        {"iw", d->iw, 1},
        {"ic", d->ic, 1},
        {"oc", d->oc, 1},
        {"fh", d->fh, 1},
        {"fw", d->fw, 1},
        {"stride_h", d->stride_h, 1},
        {"stride_w", d->stride_w, 1},
        {"dilation_h", d->dilation_h, 1},
        {"dilation_w", d->dilation_w, 1},
        {"groups", d->groups, 1},
        {"pad_top", d->pad_top, 0},
        {"pad_bottom", d->pad_bottom, 0},
        {"pad_left", d->pad_left, 0},
        {"pad_right", d->pad_right, 0},
    };
    convcl_status status = CONVCL_OK;
    for (size_t i = 0; i < sizeof rules / sizeof *rules && status == CONVCL_OK; ++i)
        status = check_range(rules[i].name, rules[i].value, rules[i].least);
    return status;
}

static convcl_status check_kinds(const convcl_conv_desc *d) {
    convcl_status status = CONVCL_OK;
    CONVCL_TRY(check_flag("has_bias", d->has_bias));
    CONVCL_TRY(check_flag("relu_mask", d->relu_mask));
    CONVCL_REQUIRE(d->ic % d->groups == 0, "conv: groups is %d, must divide ic, which is %d", d->groups, d->ic);
    CONVCL_REQUIRE(d->oc % d->groups == 0, "conv: groups is %d, must divide oc, which is %d", d->groups, d->oc);
    CONVCL_REQUIRE(d->activation == CONVCL_ACTIVATION_NONE || d->activation == CONVCL_ACTIVATION_RELU,
                   "conv: activation is %d, must be NONE or RELU", (int)d->activation);
    CONVCL_REQUIRE(d->layout == CONVCL_LAYOUT_NHWC || d->layout == CONVCL_LAYOUT_NCHW, "conv: layout is %d, must be NHWC or NCHW",
                   (int)d->layout);
    CONVCL_REQUIRE(d->filter_layout == CONVCL_FILTER_LAYOUT_HWIO || d->filter_layout == CONVCL_FILTER_LAYOUT_OIHW,
                   "conv: filter_layout is %d, must be HWIO or OIHW", (int)d->filter_layout);
    CONVCL_REQUIRE(d->math == CONVCL_MATH_DEFAULT || d->math == CONVCL_MATH_STRICT || d->math == CONVCL_MATH_FAST,
                   "conv: math is %d, must be DEFAULT, STRICT or FAST", (int)d->math);
    if (d->layout != CONVCL_LAYOUT_NHWC)
        status = convcl_fail(CONVCL_UNSUPPORTED, "conv: layout is NCHW, only NHWC is supported");
    else if (d->filter_layout != CONVCL_FILTER_LAYOUT_HWIO)
        status = convcl_fail(CONVCL_UNSUPPORTED, "conv: filter_layout is OIHW, only HWIO is supported");
cleanup:
    return status;
}

convcl_status convcl_conv_desc_same(convcl_conv_desc *desc) {
    CONVCL_REQUIRE(desc, "conv: desc is NULL");
    const convcl_status status = check_sizes(desc);
    if (status != CONVCL_OK)
        return status;
    const int64_t oh = (desc->ih + desc->stride_h - 1) / desc->stride_h, ow = (desc->iw + desc->stride_w - 1) / desc->stride_w;
    const int64_t total_h = (oh - 1) * desc->stride_h + (int64_t)desc->dilation_h * (desc->fh - 1) + 1 - desc->ih;
    const int64_t total_w = (ow - 1) * desc->stride_w + (int64_t)desc->dilation_w * (desc->fw - 1) + 1 - desc->iw;
    CONVCL_REQUIRE(total_h <= LARGEST && total_w <= LARGEST, "conv: fh %d and fw %d with dilation %d and %d need more than %d of padding",
                   desc->fh, desc->fw, desc->dilation_h, desc->dilation_w, LARGEST);
    desc->pad_top = total_h > 0 ? (int)(total_h / 2) : 0;
    desc->pad_bottom = total_h > 0 ? (int)(total_h - total_h / 2) : 0;
    desc->pad_left = total_w > 0 ? (int)(total_w / 2) : 0;
    desc->pad_right = total_w > 0 ? (int)(total_w - total_w / 2) : 0;
    return CONVCL_OK;
}

/* The size formula for one axis. */
static convcl_status output_size(const char *axis, int in, int filter, int stride, int dilation, int before, int after, int *out) {
    const int64_t padded = (int64_t)in + before + after, reach = (int64_t)dilation * (filter - 1) + 1;
    CONVCL_REQUIRE(reach <= padded, "conv: f%s is %d (%lld with dilation), must be at most the padded input, which is %lld", axis, filter,
                   (long long)reach, (long long)padded);
    *out = (int)((padded - reach) / stride + 1);
    return CONVCL_OK;
}

convcl_status convcl_conv_output_size(const convcl_conv_desc *desc, int *oh_out, int *ow_out) {
    CONVCL_REQUIRE(desc, "conv: desc is NULL");
    CONVCL_REQUIRE(oh_out, "conv: oh_out is NULL");
    CONVCL_REQUIRE(ow_out, "conv: ow_out is NULL");
    convcl_status status = CONVCL_OK;
    int oh = 0, ow = 0;
    CONVCL_TRY(check_sizes(desc));
    CONVCL_TRY(output_size("h", desc->ih, desc->fh, desc->stride_h, desc->dilation_h, desc->pad_top, desc->pad_bottom, &oh));
    CONVCL_TRY(output_size("w", desc->iw, desc->fw, desc->stride_w, desc->dilation_w, desc->pad_left, desc->pad_right, &ow));
    *oh_out = oh;
    *ow_out = ow;
cleanup:
    return status;
}

/* Product of four sizes, each at most 2^25. INVALID when its bytes would not fit a size_t. */
static convcl_status elements(const char *tensor, int a, int b, int c, int d, size_t *count_out) {
    const size_t sizes[] = {(size_t)a, (size_t)b, (size_t)c, (size_t)d};
    size_t count = sizeof(float);
    for (int i = 0; i < 4; ++i) {
        CONVCL_REQUIRE(sizes[i] <= SIZE_MAX / 4 / count, "conv: %s with %d x %d x %d x %d elements is too large for this machine", tensor,
                       a, b, c, d);
        count *= sizes[i];
    }
    *count_out = count / sizeof(float);
    return CONVCL_OK;
}

convcl_status convcl_conv_shape__make(const convcl_conv_desc *desc, convcl_conv_shape *shape_out) {
    CONVCL_REQUIRE(desc, "conv: desc is NULL");
    convcl_status status = CONVCL_OK;
    convcl_conv_shape shape = {.desc = *desc};
    CONVCL_TRY(check_sizes(desc));
    CONVCL_TRY(check_kinds(desc));
    CONVCL_TRY(convcl_conv_output_size(desc, &shape.oh, &shape.ow));
    shape.icg = desc->ic / desc->groups;
    shape.ocg = desc->oc / desc->groups;
    CONVCL_TRY(elements("x", desc->n, desc->ih, desc->iw, desc->ic, &shape.x));
    CONVCL_TRY(elements("w", desc->fh, desc->fw, shape.icg, desc->oc, &shape.w));
    CONVCL_TRY(elements("y", desc->n, shape.oh, shape.ow, desc->oc, &shape.y));
    shape.b = (size_t)desc->oc;
    /* Rows and sums of the GEMM are counted in ints. */
    CONVCL_REQUIRE((int64_t)desc->fh * desc->fw * shape.icg <= INT_MAX / 2 && (int64_t)desc->fh * desc->fw * shape.ocg <= INT_MAX / 2,
                   "conv: a filter of %d x %d over %d channels has too many taps", desc->fh, desc->fw, desc->ic);
    CONVCL_REQUIRE((int64_t)desc->fw * shape.icg * desc->oc <= INT_MAX, "conv: a row of the filter, %d x %d x %d, has too many values",
                   desc->fw, shape.icg, desc->oc);
    CONVCL_REQUIRE((int64_t)desc->ih * desc->iw <= INT_MAX / 2 && (int64_t)shape.oh * shape.ow <= INT_MAX / 2,
                   "conv: an image of %d x %d has too many pixels", desc->ih, desc->iw);
    *shape_out = shape;
cleanup:
    return status;
}
