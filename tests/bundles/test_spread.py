"""The statistics of reruns, against scipy and the figures of their specification."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from engine.bundles.spread import limits, mid_p, t_quantile


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 9, 30, 31])
def test_quantiles_of_t(freedom: int) -> None:
    for level in (0.6, 0.9, 0.975, 1 - 0.025 / 3, 0.9999):
        assert t_quantile(level, freedom) == pytest.approx(stats.t.ppf(level, freedom), rel=1e-7)


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


@pytest.mark.parametrize(("first", "second"), [(0, 0), (5, 5), (3, 9), (0, 7), (400, 500)])
def test_mid_p_of_mcnemar(first: int, second: int) -> None:
    low, discordant = min(first, second), first + second
    point = stats.binom.pmf(low, discordant, 0.5)
    exact = min(1, 2 * stats.binom.cdf(low, discordant, 0.5))
    expected = 1 if not discordant else 1 - point / 2 if first == second else exact - point
    assert mid_p(first, second) == pytest.approx(expected, abs=1e-9)
