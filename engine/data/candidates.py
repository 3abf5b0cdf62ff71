"""What a ranking metric compares with: for each candidate its name and the answers of its query.

Stored as numbers of distinct names, so that opening a split of a million candidates costs nothing; the names are read when the
first metric asks for them.
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

NAMES = "names.json"


class References(Sequence[Any]):
    """``[candidate, [answer, ...]]`` of each example."""

    def __init__(self, folder: Path, candidates: np.ndarray, rows: np.ndarray) -> None:
        """``candidates`` int32 ``[examples]`` numbers names, ``rows`` int64 ``[examples]`` numbers lists of answers."""
        self._folder = folder
        self._candidates = candidates
        self._rows = rows

    @classmethod
    def open(cls, folder: Path, rows: np.ndarray) -> References:
        """What ``ReferencesWriter`` left in ``folder``, given the row of each example."""
        return cls(folder, np.load(folder / "candidates.npy", mmap_mode="r"), rows)

    def __len__(self) -> int:
        return len(self._candidates)

    @overload
    def __getitem__(self, place: int) -> list[Any]: ...
    @overload
    def __getitem__(self, place: slice) -> list[list[Any]]: ...
    def __getitem__(self, place: int | slice) -> list[Any]:
        if isinstance(place, slice):
            return list(self.select(np.arange(len(self))[place]))
        names, answers = self._words
        return [names[self._candidates[place]], answers[self._rows[place]]]

    def __iter__(self) -> Iterator[list[Any]]:
        names, answers = self._words
        for candidate, row in zip(self._candidates.tolist(), self._rows.tolist(), strict=True):
            yield [names[candidate], answers[row]]

    def select(self, examples: np.ndarray) -> References:
        """Those of ``examples``, in this order."""
        return References(self._folder, self._candidates[examples], self._rows[examples])

    @cached_property
    def _words(self) -> tuple[list[str], list[list[str]]]:
        """All names, and the answers of each row."""
        names = json.loads((self._folder / NAMES).read_text(encoding="utf-8"))
        words = [names[number] for number in np.load(self._folder / "answers.npy").tolist()]
        offsets = np.load(self._folder / "answer_offsets.npy").tolist()
        return names, [words[start:end] for start, end in pairwise(offsets)]


class ReferencesWriter:
    """Collects the references of rows and numbers the names in them."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._candidates: list[int] = []
        self._answers: list[int] = []
        self._answer_counts: list[int] = []

    def append(self, references: Sequence[Any]) -> None:
        """Of the next rows, ``[[candidate, ...], [answer, ...]]``; each candidate is an example."""
        for candidates, answers in references:
            self._candidates += map(self._number, candidates)
            self._answers += map(self._number, answers)
            self._answer_counts.append(len(answers))

    def write(self, folder: Path) -> None:
        """Make ``folder`` of all that was collected."""
        folder.mkdir()
        save(folder / "candidates.npy", np.array(self._candidates, dtype=np.int32))
        save(folder / "answers.npy", np.array(self._answers, dtype=np.int32))
        save(folder / "answer_offsets.npy", offsets_of(np.array(self._answer_counts, dtype=np.int64)))
        (folder / NAMES).write_text(json.dumps(list(self._numbers), ensure_ascii=False), encoding="utf-8")

    def _number(self, name: str) -> int:
        return self._numbers.setdefault(name, len(self._numbers))
