"""Tails are those of scipy, from a fraction of a degree of freedom to a million."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from engine.reports.significance.distributions import beta_cdf, binomial_cdf, binomial_pmf, t_quantile, t_two_sided

DF = st.floats(0.1, 1e6)


@given(st.floats(-50, 50), DF)
@settings(deadline=None)
def test_tails_of_t(t: float, df: float) -> None:
    assert t_two_sided(t, df) == pytest.approx(2 * stats.t.sf(abs(t), df), abs=1e-10)


@given(st.floats(0.5, 0.99999), st.floats(0.5, 1e6))
@settings(deadline=None)
def test_quantiles_of_t(level: float, df: float) -> None:
    assert t_quantile(level, df) == pytest.approx(stats.t.ppf((1 + level) / 2, df), rel=1e-9)


def test_a_tiny_df_has_no_finite_quantile() -> None:
    assert t_quantile(0.95, 1e-6) == float("inf")


@given(st.integers(1, 20_000).flatmap(lambda n: st.tuples(st.integers(-1, n), st.just(n))))
@settings(deadline=None)
def test_tosses_of_a_coin(tosses: tuple[int, int]) -> None:
    k, n = tosses
    assert binomial_cdf(k, n) == pytest.approx(stats.binom.cdf(k, n, 0.5), abs=1e-10)
    if k >= 0:
        assert binomial_pmf(k, n) == pytest.approx(stats.binom.pmf(k, n, 0.5), abs=1e-10)


@given(st.floats(0, 1), st.floats(0.05, 500), st.floats(0.05, 500))
@settings(deadline=None)
def test_incomplete_beta(x: float, a: float, b: float) -> None:
    assert beta_cdf(x, a, b) == pytest.approx(special.betainc(a, b, x), abs=1e-10)
