"""The rows of a table: groups of runs of the same method in the same settings, on different targets.

A cell averages one group, that is runs equal in everything but the seed, on the headline metric of the test split, in points
(metric times 100).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from engine.catalog.catalog import Catalog
from engine.registry.tables import Run
from engine.reports.columns import DATES, Columns
from engine.reports.run_results import RunResults
from engine.reports.table import Cell, Column, Row, Settings
from engine.runs.deviations import deviations, joint_tasks, source_deviations
from engine.runs.spec import RunSpec

RowKey = tuple[str, tuple[tuple[str, str], ...]]
"""A method and the settings that distinguish the row."""


def rows_of(
    benchmark: str, runs: Sequence[Run], columns: Columns, results: RunResults, sources: Mapping[str, Run]
) -> list[Row]:
    """One row for the groups with the same method and settings on different targets; methods in the catalog's order.

    A group of joint runs fills the cells of all its tasks.
    """
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(run.group_id, []).append(run)
    cells_of_row: dict[RowKey, dict[Column, list[Run]]] = {}
    for members in sorted(groups.values(), key=_first_run):
        spec = members[0].parsed
        found = [column for task in spec.targets if (column := columns.of(members[0], task))]
        settings = _settings(spec, sources, benchmark, results.catalog)
        if spec.joint:
            settings |= {column.task.removeprefix(f"{benchmark}/"): column.version for column in found if column.version}
        cells = _free_row(cells_of_row, spec.method, settings, found, members)
        cells.update(dict.fromkeys(found, sorted(members, key=lambda run: run.seed)))
    order = {method: position for position, method in enumerate(results.catalog.methods)}
    rows = [_row(method, dict(items), cells, results) for (method, items), cells in cells_of_row.items()]
    return sorted(
        rows,
        key=lambda row: (order.get(row.method or "", len(order)), row.title, len(row.settings), list(row.settings.items())),
    )


def _first_run(members: Sequence[Run]) -> datetime:
    return min(run.created_at for run in members)


def _free_row(
    cells_of_row: dict[RowKey, dict[Column, list[Run]]],
    method: str,
    settings: Settings,
    columns: Sequence[Column],
    members: Sequence[Run],
) -> dict[Column, list[Run]]:
    """The cells of the row with these settings; where it has other runs in ``columns`` that differ in nothing that can be
    named, of a row that is named by the date of its first run."""
    key = (method, tuple(settings.items()))
    for form in DATES:
        cells = cells_of_row.setdefault(key, {})
        if not cells.keys() & set(columns):
            break
        key = (method, (*settings.items(), ("first run", f"{_first_run(members).astimezone():{form}}")))
    return cells_of_row.setdefault(key, {})


def _row(method: str, settings: Settings, cells: Mapping[Column, Sequence[Run]], results: RunResults) -> Row:
    runs = [run for members in cells.values() for run in members]
    return Row(
        title=results.catalog.methods[method].title if method in results.catalog.methods else method,
        method=method,
        settings=settings,
        cells={column.key: _cell(column.task, members, results) for column, members in cells.items()},
        trainable=_range(run.trainable for run in runs),
        transfer=_range(run.transfer for run in runs),
    )


def _cell(task: str, runs: Sequence[Run], results: RunResults) -> Cell:
    metrics = results.tasks[task].metrics
    reported = [_reported(results.results[run.id][task], metrics) for run in runs]
    headline = f"test/{results.tasks[task].headline}"
    return Cell(
        values=tuple(scores[headline] for scores in reported),
        seeds=tuple(run.seed for run in runs),
        run_ids=tuple(run.id for run in runs),
        others={
            name: tuple(scores[name] for scores in reported)
            for name in reported[0]
            if name != headline and all(name in scores for scores in reported)
        },
    )


def _reported(splits: Mapping[str, Mapping[str, float]], metrics: Collection[str]) -> dict[str, float]:
    """The task's metrics of a run on all its test splits, in points."""
    return {
        f"{split}/{metric}": 100 * value
        for split, values in splits.items()
        for metric, value in values.items()
        if split != "dev" and metric in metrics
    }


def _range(values: Iterable[int | None]) -> tuple[int, int] | None:
    known = [value for value in values if value is not None]
    return (min(known), max(known)) if known else None


def _settings(spec: RunSpec, sources: Mapping[str, Run], benchmark: str, catalog: Catalog) -> Settings:
    """Everything that distinguishes a run in the table of ``benchmark``."""
    known = [sources[source.run_id].parsed for source in spec.sources if source.run_id in sources]
    special = source_deviations(spec, known, benchmark, catalog)
    return deviations(spec, catalog) | special | joint_tasks(spec, benchmark, catalog) | _selection(spec, catalog)


def _selection(spec: RunSpec, catalog: Catalog) -> Settings:
    """The metric that picked the epoch, where it is the task's headline metric no more."""
    if spec.select_by != "metric":
        return {}
    tasks = [(spec.known_task(key, catalog), catalog.tasks.get(key)) for key in spec.targets]
    names = dict.fromkeys(then.headline for then, now in tasks if then and now and then.headline != now.headline)
    return {"selected by": "/".join(names)} if names else {}
