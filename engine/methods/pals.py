"""BERT and PALs (Stickland & Murray 2019): each task's small module in parallel with every layer of a trained backbone.

With ``z`` the layer's input (see ``adapter.py`` for ``f``, ``x`` and ``N``):

    y = N( f + x + P(z) )
    PALs:      P(z) = gelu( up( attention( down(z) ) ) ),   down and up one pair per task, queries, keys and values per layer
    low-rank:  P(z) = up( gelu( down(z) ) ),                one pair per task and layer

The attention has no output map, and nothing has dropout but its probabilities.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from engine.catalog.method import Value
from engine.catalog.task import TaskInfo
from engine.encoder.attention import attend
from engine.encoder.heads import fresh_linear
from engine.encoder.packing import Packed
from engine.encoder.post_ln import Encoder
from engine.errors import UserError
from engine.methods.full import trained, with_pooler
from engine.methods.model import Model, SourceAdapter


class PerTask(nn.Module):
    """A module for each task, saved as ``tasks.{key}. ...``; the selected task's acts."""

    def __init__(self, tasks: Sequence[TaskInfo], make: Callable[[], nn.Module]) -> None:
        super().__init__()
        self.tasks = nn.ModuleDict({task.key: make() for task in tasks})
        self.task = tasks[0].key

    def select(self, task: str) -> None:
        """Take the module of the task of that key from now on."""
        self.task = task

    @property
    def selected(self) -> Any:
        return self.tasks[self.task]


class LowRank(nn.Module):
    """``up( gelu( down(z) ) )``, ``d -> width -> d`` with biases; weights ~ N(0, 0.02^2)."""

    def __init__(self, hidden_size: int, width: int) -> None:
        super().__init__()
        self.down = fresh_linear(hidden_size, width)
        self.up = fresh_linear(width, hidden_size)

    def forward(self, z: Tensor) -> Tensor:
        """``[rows, d] -> [rows, d]``."""
        return self.up(F.gelu(self.down(z)))


class ProjectedAttention(nn.Module):
    """One task's attention of ``width`` in every layer, between projections that all layers share.

    Queries, keys and values of a layer are one matrix ``[3 * width, width]``, in this order.
    """

    def __init__(self, hidden_size: int, width: int, heads: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.width, self.heads, self.dropout = width, heads, dropout
        self.down = fresh_linear(hidden_size, width)
        self.up = fresh_linear(width, hidden_size)
        self.layer = nn.ModuleList(fresh_linear(width, 3 * width) for _ in range(layers))

    def forward(self, layer: int, z: Tensor, packed: Packed, first_only: bool) -> Tensor:
        """``[N, d] -> [N, d]``, or ``[B, d]`` for the first tokens."""
        query, key, value = self.layer[layer](self.down(z)).chunk(3, dim=-1)
        if first_only:
            query = query.index_select(0, packed.first)
        dropout = self.dropout if self.training else 0.0
        return F.gelu(self.up(attend(query, key, value, packed, self.heads, dropout, first_only)))


class ParallelAttention(PerTask):
    """PALs at the sites of all layers."""

    def act(self, layer: int, f: Tensor, z: Tensor, packed: Packed, first_only: bool) -> Tensor:
        return f + self.selected(layer, z, packed, first_only)


class ParallelLowRank(PerTask):
    """Low-rank maps at the sites of all layers; a task's are ``layer.{i}.{down,up}``."""

    def act(self, layer: int, f: Tensor, z: Tensor, packed: Packed, first_only: bool) -> Tensor:
        return f + self.selected.layer[layer](z.index_select(0, packed.first) if first_only else z)


class LayerMaps(nn.Module):
    """One task's modules, one per layer."""

    def __init__(self, layers: int, make: Callable[[], nn.Module]) -> None:
        super().__init__()
        self.layer = nn.ModuleList(make() for _ in range(layers))


def projected_attention(encoder: Encoder, hyperparameters: Mapping[str, Value]) -> ProjectedAttention:
    """Reads ``width`` and ``heads``. Raises UserError when one is not a multiple of the other."""
    width, heads = int(hyperparameters["width"]), int(hyperparameters["heads"])
    check_heads(width, heads)
    config = encoder.config
    return ProjectedAttention(config.hidden_size, width, heads, len(encoder.layers), config.attention_probs_dropout_prob)


def check_heads(width: int, heads: int) -> None:
    if width % heads:
        raise UserError(f"width must be a multiple of heads; {width} is none of {heads}")


def attach(
    encoder: Encoder, tasks: Sequence[TaskInfo], sources: Sequence[SourceAdapter], hyperparameters: Mapping[str, Value]
) -> Model:
    """PALs."""
    transfer = ParallelAttention(tasks, lambda: projected_attention(encoder, hyperparameters))
    return _in_parallel(encoder, tasks, transfer)


def attach_low_rank(
    encoder: Encoder, tasks: Sequence[TaskInfo], sources: Sequence[SourceAdapter], hyperparameters: Mapping[str, Value]
) -> Model:
    """Reads ``width``."""
    make = partial(LowRank, encoder.config.hidden_size, int(hyperparameters["width"]))
    return _in_parallel(encoder, tasks, ParallelLowRank(tasks, lambda: LayerMaps(len(encoder.layers), make)))


def _in_parallel(encoder: Encoder, tasks: Sequence[TaskInfo], transfer: ParallelAttention | ParallelLowRank) -> Model:
    for layer, sites in enumerate(trained(encoder).sites):
        sites.parallel = partial(transfer.act, layer)
    return beside_backbone(encoder, tasks, transfer)


def beside_backbone(encoder: Encoder, tasks: Sequence[TaskInfo], transfer: PerTask) -> Model:
    """A model that trains the backbone with its pooler and, counted apart, each task's own modules."""
    parts = {"transfer": transfer}
    return Model(with_pooler(encoder), tasks, parts, select=transfer.select, backbone_is_own=False, pooled=True)
