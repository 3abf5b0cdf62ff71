"""Single-task adapter (Pfeiffer et al. 2021): a bottleneck at the feed-forward output of every layer, backbone frozen.

With ``h`` the input of the bottleneck's site, its contribution to the layer is

    A(h) = up( relu( down(h) ) )

In a post-LN layer, with ``f`` the feed-forward output, ``x`` the attention block's output and ``N`` the layer's last norm, this
makes ``h = N(f + x)`` and ``y = N(f + A(h) + x)``: the pretrained norm is applied twice with the same weights, and the residual
around the adapter is ``f``.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from engine.catalog.task import TaskInfo
from engine.encoder.encoder import Encoder
from engine.encoder.heads import fresh_linear
from engine.encoder.sites import bottlenecks
from engine.errors import UserError
from engine.methods.model import Model, SourceAdapter, frozen


class Bottleneck(nn.Module):
    """``A(h) = up( relu( down(h) ) )`` with ``d -> width -> d`` and biases; weights ~ N(0, 0.02^2), biases 0."""

    def __init__(self, hidden_size: int, width: int) -> None:
        super().__init__()
        self.down = fresh_linear(hidden_size, width)
        self.up = fresh_linear(width, hidden_size)

    def forward(self, h: Tensor) -> Tensor:
        """``[rows, d] -> [rows, d]``."""
        return self.up(torch.relu(self.down(h)))


class Adapter(nn.Module):
    """One bottleneck per layer, saved as ``layer.{i}.{down,up}.{weight,bias}``."""

    def __init__(self, encoder: Encoder, width: int) -> None:
        super().__init__()
        self.layer = nn.ModuleList(Bottleneck(encoder.config.hidden_size, width) for _ in encoder.layers)


def bottleneck_width(encoder: Encoder, reduction: int) -> int:
    """The hidden size divided by ``reduction``. Raises UserError when that is 0."""
    width = encoder.config.hidden_size // reduction
    if width < 1:
        raise UserError(f"reduction must be at most the backbone's hidden size, {encoder.config.hidden_size}")
    return width


def attach(encoder: Encoder, tasks: Sequence[TaskInfo], sources: Sequence[SourceAdapter], *, reduction: int) -> Model:
    """The adapter of one task, or of several that share it (Adapter-m). Raises what ``bottleneck_width`` raises."""
    adapter = Adapter(frozen(encoder), bottleneck_width(encoder, reduction))
    return Model(encoder, tasks, {"adapter": adapter}, bottlenecks(adapter.layer))
