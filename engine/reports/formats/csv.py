"""The leaderboard for spreadsheets and data frames: a line for each row, or for each cell."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from engine.reports.sinks import csv_cell
from engine.reports.table import Column, Leaderboard, Row, Standing, Table

TABLE = ("benchmark", "backbone", "revision")
ROW = ("method", "settings", "tuning", "origin")
WIDE = (*TABLE, *ROW, "trainable_min", "trainable_max", "transfer_min", "transfer_max")
STANDING = ("low", "high", "bold", "second", "letters", "rank")
AGAINST = ("difference", "difference_low", "difference_high", "p", "p_adjusted", "family", "verdict")
LONG = (
    *TABLE, *ROW, "task", "version", "split", "metric", "mean", "std", "n", *STANDING, *AGAINST, "published",
    "published_difference", "runs",
)  # fmt: skip
AVERAGE = "average"
"""Stands in the place of a task for the average of a row."""


def to_csv(leaderboard: Leaderboard) -> str:
    """One line per row of every table; for each target its mean, standard deviation and number of seeds, unrounded, and what a
    paper reports."""
    columns = list(dict.fromkeys(column.key for table in leaderboard.tables for column in table.columns))
    figures = [name for key in columns for name in (key, f"{key} std", f"{key} n", f"{key} published")]
    lines = (_wide(table, row, columns) for table in leaderboard.tables for row in table.rows)
    return _written([*WIDE, *figures, AVERAGE, f"{AVERAGE} published"], lines)


def to_csv_long(leaderboard: Leaderboard) -> str:
    """One line per cell and per average of every table, unrounded, with its tests and what a paper reports."""
    return _written(LONG, (line for table in leaderboard.tables for row in table.rows for line in _long(table, row)))


def _wide(table: Table, row: Row, columns: list[str]) -> list[Any]:
    line = [*_named(table, row), *(row.trainable or (None, None)), *(row.transfer or (None, None))]
    beside = table.published_beside(row)
    for key in columns:
        cell, paper = row.cells.get(key), beside and beside.cells.get(key)
        line += [cell.mean, cell.std, len(cell.seeds) or None] if cell else [None, None, None]
        line.append(paper.mean if cell and paper else None)
    average = table.average(row)
    return [*line, average, table.average(beside) if beside and average is not None else None]


def _long(table: Table, row: Row) -> Iterator[list[Any]]:
    beside = table.published_beside(row)
    for column in table.columns:
        if cell := row.cells.get(column.key):
            paper = beside.cells.get(column.key) if beside else None
            yield [
                *_named(table, row), *_measure(column), cell.mean, cell.std, len(cell.seeds) or None, *_standing(cell.standing),
                *_published(cell.mean, paper.mean if paper else None), " ".join(cell.run_ids),
            ]  # fmt: skip
    if (average := table.average(row)) is not None:
        paper_average = table.average(beside) if beside else None
        yield [
            *_named(table, row), AVERAGE, None, table.averaged[0].split, None, average, None, None,
            *_standing(row.average_standing), *_published(average, paper_average), None,
        ]  # fmt: skip


def _named(table: Table, row: Row) -> list[Any]:
    settings = row.settings if row.published else table.shared | row.settings
    listed = " ".join(f"{name}={value}" for name, value in settings.items())
    return [table.benchmark, table.backbone, table.revision, row.title, listed, row.chosen, row.origin]


def _measure(column: Column) -> list[Any]:
    return [column.task, column.version, column.split, column.metric]


def _standing(standing: Standing | None) -> list[Any]:
    """``STANDING`` and ``AGAINST``."""
    if standing is None:
        return [None] * (len(STANDING) + len(AGAINST))
    against = standing.against
    tested: list[Any] = [None] * len(AGAINST)
    if against:
        tested = [against.difference, against.low, against.high, against.p, against.adjusted, against.family, against.verdict]
    return [standing.low, standing.high, standing.bold, standing.second, standing.letters, standing.rank, *tested]


def _published(ours: float, paper: float | None) -> list[Any]:
    return [None, None] if paper is None else [paper, ours - paper]


def _written(head: Iterable[str], lines: Iterable[list[Any]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(map(csv_cell, head))
    writer.writerows(map(csv_cell, line) for line in lines)
    return out.getvalue()
