/* work.c: counts the operations and bytes of convolutions and layers, and sorts kernels into parts.
 * SPDX-License-Identifier: MIT */
#include "work.h"

#include <string.h>

/* ---- convolutions ---------------------------------------------------------------------------------------------------------------------- */

/* Pairs of an output and a tap along one axis for which the tap lies inside the input. */
static double inside(int out, int in, int filter, int stride, int pad, int dilation) {
    double count = 0;
    for (int p = 0; p < out; ++p)
        for (int r = 0; r < filter; ++r) {
            const long at = (long)p * stride + (long)r * dilation - pad;
            count += at >= 0 && at < in;
        }
    return count;
}

bench_work bench_work_conv(const convcl_conv_desc *d, convcl_conv_dir dir) {
    int oh = 0, ow = 0;
    if (convcl_conv_output_size(d, &oh, &ow) != CONVCL_OK)
        return (bench_work){0};
    const double products = inside(oh, d->ih, d->fh, d->stride_h, d->pad_top, d->dilation_h) *
                            inside(ow, d->iw, d->fw, d->stride_w, d->pad_left, d->dilation_w) * d->n * d->oc * (d->ic / d->groups);
    const double x = (double)d->n * d->ih * d->iw * d->ic, w = (double)d->fh * d->fw * (d->ic / d->groups) * d->oc;
    const double y = (double)d->n * oh * ow * d->oc, b = d->has_bias && dir != CONVCL_CONV_BWD_DATA ? d->oc : 0;
    const double mask = dir == CONVCL_CONV_BWD_DATA && d->relu_mask ? x : 0;
    return (bench_work){.flops = 2 * products, .bytes = sizeof(float) * (x + w + y + b + mask)};
}

/* ---- layers ---------------------------------------------------------------------------------------------------------------------------- */

static double elements(const convcl_net *net, int layer) {
    return layer < 0 ? 0 : (double)net->layers[layer].count;
}

/* Operations of a layer that is no convolution. A power counts ten, a division and a comparison one. */
static double flops_of_layer(const convcl_net *net, const convcl_net_layer *layer, const char *direction) {
    const bool backward = strcmp(direction, "fwd") != 0;
    const double out = (double)layer->count;
    switch (layer->op) {
    case CONVCL_NET_OP_LRN:
        return out * (2.0 * (2 * layer->desc.lrn.radius + 1) + 14) * (backward ? 2 : 1);
    case CONVCL_NET_OP_MAXPOOL:
        return backward ? out : out * layer->desc.maxpool.window_h * layer->desc.maxpool.window_w;
    case CONVCL_NET_OP_AVGPOOL:
        return out * layer->desc.avgpool.window_h * layer->desc.avgpool.window_w;
    case CONVCL_NET_OP_L2_LOSS:
        return elements(net, layer->input) * (backward ? 1 : 2);
    default:
        return out;
    }
}

/* Each tensor of the step once, those that it writes included. */
static double bytes_of_step(const convcl_net *net, const convcl_net_step *step) {
    double bytes = 0;
    for (int i = 0; i < CONVCL_NET_STEP_TENSORS; ++i)
        if (step->tensor[i] >= 0)
            bytes += (double)net->tensors[step->tensor[i]].bytes;
    return bytes;
}

bench_work bench_work_step(const convcl_net *net, const convcl_net_step *step) {
    const convcl_net_layer *layer = &net->layers[step->layer];
    const char *direction = convcl_net__step_direction(step->kind);
    bench_work work = {.bytes = bytes_of_step(net, step)};
    if (layer->op != CONVCL_NET_OP_CONV)
        work.flops = flops_of_layer(net, layer, direction);
    else if (step->kind == CONVCL_NET_STEP_CONV_FWD)
        work.flops = bench_work_conv(&layer->desc.conv, CONVCL_CONV_FWD).flops;
    else if (step->kind == CONVCL_NET_STEP_CONV_BWD_DATA)
        work.flops = bench_work_conv(&layer->desc.conv, CONVCL_CONV_BWD_DATA).flops;
    else
        work.flops = bench_work_conv(&layer->desc.conv, CONVCL_CONV_BWD_WEIGHTS).flops;
    if (step->kind == CONVCL_NET_STEP_CONV_BWD)
        work.flops += bench_work_conv(&layer->desc.conv, CONVCL_CONV_BWD_DATA).flops;
    return work;
}

double bench_work_roofline(const bench_work *work, const bench_ceilings *ceilings, const char **bound_out) {
    *bound_out = "";
    if (!ceilings->measured)
        return 0;
    const double arithmetic = work->flops / ceilings->fma_flops, memory = work->bytes / ceilings->copy_bytes;
    *bound_out = arithmetic > memory ? "arithmetic" : "memory";
    return arithmetic > memory ? arithmetic : memory;
}

/* ---- parts ----------------------------------------------------------------------------------------------------------------------------- */

static bool begins(const char *text, const char *with) {
    return strncmp(text, with, strlen(with)) == 0;
}

bench_part bench_part_of(const char *kernel, bench_part_state *state) {
    if (begins(kernel, "gemm")) {
        *state = (bench_part_state){.multiplied = true};
        return BENCH_PART_GEMM;
    }
    if (begins(kernel, "unpack") || begins(kernel, "sum_rows"))
        return BENCH_PART_UNPACK;
    if (begins(kernel, "phases_filter")) /* of w before the product, of dw behind it */
        return state->multiplied ? BENCH_PART_UNPACK : BENCH_PART_PACK_B;
    if (begins(kernel, "pack_winograd_pixels"))
        return state->transforms++ == 0 ? BENCH_PART_PACK_A : BENCH_PART_PACK_B;
    if (begins(kernel, "pack_pixels") || strstr(kernel, "filter"))
        return begins(kernel, "pack") ? BENCH_PART_PACK_B : BENCH_PART_OTHER;
    return begins(kernel, "pack") ? BENCH_PART_PACK_A : BENCH_PART_OTHER;
}
