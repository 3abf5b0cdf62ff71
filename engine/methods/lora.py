"""LoRA (Hu et al. 2022): low-rank changes of the query and value maps.

    q = W_q z + b_q + (alpha / r) B_q A_q z,   v likewise;   A ``[r, d]``, B ``[d, r]``

A starts Kaiming-uniform and B at 0, so that training starts from the plain backbone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from torch import Tensor, nn

from engine.catalog.task import TaskInfo
from engine.encoder.encoder import Encoder
from engine.encoder.sites import LayerSites, Sites
from engine.methods.model import Model, SourceAdapter, frozen


class LowRank(nn.Module):
    """The change of one map, saved as ``{down,up}.weight`` (A and B)."""

    def __init__(self, hidden_size: int, rank: int, alpha: float) -> None:
        super().__init__()
        self.down = nn.Linear(hidden_size, rank, bias=False)
        self.up = nn.Linear(rank, hidden_size, bias=False)
        nn.init.kaiming_uniform_(self.down.weight, a=5**0.5)
        nn.init.zeros_(self.up.weight)
        self.scale = alpha / rank

    def forward(self, output: Tensor, z: Tensor) -> Tensor:
        """``output + (alpha / r) B A z``, all ``[rows, d]``."""
        return output + self.scale * self.up(self.down(z))


class LowRankLayer(nn.Module):
    """One layer, saved as ``{query,value}.{down,up}.weight``."""

    def __init__(self, hidden_size: int, rank: int, alpha: float) -> None:
        super().__init__()
        self.query = LowRank(hidden_size, rank, alpha)
        self.value = LowRank(hidden_size, rank, alpha)

    def sites(self) -> LayerSites:
        return LayerSites(query=self.query, value=self.value)


class LoRA(nn.Module):
    """Saved as ``layer.{i}.{query,value}.{down,up}.weight``."""

    def __init__(self, encoder: Encoder, rank: int, alpha: float) -> None:
        super().__init__()
        self.layer = nn.ModuleList(LowRankLayer(encoder.config.hidden_size, rank, alpha) for _ in encoder.layers)

    def sites(self) -> Sites:
        return Sites([cast(LowRankLayer, layer).sites() for layer in self.layer])


def attach(encoder: Encoder, tasks: Sequence[TaskInfo], sources: Sequence[SourceAdapter], *, r: int, alpha: float) -> Model:
    lora = LoRA(frozen(encoder), r, alpha)
    return Model(encoder, tasks, {"lora": lora}, lora.sites())
