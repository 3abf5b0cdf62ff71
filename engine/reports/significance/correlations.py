"""Correlations of resampled examples: Pearson's as a function of sums, Spearman's from the ranks within each resample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class RankCorrelation:
    """Spearman's correlation, whose ranks are those within a resample."""

    labels: np.ndarray
    """float64 ``[n]``"""
    values: np.ndarray
    """float64 ``[R, n]``"""
    of_example: np.ndarray
    """int64 ``[n]``: the cluster of each example."""

    @property
    def clusters(self) -> int:
        return int(self.of_example.max()) + 1

    def under(self, weights: np.ndarray) -> np.ndarray:
        """As ``Sums.under``."""
        counts = weights.astype(np.float64)[:, self.of_example]
        labels = _weighted_ranks(self.labels, counts)
        return np.stack([_correlation(labels, _weighted_ranks(values, counts), counts) for values in self.values])


def pearson_parts(labels: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What each of ``n`` examples adds to the sums of the labels ``[n, 3]`` and of a run ``[n, 3]``.

    Both are standardised, which the correlation does not change: sums of squares of other values would lose digits.
    """
    x, y = _standardised(labels), _standardised(values)
    return np.stack([np.ones_like(x), x, x * x], axis=1), np.stack([y, y * y, x * y], axis=1)


def pearson_of(labels: np.ndarray, run: np.ndarray) -> np.ndarray:
    """From the sums of ``pearson_parts``."""
    count, x, xx = np.moveaxis(labels, -1, 0)
    y, yy, xy = np.moveaxis(run, -1, 0)
    return ratio(count * xy - x * y, np.maximum(count * xx - x * x, 0) * np.maximum(count * yy - y * y, 0), count**4)


def ratio(covariance: np.ndarray, variances: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """A correlation; 0 where a variance is, up to rounding of values of the order of ``scale``."""
    constant = variances <= 1e-20 * scale
    return np.where(constant, 0.0, np.clip(covariance / np.sqrt(np.where(constant, 1.0, variances)), -1, 1))


def _standardised(values: np.ndarray) -> np.ndarray:
    """Of a constant, zeros."""
    if np.ptp(values) == 0:
        return np.zeros_like(values)
    return (values - values.mean()) / values.std()


def _correlation(x: np.ndarray, y: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Of values ``[B, n]`` that count ``counts[b, i]`` times."""
    total = counts.sum(axis=1, keepdims=True)
    x = x - (x * counts).sum(axis=1, keepdims=True) / total
    y = y - (y * counts).sum(axis=1, keepdims=True) / total
    spreads = (counts * x * x).sum(axis=1) * (counts * y * y).sum(axis=1)
    return ratio((counts * x * y).sum(axis=1), spreads, np.ones_like(spreads))


def _weighted_ranks(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Ranks ``[B, n]`` of ``values`` ``[n]`` that count ``counts[b, i]`` times; equal values share the mean of theirs."""
    distinct, inverse = np.unique(values, return_inverse=True)
    order = np.argsort(inverse, kind="stable")
    starts = np.searchsorted(inverse[order], np.arange(len(distinct)))
    per_value = np.add.reduceat(counts[:, order], starts, axis=1)
    return (np.cumsum(per_value, axis=1) - (per_value - 1) / 2)[:, inverse]
