"""Tails of the t and the binomial distribution, which numpy lacks, to 1e-10 of scipy's."""

from __future__ import annotations

import math

TINY = 1e-300
CLOSE = 1e-16
MOST_TERMS = 100_000
"""Of the continued fraction, which takes some sqrt(max(a, b))."""


def beta_cdf(x: float, a: float, b: float, rest: float | None = None) -> float:
    """The regularised incomplete beta function I_x(a, b) for ``x`` in 0..1 and positive ``a`` and ``b``.

    ``rest`` is 1 - x, for callers that know it to more digits. By the continued fraction of Abramowitz & Stegun 26.5.8 with
    Lentz's algorithm, on the side where it converges fast.
    """
    rest = 1 - x if rest is None else rest
    if x <= 0 or rest <= 0:
        return float(x > 0)
    log_x, log_rest = (math.log(x), math.log1p(-x)) if x < 0.5 else (math.log1p(-rest), math.log(rest))
    front = math.exp(a * log_x + b * log_rest - _log_beta(a, b))
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(x, a, b) / a
    return 1 - front * _fraction(rest, b, a) / b


def t_two_sided(t: float, df: float) -> float:
    """P(|T| >= |t|) of Student's t; ``df`` is positive and need not be whole."""
    return beta_cdf(df / (df + t * t), df / 2, 0.5, t * t / (df + t * t))


def t_quantile(level: float, df: float) -> float:
    """The ``t`` with P(|T| <= t) = ``level``: half an interval, in standard errors; infinite for tiny ``df``."""
    t, log_scale = 0.0, -_log_beta(df / 2, 0.5) - 0.5 * math.log(df)
    for _ in range(MOST_TERMS):
        density = 2 * math.exp(log_scale - (df + 1) / 2 * math.log1p(t * t / df))
        if density < TINY:
            return math.inf
        # The tail is convex, so that Newton's steps from 0 approach its root from one side.
        step = (t_two_sided(t, df) - (1 - level)) / density
        t += step
        if step <= 1e-14 * t:
            break
    return t


def binomial_cdf(k: int, n: int) -> float:
    """P(K <= k) of ``n`` tosses of a fair coin."""
    return 1.0 if k >= n else beta_cdf(0.5, n - k, k + 1) if k >= 0 else 0.0


def binomial_pmf(k: int, n: int) -> float:
    """P(K = k) of ``n`` tosses of a fair coin."""
    return math.exp(math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) - n * math.log(2))


def _log_beta(a: float, b: float) -> float:
    small, large = sorted((a, b))
    if large < 100:
        return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
    # By Stirling's series: the difference of two large logarithms would lose digits.
    ratio = -(large - 0.5) * math.log1p(small / large) - small * math.log(large + small) + small
    return math.lgamma(small) + ratio + _stirling(large) - _stirling(large + small)


def _stirling(x: float) -> float:
    """What lgamma(x) exceeds (x - 1/2) log x - x + log(2 pi)/2 by, for ``x`` of at least 100."""
    return 1 / (12 * x) - 1 / (360 * x**3)


def _fraction(x: float, a: float, b: float) -> float:
    c, d = 1.0, 1 / _nonzero(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, MOST_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        factor = 1.0
        for term in (even, odd):
            d, c = 1 / _nonzero(1 + term * d), _nonzero(1 + term / c)
            factor = c * d
            value *= factor
        if abs(factor - 1) < CLOSE * 4:
            break
    return value


def _nonzero(value: float) -> float:
    return value if abs(value) > TINY else TINY
