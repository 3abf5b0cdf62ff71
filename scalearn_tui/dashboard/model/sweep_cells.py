"""The cells of one sweep as lines of a grid, and the settings that tuning tried in it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.sweeps.winners import Search
from scalearn_tui.dashboard.model.sweeps import KnownSweep
from scalearn_tui.dashboard.widgets.lines import RowLines
from scalearn_tui.text.formatting import NOTHING
from scalearn_tui.text.sweeps import ALL, CellTable, cell_table
from scalearn_tui.text.tuning import chosen, others

if TYPE_CHECKING:
    from engine.registry.records import RunState
    from engine.sweeps.cells import Cell

PARTS = {True: "tuning", False: "reported"}
"""Of a tuned sweep, by whether the cells try settings."""
TOLD = ("failed", "lost", "missing", "stopped", "running", "starting", "queued", "completed")
"""States by how much they matter: a place looks like the first of those that its cells are in."""


@dataclass(frozen=True)
class CellRow:
    """Cells side by side that have one value of an aspect."""

    part: str
    """One of ``PARTS``; empty where the sweep is not tuned."""
    name: str
    marks: tuple[str, ...]
    """``✓3 ·2``, by column; empty where no cell is."""
    looks: tuple[str, ...]


class CellRows:
    """Rows for the values of one aspect, columns for those of another; of a tuned sweep for each part."""

    def __init__(self, sweep: KnownSweep, by: tuple[str, str], states: Mapping[str, RunState]) -> None:
        self.of, self.by = sweep, by
        self._parts = _parts(sweep.cells)
        self._tables = {part: cell_table(found, by, states) for part, found in self._parts.items()}
        named = [column for table in self._tables.values() for column in table.columns]
        self.columns = sorted(dict.fromkeys(named), key=lambda column: column == ALL)
        rows = [_row(part, name, table, self.columns) for part, table in self._tables.items() for name in table.rows]
        self.lines = RowLines(rows, lambda row: (row.part, row.name))

    @property
    def tuned(self) -> bool:
        return "" not in self._parts

    def counts(self, row: CellRow, place: int) -> Mapping[str, int]:
        """Of cells by state, in one of the columns; empty where there is none."""
        return self._tables[row.part].counts.get((row.name, self.columns[place]), {})

    def cells(self, key: Hashable, place: int) -> list[Cell]:
        """Those of a row in one of the columns."""
        position = self.lines.find(key)
        if position is None:
            return []
        row, column = self.lines[position], self.columns[place]
        return [cell for cell in self._parts[row.part] if self._stands(cell, row.name, column)]

    def _stands(self, cell: Cell, row: str, column: str) -> bool:
        of_row, of_column = map(cell.aspect, self.by)
        return row in (of_row, ALL) and column in (of_column, ALL)


@dataclass(frozen=True)
class TunedLine:
    """A search: one method on one task."""

    number: int
    method: str
    target: str
    more: str
    """Its shots and backbone, where searches differ in them."""
    chosen: str
    dev: str
    others: str


def tuned_lines(cells: Sequence[Cell], searches: Sequence[Search]) -> RowLines[TunedLine]:
    """A line for each search of a sweep's cells."""
    telling = [name for name in ("shots", "backbone") if len({cell.aspect(name) for cell in cells}) > 1]
    return RowLines([_tuned_line(search, telling) for search in searches], lambda line: line.number)


def _tuned_line(search: Search, telling: Iterable[str]) -> TunedLine:
    cell, (setting, dev) = search.chosen[0], chosen(search)
    more = " ".join(cell.aspect(name) or NOTHING for name in telling)
    rest = ", ".join(others(search))
    return TunedLine(search.number, cell.method, cell.target, more, setting, dev, rest)


def _parts(cells: Sequence[Cell]) -> dict[str, list[Cell]]:
    if not any(cell.tuning for cell in cells):
        return {"": list(cells)}
    return {part: [cell for cell in cells if cell.tuning is tuning] for tuning, part in PARTS.items()}


def _row(part: str, name: str, table: CellTable, columns: Sequence[str]) -> CellRow:
    marks = tuple(table.marks(name, column) for column in columns)
    return CellRow(part, name, marks, tuple(_look(table.counts.get((name, column), {})) for column in columns))


def _look(counts: Mapping[str, int]) -> str:
    return next((state for state in TOLD if counts.get(state)), "dim")
