"""One split as arrays of token ids: what batches are gathered from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.data.candidates import CANDIDATES_FOLDER, Candidates
from engine.data.subsets import limited


@dataclass(frozen=True)
class TokenizedSplit:
    """Sequences of real tokens; example ``i`` owns ``options`` neighbouring sequences."""

    tokens: np.ndarray
    """int32 ``[total]``: all sequences of the official split, end to end."""
    starts: np.ndarray
    """int64 ``[sequences]``: where in ``tokens`` each sequence of this split begins."""
    lengths: np.ndarray
    """int64 ``[sequences]``"""
    second: np.ndarray
    """int32 ``[sequences]``: where within its sequence the second text begins, its length if there is none."""
    labels: np.ndarray
    """int64 ``[examples]``, float32 ``[examples]`` (regression) or float32 ``[examples, labels]`` (multi-label)."""
    options: int = 1
    groups: np.ndarray | None = None
    """int64 ``[examples]``: the question (MultiRC) or query (ReCoRD) of each example."""
    candidates: Candidates | None = None
    """Of a ranking, ``[candidate, [answer, ...]]`` of each example; None for training splits, which are not scored."""

    @classmethod
    def open(cls, folder: Path) -> TokenizedSplit:
        """The official split that ``build_tokens`` wrote to ``folder``, its arrays mapped into memory."""
        # A plain view of the mapped file: np.memmap itself is slower to index.
        arrays = {file.stem: np.asarray(np.load(file, mmap_mode="r")) for file in folder.glob("*.npy")}
        offsets, groups = arrays["offsets"], arrays.get("groups")
        options = json.loads((folder / "split.json").read_text())["options"]
        ranked = folder / CANDIDATES_FOLDER
        candidates = Candidates.open(ranked, groups) if groups is not None and ranked.is_dir() else None
        lengths = np.diff(offsets)
        return cls(arrays["tokens"], offsets[:-1], lengths, arrays["second"], arrays["labels"], options, groups, candidates)

    def __len__(self) -> int:
        return len(self.labels)

    def sequences_of(self, examples: np.ndarray) -> np.ndarray:
        """The sequences of these examples, int64 ``[len(examples) * options]``."""
        return (examples[:, None] * self.options + np.arange(self.options)).ravel()

    def select(self, examples: np.ndarray) -> TokenizedSplit:
        """These examples (int64 indices), in this order; the tokens are shared."""
        sequences = self.sequences_of(examples)
        return TokenizedSplit(
            self.tokens,
            self.starts[sequences],
            self.lengths[sequences],
            self.second[sequences],
            self.labels[examples],
            self.options,
            None if self.groups is None else self.groups[examples],
            None if self.candidates is None else self.candidates.select(examples),
        )

    def select_rows(self, rows: np.ndarray) -> TokenizedSplit:
        """The examples made of these rows (int64 numbers) of the official split, which this must be as a whole."""
        if self.candidates is None or self.groups is None:
            return self.select(rows)
        # A row becomes several examples, and their group is its number.
        return self.select(np.flatnonzero(np.isin(self.groups, rows, kind="table")))

    def limit(self, count: int, whole_groups: bool = True) -> TokenizedSplit:
        """The examples that a limit keeps (``subsets.limited``); this split if it has no more than ``count``."""
        if count >= len(self):
            return self
        return self.select(limited(len(self), count, self.groups if whole_groups else None))
