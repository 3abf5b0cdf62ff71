"""The table of runs. A line API widget: it draws only visible rows, and after a change only the rows that changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from scalearn_tui.dashboard.run_index import Order
from scalearn_tui.dashboard.widgets.columns import Column, fit, gap
from scalearn_tui.text.glyphs import STATES

if TYPE_CHECKING:
    from engine.registry.records import Run

HEADER = 1
"""Lines at the top that do not scroll."""
MARGIN = 1
"""Cells left and right of a row."""


class RunTable(ScrollView, can_focus=True, inherit_bindings=False):
    """Shows runs in the order given and keeps the selection on its run when rows move."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "run-table--header",
        "run-table--cursor",
        "run-table--strong",
        "run-table--dim",
        "run-table--plain",
        *(f"run-table--{state}" for state in STATES),
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "next run", show=False, id="table.down"),
        Binding("up,k", "move(-1)", "previous run", show=False, id="table.up"),
        Binding("pagedown", "page(1)", "page down", show=False, id="table.pagedown"),
        Binding("pageup", "page(-1)", "page up", show=False, id="table.pageup"),
        Binding("home", "go(0)", "first run", show=False, id="table.home"),
        Binding("end", "go(-1)", "last run", show=False, id="table.end"),
        Binding("enter", "open", "open", show=False, id="table.open"),
    ]

    @dataclass
    class Selected(Message):
        """Another run is under the cursor; None: there is none."""

        run_id: str | None

    @dataclass
    class Opened(Message):
        """The run under the cursor was opened."""

        run_id: str

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._runs: list[Run] = []
        self._versions: list[tuple[str, int]] = []
        self._cursor = 0
        self._order: Order | None = None
        self._layout: list[tuple[Column, int]] = []
        self._strips: LRUCache[tuple[str, int, bool, bool], Strip] = LRUCache(512)
        self._widest = 0

    @property
    def row_count(self) -> int:
        return len(self._runs)

    @property
    def cursor(self) -> int:
        """Index of the selected row."""
        return self._cursor

    @property
    def selected(self) -> Run | None:
        return self._runs[self._cursor] if self._runs else None

    def show(self, runs: Sequence[Run], order: Order) -> None:
        """Show these runs. Rows that did not change are not drawn again."""
        before = self.selected
        old, self._versions = self._versions, [(run.id, run.version) for run in runs]
        self._runs, new_order = list(runs), order is not self._order
        self._order = order
        if len(old) != len(self._versions):
            self.virtual_size = Size(0, len(runs) + HEADER)
        self._keep_cursor(before)
        top, bottom = self._visible()
        if new_order or len(old) != len(self._versions) or self._cursor_moved(before):
            self.refresh()
        else:
            for index in range(top, min(bottom, len(runs))):
                if old[index] != self._versions[index]:
                    self._refresh_row(index)
        if (None if before is None else before.id) != (None if self.selected is None else self.selected.id):
            self.post_message(self.Selected(None if self.selected is None else self.selected.id))

    def _cursor_moved(self, before: Run | None) -> bool:
        return self.selected is not None and (before is None or before.id != self.selected.id)

    def _keep_cursor(self, before: Run | None) -> None:
        """Stay on the same run; follow it if it moved."""
        row = self._cursor
        if before is not None and not (row < len(self._runs) and self._runs[row].id == before.id):
            row = next((index for index, run in enumerate(self._runs) if run.id == before.id), row)
        moved = row != self._cursor
        self._cursor = max(0, min(row, len(self._runs) - 1))
        if moved:
            self._scroll_to_cursor()

    def _visible(self) -> tuple[int, int]:
        """First row in view and the row after the last."""
        top = self.scroll_offset.y
        return top, top + max(0, self.scrollable_content_region.height - HEADER)

    def _refresh_row(self, index: int) -> None:
        top, bottom = self._visible()
        if top <= index < bottom:
            self.refresh(Region(0, index - top + HEADER, self.size.width, 1))

    def _scroll_to_cursor(self) -> None:
        top, bottom = self._visible()
        if self._cursor < top:
            self.scroll_to(y=self._cursor, animate=False)
        elif self._cursor >= bottom:
            self.scroll_to(y=self._cursor - (bottom - top) + 1, animate=False)

    def action_move(self, by: int) -> None:
        self._select(self._cursor + by)

    def action_page(self, direction: int) -> None:
        top, bottom = self._visible()
        self._select(self._cursor + direction * max(1, bottom - top - 1))

    def action_go(self, index: int) -> None:
        self._select(index if index >= 0 else len(self._runs) - 1)

    def action_open(self) -> None:
        if self.selected is not None:
            self.post_message(self.Opened(self.selected.id))

    def _select(self, index: int) -> None:
        index = max(0, min(index, len(self._runs) - 1))
        if index == self._cursor or not self._runs:
            return
        old, self._cursor = self._cursor, index
        self._refresh_row(old)
        self._refresh_row(index)
        self._scroll_to_cursor()
        self.post_message(self.Selected(self._runs[index].id))

    def on_click(self, event: events.Click) -> None:
        """A click selects, a double click opens."""
        index = self.scroll_offset.y + event.y - HEADER
        if event.y >= HEADER and index < len(self._runs):
            self._select(index)
            if event.chain == 2:
                self.action_open()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips.clear()

    def on_focus(self) -> None:
        self._refresh_row(self._cursor)

    def on_blur(self) -> None:
        self._refresh_row(self._cursor)

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        if width != self._widest:
            self._widest, self._layout = width, fit(width - 2 * MARGIN)
            self._strips.clear()
        if y < HEADER:
            return self._header(width)
        index = self.scroll_offset.y + y - HEADER
        if index >= len(self._runs):
            return Strip.blank(width, self.rich_style)
        run, selected = self._runs[index], index == self._cursor
        key = (run.id, run.version, selected, self.has_focus)
        if key not in self._strips:
            self._strips[key] = self._row(run, selected, width)
        return self._strips[key]

    def _header(self, width: int) -> Strip:
        style = self.get_component_rich_style("run-table--header")
        sorted_by = self._order.column if self._order else ""
        line = " " * MARGIN
        for index, (column, cells) in enumerate(self._layout):
            arrow = ("↓" if self._order and self._order.descending else "↑") if column.key == sorted_by else ""
            # With its arrow a title may be wider than its column; it then reaches into the gap.
            title = column.title + arrow
            cells += gap(index)
            line += title.rjust(cells) if column.right else (" " * gap(index) + title).ljust(cells)
        return Strip([Segment(line, style)]).adjust_cell_length(width, style)

    def _row(self, run: Run, selected: bool, width: int) -> Strip:
        behind = self.get_component_rich_style("run-table--cursor") if selected else self.rich_style
        base = Style(bgcolor=behind.bgcolor)
        segments = [Segment(" " * MARGIN, base)]
        for index, (column, cells) in enumerate(self._layout):
            segments.append(Segment(" " * gap(index), base))
            look = run.state.value if column.look == "state" else column.look
            style = self.get_component_rich_style(f"run-table--{look}")
            if selected and column.look != "state":
                style = behind if column.look != "strong" else behind + Style(bold=True)
            segments.append(Segment(column.cell(run, cells), style + base))
        return Strip(segments).adjust_cell_length(width, base)
