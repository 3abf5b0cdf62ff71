"""Figures for terminals, as plain text: curves in braille dots, points as letters, both with axes and a legend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from engine.reports.figures.lines import MOST_MARKERS, Axes, Point, Series
from engine.reports.figures.raster import Canvas, round_steps

HEIGHT = 16
"""Lines of characters between the axes."""
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
ROOM = 0.04
"""Of the range of values, above the highest and below the lowest."""
Range = tuple[float, float]


def lines_text(series: Sequence[Series], axes: Axes, width: int, height: int = HEIGHT) -> str:
    """The curves in at most ``width`` columns, ``height`` lines between the axes.

    Each has a letter, at some of its points and in the legend.
    """
    points = [point for curve in series for point in curve.points]
    references = [curve.reference for curve in series if curve.reference is not None]
    grid = Grid(
        spread([point.x for point in points], 0.0),
        spread([point.y for point in points] + references, ROOM),
        width,
        axes.ticks,
        height,
    )
    for number, curve in enumerate(series):
        dots = [grid.dot(point.x, point.y) for point in curve.points]
        for start, end in pairwise(dots):
            grid.canvas.join(start, end, number)
    letters = _letters(len(series))
    for number, curve in enumerate(series):
        every = max(1, -(-len(curve.points) // MOST_MARKERS))
        for point in (*curve.points[::every], curve.points[-1]):
            grid.mark(point.x, point.y, letters[number])
    ends = [f"{_written(curve.points[-1])} {curve.name}" for curve in series]
    return "\n".join([*grid.lines(axes), *legend(ends, width)])


def _written(point: Point) -> str:
    """``54.44 [44.20, 64.69]``: a value and its interval."""
    return f"{point.y:.2f}" + (f" [{point.low:.2f}, {point.high:.2f}]" if point.high > point.low else "")


@dataclass(frozen=True)
class Dot:
    """One point by itself."""

    x: float
    y: float
    name: str
    joined: bool = False
    """Whether a line joins it to the others that are."""


def dots_text(dots: Sequence[Dot], axes: Axes, width: int) -> str:
    """The points in at most ``width`` columns, each a letter that the legend explains."""
    places = [place for place, _ in axes.ticks] + [dot.x for dot in dots]
    grid = Grid(spread(places, 0.0), spread([dot.y for dot in dots], ROOM), width, axes.ticks)
    for start, end in pairwise(grid.dot(dot.x, dot.y) for dot in dots if dot.joined):
        grid.canvas.join(start, end, 0)
    for dot, letter in zip(dots, _letters(len(dots)), strict=True):
        grid.mark(dot.x, dot.y, letter)
    return "\n".join([*grid.lines(axes), *legend([dot.name for dot in dots], width)])


def legend(names: Sequence[str], width: int) -> list[str]:
    """``a name``, each on a line of its own."""
    return [shorten(f"  {letter} {name}", width) for letter, name in zip(_letters(len(names)), names, strict=True)]


def shorten(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def spread(values: Sequence[float], room: float) -> Range:
    """The range of the values with a share of it as ``room`` on both sides; never empty."""
    low, high = min(values), max(values)
    if high - low < 1e-9:
        return low - (abs(low) * 0.05 or 0.5), high + (abs(high) * 0.05 or 0.5)
    return low - room * (high - low), high + room * (high - low)


class Grid:
    """Axes around a canvas of dots, on which letters may stand."""

    def __init__(self, xs: Range, ys: Range, width: int, ticks: Sequence[tuple[float, str]] = (), height: int = HEIGHT) -> None:
        self.xs, self.ys = xs, ys
        steps = round_steps(*ys, height // 4)
        self.y_ticks = [(value, f"{value:.{_digits(steps)}f}") for value in steps]
        self.margin = max(len(text) for _, text in self.y_ticks) + 2
        self.canvas = Canvas(max(10, width - self.margin - 2), height)
        steps = round_steps(*xs, max(2, self.canvas.width // 14))
        self.x_ticks = list(ticks) or [(value, f"{value:.{_digits(steps)}f}") for value in steps]
        self.marks: dict[tuple[int, int], str] = {}

    def dot(self, x: float, y: float) -> tuple[int, int]:
        """Column and row of dots."""
        (left, right), (bottom, top) = self.xs, self.ys
        across, down = self.canvas.width * 2 - 1, self.canvas.height * 4 - 1
        return round((x - left) / (right - left) * across), round((top - y) / (top - bottom) * down)

    def mark(self, x: float, y: float, letter: str) -> None:
        """A letter; where another one stands already, ``*``."""
        column, row = self.dot(x, y)
        place = column // 2, row // 4
        self.marks[place] = letter if self.marks.get(place, letter) == letter else "*"

    def lines(self, axes: Axes) -> list[str]:
        """The name of the axis y, the canvas between its ticks, and below it the ticks and the name of x."""
        labels = {self.dot(self.xs[0], value)[1] // 4: text for value, text in self.y_ticks}
        rows = [shorten(axes.y, self.canvas.width)]
        for y in range(self.canvas.height):
            cells = [self.marks.get((x, y)) or self.canvas.text(y, x) for x in range(self.canvas.width)]
            axis = "┤" if y in labels else "│"
            rows.append(f"{labels.get(y, ''):>{self.margin - 1}}{axis}{''.join(cells)}".rstrip())
        return [*rows, *self._below(axes)]

    def _below(self, axes: Axes) -> list[str]:
        axis, labels = ["─"] * self.canvas.width, [" "] * (self.canvas.width + self.margin + 2)
        free = 0
        for value, text in self.x_ticks:
            column = self.dot(value, self.ys[0])[0] // 2
            start = min(max(free, self.margin + column - len(text) // 2), len(labels) - len(text))
            axis[column] = "┴"
            if start >= free:
                labels[start : start + len(text)] = text
                free = start + len(text) + 1
        corner = " " * (self.margin - 1) + "└"
        return [corner + "".join(axis), "".join(labels).rstrip(), axes.x.center(self.canvas.width + self.margin).rstrip()]


def _letters(count: int) -> str:
    return (LETTERS * (count // len(LETTERS) + 1))[:count]


def _digits(steps: Sequence[float]) -> int:
    """Decimals that tell neighbouring ticks apart."""
    gap = abs(steps[1] - steps[0]) if len(steps) > 1 else 1.0
    return next((digits for digits in range(6) if abs(round(gap, digits) - gap) < 1e-9), 6)
