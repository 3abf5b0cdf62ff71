"""The lines above the curves: which is which, and their values."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from statistics import fmean

from rich.cells import cell_len, set_cell_size

from scalearn_tui.dashboard.charts.looks import AXIS, MARKS, SERIES, TITLE, Part
from scalearn_tui.dashboard.charts.series import Series
from scalearn_tui.text.formatting import NOTHING, count

VALUE = 7
"""Cells that a value has at least, so that nothing moves when it changes."""
LONGEST = 24
"""Cells of a name, at most."""
GAP = "  "


def legend(title: str, notes: str, series: Sequence[Series], values: Sequence[str], width: int, most: int) -> list[list[Part]]:
    """At most ``most`` rows; what has no place is counted. ``values`` are those of the series."""
    rows: list[list[Part]] = [[(title, TITLE), (f" {notes}" if notes else "", AXIS), (GAP, AXIS)]]
    for number, (one, value) in enumerate(zip(series, values, strict=True)):
        name = one.name if cell_len(one.name) <= LONGEST else set_cell_size(one.name, LONGEST - 1) + "…"
        text = f"{MARKS[number]} {name} {value.ljust(VALUE)}{GAP}"
        more = f"+{len(series) - number}"
        last = len(rows) == most and number + 1 < len(series)
        if _width(rows[-1]) + cell_len(text.rstrip()) + (len(more) if last else 0) > width:
            if len(rows) == most:
                rows[-1].append((more, AXIS))
                break
            rows.append([])
        rows[-1].append((text, SERIES[number]))
    return rows


def _width(row: Sequence[Part]) -> int:
    return sum(cell_len(text) for text, _ in row)


def newest(one: Series) -> str:
    """The newest value."""
    return short(one.points.newest[1])


def value_at(one: Series, step: float) -> str:
    """The value at a step, or the last one before it."""
    value = one.points.at(step)
    return NOTHING if value is None else short(value)


def summary(one: Series, left: float, right: float) -> str:
    """``0.1 ‥ 0.25 ‥ 0.9``: lowest, mean and highest value from one step to another; of merged points the mean of means."""
    points = one.points
    inside = slice(bisect_left(points.steps, left), bisect_right(points.steps, right))
    means = points.means[inside]
    if not means:
        return NOTHING
    return " ‥ ".join(map(short, (min(points.lows[inside]), fmean(means), max(points.highs[inside]))))


def short(value: float) -> str:
    """Three significant digits."""
    return f"{value:.3g}" if abs(value) < 1000 else count(value)
