"""Tests of means over seeds by Student's t: crossed t generalises over seeds and examples, Welch's over seeds alone.

Crossed t treats seeds as readers within methods and examples as cases (Obuchowski & Rockette 1995, multi-reader multi-case
analysis); degrees of freedom after Satterthwaite 1946 and Welch 1947.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.reports.significance.distributions import t_quantile, t_two_sided
from engine.reports.significance.measured import SMALLEST, Contrast, Measured, Outcome, Untested

CONFIDENCE = 0.95
WIDEST = 200.0
"""Points: no two scores lie further apart, and no interval needs to."""


@dataclass(frozen=True)
class Estimate:
    """A mean or a difference of means, in points."""

    value: float
    variance: float
    spread: float
    """Of the variance's own estimate: the sum over its parts of their squares by their degrees of freedom."""
    clusters: int

    def interval(self) -> tuple[float, float]:
        """With 95% confidence."""
        if self.variance == 0:
            return self.value, self.value
        half = min(t_quantile(CONFIDENCE, self.variance**2 / self.spread) * math.sqrt(self.variance), WIDEST)
        return self.value - half, self.value + half

    def p(self) -> float:
        """Two-sided, that the value is 0."""
        if abs(self.value) <= SMALLEST:
            return 1.0
        if self.variance == 0:
            # All clusters differ by the same: as likely as that many tosses that fall alike.
            return min(1.0, 2.0 ** (1 - self.clusters))
        return t_two_sided(self.value / math.sqrt(self.variance), self.variance**2 / self.spread)


def crossed_t(contrasts: Sequence[Contrast]) -> Outcome:
    """Of two methods with several seeds each, on a task or on average over a fixed set of tasks."""
    return _outcome([_crossed(contrast.on, contrast.first, contrast.second) for contrast in contrasts])


def bootstrap_t(contrasts: Sequence[Contrast]) -> Outcome:
    """Of trained models: crossed t without what other seeds would change, for methods of which one has a single seed."""
    estimates = []
    for contrast in contrasts:
        variance = float(contrast.replicates.var(ddof=1))
        estimates.append(
            Estimate(contrast.difference, variance, variance**2 / (contrast.on.clusters - 1), contrast.on.clusters)
        )
    return _outcome(estimates)


def welch(contrasts: Sequence[Contrast]) -> Outcome:
    """Of the scores alone: what other seeds would give on these examples."""
    estimates = []
    for contrast in contrasts:
        _need_seeds(contrast.fewest)
        sides = [contrast.on.scores[list(side)] for side in (contrast.first, contrast.second)]
        parts = [float(side.var(ddof=1)) / len(side) for side in sides]
        spread = sum(part**2 / (len(side) - 1) for part, side in zip(parts, sides, strict=True))
        estimates.append(Estimate(contrast.difference, sum(parts), spread, contrast.on.clusters))
    return _outcome(estimates)


def interval_of(cells: Sequence[tuple[Measured, Sequence[int]]]) -> tuple[float, float]:
    """The 95% interval of a method's mean on a task, or on average over tasks, over seeds and examples."""
    return _mean([_crossed(on, places) for on, places in cells]).interval()


def _crossed(on: Measured, *sides: Sequence[int]) -> Estimate:
    """Of one method's mean, or of the difference of two."""
    value, resampled = 0.0, np.zeros(on.replicates.shape[1])
    seeds, twice, spread = 0.0, 0.0, 0.0
    for sign, places in zip((1, -1), sides, strict=False):
        count = len(places)
        _need_seeds(count)
        scores, replicates = on.scores[list(places)], on.replicates[list(places)]
        value += sign * float(scores.mean())
        resampled += sign * replicates.mean(axis=0)
        of_seeds = float(scores.var(ddof=1)) / count
        seeds += of_seeds
        twice += _counted_twice(replicates)
        spread += of_seeds**2 / (count - 1)
    of_examples = float(resampled.var(ddof=1))
    spread += of_examples**2 / (on.clusters - 1)
    return Estimate(value, max(0.0, seeds - twice) + of_examples, spread, on.clusters)


def _counted_twice(replicates: np.ndarray) -> float:
    """The part of the variance between ``S`` seeds ``[S, B]`` that is of the examples, each seed's own."""
    count = len(replicates)
    covariance = np.cov(replicates)
    own = float(np.trace(covariance)) / count
    shared = (float(covariance.sum()) - float(np.trace(covariance))) / (count * (count - 1))
    return max(0.0, own - shared) / count


def _mean(estimates: Sequence[Estimate]) -> Estimate:
    """Over a fixed set of tasks, each with examples and runs of its own."""
    count = len(estimates)
    return Estimate(
        value=sum(one.value for one in estimates) / count,
        variance=sum(one.variance for one in estimates) / count**2,
        spread=sum(one.spread for one in estimates) / count**4,
        clusters=sum(one.clusters for one in estimates),
    )


def _outcome(estimates: Sequence[Estimate]) -> Outcome:
    mean = _mean(estimates)
    return Outcome(mean.value, *mean.interval(), mean.p())


def _need_seeds(count: int) -> None:
    if count < 2:
        raise Untested("it needs two seeds or more of both methods")
