"""One split as arrays of token ids: what batches are gathered from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.data.candidates import Candidates, open_candidates
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
    """Of a ranking; None for training splits, which are not scored."""
    ids: np.ndarray | None = None
    """uint8 ``[examples, 16]``: which example is which (``row_identity``); None for new texts."""
    clusters: np.ndarray | None = None
    """int64 ``[examples]``: dependent examples, such as those about one passage, share a number; None for new texts."""

    @classmethod
    def open(cls, folder: Path) -> TokenizedSplit:
        """The official split that ``build_tokens`` wrote to ``folder``, its arrays mapped into memory."""
        # A plain view of the mapped file: np.memmap itself is slower to index.
        arrays = {file.stem: np.asarray(np.load(file, mmap_mode="r")) for file in folder.glob("*.npy")}
        offsets = arrays["offsets"]
        options = json.loads((folder / "split.json").read_text())["options"]
        return cls(
            tokens=arrays["tokens"],
            starts=offsets[:-1],
            lengths=np.diff(offsets),
            second=arrays["second"],
            labels=arrays["labels"],
            options=options,
            groups=arrays.get("groups"),
            candidates=open_candidates(arrays),
            ids=arrays["ids"],
            clusters=arrays["clusters"],
        )

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
            None if self.candidates is None else {name: values[examples] for name, values in self.candidates.items()},
            None if self.ids is None else self.ids[examples],
            None if self.clusters is None else self.clusters[examples],
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
