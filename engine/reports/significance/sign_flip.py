"""The sign-flip test: differences of runs with equal seeds, each with either sign (Fisher 1935)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from engine.reports.significance.distributions import t_quantile
from engine.reports.significance.measured import SMALLEST, Contrast, Outcome, Untested

FEWEST, MOST = 6, 20
"""Pairs of seeds: of fewer no outcome is below 5%, of more there are too many signs to try."""


def sign_flip(contrasts: Sequence[Contrast]) -> Outcome:
    """Of the means over tasks, by seed. The interval is that of the paired t test."""
    differences = np.mean([_by_seed(contrast) for contrast in contrasts], axis=0)
    count = len(differences)
    if not FEWEST <= count <= MOST:
        least = f"; with {count} no p is below {2 / 2**count:.3g}" if count < FEWEST else ""
        raise Untested(f"n/a: it needs {FEWEST} to {MOST} seeds{least}")
    value = float(differences.mean())
    half = t_quantile(0.95, count - 1) * float(differences.std(ddof=1)) / math.sqrt(count)
    return Outcome(value, value - half, value + half, flipped_p(differences))


def flipped_p(differences: np.ndarray) -> float:
    """Share of all signs of float64 differences ``[n]`` whose sum is as far from 0 as that with their own signs."""
    sums = np.zeros(1)
    for difference in differences:
        sums = np.concatenate([sums + difference, sums - difference])
    # In float32, or without tolerance, sums of the same numbers in another order would be different.
    return float((np.abs(sums) >= abs(differences.sum()) - SMALLEST).mean())


def _by_seed(contrast: Contrast) -> np.ndarray:
    """Differences in the order of the seeds, which must be the same on both sides."""
    first, second = (
        {contrast.on.seeds[place]: float(contrast.on.scores[place]) for place in side}
        for side in (contrast.first, contrast.second)
    )
    if first.keys() != second.keys():
        raise Untested("it pairs runs by seed, and the two have different ones")
    return np.array([first[seed] - second[seed] for seed in sorted(first)])
