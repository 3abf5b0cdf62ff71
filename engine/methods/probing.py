"""Probing (Frohmann et al. 2024, section 3): frozen source adapters with fixed scales, and a head trained on top.

The arithmetic is that of ``scalearn.py`` with one constant per source: ``A(h) = sum_t omega_t u_t``. One source shows
what a scaled adapter carries over; a pair over a grid of constants shows that the best scales do not sum to 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from engine.catalog.task import TaskInfo
from engine.encoder.encoder import Encoder
from engine.encoder.sites import bottlenecks
from engine.errors import UserError
from engine.methods.model import Model, SourceAdapter, frozen
from engine.methods.scalearn import ScaledSources
from engine.methods.stacked_sources import stack_sources


def attach(encoder: Encoder, tasks: Sequence[TaskInfo], sources: Sequence[SourceAdapter], *, omega: float) -> Model:
    """``omega`` is the scale of the only source. Raises UserError unless there is exactly one."""
    return _probe(encoder, tasks, sources, [omega])


def attach_pair(
    encoder: Encoder,
    tasks: Sequence[TaskInfo],
    sources: Sequence[SourceAdapter],
    *,
    omega_first: float,
    omega_second: float,
) -> Model:
    """The scales are in the sources' order. Raises UserError unless there are two."""
    return _probe(encoder, tasks, sources, [omega_first, omega_second])


def _probe(encoder: Encoder, tasks: Sequence[TaskInfo], sources: Sequence[SourceAdapter], constants: Sequence[float]) -> Model:
    if len(sources) != len(constants):
        raise UserError(f"this probe needs {len(constants)} source adapter(s), not {len(sources)}; name them with --sources")
    omega = nn.Parameter(torch.tensor(constants).unsqueeze(1), requires_grad=False)
    layers = [ScaledSources(stack, omega, dropout=0.0) for stack in stack_sources(frozen(encoder), sources)]
    described = {"kind": "constants", "scales": list(constants)}
    parts = {"transfer": nn.ModuleList(layers)}
    return Model(encoder, tasks, parts, bottlenecks(layers), describe=lambda _: described)
