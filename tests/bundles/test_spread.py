"""The statistics of reruns, against scipy and the figures of their specification."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from engine.bundles.spread import limits


@pytest.mark.parametrize(("reruns", "seeds", "width"), [(1, 3, 4.97), (1, 5, 3.04), (1, 10, 2.37), (3, 3, 8.83)])
def test_width_of_the_limits_in_standard_deviations(reruns: int, seeds: int, width: float) -> None:
    values = [70.0 + 2 * (seed - (seeds - 1) / 2) for seed in range(seeds)]
    found = limits(values, 10**9, reruns)
    assert found is not None
    assert (found.high - found.low) / 2 / stats.tstd(values) == pytest.approx(width, abs=0.005)
    assert found.hold(70) and not found.hold(found.high + 1e-6)


def test_one_row_is_the_least_spread() -> None:
    equal = limits([50.0] * 3, 200, 1)
    assert equal is not None and equal.high - 50 == pytest.approx(0.5 * stats.t.ppf(0.975, 2) * math.sqrt(4 / 3))
    assert limits([50.0, 51.0], 200, 1) is None
