#!/usr/bin/env python3
"""Makes every sample sheet that README.md and docs/ show: trains the models, draws the samples, joins them into figures.

  python3 assets/sheets.py --program PATH/consingan --device cuda --jobs 4
  python3 assets/sheets.py --program PATH/consingan --only lr-scale       # figures whose names begin so
  cargo xtask sheets --device cuda                                        # builds the program first

Figures go to docs/images/guide, one PNG each (and one GIF), together less than 5 MB. sheets.json beside them keeps how many
seconds each training command took, and on which device. With --jobs, commands share the device, and each takes longer than
it would alone. The same program on the same device makes the same figures. On a GPU all of them take some minutes. Exit
status 1 if a figure could not be made.
"""

import argparse
import json
import math
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gpu_check import library_folders
from pictures import changed, enlarged, fewer_levels, join, painted, read_png, read_tensor, stack, write_png
from sheets_cases import COFFEE, GRAVEL, OTHERS, PALACE, SAMPLES
from sheets_drawings import face, flat_painting, text

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "assets/images"
DRAWINGS = {"face": face, "text": text}


class Sheets:
    def __init__(self, args, folder):
        self.args, self.folder, self.record = args, folder, []
        self.environment = dict(os.environ)
        known = [f for f in os.environ.get("LD_LIBRARY_PATH", "").split(":") if f]
        self.environment["LD_LIBRARY_PATH"] = ":".join(known + library_folders())
        self.threads = str(max(1, (os.cpu_count() or 1) // args.jobs))

    def call(self, *arguments, device="cpu", keep=False):
        """Runs the program in the temporary folder; with `keep` its time goes into the record. Short commands compute
        on the CPU, because it takes seconds to open a GPU."""
        command = [str(argument) for argument in arguments]
        chosen = [] if command[0] == "dehaze" else ["--device", device]
        begin = time.perf_counter()
        done = subprocess.run([self.args.program, *command, *chosen, "--threads", self.threads, "-q"], cwd=self.folder,
                              env=self.environment, capture_output=True, text=True)
        seconds = time.perf_counter() - begin
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: exit status {done.returncode}: {done.stderr.strip()[-800:]}")
        if keep:
            shown = " ".join(command).replace(f"{PICTURES}{os.sep}", "").replace(f"{self.folder}{os.sep}", "")
            entry = {"command": f"consingan {shown}", "seconds": round(seconds, 1), "device": device_name(device)}
            self.record.append(entry)
            print(f"  {seconds:6.1f} s  {shown}", flush=True)

    # What figures are made of.

    def source(self, picture):
        if picture not in DRAWINGS:
            return PICTURES / picture
        path = self.folder / f"{picture}.png"
        if not path.exists():
            write_png(path, DRAWINGS[picture]())
        return path

    def train(self, wanted):
        flags = tiny(wanted.flags) if self.args.tiny else wanted.flags
        self.call("train", self.source(wanted.picture), "--preset", "quick", *flags, "--out", wanted.name(),
                  device=self.args.device, keep=True)

    def real(self, wanted):
        """The picture that a run was trained on, at the size of its finest stage."""
        return read_tensor(self.folder / wanted.name() / "pyramid.safetensors", None)

    def reduced(self, picture, size):
        """A picture of assets/images at a size, as the program reduces it for a run, here one of one iteration."""
        out = f"reduced-{picture.split('.')[0]}-{size}"
        self.call("train", PICTURES / picture, "--max-size", size, "--train-stages", 1, "--niter", 1, "--filters", 1, "--out", out)
        return read_tensor(self.folder / out / "pyramid.safetensors", None)

    def samples(self, wanted, count, flags, out):
        self.call("sample", wanted.name(), "-n", count, *flags, "--out", out)
        return [read_png(self.folder / out / f"sample-{k:04}.png") for k in range(count)]

    def file(self, name, picture):
        write_png(self.folder / name, picture)
        return name

    # The figures that are more than samples.

    def animation(self, wanted):
        walk = ("animate", wanted.name(), "--frames", 24, "--loop")
        self.call(*walk, "--format", "png", "--out", "frames")
        self.call(*walk, "--out", "animation.gif")
        shutil.copyfile(self.folder / "animation.gif", self.args.out / "animation.gif")
        return join([read_png(self.folder / "frames" / f"frame-{k:04}.png") for k in range(0, 24, 4)])

    def tiling(self, wanted):
        tile = self.samples(wanted, 1, ("--tile", "xy"), "tiles")[0]
        return stack([join([tile] * 4, gap=0)] * 2, gap=0)

    def harmonization(self, wanted):
        """A disc with other colours, as if it had been pasted from another photograph."""
        real = self.real(wanted)
        cooler = lambda r, g, b: (0.55 * r, 0.75 * g + 20, 1.2 * b + 60)
        naive, mask = changed(real, cooler, lambda y, x: math.hypot((y - 0.55) * 2 / 3, x - 0.45) < 0.17)
        return self.retouched("harmonize", wanted, real, naive, mask)

    def editing(self, wanted):
        """The upper part of the tower a second time, on the right, and a piece of the sky over its old top."""
        real = self.real(wanted)
        height, width = len(real), len(real[0])
        naive = [list(row) for row in real]
        part = range(int(0.05 * height), int(0.5 * height))
        for y in part:
            for x in range(int(0.12 * width), int(0.52 * width)):
                naive[y + int(0.2 * height)][x + int(0.42 * width)] = real[y][x]
        moved = lambda y, x: 0.25 <= y < 0.7 and 0.54 <= x < 0.94
        _, mask = changed(real, lambda *colour: colour, moved)
        return self.retouched("edit", wanted, real, naive, mask)

    def retouched(self, command, wanted, real, naive, mask):
        out = f"{command}-result"
        files = [self.file(f"{command}-{name}.png", picture) for name, picture in (("naive", naive), ("mask", mask))]
        self.call(command, wanted.name(), files[0], "--mask", files[1], "--out", out)
        return join([real, naive, read_png(self.folder / out / "result.png")])

    def paint(self, wanted):
        real = self.real(wanted)
        painting = flat_painting(len(real), len(real[0]))
        self.call("paint", wanted.name(), self.file("painting.png", painting), "-n", 2, "--out", "painted")
        return join([real, painting, *(read_png(self.folder / "painted" / f"painted-{k:04}.png") for k in range(2))])

    def upscale_fidelity(self, _):
        return self.upscaled(COFFEE, 2, "fidelity")

    def upscale_perceptual(self, _):
        return self.upscaled(GRAVEL, 4, "perceptual")

    def upscaled(self, picture, factor, mode):
        """The given pixels, the enlargement, and the truth that the given picture was reduced from."""
        truth, given = self.reduced(picture, 192), self.reduced(picture, 192 // factor)
        few = ["--niter", "20"] if self.args.tiny else []
        trained = ["--save", f"{mode}-run"] if mode == "perceptual" else []
        self.call("upscale", self.file(f"{mode}-given.png", given), "--factor", factor, "--mode", mode, *few, *trained,
                  "--out", f"{mode}.png", device=self.args.device if trained else "cpu", keep=True)
        return join([enlarged(given, factor), read_png(self.folder / f"{mode}.png"), truth])

    def dehaze(self, _):
        """Haze of which the truth is known: I = J t + A (1 - t), thicker towards the top and the right, A = 0.85."""
        clear = self.reduced(PALACE, 190)
        height, width = len(clear), len(clear[0])
        depth = lambda y, x: math.exp(-1.2 * (0.75 * (1 - y / height) + 0.25 * x / width))
        veil = lambda v, t: round(v * t + 0.85 * 255 * (1 - t))
        hazy = [[tuple(veil(v, depth(y, x)) for v in clear[y][x]) for x in range(width)] for y in range(height)]
        name = self.file("hazy.png", hazy)
        self.call("dehaze", name, "--out", "dehazed", keep=True)
        self.call("dehaze", name, "--method", "dcp", "--out", "dehazed-prior")
        results = [self.folder / "dehazed-prior/J.png", self.folder / "dehazed/J.png", self.folder / "dehazed/t.png"]
        return join([clear, hazy, *map(read_png, results)])

    # All of it.

    def figure(self, name):
        if name in SAMPLES:
            wanted, count, flags = SAMPLES[name]
            picture = join([self.real(wanted), *self.samples(wanted, count, flags, f"{name}-samples")])
        else:
            picture = getattr(self, name)(OTHERS[name])
        path = self.args.out / f"{name.replace('_', '-')}.png"
        write_png(path, fewer_levels(picture))
        print(f"  {path.name}: {len(picture[0])}x{len(picture)}, {path.stat().st_size // 1024} KiB", flush=True)

    def everything(self):
        """Whether all figures that were asked for could be made."""
        chosen = [name for name in [*SAMPLES, *OTHERS] if name.replace("_", "-").startswith(self.args.only)]
        if not chosen:
            sys.exit(f"no figure's name begins with {self.args.only}: {', '.join([*SAMPLES, *OTHERS])}")
        runs_of = {name: SAMPLES[name][0] if name in SAMPLES else OTHERS[name] for name in chosen}
        long_first = sorted(set(runs_of.values()) - {None}, key=lambda wanted: (-largest(wanted), wanted.name()))
        print(f"{len(long_first)} runs for {len(chosen)} figures, {self.args.jobs} at once, on {device_name(self.args.device)}")
        with ThreadPoolExecutor(self.args.jobs) as trainers, ThreadPoolExecutor(2) as composers:
            runs = {wanted: trainers.submit(attempt, self.train, wanted) for wanted in long_first}

            def compose(name):
                wanted = runs_of[name]
                return (wanted is None or runs[wanted].result()) and attempt(self.figure, name)

            # Figures without a run first, then in the order in which their runs begin.
            order = lambda name: -1 if runs_of[name] is None else long_first.index(runs_of[name])
            good = list(composers.map(compose, sorted(chosen, key=order)))
        keep_record(self.args.out / "sheets.json", self.record, self.args.jobs)
        return all(good)


def tiny(flags):
    """The flags with few filters and iterations, and small pictures."""
    small = {"--filters": "8", "--niter": "20", "--max-size": "40"}
    given = dict(zip(flags[::2], flags[1::2]))
    return [part for pair in {**given, **small}.items() for part in pair]


def largest(wanted):
    """The finest stage's longer side, by which runs are started."""
    return int(wanted.flags[wanted.flags.index("--max-size") + 1]) if "--max-size" in wanted.flags else 100


def attempt(work, item):
    """Whether the work could be done for the item. What goes wrong with one does not end the others."""
    try:
        work(item)
        return True
    except (RuntimeError, OSError, ValueError, LookupError) as error:
        print(f"  FAILED {item}: {error}", flush=True)
        return False


def keep_record(path, record, jobs):
    """Adds to the record what was measured now; what was measured before with the same command is replaced."""
    before = json.loads(path.read_text()) if path.exists() else []
    now = {entry["command"]: {**entry, "jobs": jobs} for entry in record}
    entries = [entry for entry in before if entry["command"] not in now] + list(now.values())
    lines = ",\n".join(json.dumps(entry) for entry in sorted(entries, key=lambda entry: entry["command"]))
    path.write_text(f"[\n{lines}\n]\n")


def device_name(device):
    if device != "cpu":
        try:
            names = subprocess.run(["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"], capture_output=True, text=True)
            if names.returncode == 0:
                return names.stdout.splitlines()[0]
        except OSError:
            pass
        return device
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        name = platform.processor() or platform.machine()
    return f"{name}, {os.cpu_count()} cores"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, help="consingan")
    parser.add_argument("--device", default="cpu", help="where to compute: cpu, cuda or cuda:N [default: cpu]")
    parser.add_argument("--jobs", type=int, default=1, help="runs at once [default: 1]")
    parser.add_argument("--only", default="", metavar="NAME", help="make only the figures whose names begin so")
    parser.add_argument("--out", type=Path, default=ROOT / "docs/images/guide", help="a folder [default: docs/images/guide]")
    parser.add_argument("--tiny", action="store_true", help="tiny runs of seconds, to try this script; never for the documents")
    args = parser.parse_args()
    args.program, args.out = Path(args.program).resolve(), args.out.resolve()
    if not args.program.is_file():
        parser.error(f"{args.program}: no such program")
    if args.jobs < 1:
        parser.error(f"--jobs is {args.jobs}, it must be at least 1")
    args.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        good = Sheets(args, Path(folder)).everything()
    sys.exit(int(not good))


if __name__ == "__main__":
    main()
