"""Whether a run that was trained again came out as its seeds do: a prediction interval, and McNemar's test for few seeds."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

LEVEL = 0.05
"""Of all reruns together (Bonferroni)."""
FEWEST_SEEDS = 3
"""From which the spread between seeds is estimated."""


@dataclass(frozen=True)
class Limits:
    """Where a rerun's metric must lie, in points."""

    low: float
    high: float
    seeds: int

    def hold(self, value: float) -> bool:
        return self.low <= value <= self.high

    def __str__(self) -> str:
        return f"{self.low:.2f} to {self.high:.2f} from {self.seeds} seeds"


def limits(values: Sequence[float], rows: int, reruns: int) -> Limits | None:
    """The prediction interval of one more run: mean ± t(1 - 0.025/k, n - 1) s sqrt(1 + 1/n) for k ``reruns``.

    ``values`` are those of the n seeds, in points. Their standard deviation s counts as at least one row of the ``rows``. None
    below three seeds.
    """
    count = len(values)
    if count < FEWEST_SEEDS:
        return None
    spread = max(statistics.stdev(values), 100 / rows)
    half = t_quantile(1 - LEVEL / 2 / reruns, count - 1) * spread * math.sqrt(1 + 1 / count)
    middle = statistics.fmean(values)
    return Limits(middle - half, middle + half, count)


def mid_p(only_first: int, only_second: int) -> float:
    """McNemar's mid-p of the rows that only one of two models answered correctly (Fagerland et al., 2013)."""
    discordant = only_first + only_second
    if not discordant:
        return 1.0
    low = min(only_first, only_second)
    probabilities = [math.exp(_log_binomial(discordant, k) - discordant * math.log(2)) for k in range(low + 1)]
    if only_first == only_second:
        return 1 - probabilities[-1] / 2
    return min(1.0, 2 * math.fsum(probabilities)) - probabilities[-1]


def t_quantile(level: float, freedom: int) -> float:
    """The ``level`` quantile of Student's t, above 0.5, by bisection of the series for whole degrees of freedom."""
    low, high = 0.0, 1.0
    while _t_cdf(high, freedom) < level:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if _t_cdf(middle, freedom) < level else (low, middle)
    return high


def _t_cdf(t: float, freedom: int) -> float:
    """Abramowitz and Stegun, 26.7.3 and 26.7.4, for ``t`` >= 0."""
    angle = math.atan(t / math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = freedom % 2
    term = cosine if odd else 1.0
    total = 0.0
    for k in range(1 + odd, freedom, 2):
        total += term
        term *= cosine * cosine * k / (k + 1)
    area = 2 / math.pi * (angle + sine * total) if odd else sine * total
    return (1 + area) / 2


def _log_binomial(count: int, chosen: int) -> float:
    return math.lgamma(count + 1) - math.lgamma(chosen + 1) - math.lgamma(count - chosen + 1)
