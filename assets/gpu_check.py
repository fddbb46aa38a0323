#!/usr/bin/env python3
"""Checks and times consingan on a GPU: goldens, determinism, stage times beside PyTorch's, a whole paper run, a profile.

  python3 assets/gpu_check.py --program PATH/consingan [--lab PATH/lab] [--tests PATH/devices-...] [--out DIR]

Needs a machine with an NVIDIA driver and this Python's torch, but neither Rust nor a network. The programs must be built
with `--features cuda`, on any machine; `lab` runs the golden cases, which are left out without it. CUDA's libraries are
looked for where torch keeps them, in CUDA_HOME, and on LD_LIBRARY_PATH. Without torch everything except the comparison
is done. Takes about four minutes. Exit status 1 if a check fails.
"""

import argparse
import glob
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET_SECONDS, TARGET_RATIO = 60, 8
PAPER_ITERATIONS = 2000

PEAK = """
import json, torch
torch.backends.cuda.matmul.allow_tf32 = True
a, b = (torch.randn(8192, 8192, device="cuda") for _ in range(2))
begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
for _ in range(3): a @ b
begin.record()
for _ in range(10): a @ b
end.record()
torch.cuda.synchronize()
print(json.dumps({"gpu": torch.cuda.get_device_name(), "torch": torch.__version__,
                  "tflops": 10 * 2 * 8192**3 / begin.elapsed_time(end) / 1e9}))
"""

# A 64-to-64 convolution of a batch of three as cuDNN does it, in both orders of memory: forward, input and weight gradient.
CONVOLUTIONS = """
import json, sys, torch
torch.backends.cudnn.benchmark = torch.backends.cudnn.allow_tf32 = True
def milliseconds(work):
    for _ in range(5): work()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for _ in range(20): work()
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    graph.replay(); begin.record(); graph.replay(); end.record(); torch.cuda.synchronize()
    return begin.elapsed_time(end) / 20
for size in sys.argv[1:]:
    h, w = map(int, size.split("x"))
    best = {}
    for order in (torch.contiguous_format, torch.channels_last):
        x = torch.randn(3, 64, h, w, device="cuda").to(memory_format=order)
        k = torch.randn(64, 64, 3, 3, device="cuda").to(memory_format=order)
        g = torch.randn(3, 64, h - 2, w - 2, device="cuda").to(memory_format=order)
        def gradient(of):
            return lambda: torch.ops.aten.convolution_backward(
                g, x, k, None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1, [of == "x", of == "w", False])
        works = {"forward": lambda: torch.conv2d(x, k), "input gradient": gradient("x"), "weight gradient": gradient("w")}
        with torch.no_grad():
            for name, work in works.items():
                best[name] = min(best.get(name, 1e9), milliseconds(work))
    gflop = 2 * 3 * (h - 2) * (w - 2) * 64 * 64 * 9 / 1e9
    print(json.dumps({"size": size, "gflop": gflop, "ms": best}))
"""


def library_folders():
    """Where CUDA's libraries may be: torch's own folders, the packages that it came with, CUDA_HOME."""
    folders = []
    for site in sys.path:
        for pattern in ("nvidia/*/lib", "nvidia/*/lib64", "torch/lib"):
            folders += sorted(glob.glob(os.path.join(site, pattern)))
    for home in (os.environ.get("CUDA_HOME"), os.environ.get("CUDA_PATH"), "/usr/local/cuda"):
        if home:
            folders += [os.path.join(home, "lib64"), os.path.join(home, "lib")]
    folders += ["/usr/local/nvidia/lib64", "/usr/lib/x86_64-linux-gnu"]
    return [f for f in folders if os.path.isdir(f)]


