"""AdamW, the learning-rate schedule, and an optimizer state that survives as plain tensors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

BETAS = (0.9, 0.999)
EPSILON = 1e-8
MOMENTS = ("step", "exp_avg", "exp_avg_sq")


def build_optimizer(groups: Iterable[dict[str, Any]], learning_rate: float) -> torch.optim.AdamW:
    """AdamW with decoupled decay (Loshchilov & Hutter 2019); weight decay is set per group."""
    return torch.optim.AdamW(list(groups), lr=learning_rate, betas=BETAS, eps=EPSILON, fused=True)


def learning_rate_at(step: int, steps: int, peak: float, warmup: float) -> float:
    """Linear warm-up over ``warmup * steps``, then linear decay to 0 over the planned ``steps``.

    ``step`` counts the updates already made. The plan does not shrink when early stopping ends a run.
    """
    rising = int(warmup * steps)
    if step < rising:
        return peak * step / rising
    return peak * max(0.0, (steps - step) / max(1, steps - rising))


def set_learning_rate(optimizer: torch.optim.Optimizer, value: float) -> None:
    """Set the run's learning rate; a group's ``scale`` is its ratio to that."""
    for group in optimizer.param_groups:
        group["lr"] = value * group.get("scale", 1.0)


def parameters_of(optimizer: torch.optim.Optimizer) -> list[Tensor]:
    """All parameters, group by group."""
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """AdamW's moments and step counts as ``<index>.<moment>``; ``index`` is the parameter's position in the groups."""
    tensors = {}
    for index, parameter in enumerate(parameters_of(optimizer)):
        for moment, value in optimizer.state.get(parameter, {}).items():
            tensors[f"{index}.{moment}"] = value
    return tensors


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Inverse of ``optimizer_tensors``; the groups must be those of the run that saved them."""
    for index, parameter in enumerate(parameters_of(optimizer)):
        moments = {moment: tensors[f"{index}.{moment}"] for moment in MOMENTS if f"{index}.{moment}" in tensors}
        if moments:
            optimizer.state[parameter] = {name: value.to(parameter.device, copy=True) for name, value in moments.items()}
