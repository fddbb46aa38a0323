#!/usr/bin/env python3
"""Hashes everything that a build of the program computes, to show that two builds compute the same bytes.

  python3 assets/bytes.py --program OLD/consingan --out old.json
  python3 assets/bytes.py --program NEW/consingan --against old.json

It trains every task with every activation, with and without batch norm (3 stages of 60 iterations at 60 pixels), trains 3
iterations at 157x250 on each CPU path that the machine has, and draws samples, tiles, an animation, a painting, a
harmonized and an edited picture, both enlargements and a dehazed picture. Hashed are weights, noise and pictures as files,
and amplitudes and logged losses as numbers, so that settings, reports and messages may change. Two builds can be compared
only on the same machine. Takes some ten minutes on two cores. Exit status 1 if anything differs.
"""

import argparse
import hashlib
import json
import math
import os
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TASKS = ["generation", "retarget", "animation", "harmonization", "editing", "paint"]
ACTIVATIONS = ["lrelu", "elu", "selu", "prelu"]
PATHS = ["avx512", "avx2", "neon", "scalar"]


def write_png(path, rows):
    """`rows` is a list of rows of (r, g, b) bytes."""
    raw = b"".join(b"\0" + bytes(v for pixel in row for v in pixel) for row in rows)
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))


def scene(h, w):
    """A hill under a sky with a sun, and grain."""
    grain = lambda y, x, c: (((y * 7919 + x * 104729 + c * 1299709) * 2654435761) >> 16) % 24
    rows = []
    for y in range(h):
        row = []
        for x in range(w):
            hill = h * (0.6 + 0.15 * math.sin(6.3 * x / w))
            sun = math.hypot(x - 0.75 * w, y - 0.2 * h) < 0.1 * h
            base = (230, 210, 80) if sun else (90, 140, 200) if y < hill else (60, 120 + (x * 37 + y * 17) % 50, 40)
            row.append(tuple(min(255, v + grain(y, x, c)) for c, v in enumerate(base)))
        rows.append(row)
    return rows


def pasted(rows):
    """The scene with a red square on it, and the mask of the square."""
    h, w = len(rows), len(rows[0])
    inside = lambda y, x: h // 3 <= y < h // 2 and w // 4 <= x < w // 2
    naive = [[(200, 60, 50) if inside(y, x) else p for x, p in enumerate(row)] for y, row in enumerate(rows)]
    mask = [[(255,) * 3 if inside(y, x) else (0,) * 3 for x in range(w)] for y in range(h)]
    return naive, mask


def painting(h, w):
    return [[(90, 140, 200) if y < h * 0.5 else (70, 140, 50) if x < w * 0.6 else (230, 210, 80) for x in range(w)]
            for y in range(h)]


def numbers(value):
    """The numbers of a JSON value in order, names aside."""
    if isinstance(value, dict):
        return [n for key in value if key not in ("time", "seconds") for n in numbers(value[key])]
    if isinstance(value, list):
        return [n for item in value for n in numbers(item)]
    return [value] if isinstance(value, (int, float)) and not isinstance(value, bool) else []


