"""Tests of trained models: what they would show on other examples. They say nothing of other seeds.

McNemar 1947, its mid-p variant after Fagerland et al. 2013; approximate randomisation after Noreen 1989; percentile bootstrap
after Efron & Tibshirani 1993.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.reports.significance.distributions import binomial_cdf, binomial_pmf
from engine.reports.significance.measured import (
    POINTS,
    SMALLEST,
    Contrast,
    Outcome,
    Untested,
    mean_difference,
    mean_replicates,
)
from engine.reports.significance.measures import Sums

SWAPS = 9999
ENTRIES = 4_000_000
"""Of the matrix of swaps that is in memory at once."""


def mcnemar(contrasts: Sequence[Contrast]) -> Outcome:
    """Of the examples that one of two models gets right."""
    return _percentile(contrasts, mcnemar_p(*discordant(contrasts)))


def discordant(contrasts: Sequence[Contrast]) -> tuple[int, int]:
    """How many examples only the first model gets right, and how many only the second. Raises Untested."""
    contrast = contrasts[0]
    on = contrast.on
    if len(contrasts) > 1:
        raise Untested("it counts examples of one task, which have no average")
    if on.metric != "accuracy" or not isinstance(on.measure, Sums):
        raise Untested(f"it counts right answers, which {on.metric} is no share of")
    if len(contrast.first) > 1 or len(contrast.second) > 1:
        raise Untested("it compares two models; name two runs, or use another test for several seeds")
    if not on.independent:
        raise Untested(f"it takes examples as independent, and {len(on.examples.clusters):,} lie in {on.clusters:,} clusters")
    first, second = (on.measure.of_runs[side[0], :, 0] > 0 for side in (contrast.first, contrast.second))
    return int((first & ~second).sum()), int((second & ~first).sum())


def mcnemar_p(only_first: int, only_second: int, exact: bool = False) -> float:
    """Two-sided mid-p, or exact p, of the numbers of discordant examples."""
    least, count = min(only_first, only_second), only_first + only_second
    if count == 0:
        return 1.0
    whole = min(1.0, 2 * binomial_cdf(least, count))
    if exact:
        return whole
    pmf = binomial_pmf(least, count)
    return 1 - pmf / 2 if only_first == only_second else whole - pmf


def randomisation(contrasts: Sequence[Contrast]) -> Outcome:
    """Of the difference after each cluster's answers were swapped between the two or not, those of all seeds together."""
    observed = abs(mean_difference(contrasts))
    swapped = np.mean([_swapped(contrast) for contrast in contrasts], axis=0)
    reached = int((np.abs(swapped) >= observed - SMALLEST).sum())
    return _percentile(contrasts, (1 + reached) / (SWAPS + 1))


def bootstrap(contrasts: Sequence[Contrast]) -> Outcome:
    """Of the share of resamples in which the difference has the other sign."""
    resampled = mean_replicates(contrasts)
    below, above = int((resampled <= SMALLEST).sum()), int((resampled >= -SMALLEST).sum())
    return _percentile(contrasts, min(1.0, 2 * (1 + min(below, above)) / (len(resampled) + 1)))


def _percentile(contrasts: Sequence[Contrast], p: float) -> Outcome:
    low, high = np.percentile(mean_replicates(contrasts), [2.5, 97.5])
    return Outcome(mean_difference(contrasts), float(low), float(high), p)


def _swapped(contrast: Contrast) -> np.ndarray:
    """Differences ``[SWAPS]`` in points."""
    if len(contrast.first) != len(contrast.second):
        raise Untested("it swaps answers of runs one by one and needs as many seeds of both")
    sums = contrast.on.exchangeable
    first, second = (sums.of_runs[list(side)] for side in (contrast.first, contrast.second))
    shift = second - first
    differing = np.flatnonzero(shift.any(axis=(0, 2)))
    seeds, _, width = shift.shape
    flat = shift[:, differing].transpose(1, 0, 2).reshape(len(differing), seeds * width)
    labels, *totals = (part.sum(axis=-2, dtype=np.float64) for part in (sums.of_labels, first, second))
    random, chunk, found = np.random.default_rng(contrast.on.examples.seed), max(1, ENTRIES // max(1, len(differing))), []
    for start in range(0, SWAPS, chunk):
        swaps = random.integers(2, size=(min(chunk, SWAPS - start), len(differing)), dtype=np.int8)
        moved = (swaps.astype(flat.dtype) @ flat).astype(np.float64).reshape(-1, seeds, width)
        found.append((sums.finish(labels, totals[0] + moved) - sums.finish(labels, totals[1] - moved)).mean(axis=1))
    return POINTS * np.concatenate(found)
