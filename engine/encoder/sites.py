"""Sites: the points in an encoder where a method may act.

Residuals and norms belong to the encoder; a method states its own arithmetic. Where it changes a value, its callable gets the
value and returns another; where it contributes a term, it returns that term alone and the encoder adds it. Sites are passed to
the forward pass and hold plain references: the method's modules belong to the model around the encoder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from torch import Tensor

from engine.encoder.packing import Packed


def unchanged(value: Tensor, *_: object) -> Tensor:
    """The identity: a site where no method acts."""
    return value


@dataclass(frozen=True)
class LayerSites:
    """One layer's sites. ``rows`` are all ``N`` tokens, or in the last layer the ``B`` first ones if only those are wanted."""

    query: Callable[[Tensor, Tensor], Tensor] = unchanged
    """``(query map's output, its input) -> output``, all ``[rows, d]``."""
    key: Callable[[Tensor, Tensor], Tensor] = unchanged
    """``(key map's output, its input) -> output``, all ``[N, d]``."""
    value: Callable[[Tensor, Tensor], Tensor] = unchanged
    """``(value map's output, its input) -> output``, all ``[N, d]``."""
    attention_output: Callable[[Tensor], Tensor] = unchanged
    """``[rows, d] -> [rows, d]``: the attention block's output map after dropout, before its residual."""
    intermediate: Callable[[Tensor, Tensor], Tensor] = unchanged
    """``(first feed-forward map's output [rows, inner], its input [rows, d]) -> [rows, inner]``, before the activation."""
    beside_layer: Callable[[Tensor, Packed, bool], Tensor] | None = None
    """``(the layer's input [N, d], packed, first_only) -> contribution``, ``[B, d]`` if ``first_only``, else ``[N, d]``."""
    beside_feed_forward: Callable[[Tensor, Packed], Tensor] | None = None
    """``(the feed-forward block's input, packed) -> contribution``, both ``[rows, d]``."""
    bottleneck: Callable[[Tensor], Tensor] | None = None
    """``[rows, d] -> contribution [rows, d]``: reads the normed sum that the layer ends with, and contributes to that sum."""
    output: Callable[[Tensor], Tensor] = unchanged
    """``[rows, d] -> [rows, d]``: the layer's output."""


@dataclass(frozen=True)
class Sites:
    """Where a method acts; nowhere by default."""

    layers: Sequence[LayerSites] = ()
    """One for each layer, or empty."""
    top: Callable[[Tensor, Packed], Tensor] | None = None
    """``(hidden [N, d], packed) -> [N, d]``, after the last layer."""
    mixes_tokens: bool = False
    """Whether a token reads others of the last layer outside its attention, which then has to compute all of them."""

    @property
    def need_every_token(self) -> bool:
        """Whether the last layer has to be computed for all tokens even if only the first ones are wanted."""
        return self.mixes_tokens or self.top is not None


UNTOUCHED = LayerSites()
PLAIN = Sites()
"""The encoder as it was pretrained."""


def bottlenecks(modules: Iterable[Callable[[Tensor], Tensor]]) -> Sites:
    """One bottleneck per layer and nothing else."""
    return Sites([LayerSites(bottleneck=module) for module in modules])