class Hashes:
    def __init__(self, program, folder, threads):
        self.program, self.folder, self.threads, self.found = program, folder, threads, {}

    def call(self, *args, path=None):
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("KERNELS_", "RUST_"))}
        if path:
            environment["KERNELS_CPU"] = path
        threads = ["--threads", self.threads] if self.threads and args[0] != "inspect" else []
        done = subprocess.run([self.program, *map(str, [*args, *threads])], cwd=self.folder, env=environment, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{' '.join(map(str, args))}: exit status {done.returncode}\n{done.stderr}")

    def file(self, name, path):
        self.found[name] = hashlib.sha256(path.read_bytes()).hexdigest()

    def values(self, name, value):
        self.found[name] = hashlib.sha256(repr(numbers(value)).encode()).hexdigest()

    def files(self, name, folder):
        """Everything below `folder` but what tells of settings and times."""
        told = ("run.json", "events.jsonl", "config.toml", "report.html")
        paths = sorted(p for p in folder.rglob("*") if p.is_file() and p.name not in told and ".tfevents" not in p.name)
        if not paths:
            sys.exit(f"{folder}: nothing was written")
        for path in paths:
            self.file(f"{name}/{path.relative_to(folder)}", path)

    def run(self, name, folder):
        self.files(name, folder)
        info = json.loads((folder / "run.json").read_text())
        for key in ("sizes", "amps", "losses"):
            self.values(f"{name}/{key}", info[key])
        lines = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
        self.values(f"{name}/log", lines)

    def everything(self):
        scene_rows = scene(66, 88)
        naive, mask = pasted(scene_rows)
        for name, rows in (("scene", scene_rows), ("naive", naive), ("mask", mask), ("painting", painting(50, 70)),
                           ("small", scene(24, 32))):
            write_png(self.folder / f"{name}.png", rows)
        self.tasks()
        self.uses()
        for path in PATHS:
            try:
                self.call("inspect", "generation-lrelu", path=path)
            except SystemExit:
                continue
            self.call("train", ROOT / "assets/images/summer-palace.jpg", "--preset", "paper", "--niter", 3, "--max-size", 250,
                      "--seed", 5, "-q", "--out", f"paper-{path}", path=path)
            self.run(f"paper-{path}", self.folder / f"paper-{path}")

    def tasks(self):
        for task in TASKS:
            for activation in ACTIVATIONS:
                for norm in (False, True):
                    name = f"{task}-{activation}" + ("-norm" if norm else "")
                    self.call("train", "scene.png", "--task", task, "--activation", activation, f"--batch-norm={str(norm).lower()}",
                              "--niter", 60, "--train-stages", 3, "--max-size", 60, "--seed", 3, "--filters", 16, "-q", "--out", name)
                    self.run(name, self.folder / name)

    def uses(self):
        """Every command that makes pictures, with its common flags."""
        def made(name, *args):
            out = args[args.index("--out") + 1]
            self.call(*args, "-q")
            path = self.folder / out
            self.file(name, path) if path.is_file() else self.files(name, path)

        run = "generation-lrelu"
        made("sample", "sample", run, "-n", 3, "--out", "samples")
        made("sample-size", "sample", run, "-n", 2, "--size", "70x130", "--seed", 4, "--out", "sized")
        made("sample-start", "sample", "retarget-elu-norm", "-n", 2, "--start-stage", 1, "--out", "started")
        made("sample-tensors", "sample", run, "-n", 2, "--scale", "1x2", "--format", "safetensors", "--out", "tensors")
        for axes in ("x", "y", "xy"):
            made(f"tile-{axes}", "sample", "retarget-lrelu", "-n", 2, "--tile", axes, "--out", f"tile-{axes}")
        made("reconstruction", "sample", run, "--reconstruction", "--out", "reconstruction")
        for ending in ("gif", "webp"):
            made(f"animate-{ending}", "animate", "animation-lrelu", "--frames", 6, "--loop", "--out", f"moving.{ending}")
        made("animate-png", "animate", "animation-elu-norm", "--frames", 4, "--format", "png", "--out", "frames")
        made("paint", "paint", "paint-lrelu", "painting.png", "-n", 2, "--out", "painted")
        made("paint-colours", "paint", "paint-lrelu", "painting.png", "--colours", 5, "--start-stage", 1, "--out", "recoloured")
        for command, task in (("harmonize", "harmonization"), ("edit", "editing")):
            for activation in ("lrelu", "elu-norm"):
                made(f"{command}-{activation}", command, f"{task}-{activation}", "naive.png", "--mask", "mask.png",
                     "--out", f"{command}-{activation}")
            made(f"{command}-derived", command, f"{task}-lrelu", "naive.png", "--out", f"{command}-derived")
            self.call(command, f"{task}-lrelu", "naive.png", "--mask", "mask.png", "--fine-tune", "--niter", 15, "--out",
                      f"{command}-tuned", "-q")
            self.run(f"{command}-tuned", self.folder / f"{command}-tuned")
        made("upscale-fidelity", "upscale", "small.png", "--niter", 40, "--out", "fidelity.png")
        made("upscale-perceptual", "upscale", "small.png", "--mode", "perceptual", "--niter", 15, "--save", "enlarger", "--out",
             "perceptual.png")
        self.run("enlarger", self.folder / "enlarger")
        made("dehaze", "dehaze", "scene.png", "--niter", 20, "--filters", 16, "--out", "dehazed")
        made("dehaze-prior", "dehaze", "scene.png", "--method", "dcp", "--out", "dehazed-prior")
        self.call("import", ROOT / "assets/official/zip", "--out", "imported", "-q")
        self.run("imported", self.folder / "imported")
        made("imported-sample", "sample", "imported", "-n", 2, "--out", "imported-samples")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, help="consingan")
    parser.add_argument("--out", help="where to write the hashes, as JSON")
    parser.add_argument("--against", help="hashes that another build wrote")
    parser.add_argument("--threads", help="threads of the program, which change no byte [default: the cores]")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        hashes = Hashes(Path(args.program).resolve(), Path(folder), args.threads)
        hashes.everything()
    if args.out:
        Path(args.out).write_text(json.dumps(hashes.found, indent=0))
    print(f"{len(hashes.found)} hashes")
    if args.against:
        before = json.loads(Path(args.against).read_text())
        differing = sorted(name for name in before.keys() | hashes.found.keys() if before.get(name) != hashes.found.get(name))
        for name in differing:
            state = "only before" if name not in hashes.found else "only now" if name not in before else "differs"
            print(f"  {name}: {state}")
        print("the same bytes" if not differing else f"{len(differing)} differ")
        sys.exit(int(bool(differing)))


if __name__ == "__main__":
    main()
