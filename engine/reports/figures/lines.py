"""Figures of curves: some value over some number, for each of several methods, with the spread of each point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from engine.reports.figures.style import add_legend, looks, plain
from engine.reports.significance.distributions import t_quantile

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CONFIDENCE = 0.95
MOST_MARKERS = 8
"""Of a curve: more would hide it."""


@dataclass(frozen=True)
class Point:
    """One point of a curve."""

    x: float
    y: float
    low: float
    high: float
    """Equal to ``y`` where there is no spread."""
    n: int
    """Number of values behind it."""


@dataclass(frozen=True)
class Series:
    """A curve, by ascending x."""

    name: str
    points: tuple[Point, ...]
    reference: float | None = None
    """A value to compare with, drawn as a thin line."""


@dataclass(frozen=True)
class Axes:
    """What is on the axes."""

    x: str
    y: str
    ticks: tuple[tuple[float, str], ...] = field(default=())
    """Places on x and what stands there; empty where round numbers do."""


def interval(x: float, values: Sequence[float]) -> Point:
    """The mean of ``values`` with its 95% t interval, which a single value has none of."""
    mean, n = fmean(values), len(values)
    half = t_quantile(CONFIDENCE, n - 1) * stdev(values) / n**0.5 if n > 1 else 0.0
    return Point(x, mean, mean - half, mean + half, n)


def over_seeds(series: Sequence[Series], band: str) -> str:
    """How many seeds are behind a point, and what the ``band`` is where there are several: part of a caption."""
    counts = sorted({point.n for curve in series for point in curve.points})
    if counts == [1]:
        return "one seed"
    number = str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    return f"mean over {number} seeds with {band}"


def draw_lines(figure: Figure, series: Sequence[Series], axes: Axes) -> None:
    """Curves with their spread as a band, and a legend where there are several."""
    plot = figure.add_subplot()
    handles = []
    for curve, look in zip(series, looks([curve.points[-1].y for curve in series]), strict=True):
        xs = [point.x for point in curve.points]
        if any(point.high > point.low for point in curve.points):
            low, high = [point.low for point in curve.points], [point.high for point in curve.points]
            plot.fill_between(xs, low, high, color=look.colour, alpha=0.08 if look.grey else 0.15, linewidth=0)
        every = max(1, -(-len(xs) // MOST_MARKERS))
        front = 1 if look.grey else 2
        style = {"color": look.colour, "marker": look.marker, "linestyle": look.dash, "markevery": every, "zorder": front}
        handles += plot.plot(xs, [point.y for point in curve.points], **style)
        if curve.reference is not None:
            plot.axhline(curve.reference, color=look.colour, linestyle=look.dash, linewidth=0.5, zorder=0)
    plot.set_xlabel(plain(axes.x))
    plot.set_ylabel(plain(axes.y))
    if axes.ticks:
        plot.set_xticks([place for place, _ in axes.ticks], [plain(text) for _, text in axes.ticks])
    if len(series) > 1:
        add_legend(figure, handles, [curve.name for curve in series])
