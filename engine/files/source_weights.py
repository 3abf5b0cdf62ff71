"""``weights.json`` of a run: how much of each source adapter its selected parameters use, for readers that load no tensors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError, model_validator

from engine.errors import UserError
from engine.files.bounded import read_text
from engine.files.disk import atomic_write

MOST_BYTES = 4 << 20
"""Of a file; 100 sources in 48 layers take a tenth of it."""
PerSource = Annotated[tuple[FiniteFloat, ...], Field(min_length=1)]
PerLayer = Annotated[tuple[PerSource, ...], Field(min_length=1)]
"""``[layers][sources]``; a single layer where all layers share their parameters."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Scales(_Record):
    """Learned scales, as they are applied to the sources' outputs; statistics are over the dimensions of a scale."""

    kind: Literal["scales"]
    constraint: str
    """``softmax`` or ``mean`` over the sources, or ``none``."""
    shared: bool
    """Whether all layers share them."""
    mean: PerLayer
    std: PerLayer
    """Not of a sample: divided by the number of dimensions; 0 for uniform scales."""
    min: PerLayer
    max: PerLayer

    @property
    def per_source(self) -> PerLayer:
        return (*self.mean, *self.std, *self.min, *self.max)


class Attention(_Record):
    """Attention over the sources, averaged over what the layer computes of some examples of dev."""

    kind: Literal["attention"]
    mean: PerLayer
    rows: tuple[int, ...]
    """By layer, the tokens that the mean is over: all real ones, in the last layer those that the head reads."""
    examples: int

    @property
    def per_source(self) -> PerLayer:
        return self.mean


class Soup(_Record):
    """One average of the sources."""

    kind: Literal["soup"]
    weights: PerSource
    similarities: PerSource

    @property
    def per_source(self) -> PerLayer:
        return (self.weights, self.similarities)


class Constants(_Record):
    """Scales that were chosen and never trained, the same in all layers."""

    kind: Literal["constants"]
    scales: PerSource

    @property
    def per_source(self) -> PerLayer:
        return (self.scales,)


Weights = Annotated[Scales | Attention | Soup | Constants, Field(discriminator="kind")]


class SourceWeights(_Record):
    """The content of a file."""

    format: Literal[1] = 1
    run: str
    """Fingerprint."""
    checkpoint: str
    """Digest of the file of the parameters that these are the weights of."""
    sources: tuple[str, ...]
    """Task keys, in the order of the weights."""
    weights: Weights

    @model_validator(mode="after")
    def _complete(self) -> SourceWeights:
        if any(len(row) != len(self.sources) for row in self.weights.per_source):
            raise ValueError(f"each of {len(self.sources)} sources has one weight")
        return self


def write_source_weights(path: Path, weights: SourceWeights) -> None:
    """Replace the file as a whole."""
    with atomic_write(path) as draft:
        draft.write_text(weights.model_dump_json(indent=1) + "\n")


def read_source_weights(path: Path, run: str, checkpoint: str | None) -> SourceWeights | None:
    """The weights of the run with this fingerprint and checkpoint; None where the file is missing, damaged or of another one.

    Without a ``checkpoint`` to compare, as of an imported run that came without, any will do.
    """
    try:
        kept = SourceWeights.model_validate_json(read_text(path, MOST_BYTES))
    except (OSError, UnicodeDecodeError, ValidationError, UserError):
        return None
    return kept if kept.run == run and checkpoint in (None, kept.checkpoint) else None
