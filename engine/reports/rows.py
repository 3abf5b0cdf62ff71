"""The rows of a table: groups of runs of the same method in the same settings, on different targets.

A cell averages one group, that is runs equal in everything but the seed, on one metric and split, in points (metric times 100).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.catalog.catalog import Catalog
from engine.registry.records import Run
from engine.reports.columns import DATES, Columns
from engine.reports.conditions import different_conditions
from engine.reports.run_results import RunResults
from engine.reports.source_names import SourceRuns, source_names
from engine.reports.table import Cell, Column, Row, Settings
from engine.reports.tuned import Tuned, tuning_of
from engine.runs.deviations import deviations, joint_tasks
from engine.runs.spec import RunSpec

RowKey = tuple[str, tuple[tuple[str, str], ...], str]
"""A method, the settings that distinguish the row, and the sweep that has tuned others; empty where none has."""


@dataclass(frozen=True)
class _Group:
    """Runs equal in everything but the seed."""

    runs: list[Run]
    """By seed."""
    columns: list[Column]
    """Those that it fills; several for joint runs."""
    tuned: Tuned | None = None
    """Where their setting was chosen on dev, how. The runs are in an untuned group too."""

    @property
    def first_run(self) -> datetime:
        return min(run.created_at for run in self.runs)


Cells = dict[Column, _Group]


def rows_of(benchmark: str, runs: Sequence[Run], columns: Columns, sources: SourceRuns, tuned: Sequence[Tuned]) -> list[Row]:
    """One row for the groups with the same method and settings on different targets; methods in the catalog's order.

    A tuned method has one row whatever was chosen for each target. Runs of it have another one only where they were asked for
    without tuning too, or beside runs that were not chosen; those that ``Query.best_of`` compared have none.
    """
    chosen = [_Group(of.runs, _columns_of(of.runs[0], columns), of) for of in tuned if _columns_of(of.runs[0], columns)]
    compared = {run_id for of in tuned if not of.sweep for trial in of.search.trials for run_id in trial.runs}
    groups = _groups([run for run in runs if run.id not in compared], columns)
    results, rows = sources.results, _shared_rows(benchmark, [*chosen, *groups], sources)
    order = {method: position for position, method in enumerate(results.catalog.methods)}
    found = [_row(key, groups, columns, results) for key, groups in rows.items()]
    return sorted(
        (row for row in found if row.cells),
        key=lambda row: (
            order.get(row.method or "", len(order)),
            row.title,
            row.tuning is not None,
            len(row.settings),
            list(row.settings.items()),
        ),
    )


def _groups(runs: Sequence[Run], columns: Columns) -> list[_Group]:
    """The groups, the earliest first. Runs of a group of which some were imported without their definition are in several."""
    by_place: dict[tuple[str, tuple[Column, ...]], list[Run]] = {}
    for run in sorted(runs, key=lambda run: run.seed):
        by_place.setdefault((run.group_id, tuple(_columns_of(run, columns))), []).append(run)
    groups = [_Group(members, list(of_columns)) for (_, of_columns), members in by_place.items()]
    return sorted(groups, key=lambda group: group.first_run)


def _columns_of(run: Run, columns: Columns) -> list[Column]:
    return [column for task in run.tasks if (column := columns.of(run, task))]


def _shared_rows(benchmark: str, groups: Sequence[_Group], sources: SourceRuns) -> dict[RowKey, Cells]:
    """Cells by row: of all rows that the groups can be in, tuned ones and then the fullest, and only those that add a cell."""
    possible: dict[RowKey, Cells] = {}
    plainness: Counter[RowKey] = Counter()
    for group in groups:
        for rank, key in enumerate(_free_rows(possible, benchmark, group, sources)):
            possible.setdefault(key, {}).update(dict.fromkeys(group.columns, group))
            plainness[key] -= rank
    shown: dict[RowKey, Cells] = {}
    covered: defaultdict[str, set[tuple[tuple[str, ...], Column]]] = defaultdict(set)
    """Cells by the sweep that tuned them; those of all rows under the empty name."""
    for key in sorted(possible, key=lambda key: (not key[-1], -len(possible[key]), -plainness[key])):
        cells = {(tuple(run.id for run in group.runs), column): group for column, group in possible[key].items()}
        if not cells.keys() <= covered[key[-1]]:
            shown[key] = possible[key]
            covered[key[-1]] |= cells.keys()
            covered[""] |= {cell for cell, group in cells.items() if not (group.tuned and group.tuned.asked_untuned)}
    return shown


def _free_rows(possible: Mapping[RowKey, Cells], benchmark: str, group: _Group, sources: SourceRuns) -> list[RowKey]:
    """The rows that have a place for the group, the plainest name first.

    Where others are in all of them that differ in nothing that can be named, it is named by the date of its first run.
    """
    method, names = group.runs[0].method, _names(group, sources, benchmark)
    keys = [(method, tuple(settings.items())) for settings in names]
    sweep = group.tuned.sweep if group.tuned else ""
    for form in ("", *DATES):
        date = (("first run", f"{group.first_run.astimezone():{form}}"),) if form else ()
        dated = [(method, (*items, *date), sweep) for method, items in keys]
        if free := [key for key in dated if possible.get(key, {}).keys().isdisjoint(group.columns)]:
            return free
    return dated


def _names(group: _Group, sources: SourceRuns, benchmark: str) -> list[Settings]:
    """Everything that distinguishes a group in the table of ``benchmark``, in all ways in which it can be told."""
    spec, catalog = group.runs[0].parsed, sources.results.catalog
    varied = group.tuned.search.varied if group.tuned else ()
    before = {name: text for name, text in deviations(spec, catalog).items() if name not in varied}
    after = joint_tasks(spec, benchmark, catalog) | _selection(spec, catalog)
    if spec.joint:
        after |= {column.task.removeprefix(f"{benchmark}/"): column.version for column in group.columns if column.version}
    return [before | told | after for told in source_names(spec, sources, benchmark)]


def _selection(spec: RunSpec, catalog: Catalog) -> Settings:
    """The metric that picked the epoch, where it is the task's headline metric no more."""
    if spec.select_by != "metric":
        return {}
    tasks = [(spec.known_task(key, catalog), catalog.tasks.get(key)) for key in spec.targets]
    names = dict.fromkeys(then.headline for then, now in tasks if then and now and then.headline != now.headline)
    return {"selected by": "/".join(names)} if names else {}


