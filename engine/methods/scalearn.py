"""ScaLearn (Frohmann et al. 2024): frozen source adapters combined by learned scales, in four variants.

With ``u_t = A_t(h)`` the output of source ``t`` without any residual, at ``adapter.py``'s site and in its notation:

    A(h) = sum_t omega_t * u_t

``omega`` is ``[T, d]`` (vector) or ``[T, 1]`` (uniform), per layer or shared by all layers (++). It starts at N(2/T, 0.001^2)
and is not constrained; in two ablations it is replaced by its softmax or its share of the sum over the sources. Dropout acts on
the scales themselves: one mask per layer and step. An optional penalty draws each source's mean scale towards 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from engine.catalog.task import TaskInfo
from engine.encoder.encoder import Encoder
from engine.encoder.sites import bottlenecks
from engine.methods.folding import Folding
from engine.methods.model import Model, SourceAdapter, frozen
from engine.methods.stacked_sources import StackedSources, stack_sources

INITIAL_SUM = 2.0
"""Initial sum of the scales of one dimension over the sources."""
INITIAL_STD = 0.001
SMALLEST_SUM = 0.01
"""A sum by which scales are divided is at least this large in absolute value."""


class ScaledSources(Folding):
    """One layer. ``omega`` may be shared with other layers; the dropout mask never is."""

    def __init__(self, sources: StackedSources, omega: nn.Parameter, dropout: float, constraint: str = "none") -> None:
        super().__init__()
        self.sources = sources
        self.omega = omega
        self.constraint = constraint
        self.dropout = nn.Dropout(dropout)

    def fold(self) -> tuple[Tensor, Tensor]:
        """The scaled up map ``[T*r, d]`` and its bias ``[d]``."""
        omega = self.dropout(constrained(self.omega, self.constraint))
        up = self.sources.up * omega.unsqueeze(1)
        return up.flatten(0, 1), (self.sources.up_bias * omega).sum(0)

    def forward(self, h: Tensor) -> Tensor:
        """``[rows, d] -> [rows, d]``."""
        up, bias = self.folded()
        return torch.addmm(bias, self.sources(h), up)


class ScaLearn(nn.Module):
    """The trained scales, saved as ``layer.{i}.omega``, or as ``omega`` when all layers share it."""

    def __init__(
        self, stacks: Sequence[StackedSources], vector: bool, shared: bool, dropout: float, constraint: str, penalty: float
    ) -> None:
        super().__init__()
        self.penalty_weight = penalty
        self.constraint = constraint
        count, hidden_size = stacks[0].up_bias.shape
        omegas = [fresh_omega(count, hidden_size if vector else 1) for _ in range(1 if shared else len(stacks))]
        if shared:
            self.omega = omegas[0]
            omegas *= len(stacks)
        self.layer = nn.ModuleList(
            ScaledSources(stack, omega, dropout, constraint) for stack, omega in zip(stacks, omegas, strict=True)
        )

    def penalty(self) -> Tensor:
        """``weight * sum over omegas of sum_t (1 - mean_d omega_t)^2 / T``; an omega shared by layers counts once."""
        return self.penalty_weight * torch.stack([(1 - p.mean(1)).square().mean() for p in self.parameters()]).sum()

    @torch.no_grad()
    def describe(self, _: Callable[[], int]) -> dict[str, Any]:
        """``Scales`` of ``engine.files.source_weights``: as they are applied, without dropout."""
        omega = torch.stack([constrained(parameter, self.constraint) for parameter in self.parameters()]).double().cpu()
        return {
            "kind": "scales",
            "constraint": self.constraint,
            "shared": len(omega) < len(self.layer),
            "mean": omega.mean(2).tolist(),
            "std": omega.std(2, correction=0).tolist(),
            "min": omega.amin(2).tolist(),
            "max": omega.amax(2).tolist(),
        }


def constrained(omega: Tensor, constraint: str) -> Tensor:
    """Scales ``[T, width]`` that sum to 1 over the sources (``softmax``, ``mean``), or ``omega`` itself (``none``)."""
    if constraint == "softmax":
        return omega.softmax(0)
    if constraint == "mean":
        total = omega.sum(0)
        smallest = torch.where(total < 0, -SMALLEST_SUM, SMALLEST_SUM)
        return omega / torch.where(total.abs() < SMALLEST_SUM, smallest, total)
    return omega


def fresh_omega(count: int, width: int) -> nn.Parameter:
    """``[count, width]`` ~ N(2 / count, 0.001^2)."""
    return nn.Parameter(nn.init.normal_(torch.empty(count, width), INITIAL_SUM / count, INITIAL_STD))


def attach(
    encoder: Encoder,
    tasks: Sequence[TaskInfo],
    sources: Sequence[SourceAdapter],
    *,
    omega: str,
    shared: bool,
    constraint: str,
    omega_dropout: float,
    omega_penalty: float,
) -> Model:
    """``omega`` is ``vector`` or ``scalar``, ``shared`` whether all layers share one. Raises what ``check_sources`` raises."""
    stacks = stack_sources(frozen(encoder), sources)
    transfer = ScaLearn(stacks, omega == "vector", shared, omega_dropout, constraint, omega_penalty)
    penalty = transfer.penalty if omega_penalty else None
    sites = bottlenecks(transfer.layer)
    return Model(encoder, tasks, {"transfer": transfer}, sites, penalty=penalty, describe=transfer.describe)
