"""Probing (Frohmann et al. 2024, section 3): frozen source adapters with fixed scales, and a head trained on top.

The arithmetic is that of ``scalearn.py`` with one constant per source: ``y = N( sum_t omega_t u_t + f + x )``. One source shows
what a scaled adapter carries over; a pair over a grid of constants shows that the best scales do not sum to 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import nn

from engine.catalog.method import Value
from engine.catalog.task import TaskInfo
from engine.encoder.post_ln import Encoder
from engine.errors import UserError
from engine.methods.model import Model, SourceAdapter, frozen
from engine.methods.scalearn import ScaledSources
from engine.methods.sources import stack_sources


def attach(
    encoder: Encoder, tasks: Sequence[TaskInfo], sources: Sequence[SourceAdapter], hyperparameters: Mapping[str, Value]
) -> Model:
    """One source; reads ``omega``."""
    return _probe(encoder, tasks, sources, [float(hyperparameters["omega"])])


def attach_pair(
    encoder: Encoder, tasks: Sequence[TaskInfo], sources: Sequence[SourceAdapter], hyperparameters: Mapping[str, Value]
) -> Model:
    """Two sources; reads ``omega_first`` and ``omega_second``, in the sources' order."""
    names = ("omega_first", "omega_second")
    return _probe(encoder, tasks, sources, [float(hyperparameters[name]) for name in names])


def _probe(encoder: Encoder, tasks: Sequence[TaskInfo], sources: Sequence[SourceAdapter], constants: Sequence[float]) -> Model:
    if len(sources) != len(constants):
        raise UserError(f"this probe needs {len(constants)} source adapter(s), not {len(sources)}; name them with --sources")
    omega = nn.Parameter(torch.tensor(constants).unsqueeze(1), requires_grad=False)
    layers = [ScaledSources(stack, omega, dropout=0.0) for stack in stack_sources(frozen(encoder), sources)]
    for sites, scaled in zip(encoder.sites, layers, strict=True):
        sites.feed_forward_output = scaled
    return Model(encoder, tasks, {"transfer": nn.ModuleList(layers)})
