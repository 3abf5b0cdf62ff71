"""The leaderboard: a row per method, a column per target, and in each cell the mean over seeds.

Only completed runs count. A row and a column hold only runs of the same definition; others stand apart, named by what differs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from engine.catalog.catalog import Catalog
from engine.catalog.task import BenchmarkInfo, PublishedTable
from engine.registry.reading import Reader
from engine.registry.records import Run, RunState, utc_now
from engine.reports.columns import Columns, columns_of
from engine.reports.provenance import provenance
from engine.reports.published import published_results, references
from engine.reports.rows import rows_of
from engine.reports.run_results import RunResults
from engine.reports.source_names import SourceRuns
from engine.reports.table import Cell, Leaderboard, Row, Table
from engine.reports.tuned import Tuned, tuned_runs
from engine.runs.selection import Selection


def build(
    reader: Reader,
    catalog: Catalog,
    *,
    benchmark: str | None = None,
    backbone: str | None = None,
    selection: Selection[Run] | None = None,
    at: datetime | None = None,
) -> Leaderboard:
    """One table for each benchmark and backbone (and its revision) that has completed runs of which ``selection`` holds.

    Raises UserError for an unknown benchmark.
    """
    completed = reader.runs(states=[RunState.COMPLETED], backbone=backbone)
    runs = [run for run in completed if not run.parsed.dev_only]
    if selection is not None:
        runs = [run for run in runs if selection.holds(run)]
    recorded = {key: task for run in reversed(runs) for key in run.tasks if (task := run.parsed.known_task(key, catalog))}
    results = RunResults.of(reader, catalog, runs, {**recorded, **catalog.tasks})
    scored = {run.id: all(results.headline(run, task) is not None for task in run.tasks) for run in runs}
    counted = [run for run in runs if scored[run.id]]
    named = {task.benchmark for task in recorded.values()}
    selected = benchmark if benchmark in named else catalog.find_benchmark(benchmark).name if benchmark else None
    source_ids = {source.run_id for run in counted for source in run.parsed.sources}
    sources = SourceRuns({run.id: run for run in reader.runs(ids=sorted(source_ids))} if source_ids else {}, results)

    learned = {(run.tasks, tuple(source.task for source in run.parsed.sources)) for run in counted}
    shown = {selected} if selected else {name for targets, read in learned for name in _benchmarks(targets, read, catalog)}
    keys_of = {name: results.keys(name) for name in shown}
    runs_of_table: dict[tuple[str, str, str], list[Run]] = {}
    for run in counted:
        for name in shown:
            if keys_of[name].intersection(run.tasks):
                runs_of_table.setdefault((name, run.backbone, run.parsed.backbone_revision), []).append(run)
    order = {name: index for index, name in enumerate(catalog.benchmarks)}
    keys = sorted(runs_of_table, key=lambda key: (order.get(key[0], len(order)), *key))
    tuned = tuned_runs(reader, counted)
    tables = [_table(results.benchmark(key[0]), runs_of_table[key], sources, tuned) for key in keys]
    if selection is not None:
        told = {"runs": [f"selected, only those of which {selection} holds"]}
        tables = [replace(table, provenance=told | table.provenance) for table in tables]
    unscored = [_unscored(run, results) for run in runs if not scored[run.id]]
    return Leaderboard(tuple(tables), at or utc_now(), tuple(text for text in unscored if text))


def _unscored(run: Run, results: RunResults) -> str:
    """What a run lacks that has results, but not of its tasks' headline metrics; empty for one without results."""
    known = [task for task in results.results.get(run.id, {}) if task in results.tasks]
    lacking = [task for task in known if results.headline(run, task) is None]
    if not lacking:
        return ""
    why = f"it was not scored by {results.tasks[lacking[0]].headline} ({results.why_missing.get((run.id, lacking[0]), '')})"
    return f"{run.id} ({run.method} on {run.target}) is left out: {why}; or put back the metric that it has"


def _benchmarks(targets: Sequence[str], sources: Sequence[str], catalog: Catalog) -> set[str]:
    """The benchmarks of a run's targets, and the union of benchmarks that its targets or its sources are as a whole."""
    whole = catalog.whole_benchmark(sources or targets)
    return {task.partition("/")[0] for task in targets} | ({whole} if whole else set())


def _table(benchmark: BenchmarkInfo, runs: Sequence[Run], sources: SourceRuns, tuned: Sequence[Tuned]) -> Table:
    """``runs`` share backbone and revision, and have targets in ``benchmark``."""
    results = sources.results
    columns = columns_of(benchmark, runs, results)
    rows = rows_of(benchmark.name, runs, columns, sources, tuned)
    shared = dict(set.intersection(*(set(row.settings.items()) for row in rows)))
    beside_tuned = any(row.tuning for row in rows)
    rows = [
        replace(
            row,
            settings={name: text for name, text in row.settings.items() if name not in shared},
            beside_tuned=beside_tuned and not row.tuning,
        )
        for row in rows
    ]
    published = [published for published in benchmark.published if published.backbone == runs[0].backbone]
    table = Table(
        benchmark=benchmark.name,
        title=benchmark.title,
        backbone=runs[0].backbone,
        revision=runs[0].parsed.backbone_revision,
        columns=columns.all,
        rows=tuple(_with_published(rows, benchmark, published, columns)),
        shared=dict(sorted(shared.items())),
    )
    footer = provenance(table, columns, runs, results.catalog) | results.evidence_note(runs) | references(benchmark, published)
    return replace(table, provenance=footer)


def _with_published(
    rows: Sequence[Row], benchmark: BenchmarkInfo, published: Sequence[PublishedTable], columns: Columns
) -> list[Row]:
    """Each published row below ours of the same method; those of methods without runs come last, a server's after them."""
    every = [
        Row(
            title,
            None,
            {},
            {column.key: Cell((value,)) for task, value in figures.items() if (column := columns.first(task))},
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