def _row(key: RowKey, groups: Cells, columns: Columns, results: RunResults) -> Row:
    method, items, _ = key
    cells = {column: group.runs for column, group in groups.items()}
    measured = {measure: members for column, members in cells.items() for measure in columns.measures[column]}
    runs = [run for members in cells.values() for run in members]
    return Row(
        title=results.catalog.methods[method].title if method in results.catalog.methods else method,
        method=method,
        settings=dict(items),
        cells={measure.key: cell for measure, members in measured.items() if (cell := _cell(measure, members, results))},
        conditions=different_conditions(cells),
        trainable=_range(run.trainable for run in runs),
        transfer=_range(run.transfer for run in runs),
        tuning=tuning_of({column: group.tuned for column, group in groups.items() if group.tuned}),
    )


def _cell(column: Column, runs: Sequence[Run], results: RunResults) -> Cell | None:
    """Of those of the runs that have the figure; None where none has."""
    scores = {run: score for run in runs if (score := results.score(run, column)) is not None}
    if not scores:
        return None
    reported = [_reported(results.results[run.id][column.task], column, results) for run in scores]
    return Cell(
        values=tuple(100 * score for score in scores.values()),
        seeds=tuple(run.seed for run in scores),
        run_ids=tuple(run.id for run in scores),
        others={
            name: tuple(values[name] for values in reported)
            for name in reported[0]
            if all(name in values for values in reported)
        },
    )


def _reported(splits: Mapping[str, Mapping[str, float]], column: Column, results: RunResults) -> dict[str, float]:
    """The task's other metrics of a run, in points: on dev for a column of dev, else on all its test splits."""
    return {
        f"{split}/{metric}": 100 * value
        for split, values in splits.items()
        for metric, value in values.items()
        if (split == "dev") == (column.split == "dev")
        and metric in results.tasks[column.task].metrics
        and (split, metric) != (column.split, column.metric)
    }


def _range(values: Iterable[int | None]) -> tuple[int, int] | None:
    known = [value for value in values if value is not None]
    return (min(known), max(known)) if known else None
