"""What the numbers of a table rest on: the footer of a leaderboard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from engine.catalog.catalog import Catalog
from engine.catalog.task import HubData, TaskInfo
from engine.registry.tables import Evidence, Run, RunState
from engine.reports.table import Table

INCOMPLETE = "§"
"""Marks columns of runs that read official splits in part, which published figures do not compare with."""


def provenance(table: Table, runs: Sequence[Run], catalog: Catalog) -> dict[str, list[str]]:
    """The footer: names and texts, in order."""
    versions = {(run.provenance or {}).get("versions", {}).get("scalearn-tui") for run in runs}
    commits = {(run.provenance or {}).get("git_commit") for run in runs}
    footer = {
        "backbone": [f"{table.backbone} at {table.revision}"],
        "data": _by_column(table, runs, partial(_data, catalog)),
        "metric": [f"{column.title} {column.metric}" for column in table.columns],
        "split": _by_column(table, runs, partial(_split, catalog)),
        "selection": _by_column(table, runs, partial(_rule, catalog)),
        "settings": [f"{name}={text}" for name, text in table.shared.items()] or ["defaults unless a row says otherwise"],
        "seeds": [str(seed) for seed in sorted({run.seed for run in runs})],
        "version": sorted(f"scalearn-tui {version}" for version in versions if version),
        "commit": sorted(commit for commit in commits if commit),
    }
    return {name: texts for name, texts in footer.items() if texts}


def incomplete_rows(run: Run, task: TaskInfo | None) -> str:
    """Which official splits of ``task`` the run read in part: ``train 100 of 363,846 rows, validation 100 of 40,430 rows``.

    Empty where all were complete, and for runs of versions that did not record it.
    """
    read = (run.provenance or {}).get("rows", {}).get(task.key, {}) if task else {}
    sizes = task.official_sizes if task else {}
    parts = {split: (count, sizes[split]) for split, count in read.items() if count != sizes.get(split, count)}
    return ", ".join(f"{split} {count:,} of {size:,} rows" for split, (count, size) in parts.items())


def _data(catalog: Catalog, run: Run, key: str) -> str:
    incomplete = incomplete_rows(run, run.parsed.known_task(key, catalog))
    return str(run.parsed.data[key]) + (f" ({INCOMPLETE} {incomplete})" if incomplete else "")


def why_no_evidence(run: Run) -> str:
    """Why a completed run has no evidence."""
    return "was imported without its answers" if run.imported else "is of a version that kept no answers"


def evidence_summary(kept: Sequence[Evidence], run: Run) -> str:
    """What a run has, in a line: ``answers on dev and test of epoch 3, 41 kB``."""
    if not kept:
        return f"none: it {why_no_evidence(run)}" if run.state is RunState.COMPLETED else ""
    splits = " and ".join(dict.fromkeys(row.split for row in kept))
    size = sum(row.bytes for row in kept)
    return f"answers on {splits} of epoch {kept[0].epoch}, {size / 1000:,.0f} kB"


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
