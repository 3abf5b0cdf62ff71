"""AdapterFusion (Pfeiffer et al. 2021): attention over the outputs of frozen source adapters.

With ``u_t = A_t(h)`` the output of source ``t`` without any residual, at ``adapter.py``'s site and in its notation:

    q = W_q h + b_q,   k_t = W_k u_t + b_k,   v_t = W_v u_t
    p = softmax_t( Drop(q . k_t) ),   A(h) = sum_t p_t v_t

There is no ``1/sqrt(d)``. As ``u_t`` is affine in the bottleneck's activation ``a_t``, so are ``k_t`` and ``v_t``: ``W_k`` and
``W_v`` are folded into the sources' up maps, and ``W_q`` into the folded keys where that saves work.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.catalog.task import TaskInfo
from engine.encoder.encoder import Encoder
from engine.encoder.heads import fresh_linear
from engine.encoder.sites import bottlenecks
from engine.methods.folding import Folding
from engine.methods.model import Model, SourceAdapter, frozen
from engine.methods.stacked_sources import StackedSources, stack_sources

OFF_DIAGONAL = 1e-6
"""The value map is initialised as the identity, with this value off the diagonal."""
ROWS_PER_FOLDED_ROW = 2
"""Folding the query costs as much as applying it to ``T * (r + 1)`` rows; backward and copies make it pay from twice that."""


class Attended:
    """The attention of one layer, summed in float64 over all rows that pass."""

    def __init__(self) -> None:
        self.rows = 0
        self.total = torch.zeros((), dtype=torch.float64)

    def append(self, p: Tensor) -> None:
        """``[rows, T]``"""
        self.rows += len(p)
        self.total = self.total.to(p.device) + p.sum(0, dtype=torch.float64)

    def mean(self) -> list[float]:
        """One value per source."""
        return (self.total / self.rows).tolist()


class FusedSources(Folding):
    """One layer. Query, key: ``[d, d]`` ~ N(0, 0.02^2) with biases 0; value: ``[d, d]`` near the identity, no bias."""

    def __init__(self, sources: StackedSources, dropout: float) -> None:
        super().__init__()
        count, d = sources.up_bias.shape
        self.count = count
        self.sources = sources
        self.query = fresh_linear(d, d)
        self.key = fresh_linear(d, d)
        self.value = nn.Linear(d, d, bias=False)
        with torch.no_grad():
            self.value.weight.fill_(OFF_DIAGONAL).fill_diagonal_(1.0)
        self.dropout = nn.Dropout(dropout)
        self.attended: Attended | None = None

    def fold(self) -> tuple[Tensor, Tensor]:
        """Keys and values as functions of ``[a | 1]``: ``[T*r + T, d]`` each, the last ``T`` rows being constants."""
        maps = torch.cat((self.sources.up.flatten(0, 1), self.sources.up_bias))
        constant = torch.cat((maps.new_zeros(len(maps) - self.count), maps.new_ones(self.count)))
        keys = F.linear(maps, self.key.weight) + torch.outer(constant, self.key.bias)
        return keys, F.linear(maps, self.value.weight)

    def scores(self, h: Tensor, a: Tensor, keys: Tensor) -> Tensor:
        """``q . k_t``: ``[rows, T]`` from the query's input ``[rows, d]`` and the activations ``[rows, T*r]``."""
        if len(h) >= ROWS_PER_FOLDED_ROW * len(keys):
            products = F.linear(h, keys @ self.query.weight, keys @ self.query.bias)
        else:
            products = F.linear(self.query(h), keys)
        inner, constant = products.split([a.shape[1], self.count], dim=1)
        return (a * inner).unflatten(1, (self.count, -1)).sum(-1) + constant

    def forward(self, h: Tensor) -> Tensor:
        """``[rows, d] -> [rows, d]``."""
        a = self.sources(h)
        keys, values = self.folded()
        p = self.source_attention(self.scores(h, a, keys))
        if self.attended is not None:
            self.attended.append(p)
        weighted = (a.unflatten(1, (self.count, -1)) * p.unsqueeze(-1)).flatten(1)
        return torch.cat((weighted, p), dim=1) @ values

    def source_attention(self, scores: Tensor) -> Tensor:
        """The weight of each source for each row, ``[rows, T]``. Dropout acts on the raw scores: a dropped one becomes 0."""
        return F.softmax(self.dropout(scores), dim=-1)


class AdapterFusion(nn.Module):
    """The trained maps, saved as ``layer.{i}.{query,key}.{weight,bias}`` and ``layer.{i}.value.weight``."""

    def __init__(self, stacks: Sequence[StackedSources], dropout: float, value_penalty: float) -> None:
        super().__init__()
        self.layer = nn.ModuleList(FusedSources(stack, dropout) for stack in stacks)
        self.value_penalty = value_penalty

    def penalty(self) -> Tensor:
        """``value_penalty * sum_i || I - W_v,i ||_F^2``."""
        maps = [cast(FusedSources, layer).value.weight for layer in self.layer]
        identity = torch.eye(len(maps[0]), dtype=maps[0].dtype, device=maps[0].device)
        return self.value_penalty * torch.stack([(identity - weight).square().sum() for weight in maps]).sum()

    def describe(self, pass_examples: Callable[[], int]) -> dict[str, Any]:
        """``Attention`` of ``engine.files.source_weights``."""
        layers = [cast(FusedSources, layer) for layer in self.layer]
        attended = [Attended() for _ in layers]
        try:
            for layer, sums in zip(layers, attended, strict=True):
                layer.attended = sums
            examples = pass_examples()
        finally:
            for layer in layers:
                layer.attended = None
        return {
            "kind": "attention",
            "mean": [sums.mean() for sums in attended],
            "rows": [sums.rows for sums in attended],
            "examples": examples,
        }


def attach(encoder: Encoder, tasks: Sequence[TaskInfo], sources: Sequence[SourceAdapter], *, value_penalty: float) -> Model:
    """The dropout on scores is the encoder's attention dropout. Raises what ``check_sources`` raises."""
    stacks = stack_sources(frozen(encoder), sources)
    transfer = AdapterFusion(stacks, encoder.config.attention_probs_dropout_prob, value_penalty)
    sites = bottlenecks(transfer.layer)
    return Model(encoder, tasks, {"transfer": transfer}, sites, penalty=transfer.penalty, describe=transfer.describe)
