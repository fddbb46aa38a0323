"""ConSinGAN's training step in plain, eager PyTorch: the rival that `consingan bench` is compared with.

  python consingan_twin.py golden [--cases DIR]    run the golden cases against it
  python consingan_twin.py bench IMAGE [FLAGS]     milliseconds per training iteration, a JSON line a stage
  python consingan_twin.py bench --sizes 25x38,31x47 [FLAGS]

Needs torch, numpy and safetensors; with IMAGE also pillow, to read its size.
"""

import argparse
import json
import math
import os
import statistics
import sys
import time
from pathlib import Path

import torch

from networks import Config, Discriminator, Generator
from training import Optimizers, Stage, train_step

WARM_UP = 2


def bench(args):
    device = torch.device(args.device)
    torch.set_num_threads(args.threads)
    if device.type == "cuda":
        torch.backends.cudnn.benchmark = True
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = True
    config = Config(max_size=args.max_size, stages=args.stages)
    sizes = args.sizes or stage_sizes(picture_size(args.image), config)
    for stage in range(len(sizes)) if args.stage is None else [args.stage]:
        time = graph_stage if args.graph else time_stage
        times = time(sizes[: stage + 1], args.iters, config, device)
        ms = round(1e3 * statistics.median(times), 2)
        print(json.dumps({"stage": stage, "size": sizes[stage], "ms_per_iter": ms}), flush=True)


def time_stage(sizes, iterations, config, device):
    """Seconds of training iterations at the last stage of `sizes`: the noise and the step, on random pictures."""
    g, d, stage, normal = set_up(sizes, config, device)
    optimizers = Optimizers(g, d, config)
    times = []
    for _ in range(WARM_UP + iterations):
        start = now(device)
        train_step(g, d, optimizers, stage, normal(), torch.rand(config.d_steps).tolist(), config)
        times.append(now(device) - start)
    return times[WARM_UP:]


def graph_stage(sizes, iterations, config, device):
    """The same with the step captured as a CUDA graph and replayed; fresh noise and mixing factors are copied in."""
    g, d, stage, normal = set_up(sizes, config, device)
    optimizers = Optimizers(g, d, config, capturable=True)
    noise, alphas = normal(), [torch.rand((), device=device) for _ in range(config.d_steps)]
    step = lambda: train_step(g, d, optimizers, stage, noise, alphas, config, schedule=False)
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    times = []
    for _ in range(WARM_UP + iterations):
        start = now(device)
        for static, fresh in zip(noise, normal()):
            static.copy_(fresh)
        for alpha in alphas:
            alpha.uniform_()
        graph.replay()
        times.append(now(device) - start)
    return times[WARM_UP:]


def set_up(sizes, config, device):
    """Networks that have grown to the last of `sizes`, the stage, and a function that draws an iteration's noise."""
    g, d = Generator(config), Discriminator(config)
    for _ in sizes[1:]:
        g.grow()

    def normal():
        return [torch.randn(config.noise_shape(k, size), device=device) for k, size in enumerate(sizes)]

    real = torch.rand(1, config.channels, *sizes[-1], device=device) * 2 - 1
    stage = Stage(real, sizes, [1.0] + [0.1] * (len(sizes) - 1), normal())
    return g.to(device), d.to(device), stage, normal


def now(device):
    """Seconds, once everything that was asked for is computed."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def stage_sizes(picture, config):
    """Height and width of every stage, coarsest first, in the official program's order of operations."""
    scaled = lambda size, scale: [math.ceil(side * scale) for side in size]
    finest = scaled(picture, min(config.max_size / max(picture), 1))
    last = config.stages - 1
    if last == 0:
        return [finest]
    factor = (config.min_size / min(finest)) ** (1 / last)
    # With two stages the logarithm below is zero: the coarse one is a whole factor smaller.
    exponent = lambda i: 1 if last == 1 else (last - 1) / math.log(last) * math.log(last - i) + 1
    return [scaled(finest, factor ** exponent(i)) for i in range(last)] + [finest]


def picture_size(path):
    from PIL import Image, ImageOps

    width, height = ImageOps.exif_transpose(Image.open(path)).size
    return height, width


def size_list(text):
    return [[int(side) for side in size.split("x")] for size in text.split(",")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    cases = Path(__file__).resolve().parent.parent / "golden"
    golden_args = commands.add_parser("golden", help="run the golden cases")
    golden_args.add_argument("--cases", default=cases, help="a folder of cases")
    bench_args = commands.add_parser("bench", help="time the training step stage by stage")
    bench_args.add_argument("image", nargs="?", help="a picture, of which only the size counts")
    bench_args.add_argument("--sizes", type=size_list, help="height x width of each stage, like 25x38,31x47")
    bench_args.add_argument("--iters", type=int, default=5, help="timed iterations a stage; two more warm up")
    bench_args.add_argument("--max-size", type=int, default=250, help="longer side of the finest stage")
    bench_args.add_argument("--stages", type=int, default=6)
    bench_args.add_argument("--stage", type=int, help="time only this one, counted from 0")
    bench_args.add_argument("--threads", type=int, default=os.cpu_count())
    bench_args.add_argument("--graph", action="store_true", help="capture the step as a CUDA graph (needs --device cuda)")
    bench_args.add_argument("--device", default="cpu", help="cpu or cuda")
    args = parser.parse_args()
    if args.command == "golden":
        import golden

        sys.exit(0 if golden.run(args.cases) else 1)
    if not (args.image or args.sizes):
        parser.error("bench needs IMAGE or --sizes")
    bench(args)


if __name__ == "__main__":
    main()
