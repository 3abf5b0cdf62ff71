"""Batches of real tokens, gathered from a tokenized split by array indexing alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engine.data.ragged import flat_indices
from engine.data.tokenized_split import TokenizedSplit

TOKENS_PER_BATCH = 16_384


@dataclass(frozen=True)
class Batch:
    """``N`` tokens of sequences end to end, without padding; the options of an example are neighbours."""

    tokens: np.ndarray
    """int32 ``[N]``"""
    lengths: np.ndarray
    """int64 ``[sequences]``, with sum N."""
    segments: np.ndarray
    """int64 ``[N]``: the token type in BERT's pair format, 0 in the first text and 1 in the second."""
    labels: np.ndarray
    """int64 ``[examples]``, float32 ``[examples]`` or float32 ``[examples, labels]``."""
    examples: np.ndarray
    """int64 ``[examples]``, indices into the split."""


def gather(split: TokenizedSplit, examples: np.ndarray) -> Batch:
    """The batch of these examples (int64 indices into ``split``), in this order."""
    sequences = split.sequences_of(examples)
    starts, lengths = split.starts[sequences], split.lengths[sequences]
    index = flat_indices(starts, lengths)
    segments = (index >= np.repeat(starts + split.second[sequences], lengths)).astype(np.int64)
    return Batch(split.tokens[index], lengths, segments, split.labels[examples], examples)


def evaluation_batches(split: TokenizedSplit, tokens_per_batch: int = TOKENS_PER_BATCH) -> Iterator[Batch]:
    """Every example once, longest first, in batches of at most ``tokens_per_batch`` tokens (one example may be longer)."""
    # Equal lengths side by side make attention cheapest; longest first runs out of memory at once if at all.
    lengths = split.lengths.reshape(-1, split.options).sum(axis=1)
    order = np.argsort(-lengths, kind="stable")
    ends = np.cumsum(lengths[order])
    start, used = 0, 0
    while start < len(order):
        stop = max(start + 1, int(np.searchsorted(ends, used + tokens_per_batch, side="right")))
        yield gather(split, order[start:stop])
        start, used = stop, int(ends[stop - 1])
