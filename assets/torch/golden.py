"""The golden cases through the twin, in float32, a line a tensor."""

import json
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import safe_open

from networks import Config, Discriminator, Generator
from training import Optimizers, Stage, gradient_penalty, noise_amplitude, train_step


def run(folder):
    """Runs every case of a folder and says whether all tensors were within what is allowed."""
    kinds = {"forward": forward, "train": train, "upsample": upsample}
    paths = sorted(Path(folder).glob("*.safetensors"))
    if not paths:
        raise SystemExit(f"{folder}: no .safetensors file in it")
    tensors = misses = 0
    for path in paths:
        case = Case(path)
        if case.meta["kind"] not in kinds:
            print(f"skip {case.name} (kind {case.meta['kind']} is no part of the twin)")
            continue
        for tensor, error, allowed in kinds[case.meta["kind"]](case):
            miss = not error <= allowed
            tensors, misses = tensors + 1, misses + miss
            print(f"{'MISS' if miss else 'ok  '} {case.name} {tensor} {error:.3e} allowed {allowed:.1e}")
    print(f"{tensors} tensors, {misses} misses")
    return misses == 0


class Case:
    """Tensors with their description."""

    def __init__(self, path):
        self.name = path.stem
        with safe_open(path, "pt") as file:
            self.meta = json.loads(file.metadata()["case"])
            self.tensors = {name: file.get_tensor(name) for name in file.keys()}

    def __getitem__(self, name):
        return self.tensors[name]

    def part(self, prefix):
        """The tensors whose name begins with `prefix`, without it."""
        return {name.removeprefix(prefix): t for name, t in self.tensors.items() if name.startswith(prefix)}

    def numbered(self, prefix):
        """`prefix` 0, 1, ... up to the last stage."""
        return [self[f"{prefix}{k}"] for k in range(len(self.meta["sizes"]))]

    def compare(self, name, ours, floor=0.0):
        """Relative Frobenius error, and 20 times PyTorch's own or `floor`; where zero is expected, the norm."""
        expected = self[name].double()
        assert ours.shape == expected.shape, f"{name} has shape {tuple(expected.shape)}, ours {tuple(ours.shape)}"
        error, norm = (ours.detach().double() - expected).norm().item(), expected.norm().item()
        if norm == 0:
            return name, error, 1e-6
        return name, error / norm, max(20 * self.meta.get("torch_f32_error", {}).get(name, 0.0), 5e-5, floor)

    def networks(self, config):
        g, d = Generator(config), Discriminator(config)
        for _ in self.meta["sizes"][1:]:
            g.grow()
        g.load_state_dict(self.part("g."))
        d.load_state_dict(self.part("d."))
        return g, d


def upsample(case):
    ours = F.interpolate(case["input"], size=tuple(case.meta["size"]), mode="bicubic", align_corners=True)
    yield case.compare("output", ours)


def forward(case):
    config = Config.from_case(case.meta["config"])
    g, d = case.networks(config)
    steep = 3e-2 if config.activation == "selu" else 1e-3  # one flipped kink is that much
    fake = g(case.numbered("noise."), case.meta["sizes"], case.meta["amps"])
    real = case["real"].clone().requires_grad_()
    score = d(real)
    yield case.compare("fake", fake)
    yield case.compare("d_real", score)
    yield case.compare("d_input_gradient", torch.autograd.grad(score.sum(), real)[0], steep)
    penalty = gradient_penalty(d, case["real"], fake, case.meta["gp_alpha"], config.lambda_grad)
    yield case.compare("gp", penalty.reshape(1), steep)
    gradients = torch.autograd.grad(penalty, list(d.parameters()), materialize_grads=True)
    for (name, _), gradient in zip(d.named_parameters(), gradients):
        yield case.compare(f"gp_grad.{name}", gradient, steep)


def train(case):
    config = Config.from_case(case.meta["config"])
    g, d = case.networks(config)
    stage = Stage(case["real"], case.meta["sizes"], case.meta["amps"], case.numbered("fixed."))
    last = stage.amps[-1]
    yield "amps", abs(noise_amplitude(g, stage, config) - last) / abs(last), 1e-5

    optimizers = Optimizers(g, d, config)
    losses = []
    for i, alphas in enumerate(case["gp_alphas"].tolist()):
        losses.append(train_step(g, d, optimizers, stage, case.numbered(f"noise.{i}."), alphas, config))
    yield "losses", case.compare("losses", torch.stack(losses))[1], 2e-3

    for net, prefix in ((g, "g."), (d, "d.")):
        for name, parameter in net.named_parameters():
            # In front of a norm a bias has no effect: its true gradient is zero, and Adam makes a step of rounding.
            exempt = config.batch_norm and net is g and name.endswith("conv.bias")
            if not exempt:
                yield moved(case, prefix + name, parameter)


def moved(case, name, ours):
    """How far a parameter is from where it should be, relative to how far it should have gone."""
    expected = case[f"after.{name}"]
    way = (expected - case[name].double()).norm().item()
    error = (ours.detach().double() - expected).norm().item()
    return (f"after.{name}", error, 0.0) if way == 0 else (f"after.{name}", error / way, 0.03)
