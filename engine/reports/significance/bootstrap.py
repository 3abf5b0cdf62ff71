"""The cluster bootstrap: scores of runs on resampled clusters of examples, the same clusters for all runs."""

from __future__ import annotations

import numpy as np

from engine.reports.significance.correlations import RankCorrelation
from engine.reports.significance.measures import Measure

REPLICATES = 2000
ENTRIES = 2_000_000
"""Of the matrix of counts that is in memory at once."""


def replicates(measure: Measure, seed: int, count: int = REPLICATES) -> np.ndarray:
    """Scores ``[R, count]`` of ``R`` runs, each on as many clusters as there are, drawn with replacement."""
    random, clusters = np.random.default_rng(seed), measure.clusters
    wide = len(measure.labels) if isinstance(measure, RankCorrelation) else clusters
    chunk = max(1, ENTRIES // wide)
    found = []
    for start in range(0, count, chunk):
        draws = random.integers(clusters, size=(min(chunk, count - start), clusters))
        found.append(measure.under(np.stack([np.bincount(one, minlength=clusters) for one in draws])))
    return np.concatenate(found, axis=1)
