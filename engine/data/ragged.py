"""Index arithmetic on rows of unequal length that lie end to end in one flat array."""

from __future__ import annotations

import numpy as np


def places(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Flat indices ``starts[i]`` to ``starts[i] + lengths[i] - 1`` for each ``i`` in turn: int64 ``[sum(lengths)]``."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) + np.repeat(starts - (ends - lengths), lengths)


def offsets_of(lengths: np.ndarray) -> np.ndarray:
    """Where each row begins, and at the end the total: int64 ``[len(lengths) + 1]``."""
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets
