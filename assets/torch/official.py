"""Writes two minute folders as the official program does, for the tests of `consingan import` (see ../official/README.md).

    python assets/torch/official.py assets/official

`zip` has today's file format, `legacy` that of PyTorch 1.1. The weights are random and large, so that every one of them
shows in `expected.safetensors`: what the generator makes of the fixed noise.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from networks import Config, Discriminator, Generator
from safetensors.torch import save_file

SIZES = [(12, 14), (15, 18)]


def main():
    root = Path(sys.argv[1])
    write(
        root / "zip",
        Config(mode="generation", filters=4, layers=2, stages=2, min_size=12, max_size=18),
        reals=neighbours,
        amps=[1, torch.tensor(0.7)],
        legacy=False,
    )
    # Storages as on a machine with a GPU.
    torch.serialization.register_package(0, lambda storage: "cuda:0", lambda storage, location: None)
    write(
        root / "legacy",
        Config(
            mode="harmonization",
            filters=4,
            layers=1,
            stages=2,
            min_size=12,
            max_size=18,
            activation="prelu",
            batch_norm=True,
        ),
        reals=channels_last,
        amps=[1, np.float64(0.7)],
        legacy=True,
    )


def write(folder, config, reals, amps, legacy):
    torch.manual_seed(1)
    (folder / "0").mkdir(parents=True, exist_ok=True)
    (folder / "1").mkdir(exist_ok=True)

    def save(name, value):
        torch.save(value, folder / name, _use_new_zipfile_serialization=not legacy)

    pictures = reals([smooth(size) for size in SIZES])
    noise = [pictures[0].clone(), torch.randn(config.noise_shape(1, SIZES[1]))]
    generator, critic = Generator(config), Discriminator(config)
    for stage in range(2):
        if stage > 0:
            generator.grow()
        for network in (generator, critic):
            network.apply(enlarge_weights)
        save(f"{stage}/netG.pth", tracked(generator.state_dict()))
        save(f"{stage}/netD.pth", critic.state_dict())
    save("reals.pth", pictures)
    save("fixed_noise.pth", noise)
    save("noise_amp.pth", amps)
    (folder / "parameters.txt").write_text("".join(f"{key}\t-\t{value}\n" for key, value in options(config)))
    with torch.no_grad():
        expected = generator(noise, SIZES, [float(amp) for amp in amps]).contiguous()
    save_file({"reconstruction": expected}, folder / "expected.safetensors")


def smooth(size):
    rows, columns = torch.meshgrid(*(torch.linspace(-1, 1, n) for n in size), indexing="ij")
    return torch.stack([rows, columns, rows * columns])[None]


def neighbours(pictures):
    """The same in one storage: only offsets tell them apart."""
    ends = np.cumsum([p.numel() for p in pictures])
    storage = torch.cat([p.flatten() for p in pictures])
    return [storage[end - p.numel() : end].view(p.shape) for p, end in zip(pictures, ends)]


def channels_last(pictures):
    """The same with strides that are not those of the shape."""
    return [p.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2) for p in pictures]


def enlarge_weights(module):
    if isinstance(module, torch.nn.Conv2d):
        torch.nn.init.normal_(module.weight, 0.0, 1.0 / module.weight[0].numel() ** 0.5)
    elif isinstance(module, torch.nn.BatchNorm2d):
        torch.nn.init.normal_(module.bias)


def tracked(state):
    """With the running statistics that the official program's batch norm keeps and never uses."""
    for name in [name for name in state if name.endswith("norm.bias")]:
        layer = name.removesuffix("bias")
        state[layer + "running_mean"] = torch.full_like(state[name], 7.0)
        state[layer + "running_var"] = torch.full_like(state[name], 7.0)
        state[layer + "num_batches_tracked"] = torch.tensor(12000)
    return state


def options(config):
    return dict(
        not_cuda=0, netG="", netD="", manualSeed=4, nfc=config.filters, ker_size=config.kernel, num_layer=config.layers,
        padd_size=0, nc_im=config.channels, noise_amp=config.noise_amp, min_size=config.min_size, max_size=config.max_size,
        train_depth=config.train_depth, start_scale=0, niter=5, gamma=config.gamma, lr_g=config.lr, lr_d=config.lr,
        beta1=config.beta1, Gsteps=3, Dsteps=3, lambda_grad=config.lambda_grad, alpha=10, activation=config.activation,
        lrelu_alpha=config.lrelu_alpha, batch_norm=int(config.batch_norm), input_name="Images/Generation/smooth.png",
        naive_img="", gpu=0, train_mode=config.mode, lr_scale=config.lr_scale, train_stages=config.stages, fine_tune=0,
        model_dir="", device="cuda:0", noise_amp_init=config.noise_amp, timestamp="2026_01_01_00_00_00",
    ).items()  # fmt: skip


if __name__ == "__main__":
    main()
