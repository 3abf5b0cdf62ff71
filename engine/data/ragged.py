"""Index arithmetic on rows of unequal length that lie end to end in one flat array."""

from __future__ import annotations

from pathlib import Path

import numpy as np


class GrowableArray:
    """A flat array that grows at its end, in amortised constant time per value."""

    def __init__(self, dtype: type[np.generic]) -> None:
        self._buffer = np.empty(1024, dtype=dtype)
        self._size = 0

    def __len__(self) -> int:
        return self._size

    @property
    def array(self) -> np.ndarray:
        """All appended values, ``[len(self)]``: a view, valid until the next ``append``."""
        return self._buffer[: self._size]

    def append(self, values: np.ndarray) -> None:
        end = self._size + len(values)
        if end > len(self._buffer):
            grown = np.empty(max(end, 2 * len(self._buffer)), dtype=self._buffer.dtype)
            grown[: self._size] = self.array
            self._buffer = grown
        self._buffer[self._size : end] = values
        self._size = end


def flat_indices(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Flat indices ``starts[i]`` to ``starts[i] + lengths[i] - 1`` for each ``i`` in turn: int64 ``[sum(lengths)]``."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) + np.repeat(starts - (ends - lengths), lengths)


def offsets_of(lengths: np.ndarray) -> np.ndarray:
    """Where each row begins, then the total: int64 ``[len(lengths) + 1]``."""
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def save(path: Path, array: np.ndarray) -> None:
    """As ``np.save``, but an error on a full disk says that the disk is full."""
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(array))
        file.write(np.ascontiguousarray(array).data)