class Check:
    def __init__(self, args):
        self.args, self.rows, self.record, self.failed = args, [], {}, False
        self.environment = dict(os.environ)
        known = [f for f in os.environ.get("LD_LIBRARY_PATH", "").split(":") if f]
        self.environment["LD_LIBRARY_PATH"] = ":".join(known + library_folders())

    def row(self, what, value, verdict=""):
        self.rows.append((what, value, verdict))
        print(f"  {what}: {value} {verdict}", flush=True)
        self.failed |= verdict == "FAILED"

    def run(self, command, limit):
        """Standard output, standard error, seconds; raises RuntimeError with the end of what was said."""
        start = time.perf_counter()
        try:
            done = subprocess.run([str(c) for c in command], env=self.environment, capture_output=True, text=True,
                                  timeout=limit, cwd=ROOT)
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"took longer than {limit} s")
        if done.returncode:
            raise RuntimeError(f"exit status {done.returncode}: {done.stderr.strip()[-1500:]} {done.stdout.strip()[-500:]}")
        return done.stdout, done.stderr, time.perf_counter() - start

    def ours(self, *command, limit=300):
        return self.run([self.args.program, *command], limit)

    def part(self, title, work):
        """One part; what goes wrong in it does not end the others."""
        print(title, flush=True)
        try:
            work()
        except (RuntimeError, OSError, ValueError, LookupError, ArithmeticError, subprocess.SubprocessError) as error:
            self.row(title, str(error), "FAILED")

    # The parts.

    def libraries(self):
        out, _, _ = self.run(["ldd", self.args.program], 30)
        missing = [line.split()[0] for line in out.splitlines() if "not found" in line]
        self.row("libraries", ", ".join(missing) + " not found" if missing else "found", "FAILED" if missing else "ok")
        for line in out.splitlines():
            if any(name in line for name in ("cuda", "cublas", "curand")):
                print("   ", line.strip())

    def operations(self):
        for program in self.args.tests:
            out, _, seconds = self.run([program, "--nocapture"], 300)
            skipped = any(f"no {name} here" in out for name in ("card", "GPU"))
            self.row(f"operations ({Path(program).name})", "no GPU was found" if skipped else f"right, {seconds:.0f} s",
                     "FAILED" if skipped else "ok")

    def sanitizer(self):
        """The operations again under CUDA's checkers of memory accesses and of races in shared memory."""
        for tool in ("memcheck", "racecheck") if self.args.sanitize else ():
            for program in self.args.tests:
                command = ["compute-sanitizer", "--tool", tool, "--error-exitcode", "9", program]
                _, _, seconds = self.run(command, 400)
                self.row(f"{tool} ({Path(program).name})", f"nothing found, {seconds:.0f} s", "ok")

    def goldens(self):
        if not self.args.lab:
            return self.row("goldens in f32", "left out, give --lab")
        command = ["golden", "--cases", self.args.cases, "--device", "cuda:0", "--json"]
        done = subprocess.run([str(self.args.lab), *map(str, command)], env=self.environment, capture_output=True,
                              text=True, timeout=300, cwd=ROOT)
        checks = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        misses = [c for c in checks if not c["ok"]]
        for miss in misses[:20]:
            print("   ", miss)
        if not checks:
            raise RuntimeError(done.stderr.strip()[-1500:])
        self.record["goldens"] = {"tensors": len(checks), "misses": misses}
        good = not misses and done.returncode == 0
        self.row("goldens in f32", f"{len(checks)} tensors, {len(misses)} misses", "ok" if good else "FAILED")
        if not good:
            print("   ", done.stderr.strip()[-1500:])

    def determinism(self):
        """The same seed twice, and once without graphs; for a task whose examples change in every iteration too."""
        for task in ("generation", "paint"):
            weights = []
            for name, graphs in (("one", "on"), ("two", "on"), ("plain", "off")):
                run = Path(self.folder) / f"{task}-{name}"
                self.environment["KERNELS_CUDA_GRAPHS"] = graphs
                try:
                    self.ours("train", self.args.image, "--out", run, "--device", "cuda:0", "--niter", "60", "--max-size",
                              "100", "--train-stages", "3", "--seed", "3", "--task", task, "-q")
                finally:
                    del self.environment["KERNELS_CUDA_GRAPHS"]
                weights.append((run / "stage-2" / "generator.safetensors").read_bytes())
            for what, same in (("the same seed twice", weights[0] == weights[1]), ("without graphs", weights[0] == weights[2])):
                self.row(f"{task}, {what}", "the same bytes" if same else "other bytes", "ok" if same else "FAILED")

    def peak(self):
        out, _, _ = self.run([sys.executable, "-c", PEAK], 120)
        self.record["peak"] = json.loads(out)
        self.row("GPU", "{gpu}, torch {torch}".format(**self.record["peak"]))
        self.row("its peak in TF32 (torch, 8192^3)", f"{self.record['peak']['tflops']:.0f} TFLOP/s")

    def stages(self):
        def times(command, limit):
            lines = self.run(command, limit)[0].splitlines()
            return [json.loads(line) for line in lines if line.startswith("{")]

        bench = [self.args.program, "bench", self.args.image, "--device", "cuda:0", "--iters", self.args.iters]
        ours = times(bench, 240)
        exact = times([*bench, "--precision", "f32"], 240)
        sizes = ",".join("x".join(map(str, line["size"])) for line in ours)
        twin = [sys.executable, ROOT / "assets/torch/consingan_twin.py", "bench", "--sizes", sizes, "--device", "cuda",
                "--iters", self.args.iters]
        torch, graphs = [], []
        for name, to, command in (("eager", torch, twin), ("graphs", graphs, [*twin, "--graph"])):
            try:
                to += times(command, 300)
            except RuntimeError as error:
                print(f"    torch ({name}): {str(error)[-600:]}")
        self.record["stages"] = {"tf32": ours, "f32": exact, "torch": torch, "torch_graphs": graphs}
        peak = self.record.get("peak", {}).get("tflops")
        print(f"    {'stage':>5} {'size':>9} {'tf32 ms':>9} {'f32 ms':>9} {'torch ms':>9} {'ratio':>6} {'graphs ms':>9} {'of peak':>8}")
        for k, line in enumerate(ours):
            of = lambda lines: lines[k]["ms_per_iter"] if k < len(lines) else float("nan")
            share = line["gflop"] / line["ms_per_iter"] / peak if peak else float("nan")
            size = "x".join(map(str, line["size"]))
            print(f"    {k:>5} {size:>9} {of(ours):>9.2f} {of(exact):>9.2f} {of(torch):>9.2f} {of(torch) / of(ours):>6.1f} "
                  f"{of(graphs):>9.2f} {share:>8.1%}")
        total = lambda lines: sum(line["ms_per_iter"] for line in lines) * PAPER_ITERATIONS / 1e3
        self.row("a paper run by these times", f"tf32 {total(ours):.0f} s, f32 {total(exact):.0f} s")
        if len(torch) == len(ours):
            ratio = total(torch) / total(ours)
            self.row("torch, eager", f"{total(torch):.0f} s: {ratio:.1f} times", "ok" if ratio >= TARGET_RATIO else "FAILED")
        if len(graphs) == len(ours):
            self.row("torch, CUDA graphs", f"{total(graphs):.0f} s: {total(graphs) / total(ours):.1f} times")

    def profile(self):
        last = len(self.record["stages"]["tf32"]) - 1
        for stage in (0, last):
            out, _, _ = self.ours("bench", self.args.image, "--device", "cuda:0", "--profile", "--stage", stage)
            kernels = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
            busy, whole = sum(k["ms"] for k in kernels), self.record["stages"]["tf32"][stage]["ms_per_iter"]
            self.record.setdefault("profile", {})[stage] = kernels
            launches = sum(k["launches"] for k in kernels)
            print(f"    stage {stage}: {launches} launches of ours, {busy:.3f} ms in them; {whole:.3f} ms per iteration as replayed")
            for k in kernels[:14]:
                rate = f"{k['gflop'] / k['ms']:>7.1f} TFLOP/s" if "gflop" in k else ""
                print(f"    {k['kernel']:>26} {k['launches']:>5} {k['ms']:>9.4f} ms {k['ms'] / busy:>7.1%} {rate}")
            self.row(f"stage {stage}: in our kernels, whole iteration", f"{busy:.3f}, {whole:.3f} ms")

    def cudnn(self):
        """What cuDNN makes of the commonest convolution, to be held against the rates of the profile."""
        sizes = ["x".join(map(str, line["size"])) for line in self.record["stages"]["tf32"]]
        out, _, _ = self.run([sys.executable, "-c", CONVOLUTIONS, *sizes], 240)
        self.record["cudnn"] = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
        for line in self.record["cudnn"]:
            rates = (f"{name} {line['gflop'] / ms:.1f} ({ms * 1e3:.1f} us)" for name, ms in line["ms"].items())
            print(f"    {line['size']:>9}: {', '.join(rates)} TFLOP/s", flush=True)

    def paper(self):
        command = ["train", self.args.image, "--preset", "paper", "--device", "cuda:0", "--out", Path(self.folder) / "paper"]
        _, said, seconds = self.ours(*command, limit=420)
        self.record["paper_seconds"] = seconds
        if "without a CUDA graph" in said:
            self.row("CUDA graphs", [line for line in said.splitlines() if "without a CUDA graph" in line][0], "FAILED")
        good = seconds < TARGET_SECONDS
        self.row("the paper's run, whole command", f"{seconds:.1f} s", "ok" if good else "FAILED")
        info = json.loads((Path(self.folder) / "paper" / "run.json").read_text())
        self.row("seconds a stage", ", ".join(f"{s:.1f}" for s in info["seconds"]))
        for name in ("samples/stage-5.png", "run.json", "events.jsonl"):
            self.keep(Path(self.folder) / "paper" / name)

    def keep(self, path):
        if self.args.out and path.exists():
            (Path(self.args.out) / path.name).write_bytes(path.read_bytes())

    def everything(self):
        with tempfile.TemporaryDirectory() as self.folder:
            for title, work in (
                ("libraries", self.libraries),
                ("operations", self.operations),
                ("sanitizer", self.sanitizer),
                ("goldens", self.goldens),
                ("determinism", self.determinism),
                ("peak", self.peak),
                ("stage times", self.stages),
                ("profile", self.profile),
                ("cuDNN by itself", self.cudnn),
                ("paper run", self.paper),
            ):
                self.part(title, work)
        print("\n| what | value | |\n|---|---|---|")
        for row in self.rows:
            print("| " + " | ".join(str(cell).replace("\n", " ") for cell in row) + " |")
        if self.args.out:
            self.record["rows"] = self.rows
            (Path(self.args.out) / "gpu-check.json").write_text(json.dumps(self.record, indent=1))
        return int(self.failed)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, help="consingan, built with --features cuda")
    parser.add_argument("--lab", help="lab, the program of the golden cases, built with --features cuda")
    parser.add_argument("--tests", nargs="*", default=[], help="test programs of the crate kernels, built with --features cuda")
    parser.add_argument("--sanitize", action="store_true",
                        help="also run the test programs under compute-sanitizer, which takes minutes")
    parser.add_argument("--image", default=ROOT / "assets/images/summer-palace.jpg")
    parser.add_argument("--cases", default=ROOT / "assets/golden", help="a folder of golden cases")
    parser.add_argument("--iters", type=int, default=20, help="timed iterations a stage")
    parser.add_argument("--out", help="a folder for the record and the paper run's last sheet")
    args = parser.parse_args()
    args.program = Path(args.program).resolve()
    args.tests = [Path(test).resolve() for test in args.tests]
    args.lab = args.lab and Path(args.lab).resolve()
    for program in filter(None, (args.program, args.lab)):
        if not program.is_file():
            parser.error(f"{program}: no such program")
    if args.out:
        Path(args.out).mkdir(parents=True, exist_ok=True)
    sys.exit(Check(args).everything())


if __name__ == "__main__":
    main()
