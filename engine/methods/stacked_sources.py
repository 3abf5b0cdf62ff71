"""Frozen source adapters of one layer, stacked, so that trained parameters can be folded into them.

``T`` bottlenecks of width ``r`` are one map down, ``a = relu(h D^T + d)`` with ``D`` ``[T*r, d]``, and one map up, ``U``
``[T*r, d]``. Whatever a method does to a source's output is linear in ``a``, so it is applied to ``U`` once per step instead
of to ``T`` outputs of every token, and no tensor of size ``[T, N, d]`` is created.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.encoder.encoder import Encoder
from engine.errors import UserError
from engine.methods.model import SourceAdapter


class StackedSources(nn.Module):
    """The sources' adapters in one layer, in the given order: copies that are never trained or saved.

    Attributes:
        down: ``[T*r, d]``; down_bias: ``[T*r]``.
        up: ``[T, r, d]``, the transposed up maps; up_bias: ``[T, d]``.
    """

    down: Tensor
    down_bias: Tensor
    up: Tensor
    up_bias: Tensor

    def __init__(self, sources: Sequence[SourceAdapter], layer: int) -> None:
        super().__init__()

        def tensors(name: str) -> list[Tensor]:
            return [source.tensors[f"adapter.layer.{layer}.{name}"].detach() for source in sources]

        self.register_buffer("down", torch.cat(tensors("down.weight")), persistent=False)
        self.register_buffer("down_bias", torch.cat(tensors("down.bias")), persistent=False)
        self.register_buffer("up", torch.stack([up.T for up in tensors("up.weight")]).contiguous(), persistent=False)
        self.register_buffer("up_bias", torch.stack(tensors("up.bias")), persistent=False)

    def forward(self, h: Tensor) -> Tensor:
        """All bottlenecks' activations: ``[rows, d] -> [rows, T*r]``."""
        return torch.relu(F.linear(h, self.down, self.down_bias))


def stack_sources(encoder: Encoder, sources: Sequence[SourceAdapter]) -> list[StackedSources]:
    """One stack per layer of the encoder. Raises what ``check_sources`` raises."""
    check_sources(encoder, sources)
    return [StackedSources(sources, layer) for layer in range(len(encoder.layers))]


def check_sources(encoder: Encoder, sources: Sequence[SourceAdapter]) -> int:
    """The width of the sources' bottlenecks.

    Raises:
        UserError: no sources, or one was trained on another backbone or with another reduction.
    """
    if not sources:
        raise UserError("a two-stage method needs at least one source adapter")
    width = sources[0].tensors["adapter.layer.0.down.bias"].shape[0]
    d = encoder.config.hidden_size
    shapes = {"down.weight": (width, d), "down.bias": (width,), "up.weight": (d, width), "up.bias": (d,)}
    expected = {f"adapter.layer.{i}.{name}": shape for i in range(len(encoder.layers)) for name, shape in shapes.items()}
    for source in sources:
        actual = {name: tuple(t.shape) for name, t in source.tensors.items() if name.startswith("adapter.")}
        if actual != expected:
            raise UserError(
                f"the source adapter of {source.task} does not fit: train all sources on this backbone with one reduction"
            )
    return width
