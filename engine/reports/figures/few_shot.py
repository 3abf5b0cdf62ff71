"""Few-shot curves: the headline metric on test over the number of training examples of the target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from engine.reports.figures.lines import Axes, Point, Series, draw_lines, interval, over_seeds
from engine.reports.figures.selected import Selected, measured_rows, nothing
from engine.reports.figures.terminal import lines_text
from engine.reports.table import Cell, Row, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NEEDS = "train some with few examples: `scalearn run -m adapter -t toy/question -b minilm --shots 4,16 --seed 0-4`"
ALL = "all"


@dataclass(frozen=True)
class FewShot:
    """One benchmark with one backbone."""

    tasks: tuple[str, ...]
    """Titles of those that every series and every number of examples has: points are their averages."""
    metric: str
    backbone: str
    shots: tuple[str, ...]
    """What stands at x = 0, 1, 2, ...: ``4``, ``16``, ..., ``all``."""
    series: tuple[Series, ...]
    """y in points; low and high are those of the 95% t interval over seeds."""

    @property
    def axes(self) -> Axes:
        ticks = tuple((float(place), text) for place, text in enumerate(self.shots))
        return Axes("training examples", f"test {self.metric}", ticks)

    @property
    def caption(self) -> str:
        tasks = self.tasks[0] if len(self.tasks) == 1 else f"the average of {', '.join(self.tasks)}"
        seeds = over_seeds(self.series, "their 95% t interval")
        return f"{self.metric} on test of {tasks} ({self.backbone}), by number of training examples of the target: {seeds}."

    def draw(self, figure: Figure) -> None:
        draw_lines(figure, self.series, self.axes)

    def text(self, width: int) -> str:
        return lines_text(self.series, self.axes, width)


def gather(selected: Selected) -> FewShot:
    """The few-shot rows of the leaderboard, a series for each method in one setting, with its row of all examples at the end.

    Raises UserError where there are none, and for runs of several benchmarks or backbones.
    """
    table = selected.table(NEEDS)
    rows: dict[str, dict[str, Row]] = {}
    for row in measured_rows(table):
        settings = {**table.shared, **row.settings}
        shots = settings.pop("shots", ALL)
        rows.setdefault(_name(row, settings, table), {})[shots] = row
    rows = {name: by_shots for name, by_shots in rows.items() if by_shots.keys() - {ALL}}
    members = [row for by_shots in rows.values() for row in by_shots.values()]
    columns = [column for column in table.averaged if members and all(column.key in row.cells for row in members)]
    if not columns:
        raise nothing(NEEDS, selected)
    examples = sorted(
        {shots for by_shots in rows.values() for shots in by_shots}, key=lambda text: (text == ALL, text.zfill(9))
    )
    series = []
    for name, by_shots in rows.items():
        points = [_point(examples.index(text), [row.cells[column.key] for column in columns]) for text, row in by_shots.items()]
        known = sorted((point for point in points if point), key=lambda point: point.x)
        series.append(Series(name, tuple(known)))
    metrics = {column.metric for column in columns}
    metric = metrics.pop() if len(metrics) == 1 else "average"
    return FewShot(tuple(column.title for column in columns), metric, table.backbone, tuple(examples), tuple(series))


def _name(row: Row, settings: dict[str, str], table: Table) -> str:
    """The name that the row would have if it was not for its number of examples."""
    told = [f"{name}={text}" for name, text in settings.items() if name not in table.shared]
    return row.title + (f" ({', '.join(told)})" if told else "")


def _point(place: int, of_tasks: Sequence[Cell]) -> Point | None:
    """Over the seeds that all tasks have, the mean of the tasks' mean with its interval; None where they share no seed."""
    by_seed = [dict(zip(cell.seeds, cell.values, strict=True)) for cell in of_tasks]
    shared = sorted(set.intersection(*(set(values) for values in by_seed)))
    return interval(place, [fmean(values[seed] for values in by_seed) for seed in shared]) if shared else None
