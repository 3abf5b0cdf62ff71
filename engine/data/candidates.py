"""What ranking metrics read of each example: the candidate's name and the answers of its query.

Stored as numbers of distinct names, so that opening a split of a million candidates costs nothing; the names are read when the
first metric needs them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, overload

import numpy as np

from engine.data.ragged import offsets_of, save

CANDIDATES_FOLDER = "references"
"""Within the folder of a split."""
NAMES = "names.json"


class Candidates(Sequence[Any]):
    """``[candidate, [answer, ...]]`` of each example."""

    def __init__(self, folder: Path, candidates: np.ndarray, rows: np.ndarray) -> None:
        """``candidates`` int32 ``[examples]`` are numbers of names, ``rows`` int64 ``[examples]`` numbers of answer lists."""
        self._folder = folder
        self._candidates = candidates
        self._rows = rows

    @classmethod
    def open(cls, folder: Path, rows: np.ndarray) -> Candidates:
        """What ``CandidatesWriter`` wrote to ``folder``; ``rows`` int64 ``[examples]`` is the row of each example."""
        return cls(folder, np.load(folder / "candidates.npy", mmap_mode="r"), rows)

    def __len__(self) -> int:
        return len(self._candidates)

    @overload
    def __getitem__(self, index: int) -> list[Any]: ...
    @overload
    def __getitem__(self, index: slice) -> list[list[Any]]: ...
    def __getitem__(self, index: int | slice) -> list[Any]:
        if isinstance(index, slice):
            return list(self.select(np.arange(len(self))[index]))
        names, answers = self._texts
        return [names[self._candidates[index]], answers[self._rows[index]]]

    def __iter__(self) -> Iterator[list[Any]]:
        names, answers = self._texts
        for candidate, row in zip(self._candidates.tolist(), self._rows.tolist(), strict=True):
            yield [names[candidate], answers[row]]

    def select(self, examples: np.ndarray) -> Candidates:
        """Those of ``examples`` (int64 indices), in this order."""
        return Candidates(self._folder, self._candidates[examples], self._rows[examples])

    @cached_property
    def _texts(self) -> tuple[list[str], list[list[str]]]:
        """All names by number, and the answers of each row."""
        names = json.loads((self._folder / NAMES).read_text(encoding="utf-8"))
        answers = [names[number] for number in np.load(self._folder / "answers.npy").tolist()]
        offsets = np.load(self._folder / "answer_offsets.npy").tolist()
        return names, [answers[start:end] for start, end in pairwise(offsets)]


class CandidatesWriter:
    """Collects candidates and answers of rows and numbers the names in them."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._candidates: list[int] = []
        self._answers: list[int] = []
        self._answer_counts: list[int] = []

    def append(self, rows: Sequence[Any]) -> None:
        """``[[candidate, ...], [answer, ...]]`` of the next rows; each candidate is an example."""
        for candidates, answers in rows:
            self._candidates += map(self._number, candidates)
            self._answers += map(self._number, answers)
            self._answer_counts.append(len(answers))

    def write(self, folder: Path) -> None:
        """Write all that was collected to ``folder``, which is made."""
        folder.mkdir()
        save(folder / "candidates.npy", np.array(self._candidates, dtype=np.int32))
        save(folder / "answers.npy", np.array(self._answers, dtype=np.int32))
        save(folder / "answer_offsets.npy", offsets_of(np.array(self._answer_counts, dtype=np.int64)))
        (folder / NAMES).write_text(json.dumps(list(self._numbers), ensure_ascii=False), encoding="utf-8")

    def _number(self, name: str) -> int:
        return self._numbers.setdefault(name, len(self._numbers))
