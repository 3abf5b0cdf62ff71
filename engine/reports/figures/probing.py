"""Probing: the headline metric on test over the fixed scale of one frozen adapter, or over the scales of two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from engine.catalog.method import setting_text
from engine.errors import UserError
from engine.registry.records import Run
from engine.reports.figures.heat_map import HeatMap, draw_maps, maps_text
from engine.reports.figures.lines import Axes, Series, draw_lines, interval, over_seeds
from engine.reports.figures.selected import Selected, choose, measured_rows, nothing
from engine.reports.figures.terminal import lines_text
from engine.reports.table import Column, Row, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ONE, PAIR = "probing", "probing-pair"
NEEDS = "run a sweep of the method probing with several scales omega: `scalearn reproduce probing --dry-run` shows one"
ByScales = dict[tuple[float, ...], list[float]]
"""A value for each seed."""
Probe = tuple[tuple[str, ...], str]
"""The titles of the sources, and settings other than the scales that distinguish a row."""
NO_OTHERS = ("omega", "omega_first", "omega_second", "sources")


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
    map: HeatMap
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
        draw_maps(figure, [self.map])

    def text(self, width: int) -> str:
        return maps_text([self.map], width)


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


def _values(rows: Sequence[Row], column: Column, selected: Selected) -> dict[Probe, ByScales]:
    """By what is probed, and by its scales, a value for each seed."""
    values: dict[Probe, ByScales] = {}
    seen: set[str] = set()
    for row in rows:
        cell = row.cells[column.key]
        others = " ".join(f"{name}={text}" for name, text in row.settings.items() if name not in NO_OTHERS)
        for run_id, value in zip(cell.run_ids, cell.values, strict=True):
            # A run that was tuned and asked for without tuning is in two rows.
            if run_id not in seen:
                seen.add(run_id)
                run = selected.runs[run_id]
                values.setdefault((_sources(run, selected), others), {}).setdefault(_scales(run), []).append(value)
    return values


def _scales(run: Run) -> tuple[float, ...]:
    names = ("omega",) if run.method == ONE else ("omega_first", "omega_second")
    return tuple(float(run.parsed.hyperparameters[name]) for name in names)


def _sources(run: Run, selected: Selected) -> tuple[str, ...]:
    known = selected.catalog.tasks
    keys = [source.task for source in run.parsed.sources]
    return tuple(known[key].title if key in known else key for key in keys)


def _curves(values: Mapping[Probe, ByScales], column: Column, table: Table) -> Probing:
    series = []
    for (sources, others), by_scale in values.items():
        points = tuple(interval(scale, by_scale[scale,]) for (scale,) in sorted(by_scale))
        without = by_scale.get((0.0,))
        name = ", ".join(sources) + (f" ({others})" if others else "")
        series.append(Series(name, points, fmean(without) if without else None))
    return Probing(column.title, column.metric, table.backbone, tuple(series))


def _grid(values: Mapping[Probe, ByScales], column: Column, table: Table) -> ProbingPair:
    if len({sources for sources, _ in values}) > 1:
        raise choose("source", [task for sources, _ in values for task in sources])
    if len(values) > 1:
        settings = " or ".join(others for _, others in values if others)
        raise UserError(f"the runs are in several settings ({settings}), and a map shows one: add terms that choose one")
    ((((first, second), _), by_scales),) = values.items()
    xs, ys = sorted({x for x, _ in by_scales}), sorted({y for _, y in by_scales}, reverse=True)
    means = tuple(tuple(fmean(by_scales[x, y]) if (x, y) in by_scales else None for x in xs) for y in ys)
    shown = HeatMap(
        title="",
        x=f"omega of {first}",
        y=f"omega of {second}",
        columns=tuple(map(setting_text, xs)),
        rows=tuple(map(setting_text, ys)),
        values=means,
        unit=f"test {column.metric}",
        bottom=min(value for row in means for value in row if value is not None),
        square=True,
    )
    seeds = tuple(sorted({len(of_pair) for of_pair in by_scales.values()}))
    return ProbingPair(column.title, column.metric, table.backbone, shown, seeds)
