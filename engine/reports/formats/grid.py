"""What every format shows of a table, as text in parts: headings, rows, figures with their marks, and the footer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from engine.reports.table import LEVEL, Cell, Leaderboard, Row, Standing, Table

DIGITS = 2
MARKS = {"published": "†", "server": "‡", "differs": "§"}
"""Mark rows that a paper reports and that were not trained here, by their origin, and rows whose runs are not quite alike."""
VERDICTS = {"better": "↑", "worse": "↓", "tied": "="}
"""How a cell compares with the row that the user named; the footer's line on tests says which."""


@dataclass(frozen=True)
class Figure:
    """One number of a row."""

    mean: str
    std: str = ""
    """Empty for a single seed, for averages and for what is published."""
    seeds: str = ""
    """Their number; empty for averages and for what is published."""
    low: str = ""
    high: str = ""
    """Of an average's 95% interval, where it was tested."""
    bold: bool = False
    second: bool = False
    verdict: str = ""
    """One of ``VERDICTS``' values, where rows are compared with one of them."""


@dataclass(frozen=True)
class Line:
    """One row of a table."""

    row: Row
    name: str
    mark: str
    """One of ``MARKS``' values, or empty."""
    trainable: str
    transfer: str
    figures: tuple[Figure | None, ...]
    """One for each column."""
    average: Figure | None
    rank: str
    """Of its average, with the letters of those that it is tied with: ``2 ab``."""

    @property
    def title(self) -> str:
        return f"{self.name} {self.mark}".rstrip()


@dataclass(frozen=True)
class Grid:
    """A table."""

    columns: tuple[str, ...]
    """Headings of the figures."""
    averaged: bool
    """Whether there is an average to show."""
    ranked: bool
    """Whether averages were tested."""
    lines: tuple[Line, ...]


def title(table: Table) -> str:
    """``SuperGLUE, roberta-base``."""
    return f"{table.title}, {table.backbone}"


def grid(table: Table) -> Grid:
    """The table as every format shows it."""
    return Grid(
        columns=tuple(column.heading for column in table.columns),
        averaged=len(table.averaged) > 1,
        ranked=any(row.average_standing for row in table.rows),
        lines=tuple(_line(table, row) for row in table.rows),
    )


def footer(leaderboard: Leaderboard, table: Table) -> list[tuple[str, str]]:
    """The provenance of the numbers and what marks mean, as names and lines of text."""
    lines = [(name, "; ".join(_shorten(text) for text in texts)) for name, texts in table.provenance.items()]
    lines = [(f"{MARKS[name]} {name}" if name in MARKS else name, text) for name, text in lines]
    cells = "mean ± sample standard deviation (number of seeds), metric x 100"
    return [("cells", cells), *_legend(table), *lines, ("date", f"{leaderboard.at:%Y-%m-%d}")]


def _line(table: Table, row: Row) -> Line:
    average, standing = table.average(row), row.average_standing
    return Line(
        row=row,
        name=row.name,
        mark=MARKS[row.origin] if row.published else MARKS["differs"] if row.conditions else "",
        trainable=_parameters(row.trainable),
        transfer=_parameters(row.transfer),
        figures=tuple(_figure(row.cells.get(column.key)) for column in table.columns),
        average=None if average is None else _average(average, standing),
        rank=f"{standing.rank} {standing.letters}" if standing else "",
    )


def _figure(cell: Cell | None) -> Figure | None:
    if cell is None:
        return None
    std = "" if cell.std is None else _points(cell.std)
    seeds = str(len(cell.values)) if cell.seeds else ""
    return Figure(_points(cell.mean), std, seeds, **_marks(cell.standing))


def _average(mean: float, standing: Standing | None) -> Figure:
    if standing is None:
        return Figure(_points(mean))
    low, high = ("" if end is None else _points(end) for end in (standing.low, standing.high))
    return Figure(_points(mean), low=low, high=high, **_marks(standing))


def _marks(standing: Standing | None) -> dict[str, Any]:
    if standing is None:
        return {}
    verdict = VERDICTS[standing.against.verdict] if standing.against else ""
    return {"bold": standing.bold, "second": standing.second, "verdict": verdict}


def _legend(table: Table) -> list[tuple[str, str]]:
    """What the marks of tested cells mean, of those that the table has."""
    averages = [row.average_standing for row in table.rows if row.average_standing]
    tested = [*averages, *(cell.standing for row in table.rows for cell in row.cells.values() if cell.standing)]
    lines = []
    if tested:
        lines.append(("bold", f"not significantly below the highest mean of the column ({LEVEL:.0%}, Holm over all pairs)"))
    if averages:
        lines.append(("rank", "of averages; those that share a letter do not differ significantly; [95% interval]"))
    return lines


def _points(value: float) -> str:
    return f"{value:.{DIGITS}f}"


def _parameters(count: tuple[int, int] | None) -> str:
    """``6,144`` or ``592k``; a range where targets differ; empty where it is unknown."""
    return "–".join(dict.fromkeys(_short_count(value) for value in count)) if count else ""


def _short_count(value: int) -> str:
    if value < 10_000:
        return f"{value:,}"
    unit, size = ("M", 1e6) if value >= 999_500 else ("k", 1e3)
    scaled = value / size
    return f"{scaled:.{max(0, 2 - int(math.log10(scaled)))}f}{unit}"


def _shorten(text: str) -> str:
    """Long hexadecimal digests cut to a distinctive prefix; JSON has them in full."""
    words = []
    for word in text.split(" "):
        head, colon, tail = word.rpartition(":")
        digest, plus, changes = tail.partition("+")
        is_digest = len(digest) >= 32 and all(letter in "0123456789abcdef" for letter in digest)
        words.append(f"{head}{colon}{digest[:10]}{plus}{changes}" if is_digest else word)
    return " ".join(words)
