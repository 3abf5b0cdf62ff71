"""The columns of the sweeps: of their list, of the cells of one, and of the settings that were tried in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rich.cells import cell_len

from scalearn_tui.dashboard.model.sweep_cells import CellRow, CellRows, TunedLine
from scalearn_tui.dashboard.model.sweeps import SweepLine
from scalearn_tui.dashboard.widgets.lines import GAP, Column, RowLines
from scalearn_tui.text.formatting import duration
from scalearn_tui.text.sweeps import heading, marks

LEAST_NAME, MOST_NAME = 18, 32
FIRST_CELL = 10
"""Rank of the first column of cells; those that never vanish are below."""


def _states(line: SweepLine) -> str:
    return marks(dict(line.counts))


def _left(line: SweepLine) -> str:
    done = [state for state, _ in line.counts] == ["completed"]
    return "stopped" if line.stopped and not done else duration(line.seconds_left)


SWEEP_COLUMNS: tuple[Column[SweepLine], ...] = (
    Column("name", "sweep", 24, 0, lambda line: line.name, "strong", least=12, gap=0),
    Column("cells", "cells", 5, 2, lambda line: str(line.cells), right=True),
    Column("states", "states", 30, 1, _states, least=14),
    Column("left", "left", 8, 3, _left, "dim", right=True),
    Column("file", "file", 80, 4, lambda line: line.file, "dim", least=20),
)


def tuning_columns(lines: RowLines[TunedLine]) -> list[Column[TunedLine]]:
    """What was chosen in each search, and the rest."""

    def column(title: str, rank: int, text: Callable[[TunedLine], str], least: int, look: str = "plain") -> Column[TunedLine]:
        width = _width(title, map(text, lines))
        return Column(
            title or "more", title, width, rank, text, look, title == "dev", min(width, least), gap=GAP if rank else 0
        )

    return [
        column("method", 0, lambda line: line.method, 10),
        column("target", 1, lambda line: line.target, 8),
        column("", 5, lambda line: line.more, 4, "dim"),
        column("chosen", 2, lambda line: line.chosen, 14, "strong"),
        column("dev", 3, lambda line: line.dev, 5),
        column("others", 4, lambda line: line.others, 16, "dim"),
    ]


def fixed_columns(rows: CellRows) -> list[Column[CellRow]]:
    """The name of a row, and its part where there are several."""
    width = min(MOST_NAME, _width(rows.by[0], (heading(row.name) for row in rows.lines)))
    name = Column[CellRow]("name", rows.by[0], width, 0, lambda row: heading(row.name), least=min(width, LEAST_NAME), gap=0)
    part = Column[CellRow]("part", "runs", 8, 1, lambda row: row.part, "dim")
    return [name, part] if rows.tuned else [name]


def cell_columns(rows: CellRows) -> list[Column[CellRow]]:
    """One for each value of the other aspect."""
    return [_cell_column(rows, place, heading(column)) for place, column in enumerate(rows.columns)]


def _cell_column(rows: CellRows, place: int, title: str) -> Column[CellRow]:
    width = _width(title, (row.marks[place] for row in rows.lines))
    return Column(f"cell {title}", title, width, FIRST_CELL + place, lambda row: row.marks[place], lambda row: row.looks[place])


def _width(title: str, texts: Iterable[str]) -> int:
    return max([cell_len(title), *map(cell_len, texts)])
