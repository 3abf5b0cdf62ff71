"""Runs that are compared: on one task, under one metric, on the same examples."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engine.catalog.task import TaskInfo
from engine.errors import UserError
from engine.reports.significance.bootstrap import replicates
from engine.reports.significance.examples import Examples
from engine.reports.significance.measures import Measure, Sums, exchangeable, measure

POINTS = 100
SMALLEST = 1e-9
"""Points: smaller differences are of rounding."""


class Untested(UserError):
    """A test that cannot be made of these runs, and why."""


@dataclass(frozen=True)
class Measured:
    """``R`` runs on ``n`` examples in ``G`` clusters; scores in points."""

    task: TaskInfo
    metric: str
    examples: Examples
    seeds: Sequence[int]
    """Of the runs, in the order of the examples' logits."""

    @cached_property
    def measure(self) -> Measure:
        return measure(self.task, self.metric, self.examples)

    @cached_property
    def exchangeable(self) -> Sums:
        return exchangeable(self.task, self.metric, self.examples)

    @property
    def clusters(self) -> int:
        return self.measure.clusters

    @property
    def independent(self) -> bool:
        """Whether every example is a cluster of its own."""
        return self.clusters == len(self.examples.clusters)

    @cached_property
    def scores(self) -> np.ndarray:
        """``[R]``"""
        return POINTS * self.measure.under(np.ones((1, self.clusters)))[:, 0]

    def check_clusters(self) -> None:
        """Raises Untested where there is nothing to resample, and UserError for a metric that the examples lack."""
        if self.clusters < 2:
            raise Untested(f"all examples of {self.task.key} are one cluster, of which nothing can be generalised")

    @cached_property
    def replicates(self) -> np.ndarray:
        """``[R, B]``: scores on resampled clusters."""
        self.check_clusters()
        return POINTS * replicates(self.measure, self.examples.seed)


@dataclass(frozen=True)
class Contrast:
    """Two methods on one task: the places of their runs."""

    on: Measured
    first: Sequence[int]
    second: Sequence[int]

    @property
    def difference(self) -> float:
        """The first method's mean over seeds minus the second's."""
        return float(self.on.scores[list(self.first)].mean() - self.on.scores[list(self.second)].mean())

    @cached_property
    def replicates(self) -> np.ndarray:
        """``[B]``: the difference on resampled clusters."""
        every = self.on.replicates
        return every[list(self.first)].mean(axis=0) - every[list(self.second)].mean(axis=0)

    @property
    def fewest(self) -> int:
        """Seeds of the method that has fewer."""
        return min(len(self.first), len(self.second))


@dataclass(frozen=True)
class Outcome:
    """Of a test: a difference with its 95% interval, in points, and the two-sided p."""

    difference: float
    low: float
    high: float
    p: float


def mean_difference(contrasts: Collection[Contrast]) -> float:
    """Over a fixed set of tasks."""
    return sum(contrast.difference for contrast in contrasts) / len(contrasts)


def mean_replicates(contrasts: Collection[Contrast]) -> np.ndarray:
    """``[B]``: the same on resampled clusters, each task's drawn on its own."""
    return np.mean([contrast.replicates for contrast in contrasts], axis=0)
