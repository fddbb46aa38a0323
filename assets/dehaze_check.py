#!/usr/bin/env python3
"""Measures `consingan dehaze` on synthetic haze, beside a plain dark channel prior.

    python3 assets/dehaze_check.py --program target/release/consingan PICTURE...

puts six hazes over each clear picture (airlights white, blue and warm, each thin and thick, with depths that
grow towards the top), runs a plain dark channel prior (He, Sun and Tang: windows of 15 pixels, omega 0.95,
transmission at least 0.1, guided filter) and the program on them, and prints a table. It exits with 1 unless

- the mean PSNR of the program is at least 1 dB above that of the plain prior,
- no result is more than 0.3 dB below the hazy picture that it was made from,
- on average under one per cent of the pixels are newly saturated: a channel is 0 or 255 that is neither in
  the clear nor in the hazy picture.

Pictures should be outdoor ones, with sky and without. It needs NumPy and Pillow.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

GAIN = 1.0
LOSS = 0.3
SATURATED = 1.0

# Name, airlight and optical depth at the farthest pixel.
HAZES = [
    ("white thin", (0.92, 0.92, 0.92), 0.8),
    ("white thick", (0.85, 0.85, 0.85), 1.8),
    ("blue thin", (0.70, 0.78, 0.90), 0.8),
    ("blue thick", (0.76, 0.84, 0.95), 1.8),
    ("warm thin", (0.90, 0.82, 0.70), 0.8),
    ("warm thick", (0.95, 0.87, 0.76), 1.8),
]


def depth(height, width, rng):
    """Depths from 0 to 1: a ramp that grows towards the top, tilted at random, with some blobs on it."""
    y, x = np.mgrid[0:height, 0:width]
    long = max(height, width)
    y, x = (y - height / 2) / long, (x - width / 2) / long
    angle = rng.uniform(-0.8, 0.8)
    found = x * np.sin(angle) - y * np.cos(angle)
    for _ in range(rng.integers(2, 5)):
        at_y, at_x = rng.uniform(-0.5, 0.5) * height / long, rng.uniform(-0.5, 0.5) * width / long
        square = ((y - at_y) ** 2 + (x - at_x) ** 2) / rng.uniform(0.06, 0.18) ** 2
        found = found + rng.uniform(-0.2, 0.3) * np.exp(-0.5 * square)
    return (found - found.min()) / (found.max() - found.min())


def hazes(clear, seed):
    """Name and picture in [0, 1] for each of the hazes, rounded to 8 bits as a file is."""
    for index, (name, airlight, beta) in enumerate(HAZES):
        rng = np.random.default_rng([seed, index])
        t = np.exp(-beta * depth(*clear.shape[:2], rng))[..., None]
        yield name, np.round((clear * t + np.array(airlight) * (1 - t)) * 255) / 255


def window(values, radius, reduce):
    """Reduces the windows of `radius` around each pixel, first along the rows and then along the columns."""
    for axis in (0, 1):
        pad = [(0, 0), (0, 0)]
        pad[axis] = (radius, radius)
        padded = np.pad(values, pad, mode="edge")
        values = reduce(np.lib.stride_tricks.sliding_window_view(padded, 2 * radius + 1, axis=axis), axis=-1)
    return values


def box(values, radius):
    """Means over windows, over fewer pixels at the border."""
    for axis in (0, 1):
        n = values.shape[axis]
        sums = np.concatenate([np.zeros_like(values.take([0], axis)), values.cumsum(axis)], axis)
        low, high = np.maximum(np.arange(n) - radius, 0), np.minimum(np.arange(n) + radius + 1, n)
        count = (high - low).reshape([-1 if a == axis else 1 for a in (0, 1)])
        values = (sums.take(high, axis) - sums.take(low, axis)) / count
    return values


def guided(guide, values, radius, eps):
    """The guided filter (He, Sun and Tang, "Guided image filtering", ECCV 2010)."""
    mean_g, mean_v = box(guide, radius), box(values, radius)
    slope = (box(guide * values, radius) - mean_g * mean_v) / (box(guide * guide, radius) - mean_g**2 + eps)
    return box(slope, radius) * guide + box(mean_v - slope * mean_g, radius)


def plain_prior(hazy):
    """The dark channel prior as in its paper, with the guided filter."""
    dark = window(hazy.min(axis=2), 7, np.min)
    top = np.argsort(-dark, axis=None, kind="stable")[: max(dark.size // 1000, 1)]
    airlight = hazy.reshape(-1, 3)[top].mean(axis=0)
    t = 1 - 0.95 * window((hazy / airlight).min(axis=2), 7, np.min)
    t = np.maximum(guided(hazy.mean(axis=2), t, 40, 1e-3), 0.1)[..., None]
    return ((hazy - airlight) / t + airlight).clip(0, 1)


def by_program(hazy, program, arguments, folder):
    """The program's result for a hazy picture."""
    source, out = folder / "hazy.png", folder / "out"
    to_image(hazy).save(source)
    command = [program, "dehaze", str(source), "--out", str(out), *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return pixels(Image.open(out / "J.png"))


def to_image(values):
    return Image.fromarray(np.round(values * 255).clip(0, 255).astype(np.uint8))


def pixels(image):
    return np.asarray(image.convert("RGB"), dtype=np.float64) / 255


def psnr(found, clear):
    return -10 * np.log10(max(np.mean((found - clear) ** 2), 1e-12))


def saturated(found, hazy, clear):
    """Per cent of pixels with a channel that is newly at an end of the range."""
    new = np.zeros(clear.shape, bool)
    for end in (0, 255):
        at_end = [np.round(values * 255) == end for values in (found, hazy, clear)]
        new |= at_end[0] & ~at_end[1] & ~at_end[2]
    return 100 * np.mean(new.any(axis=2))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pictures", nargs="+", type=Path, help="clear outdoor pictures")
    parser.add_argument("--program", required=True, help="consingan, as it was built")
    parser.add_argument("--arguments", default="", help="further arguments of the program, as one text")
    parser.add_argument("--long", type=int, default=400, help="larger pictures are reduced to this longer side")
    parser.add_argument("--seed", type=int, default=0, help="where the haze is")
    args = parser.parse_args()
    print("| picture | haze | hazy | plain prior | program | newly saturated, plain | program |")
    print("|---|---|---|---|---|---|---|")
    rows = []
    for number, path in enumerate(args.pictures):
        image = Image.open(path).convert("RGB")
        image.thumbnail((args.long, args.long), Image.Resampling.LANCZOS)
        clear = pixels(image)
        for name, hazy in hazes(clear, args.seed + number):
            with tempfile.TemporaryDirectory() as folder:
                ours = by_program(hazy, args.program, args.arguments.split(), Path(folder))
            plain = np.round(plain_prior(hazy) * 255) / 255
            row = [psnr(p, clear) for p in (hazy, plain, ours)] + [saturated(p, hazy, clear) for p in (plain, ours)]
            rows.append(row)
            print(f"| {path.stem} | {name} | " + " | ".join(f"{v:.1f}" for v in row) + " |", flush=True)
    table = np.array(rows)
    mean = table.mean(axis=0)
    print("| mean | | " + " | ".join(f"{v:.1f}" for v in mean) + " |\n")
    worst = (table[:, 2] - table[:, 0]).min()
    bars = [
        (f"mean PSNR above the plain prior by {mean[2] - mean[1]:.2f} dB, at least {GAIN}", mean[2] - mean[1] >= GAIN),
        (f"worst result against its hazy picture {worst:+.2f} dB, at least -{LOSS}", worst >= -LOSS),
        (f"newly saturated pixels {mean[4]:.2f} per cent, under {SATURATED}", mean[4] < SATURATED),
    ]
    for text, met in bars:
        print(f"{'met   ' if met else 'MISSED'} {text}")
    return 0 if all(met for _, met in bars) else 1


if __name__ == "__main__":
    sys.exit(main())
