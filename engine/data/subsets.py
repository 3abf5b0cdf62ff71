"""Which examples of a split a run keeps: limits, and the draw of a few-shot run."""

from __future__ import annotations

import numpy as np

LIMIT_SEED = 42
SHOTS_STREAM = 0x5407
"""Keeps this draw apart from others of the same seed."""


def few_shot(labels: np.ndarray, shots: int, seed: int) -> np.ndarray:
    """Which examples a few-shot run trains on: sorted int64 indices, all of them if there are no more than ``shots``.

    Balanced over the classes (int64 ``[count]``), over as many quantile bins of a score as there are shots (float ``[count]``),
    or drawn freely where an example has several labels (``[count, labels]``). A class smaller than its share is kept whole.
    """
    count = len(labels)
    if shots >= count:
        return np.arange(count)
    random = np.random.RandomState([seed, SHOTS_STREAM])
    if labels.ndim == 2:
        return np.sort(random.permutation(count)[:shots])
    shuffled = random.permutation(count)
    if np.issubdtype(labels.dtype, np.floating):
        bins = np.array_split(shuffled[np.argsort(labels[shuffled], kind="stable")], shots)
        return np.sort(np.array([members[random.randint(len(members))] for members in bins]))
    classes = random.permutation(np.unique(labels))
    # Classes take turns: the n-th member of every class comes before the n+1-th of any.
    turns = np.empty(count, dtype=np.int64)
    ranks = np.empty(count, dtype=np.int64)
    for rank, label in enumerate(classes):
        members = shuffled[labels[shuffled] == label]
        turns[members], ranks[members] = np.arange(len(members)), rank
    return np.sort(np.lexsort((ranks, turns))[:shots])


def limited(count: int, limit: int, groups: np.ndarray | None = None) -> np.ndarray:
    """Which of ``count`` examples a limit keeps: sorted int64 indices.

    They are the first ``limit`` of one fixed shuffle, whatever the run's seed, so that a smaller limit keeps a subset of what a
    larger one keeps. With ``groups`` (int64 ``[count]``) whole groups are shuffled and kept while they fit; at least one is.
    """
    if limit >= count:
        return np.arange(count)
    shuffle = np.random.RandomState(LIMIT_SEED)
    if groups is None:
        return np.sort(shuffle.permutation(count)[:limit])
    names, sizes = np.unique(groups, return_counts=True)
    order = shuffle.permutation(len(names))
    fitting = max(1, int(np.searchsorted(np.cumsum(sizes[order]), limit, side="right")))
    return np.flatnonzero(np.isin(groups, names[order[:fitting]]))
