"""Which example is which, whatever its place in a file: ids by which the evidence of runs is paired, and clusters.

Official row numbers do not serve: subsets of MNLI and QQP count from 0 again, and MRPC's have gaps.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from engine.catalog.task import TaskInfo
from engine.data.ragged import GrowableArray, save
from engine.data.templates import TEMPLATES, Rendered

ID_BYTES = 16


class RowIdentities:
    """Collects the examples of an official split of ``task``, in its order."""

    def __init__(self, task: TaskInfo) -> None:
        self._task = task
        self._columns = [name for name in task.columns if name not in TEMPLATES[task.template].answers]
        self._seen: dict[bytes, int] = {}
        self._ids: list[bytes] = []
        self._numbers: dict[bytes, int] = {}
        self._clusters = GrowableArray(np.int64)

    def append(self, rendered: Rendered, part: pa.Table) -> None:
        """The next rows and what they were rendered to."""
        texts = zip(*(part[name].to_pylist() for name in self._columns), strict=True)
        ids = [self._row_id(row) for row in texts]
        clusters = self._clusters_of(rendered, part, ids)
        if rendered.counts is not None and rendered.candidates is not None:
            self._ids += [
                hashed([row_id.hex(), place, candidate])
                for row_id, (candidates, _) in zip(ids, rendered.candidates, strict=True)
                for place, candidate in enumerate(candidates)
            ]
            clusters = np.repeat(clusters, rendered.counts)
        else:
            self._ids += ids
        self._clusters.append(clusters)

    @property
    def ids(self) -> list[bytes]:
        """Of all examples so far, in their order."""
        return self._ids

    def write(self, folder: Path) -> None:
        """Write ``ids.npy``, uint8 ``[examples, 16]``, and ``clusters.npy``, int64 ``[examples]``."""
        save(folder / "ids.npy", np.frombuffer(b"".join(self._ids), dtype=np.uint8).reshape(-1, ID_BYTES))
        save(folder / "clusters.npy", self._clusters.array)

    def _row_id(self, row: Sequence[Any]) -> bytes:
        """Of equal rows, each has the number of those before it in its id."""
        first = hashed([self._task.key, row, 0])
        occurrence = self._seen.get(first, 0)
        self._seen[first] = occurrence + 1
        return hashed([self._task.key, row, occurrence]) if occurrence else first

    def _clusters_of(self, rendered: Rendered, part: pa.Table, ids: Sequence[bytes]) -> np.ndarray:
        """Rows about the same passage, or of a user's own group, share a number; any other row has one of its own."""
        if rendered.passages is not None:
            names = [hashed(passage) for passage in rendered.passages]
        elif self._task.cluster:
            names = [hashed(text) for text in part[self._task.cluster].to_pylist()]
        else:
            names = list(ids)
        return np.array([self._numbers.setdefault(name, len(self._numbers)) for name in names], dtype=np.int64)


def hashed(value: Any) -> bytes:
    """The first 16 bytes of the sha256 of ``value`` as canonical JSON."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).digest()[:ID_BYTES]
