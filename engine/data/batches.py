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
    """Every example once, longest first, in batches whose sequences, padded to the longest one, have at most
    ``tokens_per_batch`` tokens (one example may have more).

    Attention allocates such rectangles: a bound on real tokens alone would let one long text among thousands of short ones
    take many times the memory.
    """
    # Equal lengths side by side make attention cheapest; longest first runs out of memory at once if at all.
    longest = split.lengths.reshape(-1, split.options).max(axis=1)
    order = np.argsort(-longest, kind="stable")
    start = 0
    while start < len(order):
        count = max(1, tokens_per_batch // (split.options * int(longest[order[start]])))
        yield gather(split, order[start : start + count])
        start += count
