"""BERT and PALs (Stickland & Murray 2019): each task's small module in parallel with every layer of a trained backbone.

With ``z`` the layer's input, the contribution beside the layer is

    PALs:      P(z) = gelu( up( attention( down(z) ) ) ),   down and up one pair per task, queries, keys and values per layer
    low-rank:  P(z) = up( gelu( down(z) ) ),                one pair per task and layer

In a post-LN layer, in ``adapter.py``'s notation, this makes ``y = N(f + P(z) + x)``. The attention has no output map, and
nothing has dropout but its probabilities.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol, cast

import torch.nn.functional as F
from torch import Tensor, nn

from engine.catalog.task import TaskInfo
from engine.encoder.attention import attend
from engine.encoder.encoder import Encoder
from engine.encoder.heads import fresh_linear, head_on_pooler
from engine.encoder.packing import Packed
from engine.encoder.sites import LayerSites, Sites
from engine.errors import UserError
from engine.methods.full import trainable, with_pooler
from engine.methods.model import Model, SourceAdapter


class HasSites(Protocol):
    """A module with sites at which it acts."""

    def sites(self) -> Sites: ...


class PerTask(nn.Module):
    """A module with sites for each task, saved as ``tasks.{key}. ...``."""

    def __init__(self, tasks: Sequence[TaskInfo], make: Callable[[], nn.Module]) -> None:
        super().__init__()
        self.tasks = nn.ModuleDict({task.key: make() for task in tasks})

    def sites(self, task: str) -> Sites:
        """The sites of the module of the task with that key."""
        return cast(HasSites, self.tasks[task]).sites()


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

    def sites(self) -> Sites:
        return Sites([LayerSites(beside_layer=partial(self, layer)) for layer in range(len(self.layer))])

    def forward(self, layer: int, z: Tensor, packed: Packed, first_only: bool = False) -> Tensor:
        """``[N, d] -> [N, d]``, or ``[B, d]`` for the first tokens."""
        query, key, value = self.layer[layer](self.down(z)).chunk(3, dim=-1)
        if first_only:
            query = query.index_select(0, packed.first)
        dropout = self.dropout if self.training else 0.0
        return F.gelu(self.up(attend(query, key, value, packed, self.heads, dropout, first_only)))


class ParallelLowRank(nn.Module):
    """One task's low-rank maps, saved as ``layer.{i}.{down,up}.{weight,bias}``."""

    def __init__(self, layers: int, hidden_size: int, width: int) -> None:
        super().__init__()
        self.layer = nn.ModuleList(LowRank(hidden_size, width) for _ in range(layers))

    def sites(self) -> Sites:
        return Sites([LayerSites(beside_layer=partial(on_wanted_tokens, low_rank)) for low_rank in self.layer])


def on_wanted_tokens(low_rank: nn.Module, z: Tensor, packed: Packed, first_only: bool) -> Tensor:
    """``[N, d] -> [N, d]``, or ``[B, d]`` for the first tokens."""
    return low_rank(z.index_select(0, packed.first) if first_only else z)


def projected_attention(encoder: Encoder, width: int, heads: int) -> ProjectedAttention:
    """The module of one task. Raises UserError when ``width`` is not a multiple of ``heads``."""
    check_heads(width, heads)
    config = encoder.config
    return ProjectedAttention(config.hidden_size, width, heads, len(encoder.layers), config.attention_probs_dropout_prob)


def check_heads(width: int, heads: int) -> None:
    if width % heads:
        raise UserError(f"width must be a multiple of heads; {width} is not divisible by {heads}")


def attach(encoder: Encoder, tasks: Sequence[TaskInfo], sources: Sequence[SourceAdapter], *, width: int, heads: int) -> Model:
    """PALs. Raises UserError when ``width`` is not a multiple of ``heads``."""
    return beside_backbone(encoder, tasks, partial(projected_attention, encoder, width, heads))


def attach_low_rank(encoder: Encoder, tasks: Sequence[TaskInfo], sources: Sequence[SourceAdapter], *, width: int) -> Model:
    return beside_backbone(encoder, tasks, partial(ParallelLowRank, len(encoder.layers), encoder.config.hidden_size, width))


def beside_backbone(encoder: Encoder, tasks: Sequence[TaskInfo], make: Callable[[], nn.Module]) -> Model:
    """A model that trains the backbone with its pooler and, counted separately, a module from ``make`` for each task."""
    transfer = PerTask(tasks, make)
    return Model(with_pooler(trainable(encoder)), tasks, {"transfer": transfer}, transfer.sites, head=head_on_pooler)
