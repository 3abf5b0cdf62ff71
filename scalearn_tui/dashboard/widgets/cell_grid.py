"""A grid with cells side by side in each line, of which one is at hand; where not all fit, they move."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType

from scalearn_tui.dashboard.widgets.grid import MARGIN, Grid
from scalearn_tui.dashboard.widgets.lines import Column, Line, RowLines, fit


class CellGrid(Grid[Line]):
    """Its cell at hand is marked while it has the focus. Another one is announced by ``Grid.Moved``, too."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "column(-1)", "cell to the left", show=False, id="table.left"),
        Binding("right", "column(1)", "cell to the right", show=False, id="table.right"),
    ]

    def __init__(self, name: str) -> None:
        super().__init__((), RowLines([], hash), id=name)
        self._fixed: Sequence[Column[Line]] = ()
        self._cells: Sequence[Column[Line]] = ()
        self._place = self._first = 0

    @property
    def place(self) -> int:
        """Which of the cells of the line is at hand."""
        return self._place

    @property
    def hidden(self) -> int:
        """How many columns of cells do not fit."""
        return len(self._cells) - len(self._shown())

    def show_columns(self, fixed: Sequence[Column[Line]], cells: Sequence[Column[Line]]) -> None:
        """Have columns that are always shown, and those of cells behind them."""
        self._fixed, self._cells = fixed, cells
        self._place = max(0, min(self._place, len(cells) - 1))
        self._window()

    def action_column(self, by: int) -> None:
        self._stand_in(self._place + by)

    def _stand_in(self, place: int) -> None:
        self._place = max(0, min(place, len(self._cells) - 1))
        self._window()
        self.post_message(self.Moved(self.key))

    def _shown(self) -> list[str]:
        keys = {column.key for column in self._cells}
        width = self.scrollable_content_region.width - 2 * MARGIN
        return [column.key for column, _ in fit([*self._fixed, *self._cells[self._first :]], width) if column.key in keys]

    def _window(self) -> None:
        """Move the columns so that the one at hand is seen."""
        self._first = min(self._first, self._place)
        while self._first < self._place and self._cells[self._place].key not in self._shown():
            self._first += 1
        self.columns = [*self._fixed, *self._cells[self._first :]]
        self.cell = self._cells[self._place].key if self.has_focus and self._cells else ""

    def on_resize(self) -> None:
        self._first = 0
        self._stand_in(self._place)

    def on_focus(self) -> None:
        self._window()

    def on_blur(self) -> None:
        self._window()

    def on_click(self, event: events.Click) -> None:
        """The cell that was clicked is at hand."""
        keys = [column.key for column in self._cells]
        if (column := self._column_at(event.x)) in keys:
            self._stand_in(keys.index(column))
