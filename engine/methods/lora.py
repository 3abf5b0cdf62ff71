"""LoRA (Hu et al. 2022): low-rank changes of the query and value maps.

    q = W_q z + b_q + (alpha / r) B_q A_q z,   v likewise;   A ``[r, d]``, B ``[d, r]``

A starts Kaiming-uniform and B at 0, so that training starts from the plain backbone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from engine.catalog.method import Value
from engine.catalog.task import TaskInfo
from engine.encoder.post_ln import Encoder
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


class LoRA(nn.Module):
    """Saved as ``layer.{i}.{query,value}.{down,up}.weight``."""

    def __init__(self, encoder: Encoder, rank: int, alpha: float) -> None:
        super().__init__()
        layers = [LowRankLayer(encoder.config.hidden_size, rank, alpha) for _ in encoder.layers]
        for sites, layer in zip(encoder.sites, layers, strict=True):
            sites.query, sites.value = layer.query, layer.value
        self.layer = nn.ModuleList(layers)


def attach(
    encoder: Encoder, tasks: Sequence[TaskInfo], sources: Sequence[SourceAdapter], hyperparameters: Mapping[str, Value]
) -> Model:
    """Reads ``r`` and ``alpha``."""
    lora = LoRA(frozen(encoder), int(hyperparameters["r"]), float(hyperparameters["alpha"]))
    return Model(encoder, tasks, {"lora": lora})
