"""Learning curves: how the headline metric on dev grows with the steps of training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from engine.registry.reading import Reader
from engine.reports.figures.lines import Axes, Point, Series, draw_lines, over_seeds
from engine.reports.figures.selected import Selected, choose, legend_names, measured_rows, nothing
from engine.reports.figures.terminal import lines_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NEEDS = "train some: `scalearn run -m adapter -t toy/question -b minilm --seed 0-2`"


@dataclass(frozen=True)
class Learning:
    """One task with one backbone; points are those at which every seed was evaluated."""

    task: str
    """Title."""
    metric: str
    backbone: str
    series: tuple[Series, ...]
    """x in optimiser steps, y in points; low and high are those of the seeds."""

    @property
    def axes(self) -> Axes:
        return Axes("step", f"dev {self.metric}")

    @property
    def caption(self) -> str:
        seeds = over_seeds(self.series, "the lowest and the highest, as far as all were trained")
        return f"{self.metric} on dev of {self.task} ({self.backbone}) while training: {seeds}."

    def draw(self, figure: Figure) -> None:
        draw_lines(figure, self.series, self.axes)

    def text(self, width: int) -> str:
        return lines_text(self.series, self.axes, width)


def gather(selected: Selected) -> Learning:
    """The curves of the runs behind one column of the leaderboard, a series for each row.

    Raises UserError where there are none, and for runs of several tasks or backbones.
    """
    table = selected.table(NEEDS)
    if len(table.columns) > 1:
        raise choose("target", [column.task for column in table.columns])
    column = table.columns[0]
    rows = [row for row in measured_rows(table) if column.key in row.cells]
    series = []
    for row, name in zip(rows, legend_names(rows), strict=True):
        curves = [_curve(selected.reader, run_id, column.task, column.metric) for run_id in row.cells[column.key].run_ids]
        if points := _summary(curves):
            series.append(Series(name, points))
    if not series:
        raise nothing(NEEDS, selected)
    return Learning(column.title, column.metric, table.backbone, tuple(series))


def _curve(reader: Reader, run_id: str, task: str, metric: str) -> dict[int, float]:
    """Points by step. A joint run has a curve for each of its tasks."""
    named = reader.metrics(run_id, f"dev/{task}/{metric}") or reader.metrics(run_id, f"dev/{metric}")
    return {point.step: 100 * point.value for point in named}


def _summary(curves: Sequence[Mapping[int, float]]) -> tuple[Point, ...]:
    """Mean, lowest and highest value at the steps that all curves have: after the first seed's end there are none."""
    shared = sorted(set.intersection(*(set(curve) for curve in curves)))
    values = {step: [curve[step] for curve in curves] for step in shared}
    return tuple(Point(step, fmean(of), min(of), max(of), len(of)) for step, of in values.items())
