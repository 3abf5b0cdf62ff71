"""From the points of a curve to the columns of dots that they fall into, and the moving average."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from scalearn_tui.dashboard.curve import Points


class Column(NamedTuple):
    """All points of a curve in one column of dots."""

    x: int
    mean: float
    low: float
    high: float
    step: float
    """Of the first point."""
    points: int
    """0 where the curve only enters or leaves the window."""


def columns(points: Points, left: float, right: float, dots: int) -> list[Column]:
    """The columns with points from step ``left`` to ``right``, which are the first and the last of ``dots`` columns.

    Where the curve goes on outside, the first and last column have the value at which it crosses the edge.
    """
    steps = points.steps
    per_step = (dots - 1) / (right - left)
    at, stop = bisect_left(steps, left), bisect_right(steps, right)
    found: list[Column] = []
    if 0 < at < len(steps) and steps[at] > left:
        found.append(_crossing(points, at, left, 0))
    while at < stop:
        x = round((steps[at] - left) * per_step)
        after = bisect_left(steps, left + (x + 0.5) / per_step, at + 1, stop)
        mean = sum(points.means[at:after]) / (after - at)
        found.append(Column(x, mean, min(points.lows[at:after]), max(points.highs[at:after]), steps[at], after - at))
        at = after
    if 0 < stop < len(steps) and steps[stop - 1] < right:
        found.append(_crossing(points, stop, right, dots - 1))
    return found


def _crossing(points: Points, after: int, step: float, x: int) -> Column:
    """Where the line to the point at index ``after`` crosses a step."""
    share = (step - points.steps[after - 1]) / (points.steps[after] - points.steps[after - 1])

    def between(values: array[float]) -> float:
        return values[after - 1] + share * (values[after] - values[after - 1])

    return Column(x, between(points.means), between(points.lows), between(points.highs), step, 0)


@lru_cache(maxsize=32)
def positive(points: Points) -> Points | None:
    """What a logarithmic axis can show of a curve; of merged points whatever is known of the positive ones."""
    if min(points.lows) > 0:
        return points
    rows = [
        (step, mean if mean > 0 else high, low if low > 0 else mean if mean > 0 else high, high)
        for step, mean, low, high in zip(points.steps, points.means, points.lows, points.highs, strict=True)
        if high > 0
    ]
    if not rows:
        return None
    steps, means, lows, highs = (array("d", of) for of in zip(*rows, strict=True))
    return replace(points, steps=steps, means=means, lows=lows, highs=highs)


@lru_cache(maxsize=32)
def smoothed(points: Points, weight: float) -> Points:
    """The moving average of a curve."""
    means = moving_average(points.means, weight)
    return replace(points, means=means, lows=means, highs=means)


@lru_cache(maxsize=32)
def smoothed_band(band: Points, weight: float) -> Points:
    """A band between the moving averages of its edges."""
    return replace(band, lows=moving_average(band.lows, weight), highs=moving_average(band.highs, weight))


def moving_average(values: Sequence[float], weight: float) -> array[float]:
    """Exponential moving average, corrected for its start at zero: of equal values it is equal to them from the first on."""
    average, past, averages = 0.0, 1.0, array("d")
    for value in values:
        average = weight * average + (1 - weight) * value
        past *= weight
        averages.append(average / (1 - past))
    return averages
