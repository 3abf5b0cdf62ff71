"""A chart as rows of text: curves, bands and axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scalearn_tui.dashboard.charts.canvas import Canvas
from scalearn_tui.dashboard.charts.columns import Column, columns, positive, smoothed, smoothed_band
from scalearn_tui.dashboard.charts.looks import AXIS, FAINT, MARKS, SERIES, Part
from scalearn_tui.dashboard.charts.scales import ValueAxis, ticks
from scalearn_tui.dashboard.charts.series import Series, View
from scalearn_tui.dashboard.curve import Points

FEW = 3
"""Cells per point from which single points are marked."""
APART = 18
"""Cells between two marks of a curve of many points."""
AXIS_ROWS = 2
"""Below the curves."""


@dataclass(frozen=True)
class Picture:
    """What stands below the legend. The curves begin at cell ``margin`` of a row and take ``cells``."""

    rows: list[list[Part]]
    margin: int
    cells: int
    window: tuple[float, float]
    """What the first and the last column of dots stand for, in the unit of the axis."""
    found: dict[int, float]
    """The last place with a point, in the unit of the axis, by cell; the cells from left to right."""

    def cell(self, place: float) -> int:
        """Where a place within the window lies."""
        left, right = self.window
        return round((place - left) / (right - left) * (2 * self.cells - 1)) // 2

    def nearest(self, cell: int) -> float:
        """The place with a point that is nearest to a cell."""
        return self.found[min(self.found, key=lambda other: abs(other - cell))]

    def beside(self, place: float, by: int) -> float:
        """The next place with a point, to the right or, with ``by`` -1, to the left; at the end the same."""
        here = self.cell(place)
        beyond = [cell for cell in self.found if (cell - here) * by > 0]
        return self.found[min(beyond) if by > 0 else max(beyond)] if beyond else place


@dataclass(frozen=True)
class _Traces:
    """A series in columns: its line, and what stands faintly behind."""

    line: list[Column]
    raw: list[Column]
    band: list[Column]

    def seen(self) -> list[Column]:
        return [*self.line, *self.raw, *self.band]


def extent(series: Sequence[Series], axis: str) -> tuple[float, float]:
    """From zero, or the first point before it, to the last point of all, in the unit of the axis; never empty."""
    left = min(0.0, *(one.points.steps[0] * one.per_step[axis] for one in series))
    right = max(one.points.newest[0] * one.per_step[axis] for one in series)
    return left, right if right > left else left + max(one.per_step[axis] for one in series)


def draw(series: Sequence[Series], view: View, width: int, height: int) -> Picture | None:
    """Curves in ``width`` x ``height`` cells, axes included; None where there is nothing that the view can show.

    Every series must be known by the axis of the view.
    """
    if not series:
        return None
    cells, window = height - AXIS_ROWS, view.window or extent(series, view.axis)
    # The width of the curves is known once the labels are, and those need but the range of the values.
    seen = [column for one in series for column in _traces(one, view, window, 2).seen()]
    if not seen:
        return None
    axis = ValueAxis.around(min(column.low for column in seen), max(column.high for column in seen), cells, view.log)
    labels = axis.labels()
    margin = max(map(len, labels.values()), default=0) + 1
    traces = [_traces(one, view, window, (width - margin) * 2) for one in series]
    behind, front = Canvas(width - margin, cells), Canvas(width - margin, cells)
    for number, trace in enumerate(traces):
        behind.band(trace.band, axis.row, number)
        behind.curve(trace.raw, axis.row, number)
        front.curve(trace.line, axis.row, number)
    marks = _marks(traces, axis, front.width)
    edges = [labels.get(y, "").rjust(margin - 1) + ("┤" if y in labels else "│") for y in range(cells)]
    rows = [_row(edge, front, behind, marks, y) for y, edge in enumerate(edges)]
    rows += _step_axis(view.axis, window, margin, front.width)
    return Picture(rows, margin, front.width, window, _found(series, traces, view.axis))


def left_out(series: Sequence[Series], view: View) -> bool:
    """Whether there are values that a logarithmic axis cannot show."""
    return view.log and any(min(points.lows) <= 0 for one in series for points in (one.points, one.band) if points)


def _traces(one: Series, view: View, window: tuple[float, float], dots: int) -> _Traces:
    left, right = (end / one.per_step[view.axis] for end in window)

    def found(points: Points | None) -> list[Column]:
        return columns(points, left, right, dots) if points else []

    line: Points | None = one.points
    band = one.band
    if view.log:
        line, band = positive(one.points), band and positive(band)
    if not view.smoothing:
        return _Traces(found(line), [], found(band))
    # A band and the unsmoothed curve behind it would hide each other.
    raw = None if band else line
    line, band = line and smoothed(line, view.smoothing), band and smoothed_band(band, view.smoothing)
    return _Traces(found(line), found(raw), found(band))


def _found(series: Sequence[Series], traces: Sequence[_Traces], axis: str) -> dict[int, float]:
    found: dict[int, float] = {}
    for one, trace in zip(series, traces, strict=True):
        for column in trace.line:
            if column.points:
                place = column.step * one.per_step[axis]
                found[column.x // 2] = max(place, found.get(column.x // 2, place))
    return dict(sorted(found.items()))


def _marks(traces: Sequence[_Traces], axis: ValueAxis, cells: int) -> dict[tuple[int, int], int]:
    """Number of the series by (row, cell): all points of a curve of few, some of one among several."""
    marks = {}
    for number, trace in enumerate(traces):
        points = [column for column in trace.line if column.points]
        if sum(column.points for column in points) * FEW > cells:
            points = _apart(points, APART * (number + 1) // (len(traces) + 1)) if len(traces) > 1 else []
        marks.update({(axis.row(column.mean) // 4, column.x // 2): number for column in points})
    return marks


def _apart(points: Sequence[Column], first: int) -> list[Column]:
    """Some points, ``APART`` cells from each other."""
    kept, due = [], first
    for column in points:
        if column.x // 2 >= due:
            kept.append(column)
            due = column.x // 2 + APART
    return kept


def _row(edge: str, front: Canvas, behind: Canvas, marks: dict[tuple[int, int], int], y: int) -> list[Part]:
    """The axis and one row of the curves. Neighbours of one look are together; what is blank looks like what is before it."""
    parts: list[Part] = [(edge, AXIS)]
    for x in range(front.width):
        text, look = " ", parts[-1][1]
        if (y, x) in marks:
            text, look = MARKS[marks[y, x]], SERIES[marks[y, x]]
        elif front.bits[y][x]:
            text, look = front.text(y, x), SERIES[front.owners[y][x]]
        elif behind.bits[y][x]:
            text, look = behind.text(y, x), FAINT[behind.owners[y][x]]
        if parts[-1][1] == look:
            parts[-1] = (parts[-1][0] + text, look)
        else:
            parts.append((text, look))
    return parts


def _step_axis(axis: str, window: tuple[float, float], margin: int, cells: int) -> list[list[Part]]:
    """The line below the curves, and the numbers below the line."""
    labels, unit = ticks(axis, *window, cells)
    line = "".join("┴" if x in labels else "─" for x in range(cells))
    text = [" "] * cells
    for x, label in labels.items():
        shown = f"{label} {unit}" if x == max(labels) else label
        start = max(0, min(x - len(label) // 2, cells - len(shown)))
        text[start : start + len(shown)] = shown
    caption = "".join(text)[:cells].rstrip()
    return [[(" " * (margin - 1) + "└" + line, AXIS)], [(" " * margin + caption, AXIS)]]
