"""What the numbers of a table rest on: the footer of a leaderboard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from engine.catalog.catalog import Catalog
from engine.catalog.task import HubData
from engine.registry.records import Run
from engine.reports.columns import Columns
from engine.reports.completeness import missing_averages
from engine.reports.conditions import code_version
from engine.reports.run_results import incomplete_rows
from engine.reports.table import Table
from engine.reports.tuned import tuning_notes
from engine.runs.deviations import kept_changes

ON_DEV = "dev, of the selected epoch: epochs, and settings where they were compared, were chosen on it, which flatters them"


def provenance(table: Table, columns: Columns, runs: Sequence[Run], catalog: Catalog, split: str) -> dict[str, list[str]]:
    """The footer: names and texts, in order."""
    versions = {code_version(run) for run in runs}
    commits = {(run.provenance or {}).get("git_commit") for run in runs}
    footer = {
        "backbone": [f"{table.backbone} at {table.revision}"],
        "data": _by_column(columns, runs, lambda run, task: str(run.parsed.data[task])),
        "metric": list(dict.fromkeys(f"{column.title} {column.metric}" for column in table.columns)),
        "split": [ON_DEV] if split == "dev" else _by_column(columns, runs, partial(_split, catalog)),
        "selection": _by_column(columns, runs, partial(_rule, catalog)),
        "settings": [f"{name}={text}" for name, text in table.shared.items()] or ["defaults unless a row says otherwise"],
        "tuning": tuning_notes(table.rows),
        "average": missing_averages(table),
        "benchmark's defaults": _changed_defaults(columns, runs, catalog),
        "seeds": [str(seed) for seed in sorted({run.seed for run in runs})],
        "version": sorted(f"scalearn-tui {version}" for version in versions if version),
        "commit": sorted(commit for commit in commits if commit),
        "differs": [f"{row.name}: {name} {text}" for row in table.rows for name, text in row.conditions.items()],
    }
    return {name: texts for name, texts in footer.items() if texts}


def _changed_defaults(columns: Columns, runs: Sequence[Run], catalog: Catalog) -> list[str]:
    """Defaults that the benchmark or a task replaces: ``epochs=8``, ``learning_rate=0.001 of Adapter on RTE``."""
    trained: dict[str, set[str]] = {}
    """Headings of columns by method."""
    changed: dict[tuple[str, str], set[str]] = {}
    """The same by method and setting."""
    for run in {run.group_id: run for run in runs}.values():
        title = catalog.methods[run.method].title if run.method in catalog.methods else run.method
        headings = {column.heading for task in run.tasks if (column := columns.of(run, task))}
        trained.setdefault(title, set()).update(headings)
        for name, text in kept_changes(run.parsed, catalog).items():
            changed.setdefault((title, f"{name}={text}"), set()).update(headings)
    order = [column.heading for column in columns.all]
    methods_of: dict[tuple[str, str], list[str]] = {}
    for (title, setting), headings in sorted(changed.items()):
        where = "" if headings == trained[title] else f" on {', '.join(sorted(headings, key=order.index))}"
        methods_of.setdefault((setting, where), []).append(title)
    settings_of: dict[str, list[str]] = {}
    for (setting, where), titles in methods_of.items():
        of = "" if len(titles) == len(trained) else f" of {', '.join(titles)}"
        settings_of.setdefault(of + where, []).append(setting)
    return [", ".join(sorted(settings)) + scope for scope, settings in settings_of.items()]


def _rule(catalog: Catalog, run: Run, key: str) -> str:
    by_loss = run.parsed.select_by == "loss"
    if len(run.tasks) > 1:
        return f"best epoch by the mean dev {'loss' if by_loss else 'headline metric'} of its tasks"
    task = run.parsed.known_task(key, catalog)
    return f"best epoch by dev {'loss' if by_loss else task.headline if task else ''}"


def _split(catalog: Catalog, run: Run, key: str) -> str:
    task = run.parsed.known_task(key, catalog)
    if incomplete := incomplete_rows(run, task):
        return f"test, of the selected epoch; not the official splits: {incomplete}"
    official = (
        f", the official {dict(task.tests)['test'].replace('_', ' ')} split" if task and isinstance(task.data, HubData) else ""
    )
    return f"test{official}, of the selected epoch"


def _by_column(columns: Columns, runs: Sequence[Run], describe: Callable[[Run, str], str]) -> list[str]:
    """``describe`` of each column's runs, once for columns that are alike; without headings where all are."""
    by_column: dict[str, set[str]] = {column.heading: set() for column in columns.all if columns.measures[column]}
    for run in runs:
        for task in run.tasks:
            if (column := columns.of(run, task)) and columns.measures[column]:
                by_column[column.heading].add(describe(run, task))
    alike: dict[str, list[str]] = {}
    for heading, texts in by_column.items():
        if not texts:
            continue
        alike.setdefault(" and ".join(sorted(texts)), []).append(heading)
    return list(alike) if len(alike) == 1 else [f"{', '.join(headings)} {text}" for text, headings in alike.items()]
