"""Metrics of resampled examples: what ``engine.metrics.scoring`` computes, for many resamples and many runs at once.

All metrics but Spearman's correlation are functions of sums over examples, so that a resample of clusters costs one product of
matrices: how often each cluster counts, times the sums within clusters.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.catalog.kinds import KINDS
from engine.catalog.task import TaskInfo
from engine.metrics.scoring import best_candidates, predicted_of, ranks_of
from engine.reports.significance.correlations import RankCorrelation, pearson_of, pearson_parts
from engine.reports.significance.counted import Finish, counted, mean_of
from engine.reports.significance.examples import Examples

EXACT = 2**24
"""Whole numbers up to it are exact in float32, and so are their sums in any order."""


@dataclass(frozen=True)
class Sums:
    """A metric of ``R`` runs as a function of sums within ``G`` clusters."""

    of_labels: np.ndarray
    """``[G, j]``: what depends on the labels alone."""
    of_runs: np.ndarray
    """``[R, G, k]``"""
    finish: Finish

    @property
    def clusters(self) -> int:
        return len(self.of_labels)

    def under(self, weights: np.ndarray) -> np.ndarray:
        """The metric ``[R, B]`` where cluster g counts ``weights[b, g]`` times; 1 everywhere is the score itself."""
        runs, clusters, width = self.of_runs.shape
        weights = weights.astype(self.of_runs.dtype)
        flat = self.of_runs.transpose(1, 0, 2).reshape(clusters, runs * width)
        totals = (weights @ flat).astype(np.float64).reshape(len(weights), runs, width)
        return self.finish((weights @ self.of_labels).astype(np.float64)[:, None], totals).T


Measure = Sums | RankCorrelation


def measure(task: TaskInfo, metric: str, examples: Examples) -> Measure:
    """``metric``, which the task has, of all runs of ``examples``."""
    if metric == "spearman":
        labels, values = _values(examples)
        return RankCorrelation(labels, values, examples.clusters)
    return _summed(task, metric, examples)


def exchangeable(task: TaskInfo, metric: str, examples: Examples) -> Sums:
    """The same metric with the answers of all runs on one scale, so that those of two runs may be exchanged.

    Values are standardised for Pearson's correlation, which that does not change, and replaced by their ranks for Spearman's.
    """
    if metric != "spearman":
        return _summed(task, metric, examples)
    labels, values = _values(examples)
    return _pearson(ranks_of(labels), [ranks_of(one) for one in values], examples.clusters)


def _values(examples: Examples) -> tuple[np.ndarray, np.ndarray]:
    """Of the labels ``[n]`` and of the runs ``[R, n]``."""
    return examples.rows["label"].astype(np.float64), examples.logits[:, :, 0].astype(np.float64)


def _pearson(labels: np.ndarray, values: Iterable[np.ndarray], clusters: np.ndarray) -> Sums:
    parts = [pearson_parts(labels, one) for one in values]
    return _within(clusters, parts[0][0], [own for _, own in parts], pearson_of)


def _summed(task: TaskInfo, metric: str, examples: Examples) -> Sums:
    if metric == "pearson":
        return _pearson(*_values(examples), examples.clusters)
    if KINDS[task.kind].ranks_candidates:
        return _by_group(examples, _agreement({"f1": "f1", "exact_match": "em"}[metric], examples))
    predicted = [predicted_of(task.kind, logits) for logits in examples.logits]
    if metric == "exact_match":
        return _by_group(examples, _all_right(predicted, examples))
    return _within(examples.clusters, *counted(metric, examples.rows["label"], predicted))


def _agreement(field: str, examples: Examples) -> list[np.ndarray]:
    """By run, how well its best candidate of each query agrees with the answers."""
    assert examples.candidates is not None
    values, rank, group = examples.candidates[field], examples.candidates["rank"], examples.rows["group"]
    return [values[best_candidates(logits, group, rank)] for logits in examples.logits]


def _all_right(predicted: Sequence[np.ndarray], examples: Examples) -> list[np.ndarray]:
    """By run, whether the examples of each group are all right."""
    _, group = np.unique(examples.rows["group"], return_inverse=True)
    return [np.bincount(group, weights=examples.rows["label"] != one) == 0 for one in predicted]


def _by_group(examples: Examples, values: Sequence[np.ndarray]) -> Sums:
    """The mean of ``values`` ``[groups]`` of each run, in the order of the groups' numbers."""
    _, first = np.unique(examples.rows["group"], return_index=True)
    return _within(examples.clusters[first], np.ones((len(first), 1)), [one[:, None] for one in values], mean_of)


def _within(clusters: np.ndarray, of_labels: np.ndarray, of_runs: Sequence[np.ndarray], finish: Finish) -> Sums:
    """Sums within clusters of what each example, or each group of examples, adds."""
    count, alone = int(clusters.max()) + 1, np.array_equal(clusters, np.arange(len(clusters)))
    whole = all(part.dtype.kind in "biu" for part in of_runs)
    dtype = np.float32 if whole and of_runs[0].size < EXACT else np.float64

    def summed(part: np.ndarray) -> np.ndarray:
        if alone:
            return part.astype(dtype)
        columns = [np.bincount(clusters, weights=column, minlength=count) for column in part.T]
        return np.stack(columns, axis=1).astype(dtype)

    return Sums(summed(of_labels), np.stack([summed(part) for part in of_runs]), finish)
