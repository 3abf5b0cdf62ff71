"""Efficiency: how good methods are for the number of parameters that they train."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from engine.reports.figures.lines import Axes
from engine.reports.figures.selected import Selected, legend_names, measured_rows, nothing
from engine.reports.figures.style import GREY, add_legend, looks, plain
from engine.reports.figures.terminal import Dot, dots_text
from engine.reports.table import Row, Table
from engine.reports.with_standings import with_standings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NEEDS = "train several methods on the same tasks: `scalearn reproduce superglue --dry-run` shows a table's worth of them"
X = "trained parameters"
UNITS = (("G", 10**9), ("M", 10**6), ("k", 10**3))
FEW_POWERS = 100
"""Of the numbers of parameters, the ratio below which powers of ten alone would be too few ticks."""


@dataclass(frozen=True)
class Trained:
    """One row of the leaderboard."""

    name: str
    parameters: int
    """Trained ones, heads included; the most over the targets."""
    value: float
    """Average over the tasks, or the value on a single one; in points."""
    low: float | None
    high: float | None
    """Of the 95% interval over seeds and examples; None where it is not known."""
    best: bool
    """Whether no other row has as few parameters and as high a value: a point of the Pareto line."""


@dataclass(frozen=True)
class Efficiency:
    """One benchmark with one backbone."""

    benchmark: str
    backbone: str
    y: str
    """``average``, or the headline metric of a single task."""
    rows: tuple[Trained, ...]
    """By number of parameters."""

    @property
    def caption(self) -> str:
        known = sum(row.low is not None for row in self.rows)
        of_some = f" (known of {known} of them)" if known < len(self.rows) else ""
        bars = f" with 95% intervals over seeds and examples{of_some}" if known else ""
        return (
            f"{self.y.capitalize()} on test of {self.benchmark} ({self.backbone}) over the number of trained parameters, heads "
            f"included{bars}; the line joins the methods that no other one beats with as few parameters."
        )

    @property
    def _ticks(self) -> tuple[tuple[float, str], ...]:
        """Round numbers of parameters around all rows, at their logarithms: powers of ten, or where they are few 1, 2 and 5."""
        least, most = self.rows[0].parameters, self.rows[-1].parameters
        factors = (1, 2, 5) if most < FEW_POWERS * least else (1,)
        numbers = [factor * 10**power for power in range(len(str(most)) + 1) for factor in factors]
        first = max(place for place, number in enumerate(numbers) if number <= max(1, least))
        last = min(place for place, number in enumerate(numbers) if number > most)
        return tuple((math.log10(number), _count(number)) for number in numbers[first : last + 1])

    def draw(self, figure: Figure) -> None:
        plot = figure.add_subplot()
        handles = []
        for row, look in zip(self.rows, looks([row.value for row in self.rows]), strict=True):
            bar = None if row.low is None or row.high is None else [[row.value - row.low], [row.high - row.value]]
            style: Any = {"color": look.colour, "marker": look.marker, "linestyle": "none", "elinewidth": 0.7, "capsize": 1.5}
            handles.append(plot.errorbar([math.log10(row.parameters)], [row.value], bar, **style))
        best = [row for row in self.rows if row.best]
        xs, ys = [math.log10(row.parameters) for row in best], [row.value for row in best]
        plot.plot(xs, ys, color=GREY, linewidth=0.7, zorder=0)
        plot.set_xticks([place for place, _ in self._ticks], [text for _, text in self._ticks])
        plot.set_xlabel(X)
        plot.set_ylabel(plain(f"test {self.y}"))
        add_legend(figure, handles, [row.name for row in self.rows])

    def text(self, width: int) -> str:
        dots = [Dot(math.log10(row.parameters), row.value, _summary(row), row.best) for row in self.rows]
        return dots_text(dots, Axes(X, f"test {self.y}", self._ticks), width)


def gather(selected: Selected) -> Efficiency:
    """The rows of one table of the leaderboard that have an average, or a value on its only task.

    Raises UserError where there are none, and for runs of several benchmarks or backbones.
    """
    board = replace(selected.board, tables=(selected.table(NEEDS),))
    (table,) = with_standings(board, selected.reader, selected.catalog).tables
    measured = measured_rows(table)
    named = zip(measured, legend_names(measured), strict=True)
    rows = [trained for row, name in named if (trained := _trained(row, name, table))]
    if not rows:
        raise nothing(NEEDS, selected)
    rows.sort(key=lambda row: (row.parameters, -row.value))
    highest = [max((row.value for row in rows[:place]), default=-math.inf) for place in range(len(rows))]
    y = "average" if len(table.averaged) > 1 else table.averaged[0].metric
    marked = tuple(replace(row, best=row.value > before) for row, before in zip(rows, highest, strict=True))
    return Efficiency(table.title, table.backbone, y, marked)


def _trained(row: Row, name: str, table: Table) -> Trained | None:
    """None for a row without an average, or whose number of parameters is not known."""
    if row.trainable is None:
        return None
    if len(table.averaged) > 1:
        value, standing = table.average(row), row.average_standing
    else:
        cell = row.cells.get(table.averaged[0].key)
        value, standing = (cell.mean, cell.standing) if cell else (None, None)
    if value is None:
        return None
    low, high = (standing.low, standing.high) if standing else (None, None)
    return Trained(name, row.trainable[1], value, low, high, best=False)


def _count(number: int) -> str:
    """A round number: ``200k``."""
    unit, size = next(((unit, size) for unit, size in UNITS if number >= size), ("", 1))
    return f"{number // size}{unit}"


def _summary(row: Trained) -> str:
    """``Adapter: 1,189,634, 78.40 [77.10, 79.60]``."""
    interval = "" if row.low is None or row.high is None else f" [{row.low:.2f}, {row.high:.2f}]"
    return f"{row.name}: {row.parameters:,}, {row.value:.2f}{interval}"
