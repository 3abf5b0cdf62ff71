"""The interface of an encoder, independent of its architecture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Protocol, Self

from torch import Tensor, nn

from engine.encoder.config import EncoderConfig
from engine.encoder.packing import Packed
from engine.encoder.sites import PLAIN, Sites


class HubTensor(NamedTuple):
    """One tensor of an encoder and its name on the hub."""

    name: str
    """Its name in the encoder's ``state_dict``."""
    hub_names: list[str]
    """The hub's tensors that it is concatenated from, in the order of its rows."""
    shape: list[int]
    """Of each of the hub's tensors."""


class Encoder(Protocol):
    """A module made from ``(config, pooler)``, where ``pooler`` says whether to have one. Methods add to it at its sites and
    read nothing inside its layers."""

    pooler: nn.Linear | None
    """``d -> d``, kept when the weights have one, so that they can be written back complete. Few heads read it."""

    # Properties, because an implementation's attributes may have narrower types.
    @property
    def config(self) -> EncoderConfig: ...
    @property
    def embeddings(self) -> nn.Module: ...
    @property
    def layers(self) -> nn.ModuleList: ...

    def __call__(self, packed: Packed, sites: Sites = PLAIN, first_only: bool = True) -> Tensor:
        """Last hidden states: of each sequence's first token ``[B, d]``, or of all tokens ``[N, d]``."""
        ...

    def new_layer(self) -> nn.Module:
        """One more layer of the same kind, ``(hidden [N, d], packed) -> [N, d]``, its parameters drawn at random."""
        ...

    def hub_tensors(self) -> Iterator[HubTensor]:
        """Every tensor of ``state_dict``."""
        ...

    # Of nn.Module:
    def to(self, device: str) -> Self: ...
    def eval(self) -> Self: ...
    def parameters(self) -> Iterator[nn.Parameter]: ...
    def requires_grad_(self, requires_grad: bool = True) -> Self: ...
    def state_dict(self) -> dict[str, Any]: ...
    def load_state_dict(self, state_dict: Mapping[str, Any], *, assign: bool = False) -> Any: ...
