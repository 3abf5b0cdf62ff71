"""Six optimiser steps end where the released trainer's end.

The replay follows that trainer's rules, which differ from ours in two documented points: its AdamW adds epsilon to the
*uncorrected* square root (ours is torch's, which corrects first), and the fusion penalty's gradient is taken after an update
and enters the next one (ours is part of the loss). What is compared here is therefore the model: losses and gradients along
a path.
"""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from torch import nn

from .golden import Golden, cases


class ReleasedAdamW:
    """``p -= lr * sqrt(1 - b2^t) / (1 - b1^t) * m / (sqrt(v) + eps)``, no weight decay, after clipping to a global norm."""

    def __init__(self, parameters: list[nn.Parameter], metadata: dict[str, str]) -> None:
        self.parameters = parameters
        self.betas = tuple(map(float, metadata["betas"].split(",")))
        self.eps, self.max_norm = float(metadata["eps"]), float(metadata["max_grad_norm"])
        self.moments = [(torch.zeros_like(p), torch.zeros_like(p)) for p in parameters]
        self.steps = 0

    @torch.no_grad()
    def step(self, learning_rate: float) -> None:
        self.steps += 1
        gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in self.parameters]
        norm = torch.stack([g.norm() for g in gradients]).norm()
        scale = (self.max_norm / (norm + 1e-6)).clamp_max(1.0)
        b1, b2 = self.betas
        rate = learning_rate * math.sqrt(1 - b2**self.steps) / (1 - b1**self.steps)
        for parameter, gradient, (m, v) in zip(self.parameters, gradients, self.moments, strict=True):
            g = gradient * scale
            m.mul_(b1).add_(g, alpha=1 - b1)
            v.mul_(b2).addcmul_(g, g, value=1 - b2)
            parameter.sub_(rate * m / (v.sqrt() + self.eps))


@pytest.mark.parametrize(
    "path", cases("trajectory_adapter", "trajectory_adapter_fusion", "trajectory_scalearn_uniform_plusplus")
)
def test_optimiser_steps(path: Path | None) -> None:
    golden = Golden(path, kind="classification")
    model = golden.model(torch.float64, prefix="start.")
    parameters = golden.parameters(model)
    optimizer = ReleasedAdamW(list(parameters.values()), golden.metadata)
    (task,) = model.heads
    losses = []
    for step, learning_rate in enumerate(golden["outputs.learning_rates"].tolist()):
        loss, _ = model.loss(golden.packed(step), golden["inputs.labels"][step], task)
        loss.backward()  # adds to what the penalty left after the previous update
        losses.append(loss.detach())
        optimizer.step(learning_rate)
        model.zero_grad()
        if model.penalty is not None:
            model.penalty().backward()
    golden.compare({"losses": torch.stack(losses)}, {"losses": golden["outputs.losses"]}, torch.float64)
    golden.compare(parameters, golden.below("end."), torch.float64)
