"""One table of the leaderboard as lines of the grid, and the cell at hand in words."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from rich.cells import cell_len

from engine.reports.formats.grid import Figure, Line, grid
from engine.reports.formats.text import figure_text
from scalearn_tui.dashboard.widgets.lines import Column, fit
from scalearn_tui.text.formatting import shorten

if TYPE_CHECKING:
    from engine.reports.table import Table

MISSING = "·"
NAME, LEAST_NAME = 44, 16
"""Cells of a row's name, where there is room and where there is not."""
MOST_HEADING = 16
FIRST_TASK = 10
"""Rank of the first task's column; those that never vanish are below."""


class BoardLines:
    """Rows by position, and the columns that show them."""

    def __init__(self, table: Table) -> None:
        self.table, self.shown = table, grid(table)
        self._keys = [f"{line.row.origin} {line.row.source} {line.name}" for line in self.shown.lines]
        self.tasks = [_figures(self, place, column.key) for place, column in enumerate(table.columns)]
        self._fixed = _fixed(self)

    def __len__(self) -> int:
        return len(self._keys)

    def __getitem__(self, position: int, /) -> Line:
        return self.shown.lines[position]

    def key(self, position: int) -> Hashable:
        return self._keys[position]

    def stamp(self, position: int) -> Hashable:
        return id(self.shown.lines[position])

    def find(self, key: Hashable) -> int | None:
        return self._keys.index(str(key)) if key in self._keys else None

    def columns(self, first: int) -> list[Column[Line]]:
        """Those of the rows and averages, and the tasks from ``first`` on, of which as many are shown as fit."""
        name, trainable, transfer, *averages = self._fixed
        return [name, trainable, transfer, *self.tasks[first:], *averages]

    def visible(self, first: int, width: int) -> list[str]:
        """Keys of the tasks that fit in ``width`` cells, from ``first`` on."""
        tasks = {task.key for task in self.tasks}
        return [column.key for column, _ in fit(self.columns(first), width) if column.key in tasks]

    def run_of_column(self, place: int) -> str | None:
        """A run that has a cell there, of any row."""
        cells = (line.row.cells.get(self.table.columns[place].key) for line in self.shown.lines if not line.row.published)
        return next((cell.run_ids[0] for cell in cells if cell), None)

    def why_blank(self, line: Line, place: int) -> str:
        """Why a row lacks a task; ``place`` is the column's."""
        heading = self.table.columns[place].heading
        if line.row.published:
            return f"the paper reports nothing on {heading}"
        return f"no completed run on {heading}; enter opens the form for it"

    def described(self, line: Line, place: int) -> str:
        """The cell at hand in words, with what a paper reports beside it."""
        figure, key = line.figures[place], self.table.columns[place].key
        if figure is None:
            return f"{self.why_blank(line, place)} · {line.title}"
        beside = self.table.published_beside(line.row)
        paper = f"; published {beside.cells[key].mean:.2f}" if beside and key in beside.cells else ""
        return f"{self.table.columns[place].heading} {figure_text(figure)}{paper} · {line.title}"


def _fixed(lines: BoardLines) -> list[Column[Line]]:
    """Name, parameters, average and rank."""
    shown = lines.shown.lines
    name = max((cell_len(line.title) for line in shown), default=0)

    def texts(key: str, title: str, rank: int, text: list[str]) -> Column[Line]:
        by_line = {id(line): said for line, said in zip(shown, text, strict=True)}
        width = max(len(title), *(len(said) for said in text)) if text else len(title)
        return Column(key, title, width, rank, lambda line: by_line[id(line)], _look_of_row, right=True)

    columns = [
        Column[Line]("name", "method", min(NAME, max(name, LEAST_NAME)), 0, lambda line: line.title, _look_of_row,
                     least=LEAST_NAME),
        texts("trainable", "trainable", 1, [line.trainable or MISSING for line in shown]),
        texts("transfer", "transfer", 2, [line.transfer or MISSING for line in shown]),
    ]  # fmt: skip
    if lines.shown.averaged:
        averages = [f"{line.average.mean} {line.average.verdict}".rstrip() if line.average else MISSING for line in shown]
        columns.append(texts("average", "avg", 3, averages))
    if lines.shown.ranked:
        columns.append(texts("rank", "rank", 4, [line.rank or MISSING for line in shown]))
    return columns


def _figures(lines: BoardLines, place: int, key: str) -> Column[Line]:
    """The column of a task."""
    heading = lines.shown.columns[place]

    def text(line: Line) -> str:
        figure = line.figures[place]
        return figure_text(figure) if figure else MISSING

    def look(line: Line) -> str:
        return _look(line, line.figures[place])

    cells = max((cell_len(text(line)) for line in lines.shown.lines), default=0)
    # The line below the table has the heading in full: that of another definition is a sentence.
    heading = shorten(heading, max(cells, MOST_HEADING))
    width = max(cell_len(heading), cells)
    return Column(f"task {key}", heading, width, FIRST_TASK + place, text, look, right=True)


def _look_of_row(line: Line) -> str:
    return "dim" if line.row.published else "plain"


def _look(line: Line, figure: Figure | None) -> str:
    if line.row.published or figure is None:
        return "dim"
    return "strong" if figure.bold else "plain"


class NoLines:
    """Before there is a table."""

    def __len__(self) -> int:
        return 0

    def __getitem__(self, position: int, /) -> Line:
        raise IndexError(position)

    def key(self, position: int) -> Hashable:
        raise IndexError(position)

    def stamp(self, position: int) -> Hashable:
        raise IndexError(position)

    def find(self, key: Hashable) -> int | None:
        return None
