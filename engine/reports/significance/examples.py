"""What several runs answered on the same examples: paired by the examples' ids, never by their places in a file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.errors import UserError
from engine.files.evidence import Arrays, SplitEvidence

Places = Mapping[bytes, int]
"""Of the examples of a file, by id."""


@dataclass(frozen=True)
class Examples:
    """``n`` examples in the order of their ids, whichever files they came from, and the answers of ``R`` runs."""

    rows: Arrays
    """As in ``SplitEvidence``."""
    clusters: np.ndarray
    """int64 ``[n]``: the cluster of each example, numbered from 0 in the order of their first examples."""
    logits: np.ndarray
    """float32 ``[R, n, outputs]``"""
    seed: int
    """Of what is drawn at random: it depends on the examples alone, so that all who compare on them draw the same."""
    left_out: int = 0
    """Examples that not all runs answered."""

    @property
    def candidates(self) -> Arrays | None:
        """What ranking metrics read; None for other kinds."""
        return {name: self.rows[name] for name in ("em", "f1", "rank")} if "rank" in self.rows else None


def pair(evidence: Mapping[str, SplitEvidence], common: bool = False) -> Examples:
    """The answers of runs, by id and in that order, on the examples that all of them answered.

    Raises UserError unless these are all examples or ``common`` is set, and where runs have different labels of an example.
    """
    files, file_of = _files(evidence)
    shared, every = set.intersection(*map(set, files)), set.union(*map(set, files))
    if not shared or (len(shared) < len(every) and not common):
        raise UserError(_unequal(files, file_of, len(shared)))
    ids = sorted(shared)
    orders = [np.fromiter(map(places.__getitem__, ids), np.int64, len(ids)) for places in files]
    first = next(iter(evidence))
    rows = {name: array[orders[file_of[first]]] for name, array in evidence[first].rows.items()}
    for run, one in evidence.items():
        if not np.array_equal(one.rows["label"][orders[file_of[run]]], rows["label"]):
            raise UserError(f"runs {first} and {run} have different labels of the same examples: their data was changed")
    logits = np.stack([one.logits[orders[file_of[run]]] for run, one in evidence.items()])
    seed = int.from_bytes(hashlib.sha256(b"".join(ids)).digest()[:8])
    return Examples(rows, _numbered(rows["cluster"]), logits, seed, len(every) - len(shared))


def _files(evidence: Mapping[str, SplitEvidence]) -> tuple[list[Places], dict[str, int]]:
    """The different files of examples, and by run the number of its file."""
    arrays: list[np.ndarray] = []
    file_of = {}
    for run, one in evidence.items():
        ids = one.rows["row_id"]
        number = next((number for number, array in enumerate(arrays) if np.array_equal(array, ids)), len(arrays))
        file_of[run] = number
        arrays += [ids] if number == len(arrays) else []
    return [{row.tobytes(): place for place, row in enumerate(array)} for array in arrays], file_of


def _unequal(files: Sequence[Places], file_of: Mapping[str, int], shared: int) -> str:
    """Two runs that answered different examples, and what to do."""
    runs = list(file_of)
    other = next(run for run in runs if files[file_of[run]].keys() != files[0].keys())
    sizes = f"{len(files[0]):,} and {len(files[file_of[other]]):,}"
    counts = f"runs {runs[0]} and {other} answered different examples ({sizes})"
    if not shared:
        return f"{counts}, and no example is common to all runs"
    return f"{counts}; --common compares all runs on the {shared:,} that they share"


def _numbered(clusters: np.ndarray) -> np.ndarray:
    _, first, inverse = np.unique(clusters, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse]
