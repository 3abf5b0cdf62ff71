"""The places in a layer where a method may act, and what stands there when none does.

A method assigns a callable to a site of each layer it changes. Sites hold plain references: the method's modules belong to
the model that was built around the encoder, and the encoder's own parameters stay those of the backbone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn

from engine.encoder.packing import Packed


def unchanged(output: Tensor, *_: object) -> Tensor:
    """A site without a method."""
    return output


def residual_and_norm(f: Tensor, x: Tensor, norm: nn.LayerNorm) -> Tensor:
    """The plain end of a post-LN layer: ``N(f + x)``."""
    return norm(f + x)


@dataclass
class Sites:
    """One layer's sites, in the order in which its forward pass reaches them."""

    query: Callable[[Tensor, Tensor], Tensor] = unchanged
    """``(query map's output, its input) -> output``, both ``[N, d]``, or ``[B, d]`` where only first tokens are wanted."""
    key: Callable[[Tensor, Tensor], Tensor] = unchanged
    """``(key map's output, its input) -> output``, both ``[N, d]``."""
    value: Callable[[Tensor, Tensor], Tensor] = unchanged
    """``(value map's output, its input) -> output``, both ``[N, d]``."""
    attention_output: Callable[[Tensor], Tensor] = unchanged
    """The attention block's output map after dropout, before its residual and norm."""
    intermediate: Callable[[Tensor, Tensor], Tensor] = unchanged
    """``(first feed-forward map's output, its input) -> output``, before the activation."""
    parallel: Callable[[Tensor, Tensor, Packed, bool], Tensor] = unchanged
    """``(f, the layer's input [N, d], packed, first_only) -> f``: beside the layer; ``f`` is ``[B, d]`` if ``first_only``."""
    feed_forward_output: Callable[[Tensor, Tensor, nn.LayerNorm], Tensor] = residual_and_norm
    """``(f, x, N) -> y``: feed-forward output before its residual, attention block's output, last norm; the layer's output."""
