"""One training iteration and what a stage sets up for it."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch.optim import Adam
from torch.optim.lr_scheduler import MultiStepLR


@dataclass
class Stage:
    """What stays the same through a stage; lists have an entry a stage, up to this one."""

    real: torch.Tensor
    sizes: list
    amps: list
    fixed: list


class Optimizers:
    """New at every stage: Adam for the critic, and for the generator with one rate a trained stage."""

    def __init__(self, g, d, config, capturable=False):
        frozen, trained = g.body[: -config.train_depth], g.body[-config.train_depth :]
        # As in the official program the head keeps its gradient even where nothing below the trained stages learns.
        frozen.requires_grad_(False)
        depth = len(g.body) - 1
        groups = [
            {"params": stage.parameters(), "lr": config.lr * config.lr_scale**below}
            for below, stage in enumerate(reversed(trained))
        ]
        if depth < config.train_depth:
            groups.append({"params": g.head.parameters(), "lr": config.lr * config.lr_scale**depth})
        groups.append({"params": g.tail.parameters()})
        betas = (config.beta1, 0.999)
        self.d = Adam(d.parameters(), lr=config.lr, betas=betas, capturable=capturable)
        self.g = Adam(groups, lr=config.lr, betas=betas, capturable=capturable)
        falls = [int(0.8 * config.niter)]
        self.schedules = [MultiStepLR(optimizer, falls, config.gamma) for optimizer in (self.d, self.g)]

    def end_iteration(self):
        for schedule in self.schedules:
            schedule.step()


def gradient_penalty(d, real, fake, alpha, weight):
    """`weight * mean((|grad D| - 1)^2)` between real and fake; the norm is over the channels of a pixel."""
    mixed = torch.lerp(fake.detach(), real, alpha).requires_grad_()
    (gradient,) = torch.autograd.grad(d(mixed).sum(), mixed, create_graph=True)
    return weight * (gradient.norm(dim=1) - 1).square().mean()


def train_step(g, d, optimizers, stage, noise, gp_alphas, config, schedule=True):
    """`d_steps` critic updates, then one generator gradient that Adam applies `g_steps` times.

    Returns the losses: real score, fake score and penalty of the last critic update, adversarial and reconstruction
    loss of the generator.
    """
    for i, alpha in enumerate(gp_alphas):
        # Only the last fake is learned from.
        with torch.set_grad_enabled(i == len(gp_alphas) - 1):
            fake = g(noise, stage.sizes, stage.amps)
        d.zero_grad()
        score_real = d(stage.real).mean()
        score_fake = d(fake.detach()).mean()
        penalty = gradient_penalty(d, stage.real, fake, alpha, config.lambda_grad)
        (score_fake - score_real + penalty).backward()
        optimizers.d.step()

    g.zero_grad()
    adversarial = -d(fake).mean()
    reconstruction = config.alpha * F.mse_loss(g(stage.fixed, stage.sizes, stage.amps), stage.real)
    (adversarial + reconstruction).backward()
    for _ in range(config.g_steps):
        optimizers.g.step()
    if schedule:
        optimizers.end_iteration()
    return torch.stack([score_real, score_fake, penalty, adversarial, reconstruction]).detach()


@torch.no_grad()
def noise_amplitude(g, stage, config):
    """Of a new last stage: `noise_amp` times the error of the reconstruction with this stage's noise off."""
    amps = stage.amps[:-1] + [0.0]
    error = F.mse_loss(g(stage.fixed, stage.sizes, amps), stage.real)
    return config.noise_amp * error.sqrt().item()
