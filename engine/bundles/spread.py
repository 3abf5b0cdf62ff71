"""Whether a run that was trained again came out as its seeds do: a prediction interval."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from engine.reports.significance.distributions import t_quantile

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
    half = t_quantile(1 - LEVEL / reruns, count - 1) * spread * math.sqrt(1 + 1 / count)
    middle = statistics.fmean(values)
    return Limits(middle - half, middle + half, count)
