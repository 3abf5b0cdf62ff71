"""What ranking metrics read of each candidate: how well it answers its query, and its place in the alphabet."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from engine.data.ragged import GrowableArray, save

PUNCTUATION = str.maketrans("", "", string.punctuation)
Candidates = Mapping[str, np.ndarray]
"""``em`` uint8 and ``f1`` float64: the best agreement with an answer of the query; ``rank`` int32: the candidate's place among
those of its query in alphabetical order, from 0. Each ``[examples]``."""
FIELDS: dict[str, type[np.generic]] = {"em": np.uint8, "f1": np.float64, "rank": np.int32}


@lru_cache(maxsize=4096)
def normalized(text: str) -> str:
    """SQuAD's normalisation: lower case without punctuation, articles and repeated white space."""
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text.lower().translate(PUNCTUATION)).split())


def answer_exact_match(candidate: str, answer: str) -> int:
    return int(normalized(candidate) == normalized(answer))


def answer_f1(candidate: str, answer: str) -> float:
    """SQuAD's F1 of the words that two texts share."""
    candidate_words, answer_words = normalized(candidate).split(), normalized(answer).split()
    shared = sum((Counter(candidate_words) & Counter(answer_words)).values())
    return 2 * shared / (len(candidate_words) + len(answer_words)) if shared else 0.0


def alphabetical(candidates: Sequence[str]) -> list[int]:
    """The rank of each text among the distinct ones, from 0."""
    ranks = {text: rank for rank, text in enumerate(sorted(set(candidates)))}
    return [ranks[text] for text in candidates]


class CandidatesWriter:
    """Compares the candidates of rows with the rows' answers."""

    def __init__(self) -> None:
        self._arrays = {name: GrowableArray(dtype) for name, dtype in FIELDS.items()}

    def append(self, rows: Sequence[tuple[Sequence[str], Sequence[str]]]) -> None:
        """Candidates and answers of the next rows; each candidate is an example."""
        for candidates, answers in rows:
            exact = [max((answer_exact_match(text, answer) for answer in answers), default=0) for text in candidates]
            shared = [max((answer_f1(text, answer) for answer in answers), default=0.0) for text in candidates]
            for name, values in zip(FIELDS, (exact, shared, alphabetical(candidates)), strict=True):
                self._arrays[name].append(np.array(values, dtype=FIELDS[name]))

    def write(self, folder: Path) -> None:
        """Write what was compared to files that ``open_candidates`` reads, in a folder that exists."""
        for name, values in self._arrays.items():
            save(folder / f"{name}.npy", values.array)


def open_candidates(arrays: Mapping[str, np.ndarray]) -> Candidates | None:
    """Those of a split's ``arrays`` by file name; None where its examples are no candidates."""
    return {name: arrays[name] for name in FIELDS} if all(name in arrays for name in FIELDS) else None
