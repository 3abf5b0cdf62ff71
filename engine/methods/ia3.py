"""(IA)^3 (Liu et al. 2022): learned vectors that scale keys, values and the inner feed-forward activations; all start at 1.

    k = l_k * (W_k z + b_k),   v = l_v * (W_v z + b_v),   f = Drop( W_2 gelu( l_ff * (W_1 x + b_1) ) + b_2 )

The feed-forward vector stands before the activation, as in ScaLearn's experiments; the paper puts it after.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from engine.catalog.method import Value
from engine.catalog.task import TaskInfo
from engine.encoder.post_ln import Encoder
from engine.encoder.sites import Sites
from engine.methods.model import Model, SourceAdapter, frozen


class ScaledLayer(nn.Module):
    """One layer's vectors ``key`` and ``value`` ``[d]`` and ``intermediate`` ``[inner size]``."""

    def __init__(self, hidden_size: int, intermediate_size: int, sites: Sites) -> None:
        super().__init__()
        self.key = nn.Parameter(torch.ones(hidden_size))
        self.value = nn.Parameter(torch.ones(hidden_size))
        self.intermediate = nn.Parameter(torch.ones(intermediate_size))
        sites.key, sites.value, sites.intermediate = self.scale_key, self.scale_value, self.scale_intermediate

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
        self.layer = nn.ModuleList(ScaledLayer(config.hidden_size, config.intermediate_size, sites) for sites in encoder.sites)


def attach(
    encoder: Encoder, tasks: Sequence[TaskInfo], sources: Sequence[SourceAdapter], hyperparameters: Mapping[str, Value]
) -> Model:
    """Has no settings."""
    return Model(encoder, tasks, {"ia3": IA3(frozen(encoder))})
