"""The leaderboard: a row per method, a column per target, and in each cell the mean over seeds.

Only completed runs count. A cell averages one group, that is runs equal in everything but the seed, on the headline metric
of the test split, in points (metric times 100).
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from engine.catalog.catalog import Catalog
from engine.catalog.task import BenchmarkInfo, HubData, PublishedTable
from engine.registry.store import Store
from engine.registry.tables import Run, RunState, utc_now
from engine.reports.published import published_results, references
from engine.reports.run_results import RunResults
from engine.runs.deviations import deviations, joint_tasks, source_deviations
from engine.runs.spec import RunSpec

Settings = dict[str, str]


@dataclass(frozen=True)
class Column:
    """One target."""

    task: str
    """Key, ``superglue/boolq``."""
    title: str
    metric: str
    """The task's headline metric."""


@dataclass(frozen=True)
class Cell:
    """Results of one group, in points, ordered by seed; a published figure has no seeds."""

    values: tuple[float, ...]
    seeds: tuple[int, ...] = ()
    run_ids: tuple[str, ...] = ()
    others: dict[str, tuple[float, ...]] = field(default_factory=dict)
    """Further reported results in the same form, by split and metric: ``test_mismatched/accuracy``."""

    @property
    def mean(self) -> float:
        return statistics.fmean(self.values)

    @property
    def std(self) -> float | None:
        """Sample standard deviation (n - 1); None for a single value."""
        return statistics.stdev(self.values) if len(self.values) > 1 else None


@dataclass(frozen=True)
class Row:
    """One method in one configuration, or a published row."""

    title: str
    method: str | None
    """Catalog name; None for a published row."""
    settings: Settings
    """Settings that distinguish it from the other rows; those that all rows share are in the table's ``shared``."""
    cells: dict[str, Cell]
    """By task key."""
    trainable: tuple[int, int] | None = None
    """Least and most trainable parameters over the targets, heads included."""
    transfer: tuple[int, int] | None = None
    """The same for the method's own parameters."""
    server: bool = False
    """Whether these are published scores of the benchmark's server, whose test rows are not those of the other rows."""

    @property
    def published(self) -> bool:
        return self.method is None

    @property
    def origin(self) -> str:
        return "server" if self.server else "published" if self.published else "measured"


@dataclass(frozen=True)
class Table:
    """One benchmark with one backbone."""

    benchmark: str
    title: str
    """The benchmark's."""
    backbone: str
    revision: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    shared: Settings
    """Non-default settings that all rows have in common."""
    provenance: dict[str, list[str]] = field(default_factory=dict)
    """Provenance of the numbers by name, in the order in which it is printed."""

    def average(self, row: Row) -> float | None:
        """Mean of the row's cells over the columns; None where one is missing, where there is only one column, or of the
        scores of a server, whose paper averages other columns."""
        if row.server or len(self.columns) < 2 or any(column.task not in row.cells for column in self.columns):
            return None
        return statistics.fmean(row.cells[column.task].mean for column in self.columns)


@dataclass(frozen=True)
class Leaderboard:
    """Tables in the catalog's order of benchmarks."""

    tables: tuple[Table, ...]
    at: datetime
    """When it was built."""
    left_out: tuple[str, ...] = ()
    """Completed runs that no table shows because they were not scored by today's headline metric, and what to do about it."""


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
    results = RunResults(catalog, store.results([run.id for run in runs]), {**recorded, **catalog.tasks})
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
    metrics = [
        results.tasks[task].headline
        for task in results.results.get(run.id, {})
        if task in results.tasks and results.headline(run, task) is None
    ]
    if not metrics:
        return ""
    advice = "put back the metric that it has, or delete the run and ask for it again"
    return f"{run.id} ({run.method} on {run.target}) is left out: it was not scored by {metrics[0]}; {advice}"


def _benchmarks(run: Run, catalog: Catalog) -> set[str]:
    """The benchmarks of the run's tasks, and the union of benchmarks that its targets or its sources are as a whole."""
    whole = catalog.whole_benchmark([source.task for source in run.parsed.sources] or run.tasks)
    return {task.partition("/")[0] for task in run.tasks} | ({whole} if whole else set())


def _table(benchmark: BenchmarkInfo, runs: Sequence[Run], results: RunResults, sources: Mapping[str, Run]) -> Table:
    """``runs`` share backbone and revision, and have targets in ``benchmark``."""
    targets = {task for run in runs for task in run.tasks}
    columns = tuple(Column(task.key, task.title, task.headline) for task in benchmark.tasks if task.key in targets)
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
    return replace(table, provenance=_provenance(table, runs, results.catalog) | references(benchmark, published))


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


def _provenance(table: Table, runs: Sequence[Run], catalog: Catalog) -> dict[str, list[str]]:
    """The footer: names and texts, in order."""
    versions = {(run.provenance or {}).get("versions", {}).get("scalearn-tui") for run in runs}
    commits = {(run.provenance or {}).get("git_commit") for run in runs}
    footer = {
        "backbone": [f"{table.backbone} at {table.revision}"],
        "data": _by_column(table, runs, lambda run, task: str(run.parsed.data[task])),
        "metric": [f"{column.title} {column.metric}" for column in table.columns],
        "split": _by_column(table, runs, partial(_split, catalog)),
        "selection": _by_column(table, runs, partial(_rule, catalog)),
        "settings": [f"{name}={text}" for name, text in table.shared.items()] or ["defaults unless a row says otherwise"],
        "seeds": [str(seed) for seed in sorted({run.seed for run in runs})],
        "version": sorted(f"scalearn-tui {version}" for version in versions if version),
        "commit": sorted(commit for commit in commits if commit),
    }
    return {name: texts for name, texts in footer.items() if texts}


def _rule(catalog: Catalog, run: Run, key: str) -> str:
    by_loss = run.parsed.select_by == "loss"
    if len(run.tasks) > 1:
        return f"best epoch by the mean dev {'loss' if by_loss else 'headline metric'} of its tasks"
    task = run.parsed.known_task(key, catalog)
    return f"best epoch by dev {'loss' if by_loss else task.headline if task else ''}"


def _split(catalog: Catalog, run: Run, key: str) -> str:
    task = run.parsed.known_task(key, catalog)
    official = (
        f", the official {dict(task.tests)['test'].replace('_', ' ')} split" if task and isinstance(task.data, HubData) else ""
    )
    return f"test{official}, of the selected epoch"


def _by_column(table: Table, runs: Sequence[Run], describe: Callable[[Run, str], str]) -> list[str]:
    """``describe`` of each column's runs; a single text where all are equal."""
    by_column = {
        column.title: sorted({describe(run, column.task) for run in runs if column.task in run.tasks})
        for column in table.columns
    }
    distinct = {text for texts in by_column.values() for text in texts}
    if len(distinct) == 1:
        return list(distinct)
    return [f"{title} {' and '.join(texts)}" for title, texts in by_column.items()]
