"""The papers' own figures, shown beside ours for the same benchmark and backbone."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import engine.catalog
from engine.catalog.task import BenchmarkInfo, PublishedTable

FOLDER = Path(engine.catalog.__file__).parent / "published"


def published_results(benchmark: BenchmarkInfo, table: PublishedTable) -> dict[str, dict[str, float]]:
    """Points (metric times 100) by method title and task key, in the paper's order."""
    columns = {task.key: table.columns.get(task.name, task.name) for task in benchmark.tasks}
    return {
        line["method"]: {key: float(line[column]) for key, column in columns.items() if line.get(column)}
        for line in _lines(table)
    }


def published_averages(table: PublishedTable) -> dict[str, str]:
    """The paper's own averages by method title, as printed."""
    return {line["method"]: line["avg"] for line in _lines(table)}


def references(benchmark: BenchmarkInfo, tables: Sequence[PublishedTable]) -> dict[str, list[str]]:
    """A footer's lines by the origin of rows: who reported them, and what they must not be compared with."""
    texts: dict[str, list[str]] = {}
    for table in tables:
        if table.server:
            averages = ", ".join(f"{title} {average}" for title, average in published_averages(table).items())
            what = f"scores of the {benchmark.title} server on hidden test rows, not of the split that other rows are tested on"
            texts.setdefault("server", []).append(f"{table.paper}: {what}; {table.server}: {averages}")
        else:
            texts.setdefault("published", []).append(f"{table.paper} (their averages taken over the columns shown)")
    return texts


def _lines(table: PublishedTable) -> list[dict[str, str]]:
    with (FOLDER / table.file).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
