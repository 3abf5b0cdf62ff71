"""Probing: the headline metric on test over the fixed scale of one frozen adapter, or over the scales of two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from engine.registry.records import Run
from engine.reports.figures.lines import Axes, Series, draw_lines, interval, over_seeds
from engine.reports.figures.maps import Map, draw_map, map_text
from engine.reports.figures.selected import Selected, choose, measured_rows, nothing
from engine.reports.figures.terminal import lines_text
from engine.reports.table import Column, Row, Table
from engine.runs.deviations import setting_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ONE, PAIR = "probing", "probing-pair"
NEEDS = "run a sweep of the method probing with several scales omega: `scalearn reproduce probing --dry-run` shows one"
ByScales = dict[tuple[float, ...], list[float]]
"""A value for each seed."""


@dataclass(frozen=True)
class Probing:
    """One adapter on one target: a series for each source."""

    task: str
    """Title."""
    metric: str
    backbone: str
    series: tuple[Series, ...]
    """x is omega, y in points; low and high are those of the 95% t interval over seeds; the reference is y at omega 0."""

    @property
    def axes(self) -> Axes:
        return Axes("omega", f"test {self.metric}")

    @property
    def caption(self) -> str:
        seeds = over_seeds(self.series, "their 95% t interval")
        return (
            f"{self.metric} on test of {self.task} ({self.backbone}) with a frozen adapter scaled by omega: {seeds}; the thin "
            "line is the result without the adapter (omega = 0)."
        )

    def draw(self, figure: Figure) -> None:
        draw_lines(figure, self.series, self.axes)

    def text(self, width: int) -> str:
        return lines_text(self.series, self.axes, width)


@dataclass(frozen=True)
class ProbingPair:
    """Two adapters on one target."""

    task: str
    """Title."""
    metric: str
    backbone: str
    map: Map
    """Means over seeds, in points: x and y are the scales of the first and of the second adapter."""
    seeds: tuple[int, ...]
    """Numbers of them that there are behind a value."""

    @property
    def caption(self) -> str:
        count = " or ".join(map(str, self.seeds))
        return (
            f"{self.metric} on test of {self.task} ({self.backbone}) with two frozen adapters, each scaled by its omega: mean "
            f"over {count} seed{'' if self.seeds == (1,) else 's'}."
        )

    def draw(self, figure: Figure) -> None:
        draw_map(figure, self.map, f"test {self.metric}")

    def text(self, width: int) -> str:
        return map_text(self.map, width)


def gather(selected: Selected) -> Probing | ProbingPair:
    """The runs with one adapter; of a selection that has none, those with two.

    Raises UserError where there are none, and for runs of several targets, backbones or pairs of sources.
    """
    table = selected.table(NEEDS)
    rows = [row for row in measured_rows(table) if row.method in (ONE, PAIR)]
    columns = [column for column in table.columns if any(column.key in row.cells for row in rows)]
    if not columns:
        raise nothing(NEEDS, selected)
    if len(columns) > 1:
        raise choose("target", [column.task for column in columns])
    column = columns[0]
    if singles := _values([row for row in rows if row.method == ONE], column, selected):
        return _curves(singles, column, table)
    return _grid(_values(rows, column, selected), column, table)


def _values(rows: Sequence[Row], column: Column, selected: Selected) -> dict[tuple[str, ...], ByScales]:
    """By the titles of the sources, and by their scales, a value for each seed."""
    values: dict[tuple[str, ...], ByScales] = {}
    for row in rows:
        cell = row.cells[column.key]
        for run_id, value in zip(cell.run_ids, cell.values, strict=True):
            run = selected.runs[run_id]
            values.setdefault(_sources(run, selected), {}).setdefault(_scales(run), []).append(value)
    return values


def _scales(run: Run) -> tuple[float, ...]:
    names = ("omega",) if run.method == ONE else ("omega_first", "omega_second")
    return tuple(float(run.parsed.hyperparameters[name]) for name in names)


def _sources(run: Run, selected: Selected) -> tuple[str, ...]:
    known = selected.catalog.tasks
    keys = [source.task for source in run.parsed.sources]
    return tuple(known[key].title if key in known else key for key in keys)


def _curves(values: Mapping[tuple[str, ...], ByScales], column: Column, table: Table) -> Probing:
    series = []
    for sources, by_scale in values.items():
        points = tuple(interval(scale, by_scale[scale,]) for (scale,) in sorted(by_scale))
        without = by_scale.get((0.0,))
        series.append(Series(", ".join(sources), points, fmean(without) if without else None))
    return Probing(column.title, column.metric, table.backbone, tuple(series))


def _grid(values: Mapping[tuple[str, ...], ByScales], column: Column, table: Table) -> ProbingPair:
    if len(values) > 1:
        raise choose("source", [task for sources in values for task in sources])
    (((first, second), by_scales),) = values.items()
    xs, ys = (sorted({scales[place] for scales in by_scales}) for place in (0, 1))
    means = tuple(tuple(fmean(by_scales[x, y]) if (x, y) in by_scales else None for x in xs) for y in ys)
    names_x, names_y = (tuple(map(setting_text, scales)) for scales in (xs, ys))
    shown = Map(f"omega of {first}", f"omega of {second}", names_x, names_y, means)
    seeds = tuple(sorted({len(of_pair) for of_pair in by_scales.values()}))
    return ProbingPair(column.title, column.metric, table.backbone, shown, seeds)
