"""The order of examples, as pure functions: any step of any epoch can be resumed without replaying the ones before."""

from __future__ import annotations

import numpy as np

LIMIT_SEED = 42


def epoch_order(count: int, seed: int, epoch: int) -> np.ndarray:
    """A permutation of ``range(count)``, int64, fixed by the run's seed and the epoch's number (both >= 0)."""
    # RandomState's stream is frozen for good, so that the same run has the same batches under any numpy.
    return np.random.RandomState([seed, epoch]).permutation(count)


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
