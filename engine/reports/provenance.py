"""What the numbers of a table rest on: the footer of a leaderboard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from engine.catalog.catalog import Catalog
from engine.catalog.task import HubData
from engine.registry.tables import Run
from engine.reports.columns import Columns
from engine.reports.conditions import code_version
from engine.reports.table import Table


def provenance(table: Table, columns: Columns, runs: Sequence[Run], catalog: Catalog) -> dict[str, list[str]]:
    """The footer: names and texts, in order."""
    versions = {code_version(run) for run in runs}
    commits = {(run.provenance or {}).get("git_commit") for run in runs}
    footer = {
        "backbone": [f"{table.backbone} at {table.revision}"],
        "data": _by_column(columns, runs, lambda run, task: str(run.parsed.data[task])),
        "metric": list(dict.fromkeys(f"{column.title} {column.metric}" for column in table.columns)),
        "split": _by_column(columns, runs, partial(_split, catalog)),
        "selection": _by_column(columns, runs, partial(_rule, catalog)),
        "settings": [f"{name}={text}" for name, text in table.shared.items()] or ["defaults unless a row says otherwise"],
        "seeds": [str(seed) for seed in sorted({run.seed for run in runs})],
        "version": sorted(f"scalearn-tui {version}" for version in versions if version),
        "commit": sorted(commit for commit in commits if commit),
        "differs": [f"{row.name}: {name} {text}" for row in table.rows for name, text in row.conditions.items()],
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


def _by_column(columns: Columns, runs: Sequence[Run], describe: Callable[[Run, str], str]) -> list[str]:
    """``describe`` of each column's runs; a single text where all are equal."""
    by_column = {
        column.heading: sorted({describe(run, column.task) for run in runs if columns.of(run, column.task) == column})
        for column in columns.all
    }
    distinct = {text for texts in by_column.values() for text in texts}
    if len(distinct) == 1:
        return list(distinct)
    return [f"{title} {' and '.join(texts)}" for title, texts in by_column.items()]
