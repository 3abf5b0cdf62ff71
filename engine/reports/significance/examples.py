"""What several runs answered on the same examples: paired by the examples' ids, never by their places in a file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.errors import UserError
from engine.files.evidence import Arrays, SplitEvidence


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
    places = _places(evidence)
    shared, every = set.intersection(*map(set, places.values())), set.union(*map(set, places.values()))
    if not shared or (len(shared) < len(every) and not common):
        raise UserError(_unequal(places, len(shared)))
    ids = sorted(shared)
    order = {run: np.fromiter(map(of_run.__getitem__, ids), np.int64, len(ids)) for run, of_run in places.items()}
    first = next(iter(evidence))
    rows = {name: array[order[first]] for name, array in evidence[first].rows.items()}
    for run, one in evidence.items():
        if not np.array_equal(one.rows["label"][order[run]], rows["label"]):
            raise UserError(f"runs {first} and {run} have different labels of the same examples: their data was changed")
    logits = np.stack([one.logits[order[run]] for run, one in evidence.items()])
    seed = int.from_bytes(hashlib.sha256(b"".join(ids)).digest()[:8])
    return Examples(rows, _numbered(rows["cluster"]), logits, seed, len(every) - len(shared))


def _places(evidence: Mapping[str, SplitEvidence]) -> dict[str, dict[bytes, int]]:
    """By run, the place of each row id; of runs with the same rows it is the same object."""
    found: dict[str, dict[bytes, int]] = {}
    known: list[tuple[np.ndarray, dict[bytes, int]]] = []
    for run, one in evidence.items():
        ids = one.rows["row_id"]
        places = next((places for array, places in known if np.array_equal(array, ids)), None)
        if places is None:
            places = {row.tobytes(): place for place, row in enumerate(ids)}
            known.append((ids, places))
        found[run] = places
    return found


def _unequal(places: Mapping[str, Mapping[bytes, int]], shared: int) -> str:
    """Two runs that answered different examples, and what to do."""
    (first, ours), *others = places.items()
    other, theirs = next((run, of_run) for run, of_run in others if of_run.keys() != ours.keys())
    counts = f"runs {first} and {other} answered different examples ({len(ours):,} and {len(theirs):,})"
    if not shared:
        return f"{counts}, and no example is common to all runs"
    return f"{counts}; --common compares all runs on the {shared:,} that they share"


def _numbered(clusters: np.ndarray) -> np.ndarray:
    _, first, inverse = np.unique(clusters, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse]
