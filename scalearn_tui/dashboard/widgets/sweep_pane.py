"""One sweep: how its cells are, what the cursor is on, and the settings that tuning tried."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from engine.sweeps.cells import counted
from engine.sweeps.winners import searches_among
from scalearn_tui.dashboard.model.index import RunIndex
from scalearn_tui.dashboard.model.sweep_cells import CellRow, CellRows, TunedLine, tuned_lines
from scalearn_tui.dashboard.model.sweeps import KnownSweep, SweepLines
from scalearn_tui.dashboard.widgets.cell_grid import CellGrid
from scalearn_tui.dashboard.widgets.grid import Grid
from scalearn_tui.dashboard.widgets.lines import RowLines
from scalearn_tui.dashboard.widgets.sweep_columns import cell_columns, fixed_columns, tuning_columns
from scalearn_tui.text.sweeps import ALL, heading, marks, words

if TYPE_CHECKING:
    from engine.sweeps.cells import Cell

LEFT = {"missing", "failed", "stopped", "lost"}
"""States of cells that can be queued."""


class SweepPane(Vertical):
    """A grid of cells and, of tuned sweeps, a list of searches: below it when there is height, else in its place on demand."""

    def __init__(self, lines: SweepLines, index: RunIndex, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines, self._index = lines, index
        self._rows: CellRows | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="sweep-title", markup=False)
        yield CellGrid[CellRow]("cells")
        yield Static(id="cell-at-hand", markup=False)
        yield Grid[TunedLine]((), RowLines([], hash), id="tuning")

    @property
    def _cells(self) -> CellGrid[CellRow]:
        return self.query_one("#cells", CellGrid)

    @property
    def _tuning(self) -> Grid[TunedLine]:
        return self.query_one("#tuning", Grid)

    @property
    def shown(self) -> KnownSweep | None:
        """The sweep that it shows."""
        return self._rows.of if self._rows else None

    @property
    def is_tuned(self) -> bool:
        return self._rows is not None and self._rows.tuned

    def show(self, known: KnownSweep, by: tuple[str, str]) -> None:
        """Draw a sweep as it is by now, with these aspects as rows and columns; the cursors stay where they are."""
        self._rows = rows = CellRows(known, by, self._lines.states(known.name))
        self._cells.show_columns(fixed_columns(rows), cell_columns(rows))
        self._cells.replace(rows.lines, top=False)
        self.set_class(rows.tuned, "-tuned")
        if rows.tuned:
            runs = {cell.run: run for cell in known.cells if cell.tuning and (run := self._index.get(cell.run))}
            tried = tuned_lines(known.cells, searches_among(known.cells, runs))
            self._tuning.columns = tuning_columns(tried)
            self._tuning.replace(tried, top=False)
        else:
            self.remove_class("-settings")
        self.describe()

    def clear(self) -> None:
        """Show no sweep."""
        self._rows = None

    def enter(self) -> None:
        """Give the focus to what is shown."""
        self.screen.set_focus(self._tuning if self.has_class("-settings") else self._cells)

    def switch(self) -> None:
        """Show the settings that were tried in place of the cells, or the cells again."""
        entered = self.has_focus_within
        self.toggle_class("-settings")
        if entered:
            self.enter()
        self.describe()

    def cells_at_hand(self) -> Sequence[Cell]:
        """Those of the place in the grid, or of the search, that the cursor is on; all while it is elsewhere."""
        if self._rows is None:
            return ()
        if self._cells.has_focus:
            return self._rows.cells(self._cells.key, self._cells.place)
        cells = self._rows.of.cells
        return [cell for cell in cells if cell.search == self._tuning.key] if self._tuning.has_focus else cells

    # What it says.

    @on(events.DescendantFocus)
    @on(events.DescendantBlur)
    @on(Grid.Moved)
    def describe(self) -> None:
        """Say above and below the cells what they show."""
        if self._rows is not None:
            self.query_one("#sweep-title", Static).update(self._title(self._rows))
            self.query_one("#cell-at-hand", Static).update(self._at_hand(self._rows))

    def _title(self, rows: CellRows) -> str:
        """``paper: 8 cells, ✓ 7 completed, · 1 missing``, as the command says it; where that is too long, with marks alone."""
        hidden, line = self._cells.hidden, self._lines.line(rows.of.name)
        more = f" · +{hidden} column{'' if hidden == 1 else 's'}, ← →" if hidden else ""
        if self.has_class("-settings"):
            more = " · settings that were tried"
        said = [f"{line.name}: {line.cells} cells, {text(dict(line.counts))}{more}" for text in (words, marks)]
        return said[cell_len(said[0]) > self.query_one("#sweep-title").content_size.width]

    def _at_hand(self, rows: CellRows) -> str:
        """What the cursor is on, in words."""
        if self._tuning.has_focus and self._tuning.key is not None:
            line = self._tuning.lines[self._tuning.cursor]
            found = counted(self.cells_at_hand(), self._lines.states(rows.of.name))
            return f"{line.method} · {line.target}: {words(found)}{_keys(found)}"
        if not self._cells.has_focus or not len(rows.lines):
            return "enter: its cells"
        row, place = self._cells.lines[self._cells.cursor], self._cells.place
        names = [heading(name) for name in (row.name, rows.columns[place]) if name != ALL]
        where = " · ".join([*(names or [ALL]), *filter(None, [row.part])])
        counts = rows.counts(row, place)
        return f"{where}: {words(counts)}{_keys(counts)}" if counts else f"{where}: no cell"


def _keys(states: Collection[str]) -> str:
    """What can be done with cells in these states."""
    can = ["enter: its runs"] * (set(states) != {"missing"}) + ["M: run what is missing"] * bool(LEFT.intersection(states))
    return "".join(f" · {text}" for text in can)
