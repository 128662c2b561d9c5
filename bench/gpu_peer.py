#!/usr/bin/env python3
# bench/gpu_peer.py [--batch N] [--tf32]: times AlexNet's convolution stack in PyTorch with cuDNN (or MIOpen) on a GPU, as bench times convcl.
# SPDX-License-Identifier: MIT
#
# Channels last, cuDNN's own search for the fastest algorithm, device events around each step. The backward pass is the gradient of sum(pool5^2)/2 with respect to
# the ten parameters. Prints one JSON object.
import argparse
import json
import statistics
import sys

CONVS = [(11, 3, 64, 4), (5, 64, 192, 1), (3, 192, 384, 1), (3, 384, 256, 1), (3, 256, 256, 1)]


def main():
    parser = argparse.ArgumentParser(description="times PyTorch on a GPU")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--burn-in", type=int, default=20)
    parser.add_argument("--tf32", action="store_true", help="allow reduced-precision products")
    args = parser.parse_args()
    try:
        import torch
    except ImportError:
        sys.exit("gpu_peer: PyTorch is not installed")
    if not torch.cuda.is_available():
        sys.exit("gpu_peer: PyTorch sees no GPU")
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = args.tf32
    torch.backends.cudnn.benchmark = True
    F = torch.nn.functional
    convs = [torch.nn.Conv2d(cin, cout, k, stride, 0 if k == 11 else k // 2) for k, cin, cout, stride in CONVS]
    convs = [conv.to("cuda", memory_format=torch.channels_last) for conv in convs]
    parameters = [p for conv in convs for p in conv.parameters()]
    images = (0.1 * torch.randn(args.batch, 3, 224, 224, device="cuda")).to(memory_format=torch.channels_last)

    def lrn(x):
        # PyTorch divides alpha by the window of 9; TensorFlow, whose alpha is 0.001 / 9, does not.
        return F.local_response_norm(x, 9, alpha=0.001, beta=0.75, k=1.0)

    def forward():
        h = F.pad(images, (3, 4, 3, 4))
        for i, conv in enumerate(convs):
            h = torch.relu(conv(h))
            if i < 2:
                h = lrn(h)
            if i in (0, 1, 4):
                h = F.max_pool2d(h, 3, 2)
        return h

    def step_forward():
        with torch.no_grad():
            forward()

    def step_both():
        torch.autograd.grad(forward().square().sum() / 2, parameters)

    result = {"framework": "PyTorch " + torch.__version__, "device": torch.cuda.get_device_name(), "batch": args.batch, "tf32": args.tf32, "phases": {}}
    for name, step in (("forward", step_forward), ("forward-backward", step_both)):
        times = []
        for i in range(args.burn_in + args.steps):
            begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
            begin.record()
            step()
            end.record()
            end.synchronize()
            if i >= args.burn_in:
                times.append(begin.elapsed_time(end) / 1e3)
        result["phases"][name] = {"median": statistics.median(times), "min": min(times), "max": max(times)}
    json.dump(result, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
