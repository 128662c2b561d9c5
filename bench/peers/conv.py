#!/usr/bin/env python3
"""Time AlexNet's five convolutions one by one in PyTorch (oneDNN), channels last, forward only, on the CPU.

usage: conv.py [--batch 32] [--steps 20] [--burn-in 5] [--threads N]

The counterpart of `bench conv "fwd alexnet:conv2n32"`. Prints one line a convolution: median and minimum in milliseconds, GFLOP/s at the median.
SPDX-License-Identifier: MIT
"""
import argparse
import os
import statistics
import time

LAYERS = [("conv1", 11, 3, 64, 4, 224), ("conv2", 5, 64, 192, 1, 27), ("conv3", 3, 192, 384, 1, 13), ("conv4", 3, 384, 256, 1, 13), ("conv5", 3, 256, 256, 1, 13)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--burn-in", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    import torch

    torch.set_num_threads(options.threads)
    with torch.no_grad():
        for name, size, channels, outputs, stride, side in LAYERS:
            x = torch.randn(options.batch, channels, side, side).to(memory_format=torch.channels_last)
            conv = torch.nn.Conv2d(channels, outputs, size, stride, 5 if stride == 4 else size // 2).to(memory_format=torch.channels_last)
            times = []
            for step in range(options.burn_in + options.steps):
                start = time.perf_counter()
                y = conv(x)
                if step >= options.burn_in:
                    times.append((time.perf_counter() - start) * 1e3)
            median = statistics.median(times)
            flops = 2.0 * y.numel() * size * size * channels
            print(f"{name}  median {median:7.2f} ms  min {min(times):7.2f} ms  {flops / median / 1e6:6.0f} GFLOP/s  {tuple(y.shape)}", flush=True)


if __name__ == "__main__":
    main()
