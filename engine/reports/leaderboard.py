"""The leaderboard: a row per method, a column per target, and in each cell the mean over seeds.

Only completed runs count. A cell averages one group, that is runs equal in everything but the seed, on the headline metric
of the test split, in points (metric times 100).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from engine.catalog.catalog import Catalog
from engine.catalog.task import BenchmarkInfo, PublishedTable
from engine.registry.store import Store
from engine.registry.tables import Run, RunState, utc_now
from engine.reports.provenance import incomplete_rows, provenance
from engine.reports.published import published_results, references
from engine.reports.run_results import RunResults
from engine.reports.table import Cell, Column, Leaderboard, Row, Settings, Table
from engine.runs.deviations import deviations, joint_tasks, source_deviations
from engine.runs.spec import RunSpec


def build(
    store: Store,
    catalog: Catalog,
    *,
    benchmark: str | None = None,
    backbone: str | None = None,
    at: datetime | None = None,
) -> Leaderboard:
    """One table for each benchmark and backbone (and its revision) that has completed runs.

    Raises UserError for an unknown benchmark.
    """
    runs = store.runs(states=[RunState.COMPLETED], backbone=backbone)
    recorded = {key: task for run in reversed(runs) for key in run.tasks if (task := run.parsed.known_task(key, catalog))}
    results = RunResults.of(store, catalog, runs, {**recorded, **catalog.tasks})
    counted = [run for run in runs if all(results.headline(run, task) is not None for task in run.tasks)]
    named = {task.benchmark for task in recorded.values()}
    selected = benchmark if benchmark in named else catalog.find_benchmark(benchmark).name if benchmark else None
    source_ids = {source.run_id for run in counted for source in run.parsed.sources}
    sources = {run.id: run for run in store.runs(ids=sorted(source_ids))} if source_ids else {}

    shown = {selected} if selected else {name for run in counted for name in _benchmarks(run, catalog)}
    runs_of_table: dict[tuple[str, str, str], list[Run]] = {}
    for run in counted:
        for name in shown:
            if results.keys(name).intersection(run.tasks):
                runs_of_table.setdefault((name, run.backbone, run.parsed.backbone_revision), []).append(run)
    order = {name: index for index, name in enumerate(catalog.benchmarks)}
    keys = sorted(runs_of_table, key=lambda key: (order.get(key[0], len(order)), *key))
    tables = tuple(_table(results.benchmark(key[0]), runs_of_table[key], results, sources) for key in keys)
    unscored = [_unscored(run, results) for run in runs if run not in counted]
    return Leaderboard(tables, at or utc_now(), tuple(text for text in unscored if text))


def _unscored(run: Run, results: RunResults) -> str:
    """What a run lacks that has results, but not of its tasks' headline metrics; empty for one without results."""
    known = [task for task in results.results.get(run.id, {}) if task in results.tasks]
    lacking = [task for task in known if results.headline(run, task) is None]
    if not lacking:
        return ""
    why = f"it was not scored by {results.tasks[lacking[0]].headline} ({results.why_missing.get((run.id, lacking[0]), '')})"
    return f"{run.id} ({run.method} on {run.target}) is left out: {why}; or put back the metric that it has"


def _benchmarks(run: Run, catalog: Catalog) -> set[str]:
    """The benchmarks of the run's tasks, and the union of benchmarks that its targets or its sources are as a whole."""
    whole = catalog.whole_benchmark([source.task for source in run.parsed.sources] or run.tasks)
    return {task.partition("/")[0] for task in run.tasks} | ({whole} if whole else set())


def _table(benchmark: BenchmarkInfo, runs: Sequence[Run], results: RunResults, sources: Mapping[str, Run]) -> Table:
    """``runs`` share backbone and revision, and have targets in ``benchmark``."""
    targets = {task for run in runs for task in run.tasks}
    part = {key for run in runs for key in run.tasks if incomplete_rows(run, run.parsed.known_task(key, results.catalog))}
    tasks = [task for task in benchmark.tasks if task.key in targets]
    columns = tuple(Column(task.key, task.title, task.headline, task.key in part) for task in tasks)
    rows = _rows(benchmark.name, runs, results, sources)
    shared = dict(set.intersection(*(set(row.settings.items()) for row in rows)))
    rows = [replace(row, settings={name: text for name, text in row.settings.items() if name not in shared}) for row in rows]
    published = [published for published in benchmark.published if published.backbone == runs[0].backbone]
    table = Table(
        benchmark=benchmark.name,
        title=benchmark.title,
        backbone=runs[0].backbone,
        revision=runs[0].parsed.backbone_revision,
        columns=columns,
        rows=tuple(_with_published(rows, benchmark, published, targets)),
        shared=dict(sorted(shared.items())),
    )
    footer = provenance(table, runs, results.catalog) | results.evidence_note(runs) | references(benchmark, published)
    return replace(table, provenance=footer)


def _rows(benchmark: str, runs: Sequence[Run], results: RunResults, sources: Mapping[str, Run]) -> list[Row]:
    """One row for the groups with the same method and settings on different targets; methods in the catalog's order.

    A group of joint runs fills the cells of all its tasks.
    """
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(run.group_id, []).append(run)
    cells_of_row: dict[tuple[str, tuple[tuple[str, str], ...]], dict[str, list[Run]]] = {}
    for group_id, members in sorted(groups.items(), key=lambda item: min(run.created_at for run in item[1])):
        spec = members[0].parsed
        settings = _settings(spec, sources, benchmark, results.catalog)
        tasks = [task for task in spec.targets if task in results.keys(benchmark)]
        key = (spec.method, tuple(settings.items()))
        if cells_of_row.get(key, {}).keys() & set(tasks):
            # Equal settings, yet another group: other data, other order of sources, or sources trained on other data.
            key = (spec.method, (*settings.items(), ("group", group_id)))
        by_seed = sorted(members, key=lambda run: run.seed)
        cells_of_row.setdefault(key, {}).update(dict.fromkeys(tasks, by_seed))
    order = {method: position for position, method in enumerate(results.catalog.methods)}
    rows = [_row(method, dict(items), cells, results) for (method, items), cells in cells_of_row.items()]
    return sorted(
        rows,
        key=lambda row: (order.get(row.method or "", len(order)), row.title, len(row.settings), list(row.settings.items())),
    )


def _row(method: str, settings: Settings, cells: Mapping[str, Sequence[Run]], results: RunResults) -> Row:
    runs = [run for members in cells.values() for run in members]
    return Row(
        title=results.catalog.methods[method].title if method in results.catalog.methods else method,
        method=method,
        settings=settings,
        cells={task: _cell(task, members, results) for task, members in cells.items()},
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
    return deviations(spec, catalog) | special | joint_tasks(spec, benchmark, catalog)


def _with_published(
    rows: Sequence[Row], benchmark: BenchmarkInfo, published: Sequence[PublishedTable], targets: set[str]
) -> list[Row]:
    """Each published row below ours of the same method; those of methods without runs come last, a server's after them."""
    every = [
        Row(
            title,
            None,
            {},
            {task: Cell((value,)) for task, value in figures.items() if task in targets},
            server=bool(paper.server),
        )
        for paper in published
        for title, figures in published_results(benchmark, paper).items()
    ]
    published_rows = {row.title: row for row in every if not row.server}
    merged: list[Row] = []
    for row, following in zip(rows, [*rows[1:], None], strict=True):
        merged.append(row)
        if (following is None or following.title != row.title) and row.title in published_rows:
            merged.append(published_rows.pop(row.title))
    return [*merged, *published_rows.values(), *(row for row in every if row.server)]
