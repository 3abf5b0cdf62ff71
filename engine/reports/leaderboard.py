"""The leaderboard: a row per method, columns per target, and in each cell the mean over seeds.

Only completed runs count. A row and a column hold only runs of the same definition; others stand apart, named by what differs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from engine.catalog.catalog import Catalog
from engine.catalog.task import BenchmarkInfo
from engine.registry.reading import Reader
from engine.registry.records import Run, RunState, utc_now
from engine.reports.best_of import best_groups, setting_named
from engine.reports.columns import columns_of
from engine.reports.completeness import filled, only_complete
from engine.reports.measures import check_metric, measures
from engine.reports.provenance import provenance
from engine.reports.published import references, with_published
from engine.reports.query import Query
from engine.reports.rows import rows_of
from engine.reports.run_results import RunResults
from engine.reports.source_names import SourceRuns
from engine.reports.table import Column, Leaderboard, Row, Table
from engine.reports.tuned import Tuned, tuned_runs

EVERYTHING = Query()


def build(reader: Reader, catalog: Catalog, query: Query = EVERYTHING, at: datetime | None = None) -> Leaderboard:
    """One table for each benchmark and backbone (and its revision) that has completed runs as ``query`` asks for.

    Raises UserError for an unknown benchmark, metric or setting.
    """
    runs = _runs(reader, query, RunState.COMPLETED)
    recorded = {key: task for run in reversed(runs) for key in run.tasks if (task := run.parsed.known_task(key, catalog))}
    results = RunResults.of(reader, catalog, runs, {**recorded, **catalog.tasks})
    check_metric(query.metric, recorded.values())
    asked = {
        key: measures(Column(key, task.title, task.headline), task, query)
        for key, task in results.tasks.items()
        if key in recorded
    }
    unscored = {run.id: _unscored(run, asked, results) for run in runs}
    counted = [run for run in runs if unscored[run.id] is None]
    named = {task.benchmark for task in recorded.values()}
    selected = query.benchmark
    if selected and selected not in named:
        selected = catalog.find_benchmark(selected).name
    source_ids = {source.run_id for run in counted for source in run.parsed.sources}
    sources = SourceRuns({run.id: run for run in reader.runs(ids=sorted(source_ids))} if source_ids else {}, results)
    chosen = [*tuned_runs(reader, counted), *_best(reader, query, counted, results)]
    of_tables = _runs_of_tables(counted, selected, asked, results)
    tables = [_table(results.benchmark(name), runs, sources, chosen, query) for name, runs in of_tables]
    shown = tuple(table for table in tables if any(not row.published for row in table.rows))
    left_out = [text for text in unscored.values() if text]
    left_out += [f"{table.title}, {table.backbone}: no row has all tasks" for table in tables if table not in shown]
    return Leaderboard(shown, at or utc_now(), query, tuple(left_out))


def _runs(reader: Reader, query: Query, state: RunState) -> list[Run]:
    """Those that can have what the query asks for: runs that only help to choose a setting have results on dev alone."""
    runs = [
        run for run in reader.runs(states=[state], backbone=query.backbone) if query.split == "dev" or not run.parsed.dev_only
    ]
    return [run for run in runs if query.selection is None or query.selection.holds(run)]


def _unscored(run: Run, asked: Mapping[str, Sequence[Column]], results: RunResults) -> str | None:
    """Why a run that should have what is asked of its tasks does not count; empty where it just has nothing of it; None where
    it counts."""
    if not all(task in asked for task in run.tasks) or not any(asked[task] for task in run.tasks):
        return ""
    lacking = [task for task in run.tasks if asked[task] and all(results.score(run, column) is None for column in asked[task])]
    if not lacking:
        return None
    task, (first, *_) = lacking[0], asked[lacking[0]]
    if task not in results.results.get(run.id, {}):
        return ""
    where = f"{run.id} ({run.method} on {run.target}) is left out: "
    if not results.results[run.id][task].get(first.split):
        return f"{where}it has no scores on {first.split}"
    why = f"it was not scored by {first.metric} ({results.why_missing.get((run.id, task), '')})"
    return f"{where}{why}; or put back the metric that it has"


def _best(reader: Reader, query: Query, counted: Sequence[Run], results: RunResults) -> list[Tuned]:
    if not query.best_of:
        return []
    setting = setting_named(query.best_of, counted)
    return best_groups(setting, counted, _runs(reader, query, RunState.FAILED), results)


def _runs_of_tables(
    counted: Sequence[Run], selected: str | None, asked: Mapping[str, Sequence[Column]], results: RunResults
) -> list[tuple[str, list[Run]]]:
    """The name of its benchmark and the runs of each table, in the catalog's order of benchmarks."""
    catalog = results.catalog
    learned = {(run.tasks, tuple(source.task for source in run.parsed.sources)) for run in counted}
    shown = {selected} if selected else {name for targets, read in learned for name in _benchmarks(targets, read, catalog)}
    keys_of = {name: {key for key in results.keys(name) if asked.get(key)} for name in shown}
    tables: dict[tuple[str, str, str], list[Run]] = {}
    for run in counted:
        for name in shown:
            if keys_of[name].intersection(run.tasks):
                tables.setdefault((name, run.backbone, run.parsed.backbone_revision), []).append(run)
    order = {name: index for index, name in enumerate(catalog.benchmarks)}
    return [(key[0], tables[key]) for key in sorted(tables, key=lambda key: (order.get(key[0], len(order)), *key))]


def _benchmarks(targets: Sequence[str], sources: Sequence[str], catalog: Catalog) -> set[str]:
    """The benchmarks of a run's targets, and the union of benchmarks that its targets or its sources are as a whole."""
    whole = catalog.whole_benchmark(sources or targets)
    return {task.partition("/")[0] for task in targets} | ({whole} if whole else set())


def _table(benchmark: BenchmarkInfo, runs: Sequence[Run], sources: SourceRuns, tuned: Sequence[Tuned], query: Query) -> Table:
    """``runs`` share backbone and revision, and have targets in ``benchmark``."""
    results = sources.results
    columns = columns_of(benchmark, runs, results, query)
    rows = rows_of(benchmark.name, runs, columns, sources, tuned)
    shared = dict(set.intersection(*(set(row.settings.items()) for row in rows)))
    papers = [published for published in benchmark.published if published.backbone == runs[0].backbone]
    table = Table(
        benchmark=benchmark.name,
        title=benchmark.title,
        backbone=runs[0].backbone,
        revision=runs[0].parsed.backbone_revision,
        columns=columns.shown,
        rows=tuple(with_published(_without(shared, rows), benchmark, papers, columns)),
        shared=dict(sorted(shared.items())),
    )
    table = filled(only_complete(table) if query.complete_only else table)
    shown = {run_id for row in table.rows for cell in row.cells.values() for run_id in cell.run_ids}
    runs = [run for run in runs if run.id in shown]
    selected = {"runs": [f"selected, only those of which {query.selection} holds"]} if query.selection else {}
    footer = provenance(table, columns, runs, results.catalog, query.split) | table.provenance
    footer = selected | footer | results.evidence_note(runs) | references(benchmark, papers, table)
    return replace(table, provenance=footer)


def _without(shared: Mapping[str, str], rows: Sequence[Row]) -> list[Row]:
    """The rows without the settings that all of them have."""
    beside_tuned = any(row.tuning for row in rows)
    return [
        replace(
            row,
            settings={name: text for name, text in row.settings.items() if name not in shared},
            beside_tuned=beside_tuned and not row.tuning,
        )
        for row in rows
    ]
