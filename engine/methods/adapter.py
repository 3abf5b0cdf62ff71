"""Single-task adapter (Pfeiffer et al. 2021): a bottleneck at the feed-forward output of every layer, backbone frozen.

With ``f`` the feed-forward output, ``x`` the attention block's output and ``N`` the layer's last norm:

    A(h) = up( relu( down(h) ) ),   h = N(f + x),   y = N(f + A(h) + x)

The pretrained norm is applied twice with the same weights, and the residual around the adapter is ``f``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from engine.catalog.task import TaskInfo
from engine.encoder.heads import fresh_linear
from engine.encoder.post_ln import Encoder
from engine.errors import UserError
from engine.methods.model import Model, SourceAdapter, frozen


class Bottleneck(nn.Module):
    """``A(h) = up( relu( down(h) ) )`` with ``d -> width -> d`` and biases; weights ~ N(0, 0.02^2), biases 0."""

    def __init__(self, hidden_size: int, width: int) -> None:
        super().__init__()
        self.down = fresh_linear(hidden_size, width)
        self.up = fresh_linear(width, hidden_size)

    def forward(self, f: Tensor, x: Tensor, norm: nn.LayerNorm) -> Tensor:
        """``N(f + A(N(f + x)) + x)``, all ``[rows, d]``."""
        residual = f + x
        return norm(self.up(torch.relu(self.down(norm(residual)))) + residual)


class Adapter(nn.Module):
    """One bottleneck per layer, saved as ``layer.{i}.{down,up}.{weight,bias}``."""

    def __init__(self, encoder: Encoder, width: int) -> None:
        super().__init__()
        self.layer = nn.ModuleList(Bottleneck(encoder.config.hidden_size, width) for _ in encoder.layers)
        for sites, bottleneck in zip(encoder.sites, self.layer, strict=True):
            sites.feed_forward_output = bottleneck


def bottleneck_width(encoder: Encoder, hyperparameters: Mapping[str, Value]) -> int:
    """The hidden size divided by ``reduction``. Raises UserError when nothing is left."""
    width = encoder.config.hidden_size // int(hyperparameters["reduction"])
    if width < 1:
        raise UserError(f"reduction must be at most the backbone's hidden size, {encoder.config.hidden_size}")
    return width


def attach(
    encoder: Encoder, tasks: Sequence[TaskInfo], sources: Sequence[SourceAdapter], hyperparameters: Mapping[str, Value]
) -> Model:
    """Reads ``reduction``. Raises UserError when it leaves no bottleneck."""
    return Model(encoder, tasks, {"adapter": Adapter(frozen(encoder), bottleneck_width(encoder, hyperparameters))})
