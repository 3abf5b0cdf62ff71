"""AdamW, the learning-rate schedule, and an optimizer state that survives as plain tensors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.optim.adamw import adamw

BETAS = (0.9, 0.999)
EPSILON = 1e-8
MOMENTS = ("step", "exp_avg", "exp_avg_sq")


class AdamW:
    """AdamW with decoupled decay (Loshchilov & Hutter 2019), equal to ``torch.optim.AdamW(fused=True)`` bit for bit.

    It steps with torch's functional form: the class imports ``torch._dynamo``, which takes 1.0 to 1.9 s and 70 MB.
    ``param_groups`` have ``params``, ``lr``, ``weight_decay`` and possibly ``scale``; ``state`` has the moments by parameter.
    """

    def __init__(self, groups: Iterable[dict[str, Any]], learning_rate: float) -> None:
        self.param_groups = [{"lr": learning_rate, "weight_decay": 0.0, **group} for group in groups]
        self.state: dict[Tensor, dict[str, Tensor]] = {}

    @torch.no_grad()
    def step(self) -> None:
        """Update the parameters that have a gradient; the others keep their values and moments."""
        for group in self.param_groups:
            parameters = [parameter for parameter in group["params"] if parameter.grad is not None]
            states = [self._state_of(parameter) for parameter in parameters]
            adamw(
                parameters,
                [parameter.grad for parameter in parameters],
                [state["exp_avg"] for state in states],
                [state["exp_avg_sq"] for state in states],
                [],
                [state["step"] for state in states],
                fused=True,
                amsgrad=False,
                beta1=BETAS[0],
                beta2=BETAS[1],
                lr=group["lr"],
                weight_decay=group["weight_decay"],
                eps=EPSILON,
                maximize=False,
            )

    def zero_grad(self) -> None:
        """Parameters have no gradient afterwards."""
        for parameter in parameters_of(self):
            parameter.grad = None

    def _state_of(self, parameter: Tensor) -> dict[str, Tensor]:
        if parameter not in self.state:
            zeros = (torch.zeros_like(parameter, memory_format=torch.preserve_format) for _ in range(2))
            step = torch.zeros((), dtype=torch.float32, device=parameter.device)
            self.state[parameter] = dict(zip(MOMENTS, (step, *zeros), strict=True))
        return self.state[parameter]


def learning_rate_at(step: int, steps: int, peak: float, warmup: float) -> float:
    """Linear warm-up over ``warmup * steps``, then linear decay to 0 over the planned ``steps``.

    ``step`` counts the updates already made. The plan does not shrink when early stopping ends a run.
    """
    rising = int(warmup * steps)
    if step < rising:
        return peak * step / rising
    return peak * max(0.0, (steps - step) / max(1, steps - rising))


def set_learning_rate(optimizer: AdamW, value: float) -> None:
    """Set the run's learning rate; a group's ``scale`` is its ratio to that."""
    for group in optimizer.param_groups:
        group["lr"] = value * group.get("scale", 1.0)


def parameters_of(optimizer: AdamW) -> list[Tensor]:
    """All parameters, group by group."""
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


def optimizer_tensors(optimizer: AdamW) -> dict[str, Tensor]:
    """AdamW's moments and step counts as ``<index>.<moment>``; ``index`` is the parameter's position in the groups."""
    tensors = {}
    for index, parameter in enumerate(parameters_of(optimizer)):
        for moment, value in optimizer.state.get(parameter, {}).items():
            tensors[f"{index}.{moment}"] = value
    return tensors


def restore_optimizer(optimizer: AdamW, tensors: Mapping[str, Tensor]) -> None:
    """Inverse of ``optimizer_tensors``; the groups must be those of the run that saved them."""
    for index, parameter in enumerate(parameters_of(optimizer)):
        moments = {moment: tensors[f"{index}.{moment}"] for moment in MOMENTS if f"{index}.{moment}" in tensors}
        if moments:
            optimizer.state[parameter] = {name: value.to(parameter.device, copy=True) for name, value in moments.items()}
