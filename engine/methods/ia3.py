"""(IA)^3 (Liu et al. 2022): learned vectors that scale keys, values and the inner feed-forward activations; all start at 1.

    k = l_k * (W_k z + b_k),   v = l_v * (W_v z + b_v),   f = Drop( W_2 gelu( l_ff * (W_1 x + b_1) ) + b_2 )

The feed-forward vector is applied before the activation, as in ScaLearn's experiments; the paper applies it after.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from engine.catalog.task import TaskInfo
from engine.encoder.encoder import Encoder
from engine.encoder.sites import LayerSites, Sites
from engine.methods.model import Model, SourceAdapter, frozen


class ScaledLayer(nn.Module):
    """One layer's vectors ``key`` and ``value`` ``[d]`` and ``intermediate`` ``[inner size]``."""

    def __init__(self, hidden_size: int, intermediate_size: int) -> None:
        super().__init__()
        self.key = nn.Parameter(torch.ones(hidden_size))
        self.value = nn.Parameter(torch.ones(hidden_size))
        self.intermediate = nn.Parameter(torch.ones(intermediate_size))

    def sites(self) -> LayerSites:
        return LayerSites(key=self.scale_key, value=self.scale_value, intermediate=self.scale_intermediate)

    def scale_key(self, output: Tensor, _: Tensor) -> Tensor:
        return output * self.key

    def scale_value(self, output: Tensor, _: Tensor) -> Tensor:
        return output * self.value

    def scale_intermediate(self, output: Tensor, _: Tensor) -> Tensor:
        return output * self.intermediate


class IA3(nn.Module):
    """Saved as ``layer.{i}.{key,value,intermediate}``."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        config = encoder.config
        self.layer = nn.ModuleList(ScaledLayer(config.hidden_size, config.intermediate_size) for _ in encoder.layers)

    def sites(self) -> Sites:
        return Sites([cast(ScaledLayer, layer).sites() for layer in self.layer])


def attach(encoder: Encoder, tasks: Sequence[TaskInfo], sources: Sequence[SourceAdapter]) -> Model:
    ia3 = IA3(frozen(encoder))
    return Model(encoder, tasks, {"ia3": ia3}, ia3.sites())
