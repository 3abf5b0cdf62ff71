"""The papers' own figures, shown beside ours for the same benchmark and backbone."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import engine.catalog
from engine.catalog.task import BenchmarkInfo, PublishedTable
from engine.reports.columns import Columns
from engine.reports.table import Cell, Row, Table

FOLDER = Path(engine.catalog.__file__).parent / "published"
ROUNDING = 0.005 + 1e-9
"""Of averages that are printed with two digits."""


def published_results(benchmark: BenchmarkInfo, table: PublishedTable) -> dict[str, dict[str, float]]:
    """Points (metric times 100) by method title and ``Column.key``, in the paper's order."""
    columns = {task.key: table.columns.get(task.name, task.name) for task in benchmark.tasks}
    columns |= {f"{benchmark.name}/{name}": column for name, column in table.columns.items() if " " in name}
    return {
        line["method"]: {key: float(line[column]) for key, column in columns.items() if line.get(column)}
        for line in _lines(table)
    }


def published_averages(table: PublishedTable) -> dict[str, str]:
    """The paper's own averages by method title, as printed."""
    return {line["method"]: line["avg"] for line in _lines(table)}


def with_published(
    rows: Sequence[Row], benchmark: BenchmarkInfo, papers: Sequence[PublishedTable], columns: Columns
) -> list[Row]:
    """Each published row below ours of the same method; those of methods without runs come last, a server's after them."""
    every = [row for paper in papers for row in _rows(benchmark, paper, columns) if row.cells]
    published = {row.title: row for row in every if not row.server}
    merged: list[Row] = []
    for row, following in zip(rows, [*rows[1:], None], strict=True):
        merged.append(row)
        if (following is None or following.title != row.title) and row.title in published:
            merged.append(published.pop(row.title))
    return [*merged, *published.values(), *(row for row in every if row.server)]


def references(benchmark: BenchmarkInfo, papers: Sequence[PublishedTable], table: Table) -> dict[str, list[str]]:
    """A footer's lines by the origin of rows: who reported them, and what they must not be compared with."""
    texts: dict[str, list[str]] = {}
    for paper in papers:
        rows = [row for row in table.rows if row.source == paper.paper]
        if rows and paper.server:
            averages = ", ".join(f"{title} {average}" for title, average in published_averages(paper).items())
            what = f"scores of the {benchmark.title} server on hidden test rows, not of the split that other rows are tested on"
            texts.setdefault("server", []).append(f"{paper.paper}: {what}; {paper.server}: {averages}")
        elif rows:
            told = ["their averages taken over the columns shown", *_misprints(rows, table)]
            texts.setdefault("published", []).append(f"{paper.paper} ({'; '.join(told)})")
    return texts


def _rows(benchmark: BenchmarkInfo, paper: PublishedTable, columns: Columns) -> list[Row]:
    """In the first version of each task, whose column is today's definition where runs have that."""
    first = [measure for task in benchmark.tasks if (column := columns.first(task.key)) for measure in columns.measures[column]]
    averages, rows = published_averages(paper), []
    for title, figures in published_results(benchmark, paper).items():
        cells = {column.key: Cell((figures[key],)) for column in first if (key := replace(column, version="").key) in figures}
        whole = len(cells) == len(figures) and not paper.server
        printed = float(averages[title]) if whole else None
        rows.append(Row(title, None, {}, cells, server=bool(paper.server), source=paper.paper, printed_average=printed))
    return rows


def _misprints(rows: Sequence[Row], table: Table) -> list[str]:
    """Averages that a paper prints otherwise than its own cells give them, where the table has all of these cells."""
    wrong = []
    for row in rows:
        computed, printed = table.average(row), row.printed_average
        if computed is not None and printed is not None and abs(computed - printed) > ROUNDING:
            wrong.append(f"{row.title} {printed:.2f}, whose cells give {computed:.2f}")
    return [f"printed otherwise: {', '.join(wrong)}"] if wrong else []


def _lines(table: PublishedTable) -> list[dict[str, str]]:
    with (FOLDER / table.file).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
