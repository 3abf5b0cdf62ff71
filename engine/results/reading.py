"""Results of chosen runs, read from the registry and the runs' evidence while they are iterated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

from engine.catalog.catalog import Catalog
from engine.catalog.method import Value
from engine.catalog.task import MEAN
from engine.registry.reading import Reader
from engine.registry.records import Run
from engine.results.records import CurvePoint, RunRow, Score
from engine.results.rows import ResultRows
from engine.runs.deviations import deviations, settings_of

AT_ONCE = 500
"""Runs whose results are in memory together."""
CLOCKED = "system/"


@dataclass(frozen=True)
class ChosenRuns:
    """Runs to list something of, and where it is read from."""

    runs: Sequence[Run]
    reader: Reader
    catalog: Catalog

    @cached_property
    def settings(self) -> dict[str, type]:
        """Settings that one of the runs has off its method's default, by name, with the type of all runs' values.

        Shots have a column of their own.
        """
        names = {name for run in self.runs for name in deviations(run.parsed, self.catalog)}
        values = [_settings(run) for run in self.runs]
        columns = sorted(column_of(name) for name in names - {"shots"})
        return {column: _common_type({type(of[column]) for of in values if column in of}) for column in columns}

    def columns(self, run: Run, tags: Sequence[str]) -> dict[str, Any]:
        """The fields of ``RunColumns``."""
        spec = run.parsed
        settings = _settings(run)
        return {
            "run": run.id,
            "group": run.group_id,
            "method": run.method,
            "backbone": run.backbone,
            "target": run.target,
            "sources": tuple(source.task for source in spec.sources),
            "seed": run.seed,
            "shots": spec.shots,
            "state": str(run.state),
            "tags": tuple(tags),
            "settings": {name: kind(settings[name]) for name, kind in self.settings.items() if name in settings},
        }


def column_of(setting: str) -> str:
    """The name of a setting (``settings_of``) in a table: ``limit_train``."""
    return setting.replace(" ", "_")


def _settings(run: Run) -> dict[str, Value]:
    package = {"distribution": run.parsed.distribution} if run.parsed.distribution else {}
    return {column_of(name): value for name, value in (settings_of(run.parsed) | package).items()}


def _common_type(types: set[type]) -> type:
    """That of all; float for numbers, else str: two packages may give a name to settings of different types."""
    if len(types) == 1:
        return next(iter(types))
    return float if types == {int, float} else str


def run_rows(chosen: ChosenRuns) -> ResultRows[RunRow]:
    """One row per run, in the order given."""

    def read() -> Iterator[RunRow]:
        for part in _parts(chosen.runs):
            tags = chosen.reader.tags([run.id for run in part])
            for run in part:
                yield RunRow(
                    **chosen.columns(run, tags.get(run.id, [])),
                    created=run.created_at, seconds=run.seconds, epochs=run.epochs, best_epoch=run.best_epoch,
                    trainable=run.trainable, transfer=run.transfer, device=run.device,
                )  # fmt: skip

    return ResultRows(RunRow, read, chosen.settings)


def score_rows(chosen: ChosenRuns) -> ResultRows[Score]:
    """Every final number of the runs, of a joint run those of its tasks first; none of a run without results."""

    def read() -> Iterator[Score]:
        for part in _parts(chosen.runs):
            ids = [run.id for run in part]
            results, tags = chosen.reader.results(ids), chosen.reader.tags(ids)
            for run in part:
                of_run = results.get(run.id, {})
                columns = chosen.columns(run, tags.get(run.id, []))
                for task in (key for key in (*run.tasks, MEAN) if key in of_run):
                    for split, values in sorted(of_run[task].items()):
                        for metric, value in values.items():
                            yield Score(**columns, task=task, split=split, metric=metric, value=value)

    return ResultRows(Score, read, chosen.settings)


def curve_rows(chosen: ChosenRuns) -> ResultRows[CurvePoint]:
    """Every point of every curve, run by run, curve by curve, by step."""

    def read() -> Iterator[CurvePoint]:
        for run in chosen.runs:
            for point in sorted(chosen.reader.metrics(run.id), key=lambda point: point.name):
                timed = point.name.startswith(CLOCKED)
                yield CurvePoint(
                    run=run.id,
                    metric=point.name,
                    step=point.step,
                    epoch=None if timed else point.epoch,
                    seconds=float(point.step) if timed else _seconds(run, point.step),
                    value=point.value,
                )

    return ResultRows(CurvePoint, read)


def _seconds(run: Run, step: int) -> float | None:
    return run.seconds * step / run.step if run.step and run.seconds else None


def _parts(runs: Sequence[Run]) -> Iterator[list[Run]]:
    remaining = iter(runs)
    while part := list(islice(remaining, AT_ONCE)):
        yield part
