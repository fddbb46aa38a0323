"""ConSinGAN's generator and discriminator. Parameters bear the official program's names."""

import copy
from collections import OrderedDict
from dataclasses import dataclass, fields

import torch.nn as nn
import torch.nn.functional as F


@dataclass
class Config:
    """Every number of a run, named as in the golden cases; the defaults are the paper's."""

    mode: str = "generation"
    channels: int = 3
    filters: int = 64
    kernel: int = 3
    layers: int = 3
    activation: str = "lrelu"
    lrelu_alpha: float = 0.05
    batch_norm: bool = False
    min_size: int = 25
    max_size: int = 250
    stages: int = 6
    train_depth: int = 3
    lr: float = 5e-4
    lr_scale: float = 0.1
    beta1: float = 0.5
    gamma: float = 0.1
    niter: int = 2000
    g_steps: int = 3
    d_steps: int = 3
    lambda_grad: float = 0.1
    alpha: float = 10.0
    noise_amp: float = 0.1

    @classmethod
    def from_case(cls, case):
        known = {f.name for f in fields(cls)}
        return cls(**{key: value for key, value in case.items() if key in known})

    @property
    def half(self):
        """What one convolution without padding takes off on each side, in pixels."""
        return self.kernel // 2

    @property
    def margin(self):
        """What the convolutions of a stage take off on each side, in pixels."""
        return self.layers * self.half

    @property
    def grown(self):
        """Whether noise reaches a stage's border too; otherwise the border is zeros."""
        return self.mode in ("generation", "animation")

    def noise_shape(self, stage, size):
        """The shape of the noise that enters a stage which gives pictures of `size` (height, width)."""
        if stage == 0:
            return (1, self.channels, *size)
        border = 2 * self.margin if self.grown else 0
        return (1, self.filters, size[0] + border, size[1] + border)


class ConvBlock(nn.Sequential):
    """Convolution without padding, batch norm where asked for, activation."""

    def __init__(self, c_in, config, batch_norm):
        modules = OrderedDict(conv=nn.Conv2d(c_in, config.filters, config.kernel))
        if batch_norm:
            # The picture at hand normalises itself, so that there is nothing to track.
            modules["norm"] = nn.BatchNorm2d(config.filters, track_running_stats=False)
        modules[config.activation] = activation(config)
        super().__init__(modules)


def activation(config):
    if config.activation == "lrelu":
        return nn.LeakyReLU(config.lrelu_alpha)
    return {"elu": nn.ELU, "selu": nn.SELU, "prelu": nn.PReLU}[config.activation]()


def chain(config, batch_norm):
    blocks = [ConvBlock(config.filters, config, batch_norm) for _ in range(config.layers)]
    return nn.Sequential(OrderedDict((f"block{i}", block) for i, block in enumerate(blocks)))


def init_weights(module):
    """For `nn.Module.apply`. Biases of convolutions keep PyTorch's own."""
    if isinstance(module, nn.Conv2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)


class Discriminator(nn.Module):
    """A patch critic: `[1, C, H, W]` to scores `[1, 1, H - r + 1, W - r + 1]`, r = 11 with the paper's 3 layers."""

    def __init__(self, config):
        super().__init__()
        self.head = ConvBlock(config.channels, config, batch_norm=False)
        self.body = chain(config, batch_norm=False)
        self.tail = nn.Conv2d(config.filters, 1, config.kernel)
        self.apply(init_weights)

    def forward(self, x):
        return self.tail(self.body(self.head(x)))


class Generator(nn.Module):
    """Starts with one stage; `grow` adds a copy of the last."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.head = ConvBlock(config.channels, config, config.batch_norm)
        self.body = nn.ModuleList([chain(config, config.batch_norm)])
        self.tail = nn.Sequential(nn.Conv2d(config.filters, config.channels, config.kernel), nn.Tanh())
        self.apply(init_weights)

    def grow(self):
        self.body.append(copy.deepcopy(self.body[-1]))

    def forward(self, noise, sizes, amps):
        """Stage k takes noise[k], sizes[k] (height, width) and amps[k]; gives a picture `[1, C, H, W]` in [-1, 1]."""
        x = self.body[0](self.stem(noise[0]))
        for k in range(1, len(self.body)):
            x = self.refine(self.body[k], x, noise[k] * amps[k], sizes[k])
        return self.tail(pad(x, self.config.half))

    def stem(self, picture):
        """Features with the border that stage 0 uses up."""
        half, margin = self.config.half, self.config.margin
        x = self.head(pad(picture, half))
        if not self.config.grown:
            return pad(x, margin)
        h, w = x.shape[2:]
        return pad(enlarge(x, (h + 2 * half, w + 2 * half)), margin - half)

    def refine(self, stage, x, noise, size):
        """A later stage: enlarged features with noise through its blocks, added to the enlarged features."""
        margin = self.config.margin
        skip = enlarge(x, size)
        if self.config.grown:
            return stage(enlarge(x, (size[0] + 2 * margin, size[1] + 2 * margin)) + noise) + skip
        return stage(pad(skip + noise, margin)) + skip


def enlarge(x, size):
    return F.interpolate(x, size=size, mode="bicubic", align_corners=True)


def pad(x, margin):
    return F.pad(x, (margin, margin, margin, margin))
