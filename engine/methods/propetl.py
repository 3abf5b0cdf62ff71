"""ProPETL (Zeng et al. 2023): one bottleneck for all layers, of which each layer uses the part that its learned mask keeps.

With ``W`` a weight of the shared bottleneck and ``S`` scores of the same shape, at ``adapter.py``'s site and in its notation:

    M = 1 where |S| is among its largest, else 0;   A(h) = (W_up * M_up) relu( (W_down * M_down) h + b_down ) + b_up

The gradient passes through the selection to ``|S|`` unchanged (straight-through). Single-task, each layer has its own masks.
Joint (ProPETL-m), each task has masks too, and what either keeps is kept: ``M = 1 - (1 - M_task) (1 - M_layer)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.catalog.task import TaskInfo
from engine.encoder.encoder import Encoder
from engine.encoder.sites import Sites, bottlenecks
from engine.methods.adapter import Bottleneck, bottleneck_width
from engine.methods.folding import Folding
from engine.methods.model import Model, SourceAdapter, frozen


class Mask(nn.Module):
    """A mask over a weight, derived from trained ``scores`` (float32, of the weight's shape) ~ U(-bound, bound)."""

    def __init__(self, weight: Tensor, keep: float, bound: float) -> None:
        super().__init__()
        self.keep = keep
        self.scores = nn.Parameter(torch.empty_like(weight, requires_grad=False).uniform_(-bound, bound))

    def forward(self) -> Tensor:
        """0 and 1, of the weight's shape; the gradient is that of ``|scores|``."""
        magnitude = self.scores.abs()
        dropped = int((1 - self.keep) * magnitude.numel())
        kept = torch.ones_like(magnitude)
        if dropped:
            kept = (magnitude > magnitude.flatten().kthvalue(dropped).values).to(magnitude.dtype)
        return kept + (magnitude - magnitude.detach())


class Masks(nn.Module):
    """The masks of both maps of a bottleneck, for one layer or one task."""

    def __init__(self, shared: Bottleneck, keep: float, joint: bool) -> None:
        super().__init__()
        # The released single-task code holds scores transposed, and their range follows from the last dimension.
        self.down, self.up = (
            Mask(linear.weight, keep, (linear.in_features if joint else linear.out_features) ** -0.5)
            for linear in (shared.down, shared.up)
        )


class MaskedBottleneck(Folding):
    """One layer: the shared bottleneck under this layer's masks ``own`` and, if there are any, a task's."""

    def __init__(self, shared: Bottleneck, own: Masks, tasks: nn.ModuleDict) -> None:
        super().__init__()
        self.shared, self.own, self.tasks = shared, own, tasks

    def fold(self, task: str | None = None) -> tuple[Tensor, Tensor]:
        """The masked weights of the down and the up map."""
        down, up = self.own.down(), self.own.up()
        if task is not None:
            masks = cast(Masks, self.tasks[task])
            down, up = either(down, masks.down()), either(up, masks.up())
        return self.shared.down.weight * down, self.shared.up.weight * up

    def forward(self, h: Tensor, task: str | None = None) -> Tensor:
        """``[rows, d] -> [rows, d]``."""
        down, up = self.folded(task)
        inner = torch.relu(F.linear(h, down, self.shared.down.bias))
        return F.linear(inner, up, self.shared.up.bias)


def either(first: Tensor, second: Tensor) -> Tensor:
    """What at least one of two masks keeps; differentiable."""
    return 1 - (1 - first) * (1 - second)


class ProPETL(nn.Module):
    """Saved as ``{down,up}.{weight,bias}``, ``layer.{i}.own.{down,up}.scores`` and ``tasks.{key}.{down,up}.scores``."""

    def __init__(self, encoder: Encoder, width: int, keep: float, tasks: Sequence[str]) -> None:
        super().__init__()
        shared = Bottleneck(encoder.config.hidden_size, width)
        self.down, self.up = shared.down, shared.up
        self.tasks = nn.ModuleDict({task: Masks(shared, keep, joint=True) for task in tasks})
        self.layer = nn.ModuleList(
            MaskedBottleneck(shared, Masks(shared, keep, joint=bool(tasks)), self.tasks) for _ in encoder.layers
        )

    def sites(self, task: str) -> Sites:
        """Every layer under its own masks and those of the task with that key."""
        return bottlenecks(partial(layer, task=task) for layer in self.layer)


def attach(
    encoder: Encoder,
    tasks: Sequence[TaskInfo],
    sources: Sequence[SourceAdapter],
    *,
    reduction: int,
    keep: float,
    mask_rate: float,
    task_masks: bool,
) -> Model:
    """``keep`` is the share that a mask keeps, ``mask_rate`` the scores' learning rate as a multiple of the run's.

    ``task_masks`` makes it ProPETL-m: masks for every task beside those for every layer. Raises UserError when ``reduction``
    leaves no bottleneck.
    """
    keys = [task.key for task in tasks] if task_masks else []
    adapter = ProPETL(frozen(encoder), bottleneck_width(encoder, reduction), keep, keys)
    sites = adapter.sites if task_masks else bottlenecks(adapter.layer)
    return Model(encoder, tasks, {"adapter": adapter}, sites, rates={"scores": mask_rate})
