"""What a chart is given, and the way its viewer looks at it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, stdev

from scalearn_tui.dashboard.curve import Curve, Points

AXES = ("step", "epoch", "time")
"""What may run from left to right."""

Reading = Callable[[float, float], Points | None]
"""The points from one step to another, both included, at the finest resolution; None without any. Blocks."""


@dataclass(frozen=True)
class Series:
    """A named curve."""

    name: str
    points: Points
    band: Points | None = None
    """Its lowest and highest values are drawn as a band behind the curve."""
    per_step: Mapping[str, float] = field(default_factory=lambda: {"step": 1.0})
    """How many steps, epochs or seconds a step of the points is, as far as they are known."""
    reading: Reading | None = field(default=None, compare=False)
    """For a closer look where points are merged."""


@dataclass(frozen=True)
class View:
    """What the keys of a chart change."""

    axis: str = "step"
    """One of ``AXES``."""
    window: tuple[float, float] | None = None
    """Left and right end in the unit of the axis; None shows everything."""
    log: bool = False
    """Whether the axis of values is logarithmic."""
    smoothing: float = 0.0
    """Weight of the past in the moving average; 0 does not smooth."""
    summary: bool = False
    """Whether the legend has the lowest, mean and highest value in place of the newest."""


def over_seeds(curves: Sequence[Mapping[int, float]], deviation: bool = False) -> tuple[Points, Points] | None:
    """The mean of curves, each values by step, and their band: lowest to highest, or mean ± sample standard deviation.

    At the steps that all of them have; None without any.
    """
    steps = sorted(set.intersection(*(set(curve) for curve in curves))) if curves else []
    mean, low, high = Curve(), Curve(), Curve()
    for step in steps:
        values = [curve[step] for curve in curves]
        middle = fmean(values)
        spread = stdev(values) if deviation and len(values) > 1 else 0.0
        mean.extend([step], [middle])
        low.extend([step], [middle - spread if deviation else min(values)])
        high.extend([step], [middle + spread if deviation else max(values)])
    if mean.points is None or low.points is None or high.points is None:
        return None
    points = mean.points
    return points, Points(points.steps, points.means, low.points.lows, high.points.highs, points.each, points.newest)
